"""The words that plug-in files add to the language, read in another process so that a broken one costs one problem.

As a program, ``python -m declml.run.plugins FILE`` prints the words of one file as JSON.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from declml import __version__
from declml.errors import UserProblem
from declml.trust import is_trusted, untrusted_problem
from declml_schema.content import content_hash
from declml_schema.problems import Problem
from declml_schema.vocabulary import Vocabulary, vocabulary

TIMEOUT_SECONDS = 120


def plugin_words(files: Sequence[Path], *, cache: Path) -> tuple[Vocabulary, list[Problem]]:
    """Return the vocabulary with the words of ``files``, and one problem per file that could not be read.

    One in a folder that the user does not trust is such a problem, and is not run. What a file declares is
    remembered in ``cache`` by its source, its name and the versions of declml and Python.
    """
    words = vocabulary()
    problems: list[Problem] = []
    for index, file in enumerate(files):
        if file.is_file() and not is_trusted(file):
            refused = untrusted_problem(file, path=f"code[{index}]")
            problems.append(Problem(refused.code, refused.message, path=refused.path, hint=refused.hint))
            continue
        answer = _remembered(file, cache / "plugins")
        if "words" in answer:
            words = words.with_plugins(answer["words"])
        else:
            hint = str(answer.get("hint", ""))
            problems.append(Problem(answer["code"], answer["message"], path=f"code[{index}]", hint=hint))
    return words, problems


def _remembered(file: Path, folder: Path) -> dict[str, Any]:
    try:
        source = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return {
            "code": "absent-plugin",
            "message": f"code must name readable Python files beside the config; got '{file.name}'.",
        }
    memory = folder / f"{content_hash([source, file.name, __version__, sys.version])}.json"
    answer = _recall(memory)
    if answer is None:
        answer = _ask(file)
        if "words" in answer:
            _keep(memory, answer)
    return answer


def _recall(memory: Path) -> dict[str, Any] | None:
    """Return what was kept; None where there is nothing, or something else than what was written."""
    try:
        kept = json.loads(memory.read_bytes())
        return kept["answer"] if kept["sha256"] == content_hash(kept["answer"]) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(memory: Path, answer: dict[str, Any]) -> None:
    from declml.run.files import write_json

    with suppress(UserProblem, OSError):  # a cache that cannot be written costs time and nothing else
        memory.parent.mkdir(parents=True, exist_ok=True)
        write_json(memory, {"sha256": content_hash(answer), "answer": answer})


def _ask(file: Path) -> dict[str, Any]:
    # Needed for a plug-in that was never read before, and for no other config.
    import tempfile

    from declml.kernels.start import start

    try:
        with tempfile.TemporaryFile() as output, Path(os.devnull).open("wb") as errors:
            child = start("declml.run.plugins", str(file), output=output, errors=errors)
            try:
                child.wait(TIMEOUT_SECONDS)
            except BaseException:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
                raise
            output.seek(0)
            return json.loads(output.read().decode(errors="replace").splitlines()[-1])
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
        components = plugin_components(load_plugin(file), file.name)
        words: dict[str, list[dict[str, Any]]] = {}
        for component in components:
            words.setdefault(component.kind, []).append(
                component_json(f"plugin:{file.name}", component.name, component)
            )
    except UserProblem as error:
        return {"code": error.code, "message": error.message, "hint": error.hint}
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
