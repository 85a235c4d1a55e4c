"""The user's own words on a run: a JSON list in ``tags.json`` in its folder, the same for every editor and terminal.

The record does not hold them: it is what the run says of itself, and its hash must not change when a person comments.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from declml.errors import UserProblem
from declml.whole_files import write_whole

TAGS = "tags.json"


def read_tags(run: Path) -> tuple[str, ...]:
    """Return the tags of the run in folder ``run``; a file that makes no sense holds none."""
    try:
        value = json.loads((run / TAGS).read_bytes())
    except (OSError, ValueError):
        return ()
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def write_tags(run: Path, tags: Iterable[str]) -> tuple[str, ...]:
    """Give the run in folder ``run`` these tags, each once, and return them; none takes the file away.

    A tag that is empty or has a comma or a line break in it is a `UserProblem`: editors write tags in one line,
    separated by commas.
    """
    kept = tuple(dict.fromkeys(_checked(each) for each in tags))
    path = run / TAGS
    try:
        if kept:
            write_whole(path, json.dumps(list(kept), ensure_ascii=False) + "\n")
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise UserProblem(
            "unwritable-path", f"{path} must be a place that can be written; got: {error.strerror}."
        ) from error
    return kept


def _checked(tag: str) -> str:
    text = tag.strip()
    if not text or "," in text or not text.isprintable():
        raise UserProblem("bad-tag", f"A tag must be words without a comma or a line break; got {tag!r}.")
    return text
