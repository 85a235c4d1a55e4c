"""The words that plug-in files add to the language, read in another process so that a broken one costs one problem.

As a program, ``python -m declml.run.plugins FILE`` prints the words of one file as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from declml.errors import UserProblem
from declml.runs.places import cache_root
from declml_schema.content import content_hash
from declml_schema.problems import Problem
from declml_schema.vocabulary import Vocabulary, vocabulary

TIMEOUT_SECONDS = 120


def plugin_words(files: Sequence[Path]) -> tuple[Vocabulary, list[Problem]]:
    """Return the vocabulary with the words of ``files``, and one problem per file that could not be read.

    What a file declares is remembered by the hash of its source.
    """
    words = vocabulary()
    problems: list[Problem] = []
    for index, file in enumerate(files):
        answer = _remembered(file)
        if "words" in answer:
            words = words.with_plugins(answer["words"])
        else:
            problems.append(Problem(answer["code"], answer["message"], path=f"code[{index}]"))
    return words, problems


def _remembered(file: Path) -> dict[str, Any]:
    try:
        source = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return {
            "code": "absent-plugin",
            "message": f"code must name readable Python files beside the config; got '{file.name}'.",
        }
    memory = cache_root(start=file.parent) / "plugins" / f"{content_hash([source, sys.version, 1])}.json"
    if memory.exists():
        return json.loads(memory.read_text())
    answer = _ask(file)
    if "words" in answer:
        memory.parent.mkdir(parents=True, exist_ok=True)
        draft = memory.with_suffix(".part")
        draft.write_text(json.dumps(answer))
        draft.replace(memory)
    return answer


def _ask(file: Path) -> dict[str, Any]:
    try:
        child = subprocess.run(
            [sys.executable, "-m", "declml.run.plugins", str(file)],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        return json.loads(child.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        return {
            "code": "broken-plugin",
            "message": f"The plug-in '{file.name}' must be importable; got no answer in {TIMEOUT_SECONDS} s.",
        }
    except (ValueError, IndexError):
        return {
            "code": "broken-plugin",
            "message": f"The plug-in '{file.name}' must be importable; got a process that ended without a word.",
        }


def _words_of(file: Path) -> dict[str, Any]:
    from declml.run.components import load_plugin, plugin_components
    from declml_schema.generate import component_json

    try:
        components = plugin_components(load_plugin(file))
        words: dict[str, list[dict[str, Any]]] = {}
        for component in components:
            words.setdefault(component.kind, []).append(
                component_json(f"plugin:{file.name}", component.name, component)
            )
    except UserProblem as error:
        return {"code": error.code, "message": error.message}
    except ValueError as error:
        return {"code": "broken-plugin", "message": f"The plug-in '{file.name}' must declare rightly; got: {error}."}
    if not words:
        return {
            "code": "broken-plugin",
            "message": f"The plug-in '{file.name}' must hold at least one Component at its top level; got none.",
        }
    return {"words": words}


if __name__ == "__main__":
    print(json.dumps(_words_of(Path(sys.argv[1]))))  # noqa: T201 - this process speaks through its output
