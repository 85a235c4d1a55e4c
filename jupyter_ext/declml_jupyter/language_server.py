"""The language server as jupyter-lsp knows it: an entry point of the group ``jupyter_lsp_spec_v1``.

Where a server for YAML is installed as well, ours is asked: `labextension` sets its rank above. It is silent on YAML
that is no config of declml.
"""

from __future__ import annotations

import sys
from typing import Any


def specification(_manager: Any) -> dict[str, Any]:
    """Return how the server is started and for which documents."""
    return {
        "declml": {
            "version": 2,
            "argv": [sys.executable, "-m", "declml_lsp"],
            "languages": ["yaml"],
            "mime_types": ["text/x-yaml", "text/yaml"],
            "display_name": "declml",
            "urls": {},
            "requires_documents_on_disk": False,
        }
    }
