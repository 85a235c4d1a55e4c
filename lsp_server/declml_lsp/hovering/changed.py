"""What changed since a run: at one key with what became of the runs that differ there, and in the whole config."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from declml.errors import DeclmlError
from declml.runs.changes import Change
from declml_lsp.history import Comparison, config_path
from declml_lsp.hovering.ink import figure
from declml_lsp.hovering.look import Look
from declml_lsp.hovering.outcomes import Group, Outcomes, comparable, outcomes
from declml_lsp.levels import Level, Step
from declml_lsp.past_runs import PastRun

_MOST_CHANGES = 12
_MOST_INSIDE = 6
_MOST_TRIED = 4
_FEATURES = ("input_features", "output_features")


def key_changes(look: Look, levels: Sequence[Level], step: Step, *, on_section: bool) -> list[str]:
    """Return what changed at an entry since the baseline, and inside it where it is a section that was pointed at."""
    found = comparison_of(look)[0]
    if found is None:
        return []
    path = config_path(levels, step)
    change = found.by_path.get(path)
    if change is None and step in ("name", "type") and _in_feature(levels):
        feature = path.rpartition(".")[0]  # its name stands for all of it
        change = found.by_path.get(feature)
        path, on_section = (feature, True) if step == "name" else (path, on_section)
    if change is not None:
        return [_said(look, found, change), *_outcome_parts(look, found, change)]
    if on_section:
        inside = found.under(path)
        if inside:
            count = f"{len(inside)} change{'s' if len(inside) != 1 else ''} in it since {found.baseline.name}"
            return [f"{look.ink.strong(count)}:", _listed(look, inside, within=path, most=_MOST_INSIDE)]
    return []


def whole_changes(look: Look) -> list[str]:
    """Return everything that changed, and the run that it is against."""
    found, complaint = comparison_of(look)
    if found is None:
        return [complaint] if complaint else []
    run = found.baseline.run
    result = f" ({result_text(run)})" if run is not None and result_text(run) else ""
    against = f"{found.baseline.name}{result}"
    changes = found.told
    if not changes:
        return [f"{look.ink.strong('No change')} since {against}."]
    count = f"{len(changes)} change{'s' if len(changes) != 1 else ''}"
    note = " The config has errors, so the texts were compared as they are written." if found.as_written else ""
    parts = [f"{look.ink.strong(count)} since {against}:{note}", _listed(look, changes, within="", most=_MOST_CHANGES)]
    implied = len(found.changes) - len(changes)
    if implied:
        parts.append(f"With these, {implied} default{'s' if implied != 1 else ''} changed.")
    return parts


def comparison_of(look: Look) -> tuple[Comparison | None, str]:
    """Return the comparison with the baseline, or None and, where one was asked for by name, why there is none."""
    try:
        return look.session.history.compare(look.session, look.snapshot), ""
    except DeclmlError as error:
        return None, str(error)


def result_text(run: PastRun | None) -> str:
    """Return a run's deciding metric: ``accuracy 0.847``; an empty text without one."""
    if run is None or run.value is None:
        return ""
    output = str(run.decides.get("output", ""))
    metric = str(run.decides.get("metric", ""))
    return f"{f'{output} ' if output == 'combined' else ''}{metric} {figure(run.value)}"


def _in_feature(levels: Sequence[Level]) -> bool:
    return len(levels) == 3 and levels[1].step in _FEATURES


def _said(look: Look, found: Comparison, change: Change) -> str:
    since = f"since {found.baseline.name}"
    if change.kind == "added":
        return f"{look.ink.strong('New')} {since}{_as_value(look, change.after)}."
    if change.kind == "removed":
        return f"{look.ink.strong('Gone')} {since}{_as_value(look, change.before)}."
    return f"{look.ink.strong('Changed')} {since}: {_arrow(look, change)}"


def _as_value(look: Look, value: Any) -> str:
    return "" if value is None or isinstance(value, Mapping) else f": {look.ink.value(value)}"


def _arrow(look: Look, change: Change) -> str:
    return f"{look.ink.value(change.before)} → {look.ink.value(change.after)}"


def _listed(look: Look, changes: Sequence[Change], *, within: str, most: int) -> str:
    lines = list(_lines(look, changes[:most], within))
    if len(changes) > most:
        lines.append(f"and {len(changes) - most} more")
    return look.ink.items(lines)


def _lines(look: Look, changes: Sequence[Change], within: str) -> Iterator[str]:
    for change in changes:
        name = look.ink.code(change.path.removeprefix(within).lstrip("."))
        if change.kind == "added":
            yield f"{name} is new{_as_value(look, change.after)}"
        elif change.kind == "removed":
            yield f"{name} is gone{_as_value(look, change.before).replace(':', ', it was', 1)}"
        else:
            yield f"{name} {_arrow(look, change)}"


# --- what became of it -----------------------------------------------------------------------------------------------


def _outcome_parts(look: Look, found: Comparison, change: Change) -> list[str]:
    run = found.baseline.run
    if run is None or found.as_written:
        return []
    history, session = look.session.history, look.session
    runs = history.runs(session, look.snapshot)
    told = outcomes(runs, run, change.path, lambda other: history.past.changes(run, other))
    if told is None:
        return []
    lines = [*_only(look, told, change), *_among(look, told, change)]
    if not told.complete:
        history.read_on(session.workers, comparable(runs, run), run)
        lines.append("More runs are still being read")
    return [look.ink.items(lines)] if lines else []


def _only(look: Look, told: Outcomes, change: Change) -> Iterator[str]:
    if not told.only:
        return
    same = next((group for group in told.only if group.value == change.after), None)
    if same is not None:
        count = told.only_before.runs + same.runs
        yield f"Of {count} runs that differ only here: {_delta(told, told.only_before, same)}"
    tried = [group for group in told.only if group is not same]
    if tried:
        ordered = sorted(tried, key=lambda group: group.mean, reverse=told.goal == "maximize")
        listed = ", ".join(f"{look.ink.value(each.value)} {figure(each.mean)}" for each in ordered[:_MOST_TRIED])
        at = f"{look.ink.value(change.before)} {figure(told.only_before.mean)}"
        word = "Also tried" if same is not None else "Tried"
        yield f"{word}, with nothing else changed: {listed}; {_metric(told)} at {at}"


def _among(look: Look, told: Outcomes, change: Change) -> Iterator[str]:
    same = next((group for group in told.among if group.value == change.after), None)
    if same is not None and told.among_before is not None:
        count = told.among_before.runs + same.runs
        yield f"Of {count} runs, some of which differ elsewhere too: {_delta(told, told.among_before, same)}"


def _delta(told: Outcomes, before: Group, after: Group) -> str:
    mean = "mean " if before.runs > 1 or after.runs > 1 else ""
    text = f"{mean}{_metric(told)} {figure(before.mean)} → {figure(after.mean)}"
    if before.mean == after.mean or told.goal not in ("maximize", "minimize"):
        return text
    better = (after.mean > before.mean) is (told.goal == "maximize")
    return f"{text}, {'better' if better else 'worse'}"


def _metric(told: Outcomes) -> str:
    return f"validation {told.metric}"
