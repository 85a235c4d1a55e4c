"""`declml runs diff`: what was changed between two runs, beside what became of the metrics."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from declml.cli.options import RUN_HELP, json_option, run_argument, runs_option
from declml.cli.terminal import bad, faint, good, heading, number, say, table

if TYPE_CHECKING:
    from declml.runs.changes import Change
    from declml.runs.diff import Fact, MetricDelta, RunDiff


@click.command(
    "diff",
    epilog=f"""{RUN_HELP}

\b
Examples:
  declml runs diff 11 12
  declml runs diff 0011-77c1 latest --all
  declml runs diff 11 12 --json
""",
)
@run_argument("a")
@run_argument("b")
@click.option("--all", "everything", is_flag=True, help="Also the defaults that came or went with a swapped component.")
@runs_option()
@json_option()
def diff_(a: str, b: str, everything: bool, runs: str | None, as_json: bool) -> None:
    """Compare run A with run B: changed config keys, data, code and environment, and each metric's change."""
    from declml.runs.diff import diff
    from declml.runs.find import find
    from declml.runs.places import runs_root

    root = runs_root(runs)
    found = diff(find(root, a), find(root, b), goals=_goals())
    if as_json:
        click.echo(json.dumps(found.as_json(), indent=2, ensure_ascii=False))
    else:
        say(text_of(found, everything=everything))


def text_of(found: RunDiff, *, everything: bool = False) -> str:
    """Return a diff as text: the config first, the metrics last, what is equal left out."""
    parts = [f"{heading(found.a)} {faint('->')} {heading(found.b)}"]
    if found.text:
        parts.append(heading("Config, lines") + "\n" + "\n".join(_line(each) for each in found.text))
    if found.config:
        parts.append(heading("Config, keys") + "\n" + _config(found.config, everything=everything))
    elif not found.text:
        parts.append("The config is the same.")
    for title, facts in (("Data", found.data), ("Code", found.code), ("Environment", found.environment)):
        if facts:
            parts.append(heading(title) + "\n" + _facts(facts))
    if found.metrics:
        parts.append(heading("Metrics") + "\n" + _metrics(found.metrics, found.a, found.b))
    return "\n\n".join(parts)


def _line(line: str) -> str:
    if line.startswith("+"):
        return good(line)
    return bad(line) if line.startswith("-") else faint(line)


def _config(changes: Sequence[Change], *, everything: bool) -> str:
    shown = [each for each in changes if everything or not each.implied]
    rows = [[each.path, _value(each.before, absent=each.kind == "added"), "->", _after(each)] for each in shown]
    text = table(rows)
    hidden = len(changes) - len(shown)
    if hidden:
        text += ("\n" if text else "") + faint(f"and {hidden} defaults that come with these (--all shows them)")
    return text


def _after(change: Change) -> str:
    return _value(change.after, absent=change.kind == "removed")


def _value(value: Any, *, absent: bool) -> str:
    if absent:
        return faint("(none)")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def _facts(facts: Sequence[Fact]) -> str:
    return table([[each.name, _fact(each.before), "->", _fact(each.after)] for each in facts])


def _fact(value: Any) -> str:
    return _value(value, absent=value is None)


def _metrics(deltas: Sequence[MetricDelta], a: str, b: str) -> str:
    outputs = {each.output for each in deltas}
    shown = [each for each in deltas if each.output != "combined" or len(outputs) != 2]
    rows = [
        [each.split, each.output, each.metric, number(each.before), number(each.after), _delta(each)] for each in shown
    ]
    return table(rows, header=["split", "output", "metric", a, b, "change"], right=[3, 4, 5])


def _delta(each: MetricDelta) -> str:
    if each.delta is None:
        return ""
    if each.before == each.after:
        return faint("=")
    text = f"{'+' if each.delta > 0 else ''}{number(each.delta)} {'▲' if each.delta > 0 else '▼'}"
    if each.better is None:
        return text
    return good(text + " better") if each.better else bad(text + " worse")


def _goals() -> dict[str, str]:
    """Return what the vocabulary says of each metric: whether more or less of it is better."""
    from declml_schema.vocabulary import vocabulary

    return {word.name: str(word.facts["goal"]) for word in vocabulary().words("metric") if "goal" in word.facts}
