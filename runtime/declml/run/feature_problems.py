"""Problems of a feature with its place in the config: a column that is not there, and what was found in one that is."""

from __future__ import annotations

from declml.contracts import Finding
from declml.data.subset import absent_hint
from declml.data.table import Table
from declml.errors import ConfigProblems
from declml_schema.plan import InputFeature, OutputFeature, Plan
from declml_schema.problems import Problem, Severity


def feature_path(feature: InputFeature | OutputFeature) -> str:
    """Return the config path of a feature."""
    return f"{'input' if isinstance(feature, InputFeature) else 'output'}_features[{feature.name}]"


def require_columns(plan: Plan, table: Table) -> None:
    """Raise `ConfigProblems` where the data lack a feature's column."""
    problems = [
        Problem(
            "absent-column",
            f"Column '{feature.column}' must be in the data; got no such column.",
            path=feature_path(feature),
            hint=absent_hint(feature.column, table.columns),
        )
        for feature in (*plan.inputs, *plan.outputs)
        if feature.column not in table.columns
    ]
    if problems:
        raise ConfigProblems(problems)


def problem_of(finding: Finding, feature: InputFeature | OutputFeature) -> Problem:
    """Return a finding as a problem at its feature."""
    severity = Severity.ERROR if finding.fatal else Severity.WARNING
    return Problem(finding.code, finding.message, severity=severity, path=feature_path(feature))
