"""How a notebook shows the things that the Python functions return: a run, an evaluation, a profile, a plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import click

from declml.cli.results import confusion_table, slices_table, values_table
from declml.cli.terminal import table
from declml_jupyter.notebook_run import NotebookRun
from declml_jupyter.shell import Shell
from declml_jupyter.tables import confusion_html, html_table, slices_html, values_html

Bundle = dict[str, str]


def run_bundle(run: Any) -> Bundle:
    """Return a `declml.runs.folder.Run`."""
    return NotebookRun(run.path, reused=run.reused).mimebundle()


def evaluation_bundle(evaluation: Any) -> Bundle:
    """Return a `declml.run.apply.Evaluation`."""
    dropped = f", {evaluation.dropped:,} left out" if evaluation.dropped else ""
    says = f"{evaluation.rows:,} rows{dropped}"
    html, text = [values_html(evaluation.values, caption=says)], [f"{says}\n{values_table(evaluation.values)}"]
    if evaluation.slices:
        html.append(slices_html(evaluation.slices, caption="slices, the worst first"))
        text.append("Slices, the worst first\n" + slices_table(evaluation.slices))
    for output, each in evaluation.confusion.items():
        html.append(confusion_html(output, each))
        text.append(confusion_table(output, each))
    return {"text/plain": click.unstyle("\n\n".join(text)), "text/html": "".join(html)}


def profile_bundle(profile: Any) -> Bundle:
    """Return a `declml.data.profile.Profile`: a line a column."""
    found = profile.as_json()
    header = ["column", "feature", "in the data", "missing", "distinct", "values"]
    rows = [_column(each) for each in found["columns"]]
    says = f"{found['rows']:,} rows, {len(rows):,} columns"
    warnings = [f"{each['name']}: {warning}" for each in found["columns"] for warning in each["warnings"]]
    text = "\n".join([says, table(rows, header=header, right=[3, 4]), *(f"warning: {each}" for each in warnings)])
    listed = "".join(f"<li>{escape(each)}</li>" for each in warnings)
    html = html_table(rows, header=header, caption=says, right=[3, 4]) + (f"<ul>{listed}</ul>" if listed else "")
    return {"text/plain": click.unstyle(text), "text/html": html}


def plan_bundle(plan: Any) -> Bundle:
    """Return a `declml.run.plan_report.PlanReport`: what would run, with reasons, as the command prints it."""
    told = plan.as_json()
    rows = [[each["stage"], each["action"], each["reason"]] for each in told["stages"]]
    html = html_table(rows, header=["stage", "", "why"], caption=f"Plan for {plan.experiment}")
    facts = [["rows", ", ".join(f"{side} {count:,}" for side, count in told["rows"].items())]]
    if told["vocabulary"]:
        facts.append(["vocabulary", ", ".join(f"{name} {size:,}" for name, size in told["vocabulary"].items())])
    facts.append(["weights", f"{told['model']['trainable_parameters']:,}"])
    changes = [[str(each["path"]), str(each["before"]), str(each["after"])] for each in told["changes"]]
    if changes:
        html += html_table(changes, header=["changed since the last run", "before", "now"])
    html += html_table(facts, header=["data and model", ""])
    warnings = "".join(f"<li>{escape(each.message)}</li>" for each in plan.problems if each.message)
    return {"text/plain": plan.as_text(), "text/html": html + (f"<ul>{warnings}</ul>" if warnings else "")}


SHOWN: Mapping[tuple[str, str], Callable[[Any], Bundle]] = {
    ("declml.runs.folder", "Run"): run_bundle,
    ("declml.run.apply", "Evaluation"): evaluation_bundle,
    ("declml.data.profile", "Profile"): profile_bundle,
    ("declml.run.plan_report", "PlanReport"): plan_bundle,
}
"""By module and name: a type need not be loaded to be known."""


def register(shell: Shell) -> None:
    """Teach the shell to show them."""
    formatter = shell.display_formatter.mimebundle_formatter
    for (module, name), bundle in SHOWN.items():
        formatter.for_type_by_name(module, name, _of(bundle))


def _of(bundle: Callable[[Any], Bundle]) -> Callable[..., Bundle]:
    def show(value: Any, include: Any = None, exclude: Any = None) -> Bundle:
        return bundle(value)

    return show


def _column(column: Mapping[str, Any]) -> list[str]:
    rows, missing = int(column["rows"]), int(column["missing"])
    share = f"{100 * missing / rows:.1f} %" if missing and rows else ""
    numbers = column.get("number")
    if numbers and column["feature_type"] == "number":
        values = f"{numbers['min']:.6g} to {numbers['max']:.6g}, mean {numbers['mean']:.4g}"
    else:
        values = ", ".join(str(value)[:24] for value, _ in column["top_values"][:3])
    kind = column["feature_type"] or "-"
    return [str(column["name"]), kind, str(column["dtype"]), share, f"{int(column['distinct']):,}", values]
