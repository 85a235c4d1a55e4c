"""Metrics as tables: one run's splits side by side, an evaluation with its slices, a confusion matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from declml.cli.terminal import faint, heading, number, table

Values = Mapping[str, Mapping[str, Any]]
_ORDER = ("training", "validation", "test")
_MOST_COLUMNS = 5


def metrics_table(metrics: Mapping[str, Values], decides: Mapping[str, str]) -> str:
    """Return split -> output -> metric -> number as a table: a line per metric, a column per split.

    The deciding metric is marked; the combined loss is left out where there is one output, since it repeats that
    output's.
    """
    splits = [split for split in _ORDER if split in metrics]
    splits += [split for split in metrics if split not in splits]
    outputs = _names([metrics[split] for split in splits])
    if len(outputs) == 2 and "combined" in outputs:
        outputs.remove("combined")
    rows: list[list[str]] = []
    for output in outputs:
        for position, metric in enumerate(_names([metrics[split].get(output, {}) for split in splits])):
            mark = " *" if (output, metric) == (decides.get("output"), decides.get("metric")) else ""
            numbers = [number(metrics[split].get(output, {}).get(metric)) for split in splits]
            rows.append([output if position == 0 else "", metric + mark, *numbers])
    if not rows:
        return faint("no metrics")
    header = ["output", "metric", *splits]
    return table(rows, header=header, right=range(2, len(header)))


def values_table(values: Values) -> str:
    """Return output -> metric -> number as a table."""
    rows = [[output, metric, number(value)] for output, each in values.items() for metric, value in each.items()]
    return table(rows, header=["output", "metric", "value"], right=[2]) if rows else faint("no metrics")


def beside_table(values: Values, others: Mapping[str, Values]) -> str:
    """Return output -> metric -> number of a run with those of ``others``, by their names, in columns beside it."""
    rows: list[list[str]] = []
    for output, each in values.items():
        if output == "combined":
            continue
        for position, (metric, value) in enumerate(each.items()):
            beside = [number(other.get(output, {}).get(metric)) for other in others.values()]
            rows.append([output if position == 0 else "", metric, number(value), *beside])
    header = ["output", "metric", "this run", *others]
    return table(rows, header=header, right=range(2, len(header))) if rows else faint("no metrics")


def slices_table(slices: Sequence[Mapping[str, Any]]) -> str:
    """Return the first metrics of slices, in their order, a column each: a screen has no room for all."""
    columns = _names([_flat(each["values"]) for each in slices])[:_MOST_COLUMNS]
    rows = [
        [
            str(each["name"]),
            f"{int(each['rows']):,}",
            *(number(_flat(each["values"]).get(column)) for column in columns),
        ]
        for each in slices
    ]
    return table(rows, header=["slice", "rows", *columns], right=range(1, len(columns) + 2))


def confusion_table(output: str, confusion: Mapping[str, Any]) -> str:
    """Return how often each true class (a line) was answered with each class (a column)."""
    classes = [str(each) for each in confusion["classes"]]
    rows = [
        [name, *(f"{int(count):,}" for count in counts)]
        for name, counts in zip(classes, confusion["counts"], strict=True)
    ]
    title = heading(f"{output}: true class (down), predicted (across)")
    return f"{title}\n{table(rows, header=['', *classes], right=range(1, len(classes) + 1))}"


def _flat(values: Values) -> dict[str, Any]:
    outputs = [output for output in values if output != "combined"] or list(values)
    return {
        (metric if len(outputs) == 1 else f"{output}.{metric}"): value
        for output in outputs
        for metric, value in values[output].items()
    }


def _names(groups: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for group in groups for name in group))
