"""The process that a remote client asks for: ``python -m declml.run.asked ASK.json`` prepares, answers and trains.

One process from the question to the last event, so that nothing is lost between two: its number is known to whoever
asked from the start, and its exit code is the training's. It answers with the run's folder, with a run that already is
the answer, or with problems.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from declml.errors import ConfigProblems, DeclmlError, UserProblem
from declml.kernels.incoming import claim
from declml.kernels.local import LOG, REQUEST
from declml.run.config import Config, place_problem
from declml.run.files import write_json
from declml.run.launching import Launch, Prepared, check_pin, prepare_run
from declml.runs.folder import RECORD
from declml.runs.places import cache_root
from declml_schema.plan import Plan
from declml_schema.problems import Problem, Severity

_FAILED = 1


def main(ask_path: str) -> int:
    """Prepare what the file asks for, write the answer, train, and return the process's exit code."""
    ask: dict[str, Any] = json.loads(Path(ask_path).read_text())
    answer = Path(ask["answer"])
    if claim(answer.parent, os.getpid()) != os.getpid():
        return 0  # another process does it
    try:
        prepared = _prepared(ask)
    except (DeclmlError, OSError) as error:
        write_json(answer, {"problems": [each.as_json() for each in _problems(error, ask)]})
        return _FAILED
    except Exception as error:  # noqa: BLE001 - the process boundary: the trace goes to the log, one sentence to the user
        traceback.print_exc()
        said = Problem("internal-error", f"declml itself failed: {type(error).__name__}: {error}.")
        write_json(answer, {"problems": [said.as_json()]})
        return _FAILED
    folder = prepared.folder.path
    told = {"folder": str(folder), "run": prepared.folder.id, "experiment": prepared.folder.experiment}
    if prepared.request is None:
        write_json(answer, {**told, "pid": None, "reused": True})
        return 0
    origins = list(ask.get("origins") or prepared.request.origins)
    request = replace(prepared.request, argv=list(ask["argv"]), kernel=ask["kernel"], origins=origins)
    write_json(folder / REQUEST, request.as_json())
    _log_into(folder / LOG)
    write_json(answer, {**told, "pid": os.getpid(), "reused": False})
    # Imported here: a request that fails, or whose answer is there already, trains nothing.
    from declml.run.worker import main as train

    return train(str(folder / REQUEST))


def _prepared(ask: Mapping[str, Any]) -> Prepared:
    launch = _launch(ask)
    record = Path(ask["runs"]) / ask["project"] / ask["experiment"] / ask["run"] / RECORD
    # A run whose client went away early may never have begun here.
    resume = ask["run"] if ask["resume"] and not (ask["begin"] and not record.exists()) else None
    if launch.plan.data.get("sha256"):
        # The place of the data is another one here; what the config pins are their bytes.
        check_pin(replace(launch, dataset=None), launch.source())
    return prepare_run(launch, resume=resume, again=ask["again"], run=ask["run"])


def _launch(ask: Mapping[str, Any]) -> Launch:
    root, base = Path(ask["root"]), Path(ask["base"])
    dataset: Any = ask["dataset"]
    if dataset is None:
        # Files that only this machine has: a relative name starts from the kernel's folder.
        os.chdir(root)
        # A query, or a file for each side, is looked for as the config says it.
        dataset = None if isinstance(ask["there"], dict) else ask["there"]
    return Launch(
        config=Config(ask["config"], ask["file"], base / Path(ask["file"]).name),
        plan=Plan.from_json(ask["plan"]),
        dataset=dataset,
        runs=Path(ask["runs"]) / ask["project"],
        cache=cache_root(start=root),
        experiment=ask["experiment"],
        problems=[_told(each) for each in ask["warnings"]],
        trigger=ask["trigger"],
        parent=ask["parent"],
        threads=ask["threads"],
        device=ask["device"],
        base=base,
        kept_plugins=tuple(Path(each) for each in ask["plugins"]),
        sides=tuple(ask["sides"]) if ask.get("sides") is not None else None,
    )


def _told(value: Mapping[str, Any]) -> Problem:
    return Problem(
        str(value["code"]),
        str(value["message"]),
        severity=Severity(str(value["severity"])),
        path=str(value.get("path", "")),
        hint=str(value.get("hint", "")),
    )


def _problems(error: Exception, ask: Mapping[str, Any]) -> list[Problem]:
    if isinstance(error, ConfigProblems):
        return error.problems
    if isinstance(error, UserProblem):
        return [place_problem(ask["config"], error, file=ask["file"])]
    return [Problem("kernel-failed", str(error))]


def _log_into(path: Path) -> None:
    """Write what this process prints from now on into the run's own log."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for target in (1, 2):
        os.dup2(log, target)
    os.close(log)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
