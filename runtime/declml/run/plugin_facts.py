"""The words of plug-in files for an editor, file by file, as the vocabulary takes them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from declml.run.plugins import plugin_words
from declml.runs.places import cache_root


def plugin_facts(folder: Path, files: Sequence[str]) -> dict[str, Any]:
    """Return the words of each file of ``folder`` by its name in ``files``, and the problems of those without any."""
    cache = cache_root(start=folder)
    components: dict[str, Any] = {}
    problems: list[dict[str, Any]] = []
    for index, name in enumerate(files):
        # One by one: a word says which file's name it has, and two files may be of the same name.
        words, found = plugin_words([folder / name], cache=cache)
        if found:
            problems += [{**each.as_json(), "path": f"code[{index}]"} for each in found]
            continue
        mark = f"plugin:{Path(name).name}"
        everything = words.as_json()["components"]
        own = {kind: [each for each in known if each.get("module") == mark] for kind, known in everything.items()}
        components[name] = {kind: known for kind, known in own.items() if known}
    return {"components": components, "problems": problems}
