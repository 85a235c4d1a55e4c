"""The training process: ``python -m declml.run.worker REQUEST.json``. It speaks through its run's events and record
alone.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from declml.errors import ConfigProblems, UserProblem
from declml.kernels.local import whole_size
from declml.run.config import heeding, place_problem
from declml.run.events import EventWriter
from declml.run.folder import RunFolder
from declml.run.interrupts import Interrupts
from declml.run.ledger import Ledger
from declml.run.lock import take_lock, taken_problem
from declml.run.request import NO_SPACE_EXIT, TAKEN_EXIT, Request
from declml_schema.problems import Problem

OK, FAILED, INTERRUPTED = 0, 1, 130


def main(request_path: str) -> int:
    """Train what the request asks for and return the process's exit code. Every end is told in the last event.

    Only the exit code tells of a disk without room for that event, `NO_SPACE_EXIT`, and of another process that trains
    this run or has done so, `TAKEN_EXIT`: the events are that one's.
    """
    try:
        return _train(request_path)
    except (UserProblem, OSError) as error:
        with contextlib.suppress(OSError):  # the log may lie on the same full disk
            print(error, file=sys.stderr)  # noqa: T201 - the process's log is its last resort
        return NO_SPACE_EXIT


def _train(request_path: str) -> int:
    started = time.monotonic()
    interrupts = Interrupts()
    interrupts.install()
    request = Request.read(Path(request_path))
    # Relative paths in a config, such as that of a pretrained model, start from the config's folder.
    os.chdir(request.config_folder)
    folder = RunFolder(Path(request.folder))
    # Before anything is written: what another process writes must not be cut short.
    lock = take_lock(folder)
    if lock is None:
        print(taken_problem(folder), file=sys.stderr)  # noqa: T201 - the process's log is all that it may write
        return TAKEN_EXIT
    if request.told is not None and whole_size(folder.events) != request.told:
        print("another process has done what was asked", file=sys.stderr)  # noqa: T201 - as above
        return TAKEN_EXIT
    writer = EventWriter(folder.events)
    ledger = Ledger(folder, request)

    def finish(status: str, message: str, problems: Sequence[Problem] = ()) -> None:
        seconds = round(time.monotonic() - started, 3)
        for problem in problems:
            writer.emit("problem", problem=problem.as_json())
        ledger.close(status, seconds=seconds, problem=problems[0] if problems else None)
        writer.emit("run_finished", status=status, seconds=seconds, message=message)

    try:
        interrupts.heed()
        # Imported inside the boundary: whatever is wrong with the installation is told like any other failure.
        from declml.run.execute import execute, tidy

        outcome = execute(request, folder, ledger, heeding(folder.config.read_text(), writer.emit), interrupts)
        finish(outcome.status, outcome.message)
        if outcome.status == "finished":
            with contextlib.suppress(OSError):
                tidy(folder)
    except KeyboardInterrupt:
        if ledger.values["status"] == "running":
            finish("interrupted", _where_it_stopped(folder))
            return INTERRUPTED
        return OK if ledger.values["status"] == "finished" else INTERRUPTED
    except (ConfigProblems, UserProblem) as error:
        text = folder.config.read_text()
        found = error.problems if isinstance(error, ConfigProblems) else [error]
        finish("failed", str(error), [place_problem(text, each, file=folder.config.name) for each in found])
        return FAILED
    except Exception as error:  # noqa: BLE001 - the process boundary: the trace goes to the log, one sentence to the user
        traceback.print_exc()
        sentence = f"declml itself failed: {type(error).__name__}: {error}."
        hint = f"The trace is in {folder.path / 'worker.log'}."
        finish("failed", sentence, [Problem("internal-error", sentence, hint=hint)])
        return FAILED
    finally:
        writer.close()
        lock.release()
    return INTERRUPTED if outcome.status == "interrupted" else OK


def _where_it_stopped(folder: RunFolder) -> str:
    if any(folder.checkpoints.glob("*")):
        return "Interrupted outside the training loop: its checkpoint is kept, and a resumed run goes on from it."
    return "Interrupted before training began: what was prepared so far is in the cache."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
