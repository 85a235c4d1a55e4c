"""``python -m declml.run.facts``: what the runtime knows of data, plug-ins and models, told to a process without it.

An editor holds neither Polars nor torch. It starts this process (with ``-P``, so that no file of somebody's project
takes the place of a module), writes one JSON request per line to its input and reads
one JSON answer per line from its output, in the same order; the process ends where its input ends. Whatever a library
or a plug-in prints goes to the error output, which somebody must read or throw away. A request costs the imports of its
own act and no others: only ``model`` loads torch.

A request is ``{"id": ANY, "act": NAME, ...}`` with exactly the keys of its act. Its answer is ``{"id": ANY,
"result": ...}`` or ``{"id": ANY, "problem": {"code", "message", "hint", "path"}}``; a line that is no request is
answered with the code ``bad-request`` and, where it has none, the id null. Folders are absolute. Nothing is written
but into the cache of the folder's project, and a cache that cannot be written is no problem. All texts are escaped to
ASCII.

``{"act": "about"}`` -> ``version``, ``pid``, and ``loaded``, the heavy libraries in this process.

``{"act": "profile", "folder": DIR, "data": {...}}``, the config's ``data`` section -> ``rows``; ``columns``, in their
order, each as `declml profile --json` tells it (``name dtype rows missing distinct feature_type reason top_values
examples number text warnings``) with what `data.column_facts.ColumnFacts` adds (``all_missing constant missing_share
top_share distinct_share nearly_unique not_numbers histogram top same_as``); ``likely_target``; ``sampled``, null or
``{rows, estimated_rows, files, all_files, sentence}`` where only the first rows were read; ``paths``, a list of
``{path, size, mtime_ns}`` as they were before reading; ``sha256`` of the bytes; ``not_applied``, the options of the
section that choose a part of the rows or columns, which a profile leaves aside. It is remembered by content.

``{"act": "words", "folder": DIR, "files": [...]}``, the plug-ins as ``code:`` names them -> ``components``: by file, by
kind, its words as `Vocabulary.with_plugins` takes them; ``problems``: one for each file that cannot be read, with the
``path`` ``code[INDEX]``. A plug-in runs in a process of its own.

``{"act": "model", "folder": DIR, "config": TEXT, "file": NAME}`` -> the network that a training of this config would
build. Null stands for what is not known, such as the width of a category before its labels were counted; ``unknown``
says why, by place (``inputs.NAME``, ``outputs.NAME``, ``rows``).

- ``inputs``, by feature: ``encoder``, ``group`` (an index), ``tied``, ``vocabulary`` (its size), ``output`` (a shape:
  ``["batch", 256]``), ``parameters`` (``trainable`` and ``frozen``), ``bytes`` (``weights``, ``gradients``). The share
  of a feature in a group is what its encoder would be if it stood alone.
- ``groups``, the encoders that are really built: ``type encoder features tied output parameters bytes``. One that is
  ``tied`` has the weights of the feature that it names.
- ``combiner``: ``type input output parameters bytes``; ``outputs``, by feature: ``decoder classes output parameters
  bytes``.
- ``parameters`` of the whole network, each weight counted once, and ``known_parameters``, the sum of what is known;
  ``memory_bytes``: ``weights gradients optimizer total``. What stands between the layers comes on top.
- ``rows`` by side, those left out that a training drops; ``batch_size``; ``steps`` (``per_epoch total``);
  ``resolved``, by path, what `auto` and null become in the trainer section.
- ``problems``: what a training would say of the columns and of parts that cannot be built, as `Problem.as_json`.

Data whose table takes more than 96 MiB are not read for this: what a training left in the cache is used. A config with
errors is a problem: its first error, with ``errors``, how many there are.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeAlias

from declml import __version__
from declml.errors import ConfigProblems, UserProblem

if TYPE_CHECKING:
    from declml.run.model_facts import ModelFacts

Json: TypeAlias = dict[str, Any]

_HEAVY = ("numpy", "polars", "torch", "transformers", "pandas", "pyarrow", "torchmetrics", "pydantic")


def main() -> int:
    """Answer requests until the input ends, and return the process's exit code."""
    requests, answers = _own_pipes()
    # Whoever started this process decides when it ends, not the keyboard that both listen to.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)
    # A folder beside somebody's config gets no __pycache__ because they looked at it.
    sys.dont_write_bytecode = True
    with TemporaryDirectory(prefix="declml-facts-", ignore_cleanup_errors=True) as scratch:
        acts = Acts(Path(scratch))
        try:
            for line in _lines(requests):
                _write(answers, _answer(line, acts))
        except (BrokenPipeError, KeyboardInterrupt):
            return 0  # nobody reads any more, or it was asked to end
    return 0


