"""Tables over several runs: the list of them, and what differs between two."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from declml.cli.runs_diff import text_of
from declml.cli.terminal import age, duration, number, table
from declml.errors import UserProblem
from declml.runs.diff import Fact, MetricDelta, RunDiff
from declml.runs.folder import open_run
from declml.runs.history import history
from declml.runs.index import Row
from declml_jupyter.tables import html_table, sparkline

_MOST_CURVES = 100


class RunList:
    """Runs, the newest first, each with the curve of its deciding metric in small."""

    def __init__(self, rows: Sequence[Row], root: Path) -> None:
        self.rows = list(rows)
        self._root = root

    def _cells(self) -> list[list[str]]:
        return [
            [
                row.id,
                row.status,
                row.experiment,
                age(row.created),
                f"{row.output}.{row.metric}" if row.metric else "",
                number(row.value),
                _curve(row) if index < _MOST_CURVES else "",
                duration(row.seconds),
                "tainted" if row.taint else row.problem,
            ]
            for index, row in enumerate(self.rows)
        ]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        if not self.rows:
            says = f"There are no runs in {self._root}. %%declml train makes one."
            return {"text/plain": says}
        cells = self._cells()
        header = ["run", "status", "experiment", "made", "metric", "value", "curve", "took", ""]
        if not any(row[-1] for row in cells):
            cells, header = [row[:-1] for row in cells], header[:-1]
        return {
            "text/plain": click.unstyle(table(cells, header=header, right=[5, 7])),
            "text/html": html_table(cells, header=header, right=[5, 7]),
        }

    def __len__(self) -> int:
        return len(self.rows)


class DiffView:
    """What differs between two runs: keys of the config, data, code, environment, and what became of each metric."""

    def __init__(self, found: RunDiff) -> None:
        self.diff = found

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        found = self.diff
        parts: list[str] = []
        changed = [each for each in found.config if not each.implied]
        if changed:
            rows = [[each.path, _value(each.before), _value(each.after)] for each in changed]
            parts.append(html_table(rows, header=["config", found.a, found.b]))
        elif not found.config:
            parts.append("<p>The config is the same.</p>")
        for title, facts in (("data", found.data), ("code", found.code), ("environment", found.environment)):
            if facts:
                parts.append(html_table([_fact(each) for each in facts], header=[title, found.a, found.b]))
        outputs = {each.output for each in found.metrics}
        shown = [each for each in found.metrics if each.output != "combined" or len(outputs) != 2]
        if shown:
            header = ["split", "output", "metric", found.a, found.b, "change"]
            strong = [index for index, each in enumerate(shown) if each.better is not None and each.split == "test"]
            parts.append(html_table([_metric(each) for each in shown], header=header, right=[3, 4, 5], strong=strong))
        return {"text/plain": click.unstyle(text_of(found)), "text/html": "".join(parts)}


def _curve(row: Row) -> str:
    with suppress(UserProblem, OSError):
        found = history(open_run(row.path).events)
        points = found.points("validation", row.output, row.metric) or found.points("training", row.output, row.metric)
        return sparkline([each.value for each in points])
    return ""


def _value(value: Any) -> str:
    if value is None:
        return "(none)"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def _fact(each: Fact) -> list[str]:
    return [each.name, _value(each.before), _value(each.after)]


def _metric(each: MetricDelta) -> list[str]:
    change = ""
    if each.delta is not None and each.before != each.after:
        change = f"{'+' if each.delta > 0 else ''}{number(each.delta)}"
        if each.better is not None:
            change += " ▲ better" if each.better else " ▼ worse"
    return [each.split, each.output, each.metric, number(each.before), number(each.after), change]
