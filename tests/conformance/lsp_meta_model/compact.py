"""Make ``meta_model.json`` from the protocol's own ``metaModel.json``: prose and proposed parts left out.

``python tests/conformance/lsp_meta_model/compact.py metaModel.json``
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

PROSE = {"documentation", "since", "sinceTags", "deprecated"}


def compact(value: Any) -> Any:
    """Return ``value`` without prose, and without list items that are proposed for a later version."""
    if isinstance(value, dict):
        return {key: compact(each) for key, each in value.items() if key not in PROSE}
    if isinstance(value, list):
        return [compact(each) for each in value if not (isinstance(each, dict) and each.get("proposed"))]
    return value


def main() -> None:
    """Write the file, one message, structure, enumeration or alias a line."""
    model = compact(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    parts = [f'"version":"{model.pop("metaData")["version"]}"']
    for name, items in model.items():
        lines = ",\n".join(json.dumps(each, separators=(",", ":")) for each in items)
        parts.append(f'"{name}":[\n{lines}\n]')
    (Path(__file__).parent / "meta_model.json").write_text("{" + ",\n".join(parts) + "}\n")


if __name__ == "__main__":
    main()