def _end(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt  # so that the scratch folder goes


class Acts:
    """What can be asked for, with what is kept between two requests. ``scratch`` is a folder for its files."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._model: ModelFacts | None = None
        self._known: Mapping[str, tuple[Callable[[Json], Json], Mapping[str, type]]] = {
            "about": (self._about, {}),
            "profile": (self._profile, {"folder": str, "data": dict}),
            "words": (self._words, {"folder": str, "files": list}),
            "model": (self._models, {"folder": str, "config": str, "file": str}),
        }

    def do(self, request: Json) -> Json:
        """Return the result of a request; one that is not understood is a `UserProblem`."""
        name = request.get("act")
        if not isinstance(name, str) or name not in self._known:
            raise UserProblem("bad-request", f"act must be one of {', '.join(self._known)}; got {name!r}.")
        act, keys = self._known[name]
        for key, kind in keys.items():
            if not isinstance(request.get(key), kind):
                raise UserProblem(
                    "bad-request", f"{key} of {name} must be a {kind.__name__}; got {_kind(request, key)}."
                )
        extra = sorted(request.keys() - keys.keys() - {"id", "act"})
        if extra:
            raise UserProblem("bad-request", f"{name} must have the keys {', '.join(keys)}; got also {extra[0]!r}.")
        if "folder" in keys and not Path(request["folder"]).is_absolute():
            raise UserProblem("bad-request", f"folder must be an absolute path; got {request['folder']!r}.")
        return act(request)

    def _about(self, request: Json) -> Json:
        return {
            "version": __version__,
            "pid": os.getpid(),
            "loaded": [name for name in _HEAVY if name in sys.modules],
        }

    # Each act imports what it needs when it is first asked for: a profile must not wait for torch.

    def _profile(self, request: Json) -> Json:
        from declml.run.data_facts import data_facts

        return data_facts(Path(request["folder"]), request["data"])

    def _words(self, request: Json) -> Json:
        from declml.run.plugin_facts import plugin_facts

        return plugin_facts(Path(request["folder"]), [str(each) for each in request["files"]])

    def _models(self, request: Json) -> Json:
        from declml.run.model_facts import ModelFacts

        self._model = self._model or ModelFacts(self._scratch)
        return self._model.of(Path(request["folder"]), request["config"], request["file"])


def _kind(request: Json, key: str) -> str:
    return f"a {type(request[key]).__name__}" if key in request else "none"


# --- one line, one answer --------------------------------------------------------------------------------------------


def _answer(line: bytes, acts: Acts) -> Json:
    request: Any = None
    try:
        request = _request(line)
        return {"id": request.get("id"), "result": acts.do(request)}
    except UserProblem as error:
        problem = {"code": error.code, "message": error.message, "hint": error.hint, "path": error.path}
    except ConfigProblems as error:
        errors = [each for each in error.problems if each.severity == "error"]
        problem = {**errors[0].as_json(), "errors": len(errors)}
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the process boundary: the trace goes to the error output
        traceback.print_exc()
        problem = {
            "code": "internal-error",
            "message": f"declml itself failed: {type(error).__name__}: {error}.",
            "hint": "",
            "path": "",
        }
    return {"id": request.get("id") if isinstance(request, dict) else None, "problem": problem}


def _request(line: bytes) -> Json:
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UserProblem("bad-request", f"A line must hold one JSON object; got a broken one ({error}).") from error
    if not isinstance(request, dict):
        raise UserProblem("bad-request", f"A line must hold one JSON object; got a {type(request).__name__}.")
    return request


# --- pipes that nobody else touches ----------------------------------------------------------------------------------


def _own_pipes() -> tuple[int, int]:
    """Return the input and output of this process as handles that no library, plug-in or child process knows.

    What they read is empty and what they print goes to the error output, whether Python or C code prints it.
    """
    sys.stdout.flush()
    requests, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, answers


def _lines(handle: int) -> Iterator[bytes]:
    """Yield the lines that come in; empty ones are nothing."""
    with os.fdopen(handle, "rb") as file:
        for line in file:
            if line.strip():
                yield line


def _write(handle: int, answer: Json) -> None:
    rest = memoryview(json.dumps(answer, allow_nan=False).encode() + b"\n")
    while rest:
        rest = rest[os.write(handle, rest) :]


if __name__ == "__main__":
    sys.exit(main())
