"""Tables of a run as HTML that needs no style and no script, beside the text that a terminal shows.

A notebook that nobody trusts, GitHub and nbconvert keep these as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from html import escape
from typing import Any

import click

from declml.cli.results import confusion_table, metrics_table, slices_table
from declml.cli.terminal import number
from declml.runs.folder import Run
from declml.runs.history import history

_SPLITS = ("training", "validation", "test")
_MOST_CLASSES = 12
_MOST_SLICES = 10
_MOST_COLUMNS = 5
_SPARKS = "▁▂▃▄▅▆▇█"


def html_table(
    rows: Sequence[Sequence[str]],
    *,
    header: Sequence[str],
    caption: str = "",
    right: Collection[int] = (),
    strong: Collection[int] = (),
) -> str:
    """Return a table; cells are text. ``right`` are the columns of numbers, ``strong`` the rows that matter most."""

    def cell(tag: str, text: str, column: int, *, bold: bool = False) -> str:
        side = "right" if column in right else "left"
        scope = ' scope="col"' if tag == "th" else ""
        inner = f"<b>{escape(text)}</b>" if bold else escape(text)
        return f'<{tag}{scope} align="{side}" style="text-align: {side}">{inner}</{tag}>'

    parts = ["<table>"]
    if caption:
        parts.append(f'<caption style="text-align: left"><b>{escape(caption)}</b></caption>')
    head = "".join(cell("th", each, index) for index, each in enumerate(header))
    parts.append(f"<thead><tr>{head}</tr></thead><tbody>")
    for position, row in enumerate(rows):
        cells = "".join(cell("td", each, index, bold=position in strong) for index, each in enumerate(row))
        parts.append(f"<tr>{cells}</tr>")
    return "".join((*parts, "</tbody></table>"))


def metrics_html(metrics: Mapping[str, Any], decides: Mapping[str, str], *, caption: str = "") -> str:
    """Return split -> output -> metric -> number: a line a metric, a column a split, the deciding metric in bold."""
    splits = [each for each in _SPLITS if each in metrics] + [each for each in metrics if each not in _SPLITS]
    outputs = list(dict.fromkeys(name for split in splits for name in metrics[split]))
    if len(outputs) == 2 and "combined" in outputs:
        outputs.remove("combined")
    rows: list[list[str]] = []
    strong: list[int] = []
    for output in outputs:
        names = dict.fromkeys(name for split in splits for name in metrics[split].get(output, {}))
        for position, metric in enumerate(names):
            if (output, metric) == (decides.get("output"), decides.get("metric")):
                strong.append(len(rows))
            values = [number(metrics[split].get(output, {}).get(metric)) for split in splits]
            rows.append([output if position == 0 else "", metric, *values])
    if not rows:
        return "<p>no metrics</p>"
    header = ["output", "metric", *splits]
    return html_table(rows, header=header, caption=caption, right=range(2, len(header)), strong=strong)


def confusion_html(output: str, confusion: Mapping[str, Any]) -> str:
    """Return how often each true class (a line) was answered with each class (a column), with each line's share."""
    classes = [str(each) for each in confusion["classes"]]
    rows = [
        [name, *(f"{int(each):,}" for each in counts), _share(counts, index)]
        for index, (name, counts) in enumerate(zip(classes, confusion["counts"], strict=True))
    ]
    header = ["true ↓ predicted →", *classes, "right"]
    return html_table(rows, header=header, caption=f"{output}: confusion", right=range(1, len(header)))


def slices_html(slices: Sequence[Mapping[str, Any]], *, caption: str) -> str:
    """Return the first metrics of the worst slices."""
    flat = [_flat(each["values"]) for each in slices[:_MOST_SLICES]]
    columns = list(dict.fromkeys(name for each in flat for name in each))[:_MOST_COLUMNS]
    rows = [
        [str(each["name"]), f"{int(each['rows']):,}", *(number(values.get(name)) for name in columns)]
        for each, values in zip(slices, flat, strict=False)
    ]
    header = ["slice", "rows", *columns]
    return html_table(rows, header=header, caption=caption, right=range(1, len(header)))


def values_html(values: Mapping[str, Mapping[str, Any]], *, caption: str) -> str:
    """Return output -> metric -> number."""
    rows = [[output, metric, number(value)] for output, each in values.items() for metric, value in each.items()]
    return html_table(rows, header=["output", "metric", "value"], caption=caption, right=[2])


def run_tables(run: Run) -> tuple[str, str]:
    """Return the metrics of a run, the confusion of its classes and its slices, as HTML and as text."""
    shown = {split: run.metrics[split] for split in ("validation", "test") if split in run.metrics} or run.metrics
    evaluations = history(run.events).evaluations
    last = evaluations.get("test") or evaluations.get("validation") or {}
    html, text = [metrics_html(shown, run.decides)], [click.unstyle(metrics_table(shown, run.decides))]
    for output, each in (last.get("confusion") or {}).items():
        if len(each["classes"]) <= _MOST_CLASSES:
            html.append(confusion_html(output, each))
            text.append(click.unstyle(confusion_table(output, each)))
    slices = (last.get("slices") or [])[:_MOST_SLICES]
    if slices:
        html.append(slices_html(slices, caption="slices, the worst first"))
        text.append("Slices, the worst first\n" + click.unstyle(slices_table(slices)))
    return "".join(html), "\n\n".join(text)


def sparkline(values: Sequence[float], *, width: int = 16) -> str:
    """Return a curve as one line of text, thinned to ``width`` signs; values that are not finite are left out."""
    finite = [each for each in values if each - each == 0]
    if len(finite) < 2:
        return ""
    if len(finite) > width:
        finite = [finite[round(index * (len(finite) - 1) / (width - 1))] for index in range(width)]
    low, high = min(finite), max(finite)
    if low == high:
        return _SPARKS[0] * len(finite)
    return "".join(_SPARKS[round((each - low) / (high - low) * (len(_SPARKS) - 1))] for each in finite)


def _share(counts: Sequence[Any], index: int) -> str:
    total = sum(int(each) for each in counts)
    return f"{int(counts[index]) / total:.0%}" if total else "-"


def _flat(values: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    outputs = [output for output in values if output != "combined"] or list(values)
    return {
        (metric if len(outputs) == 1 else f"{output}.{metric}"): value
        for output in outputs
        for metric, value in values[output].items()
    }
