"""Which documents are declml's: by name, by language, by a ``# declml`` line, by content. Other YAML is left alone."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

NAMES = ("*.declml.yaml", "*.declml.yml", "declml.yaml", "declml.yml")
LANGUAGE = "declml"

_MAGIC = re.compile(r"%%declml\b[^\r\n]*")
_YAML_SUFFIXES = (".yaml", ".yml")
_COMMENTS_BEFORE = r"\A(?:[ \t]*(?:#[^\r\n]*|---[ \t]*)?(?:\r\n?|\n))*?[ \t]*"
_MODELINE = re.compile(rf"{_COMMENTS_BEFORE}#[ \t]*declml[ \t]*(?:\r|\n|\Z)")
_OFF = re.compile(rf"{_COMMENTS_BEFORE}#[ \t]*declml:[ \t]*off[ \t]*(?:\r|\n|\Z)")
_CONTENT = re.compile(r"""(?m)^(["']?)input_features\1[ \t]*:|^\{[^\r\n]*\binput_features\b""")


def is_config(uri: str, text: str, *, language: str = "") -> bool:
    """Return whether a document is a declml config.

    ``language`` is the editor's language id. A document whose first comments say ``# declml: off`` is none.
    """
    if text.lstrip()[:1] == "#" and _OFF.match(text):
        return False
    path = PurePosixPath(uri.rpartition("?")[0] or uri)
    if language == LANGUAGE or any(path.match(name) for name in NAMES):
        return True
    if language != "yaml" and path.suffix.lower() not in _YAML_SUFFIXES:
        return False
    return bool(_MODELINE.match(text) or _CONTENT.search(text))


def cell_config(text: str) -> str | None:
    """Return the config of a notebook cell that begins with ``%%declml``, its magic line made blank; else None.

    Every place in the config is the same place in the cell.
    """
    found = _MAGIC.match(text)
    return text[found.end() :] if found is not None else None
