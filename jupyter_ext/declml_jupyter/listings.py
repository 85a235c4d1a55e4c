"""Tables over several runs: the list of them, and what differs between two.

Each is plain HTML and text; on a page that can show it, it comes to life.
"""

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
from declml.runs.diff import Fact, MetricDelta, RunDiff, diff
from declml.runs.folder import open_run
from declml.runs.history import history
from declml.runs.index import Row
from declml_jupyter.tables import html_table, sparkline

_MOST_CURVES = 100


class RunList:
    """Runs, the newest first, each with the curve of its deciding metric in small."""

    def __init__(self, rows: Sequence[Row], root: Path, *, is_live: bool = False) -> None:
        self.rows = list(rows)
        self._root = root
        self._is_live = is_live

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
            "text/html": self._alive(html_table(cells, header=header, right=[5, 7])),
        }

    def _alive(self, html: str) -> str:
        if not self._is_live:
            return html
        # Imported here: a kernel that nobody looks at loads no widgets.
        from declml_jupyter.live_table import LiveTable

        paths = [each.path for each in reversed(self.rows[:_MOST_CURVES])]
        return LiveTable(paths, compare=compared, is_list=True).around(html)

    def __len__(self) -> int:
        return len(self.rows)


class DiffView:
    """What differs between two runs: keys of the config, data, code, environment, and what became of each metric."""

    def __init__(self, found: RunDiff, paths: Sequence[Path] = (), *, is_live: bool = False) -> None:
        self.diff = found
        self._paths = paths
        self._is_live = is_live

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        found = self.diff
        parts: list[str] = []
        changed = [each for each in found.config if not each.implied]
        if changed:
            rows = [[each.path, _value(each.before), _value(each.after)] for each in changed]
            parts.append(html_table(rows, header=["config", found.a, found.b]))
        elif not found.config:
            parts.append("<p>The config is the same.</p>")
        outputs = {each.output for each in found.metrics}
        shown = [each for each in found.metrics if each.output != "combined" or len(outputs) != 2]
        if shown:
            header = ["split", "output", "metric", found.a, found.b, "change"]
            strong = [index for index, each in enumerate(shown) if each.better is not None and each.split == "test"]
            parts.append(html_table([_metric(each) for each in shown], header=header, right=[3, 4, 5], strong=strong))
        facts = [
            html_table([_fact(each) for each in facts], header=[title, found.a, found.b])
            for title, facts in (("data", found.data), ("code", found.code), ("environment", found.environment))
            if facts
        ]
        # What no view shows stays as it is, in JupyterLab's own style also where the rest has come to life.
        rest = f'<div class="jp-RenderedHTMLCommon">{"".join(facts)}</div>' if facts else ""
        html = self._alive("".join(parts)) + rest
        return {"text/plain": click.unstyle(text_of(found)), "text/html": html}

    def _alive(self, html: str) -> str:
        if not self._is_live:
            return html
        # Imported here: a kernel that nobody looks at loads no widgets.
        from declml_jupyter.live_table import LiveTable

        return LiveTable(self._paths, compare=compared, is_list=False).around(html)


def compared(paths: Sequence[Path]) -> dict[str, Any]:
    """Return what differs between the configs of runs, the first of them being the base, and the metrics' goals."""
    runs = [open_run(each) for each in paths]
    changes: dict[str, list[str | None]] = {}
    for place, run in enumerate(runs[1:], start=1):
        for each in diff(runs[0], run).config:
            if not each.implied:
                values = changes.setdefault(each.path, [_text(each.before)] * len(runs))
                values[place] = _text(each.after)
    told = [{"path": path, "values": values} for path, values in changes.items()]
    return {"changes": told, "goals": goals()}


def goals() -> dict[str, str]:
    """Return what the vocabulary says of each metric: whether more or less of it is better."""
    from declml_schema.vocabulary import vocabulary

    return {word.name: str(word.facts["goal"]) for word in vocabulary().words("metric") if "goal" in word.facts}


def _curve(row: Row) -> str:
    with suppress(UserProblem, OSError):
        found = history(open_run(row.path).events)
        points = found.points("validation", row.output, row.metric) or found.points("training", row.output, row.metric)
        return sparkline([each.value for each in points])
    return ""


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _value(value: Any) -> str:
    text = _text(value)
    if text is None:
        return "(none)"
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
