"""Code lenses above the first line: train, resume, compare, profile, and how the last training went or goes.

What takes a comparison is told when the client resolves the lens, which it does for those on the screen.
"""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from declml_lsp.history import Baseline
from declml_lsp.hovering.changed import result_text
from declml_lsp.hovering.ink import figure
from declml_lsp.past_runs import PastRun
from declml_lsp.session import Session
from declml_lsp.snapshot import Snapshot
from declml_lsp.trainings import Training

_TRAIN, _STOP, _RESUME = "declml.train", "declml.stop", "declml.resume"
_COMPARE, _PROFILE = "declml.compare", "declml.profile"


def respond(session: Session, snapshot: Snapshot, _params: types.CodeLensParams) -> list[types.CodeLens]:
    """Answer ``textDocument/codeLens``."""
    if not session.settings(snapshot).code_lens:
        return []
    uri = snapshot.uri
    training = session.trainings.get(uri)
    if training is not None and not training.ended:
        stop = "Stop at once" if training.stops else "Stop"
        return [_lens(_STOP, stop, [uri]), _lens(_COMPARE, _live(training), [uri])]
    lenses: list[types.CodeLens] = []
    runs = session.history.runs(session, snapshot)
    if not snapshot.is_cell:
        lenses.append(_lens(_TRAIN, "Train", [uri]))
        open_ended = session.history.resumable(session, snapshot)
        if open_ended is not None:
            lenses.append(_lens(_RESUME, f"Resume {open_ended.name}", [uri, open_ended.id]))
    last = next((run for run in runs if run.status == "finished"), None)
    if last is not None:
        lenses.append(_lens(_COMPARE, f"Compare with {last.name}", [uri, last.id]))
    if session.checked(snapshot).top_level("data"):
        lenses.append(_lens(_PROFILE, "Profile", [uri]))
    elsewhere = next((run for run in runs if run.status == "running"), None)
    if elsewhere is not None:
        lenses.append(_lens(_COMPARE, f"{elsewhere.name} is training", [uri, elsewhere.id]))
    if last is not None:
        lenses.append(types.CodeLens(_top(), data={"uri": uri, "run": last.id}))
    return lenses


def resolve(session: Session, lens: types.CodeLens) -> types.CodeLens:
    """Answer ``codeLens/resolve``: the last result, and what changed since."""
    data: Any = lens.data
    uri, run_id = (str(data.get(name, "")) for name in ("uri", "run")) if isinstance(data, dict) else ("", "")
    snapshot = session.snapshots.get(uri)
    if lens.command is not None or snapshot is None:
        return lens
    run = next((run for run in session.history.runs(session, snapshot) if run.id == run_id), None)
    title = run_id if run is None else _result(session, snapshot, run)
    return types.CodeLens(lens.range, types.Command(title, _COMPARE, arguments=[uri, run_id]), lens.data)


def _result(session: Session, snapshot: Snapshot, run: PastRun) -> str:
    """Return ``run 12 · accuracy 0.847 · 3 changes since``."""
    parts = [run.name, *([result_text(run)] if result_text(run) else [])]
    found = session.history.against(session, snapshot, Baseline(run))
    if found is not None:
        count = len(found.told)
        parts.append(f"{count} change{'s' if count != 1 else ''} since" if count else "no change since")
    return " · ".join(parts)


def _live(training: Training) -> str:
    """Return ``run 13 · epoch 4/40 · accuracy 0.843``."""
    number = training.run.partition("-")[0].lstrip("0")
    name = f"run {number}" if number.isdecimal() else "training"
    best = ""
    if training.best is not None and training.value is not None and training.best != training.value:
        best = f" (best {figure(training.best)})"
    return f"{name} · {training.sentence()}{best}"


def _lens(command: str, title: str, arguments: list[Any]) -> types.CodeLens:
    return types.CodeLens(_top(), types.Command(title, command, arguments=arguments))


def _top() -> types.Range:
    return types.Range(types.Position(0, 0), types.Position(0, 0))
