"""The data half of a run: source -> table -> split -> one fit per feature -> dataset, each stage reused when it can
be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from declml.contracts import Emit, Facts, Finding, OutputOperation
from declml.data.cache import Cache
from declml.data.fit import Fitted, Fitting, fit_feature, whole_hash
from declml.data.read_start import fits_in_memory
from declml.data.split import SIDES, Sides, given_sides, load_split
from declml.data.table import Reading, Table, load_table
from declml.data.transform import EncodedColumn, count_findings, encode_feature
from declml.errors import ConfigProblems, UserProblem
from declml.run.asks import asked_of
from declml.run.balancing import balanced
from declml.run.components import Components
from declml.run.feature_problems import feature_path, problem_of, require_columns
from declml.run.labels import fitting_rows
from declml.run.memory import most_bytes
from declml.run.reasons import Reasons
from declml.run.slices import slice_masks
from declml.run.stages import Stage, Stages
from declml.run.target_statistics import with_target_statistics
from declml.seeds import derive_seed
from declml_schema import column_findings as found
from declml_schema.content import content_hash
from declml_schema.plan import InputFeature, OutputFeature, Plan, Values
from declml_schema.problems import Problem, Severity

Role: TypeAlias = Literal["input", "output"]


@dataclass(frozen=True, slots=True)
class FeatureData:
    """One feature with all that was learned of its column and the column as arrays."""

    role: Role
    name: str
    column: str
    type: str
    fitting: Fitting
    fitted: Fitted
    encoded: EncodedColumn

    @property
    def facts(self) -> Facts:
        """The fitted facts."""
        return self.fitted.facts

    @property
    def operation(self) -> OutputOperation:
        """The operation of an output; inputs have a narrower one."""
        return self.fitting.operation  # pyright: ignore[reportReturnType] - only asked for outputs


@dataclass(frozen=True, slots=True)
class Prepared:
    """The dataset of a run. ``rows`` are the table's row indices per split, rows without a target or dropped left out.

    ``key`` names the dataset by content; ``warnings`` are what the user should know of it.
    """

    table: Table
    sides: Sides
    features: Mapping[str, FeatureData]
    rows: Mapping[str, np.ndarray]
    key: str
    warnings: Sequence[Problem] = ()
    stages: Sequence[Stage] = ()

    @property
    def inputs(self) -> list[FeatureData]:
        """The input features, in the order of the config."""
        return [each for each in self.features.values() if each.role == "input"]

    @property
    def outputs(self) -> list[FeatureData]:
        """The output features, in the order of the config."""
        return [each for each in self.features.values() if each.role == "output"]


@dataclass(frozen=True, slots=True)
class Chain:
    """What the chain starts from: the plan, the files and their hash, the components, and the cache to reuse and
    fill. ``sides`` is the side of each file where the source gives files for each.
    """

    plan: Plan
    paths: Sequence[Path]
    sha256: str
    components: Components
    cache: Cache
    reasons: Reasons
    plugin_source: str = ""
    sides: tuple[int, ...] | None = None


def prepare(chain: Chain, emit: Emit) -> Prepared:
    """Return the dataset of a plan; every mistake in the data is told at once, as `ConfigProblems`."""
    stages = Stages(emit)
    stages.start("source", f"Reading {_names(chain.paths)}")
    stages.finish("source", cached=True, reason=f"sha256 {chain.sha256[:12]}", facts={"files": len(chain.paths)})
    table = _table(chain, stages)
    require_columns(chain.plan, table)
    if chain.plan.evaluation.get("slices"):
        # A slice that cannot be told would fail the run after all of its training.
        slice_masks(chain.plan, table.head())
    sides = split_of(chain, table, stages)
    fittings = {each.name: fitting_of(chain, each) for each in _features(chain.plan)}
    fitted = _fit(chain, table, sides, fittings, stages)
    return _dataset(chain, table, sides, fittings, fitted, stages)


def _names(paths: Sequence[Path]) -> str:
    return paths[0].name if len(paths) == 1 else f"{len(paths)} files"


def _features(plan: Plan) -> list[InputFeature | OutputFeature]:
    return [*plan.inputs, *plan.outputs]


def encoder_owner(plan: Plan, feature: InputFeature) -> str:
    """Return the name of the feature whose encoder this one uses: its own, or that at the end of its chain of ties."""
    inputs = {each.name: each for each in plan.inputs}
    for _ in inputs:
        if feature.tied is None:
            return feature.name
        feature = inputs[feature.tied]
    raise UserProblem(
        "tied-circle", "Tied features must end at one that is not tied; got a circle.", path=feature_path(feature)
    )


def preprocessing_of(plan: Plan, feature: InputFeature | OutputFeature, components: Components) -> Values:
    """Return the preprocessing in force: that of the feature whose encoder, and with it whose fit, this one shares.

    What the model asks for beside it is added. What acts on each feature by itself stays its own: the type's fact
    ``own_when_tied`` names it.
    """
    if not isinstance(feature, InputFeature):
        # A decoder may need more of its targets than a config says, such as a symbol at the end of each.
        return {**feature.preprocessing, **components.asked_by_decoder(feature.decoder.type, feature.type)}
    name = encoder_owner(plan, feature)
    owner = next(each for each in plan.inputs if each.name == name)
    theirs = {**owner.preprocessing, **asked_of(plan, owner, components)}
    if feature.tied is None:
        return theirs
    own = components.get("input", feature.type).facts.get("own_when_tied", ())
    return {**theirs, **{name: feature.preprocessing[name] for name in own}}


def reading_of(plan: Plan, sides: tuple[int, ...] | None = None) -> Reading:
    """Return how the plan's data are read, ``preprocessing.sample_ratio`` and ``sample_size`` counted in.

    ``sides`` is the side of each file where the source gives files for each.
    """
    values = dict(plan.data)
    if values.get("sample") is None:
        ratio, size = plan.preprocessing.get("sample_ratio", 1.0), plan.preprocessing.get("sample_size")
        values["sample"] = size if size is not None else (ratio if ratio != 1.0 else None)
    reading = Reading.from_values(values, seed=derive_seed(plan.trainer["seed"], "sample"))
    return reading if sides is None else replace(reading, sides=sides)


def _table(chain: Chain, stages: Stages) -> Table:
    stages.start("table", "Reading the table")
    table = loaded_table(chain)
    stages.finish(
        "table",
        cached=table.cached,
        reason=chain.reasons.of("table", table.reason),
        facts={"rows": table.rows, "columns": len(table.columns)},
    )
    for finding in table.findings:
        told = Problem(finding.code, finding.message, severity=Severity.WARNING, path="data.source")
        stages.emit("problem", problem=told.as_json())
    return table


def loaded_table(chain: Chain) -> Table:
    """Return the table, in parts where it is larger than the memory that it may take."""
    reading, limit = reading_of(chain.plan, chain.sides), most_bytes(chain.plan)
    try:
        is_large = limit is not None and not fits_in_memory(chain.paths, reading, most_bytes=limit)
        return load_table(chain.cache, chain.paths, chain.sha256, reading, most_bytes=limit if is_large else None)
    except UserProblem as error:
        error.path = error.path or "data.source"  # a reader knows the file, not where the config names it
        raise


def split_of(chain: Chain, table: Table, stages: Stages) -> Sides:
    """Return the side of each row; what the split finds wrong is a `UserProblem` at its place in the config."""
    split = chain.plan.split
    if table.has_sides:
        stages.start("split", "Taking the rows as the files give them")
        sides = given_sides(chain.cache, table)
    else:
        stages.start("split", f"Splitting the rows ({split.type})")
        sides = _split(chain, table)
    if not sides.counts["training"]:
        raise UserProblem(
            "empty-split", "The training split must have at least one row; got none.", path="preprocessing.split"
        )
    stages.finish(
        "split", cached=sides.cached, reason=chain.reasons.of("split", sides.reason), facts=dict(sides.counts)
    )
    return sides


def _split(chain: Chain, table: Table) -> Sides:
    split = chain.plan.split
    try:
        return load_split(
            chain.cache, table, name=split.type, assign=chain.components.build("split", split.type),
            parameters=split.parameters, seed=derive_seed(chain.plan.trainer["seed"], "split"),
            version=chain.plugin_source or 1,
        )  # fmt: skip
    except UserProblem as error:
        raise UserProblem(
            error.code, error.message, path=error.path or "preprocessing.split", hint=error.hint
        ) from error


def fitting_of(chain: Chain, feature: InputFeature | OutputFeature) -> Fitting:
    """Return how a feature's column is fitted and encoded."""
    role: Role = "input" if isinstance(feature, InputFeature) else "output"
    operation = chain.components.build(role, feature.type)()
    return Fitting(
        f"{role}.{feature.type}",
        operation,
        preprocessing_of(chain.plan, feature, chain.components),
        chain.plugin_source,
    )


def _fit(
    chain: Chain, table: Table, sides: Sides, fittings: Mapping[str, Fitting], stages: Stages
) -> dict[str, Fitted]:
    features = _features(chain.plan)
    stages.start("fit", f"Fitting {len(features)} features")
    fitted: dict[str, Fitted] = {}
    problems = leaks(chain, table)
    for done, feature in enumerate(features):
        try:
            for finding in inspect_feature(chain, table, feature, fittings[feature.name]):
                problems.append(problem_of(finding, feature))
            if not any(each.severity is Severity.ERROR and each.path == feature_path(feature) for each in problems):
                fitted[feature.name] = fit_feature(chain.cache, table, sides, feature.column, fittings[feature.name])
        except UserProblem as error:
            problems.append(
                Problem(error.code, error.message, path=error.path or feature_path(feature), hint=error.hint)
            )
        stages.emit("stage_progress", stage="fit", done=done + 1, total=len(features))
    if any(each.severity is Severity.ERROR for each in problems):
        raise ConfigProblems(problems)
    for problem in problems:
        stages.emit("problem", problem=problem.as_json())
    for feature in chain.plan.inputs:
        # A shared encoder has one vocabulary: that of the feature whose encoder it is.
        fitted[feature.name] = fitted[encoder_owner(chain.plan, feature)]
    fresh = [name for name, each in fitted.items() if not each.cached]
    stages.finish(
        "fit",
        cached=not fresh,
        reason=_reason(chain, "fit", {name: each.reason for name, each in fitted.items()}),
        facts={"features": len(fitted), "fitted": fresh},
    )
    return fitted


def _reason(chain: Chain, stage: str, entries: Mapping[str, str]) -> str:
    fresh = [name for name, entry in entries.items() if entry != "cached"]
    if not fresh:
        return "unchanged"
    why = chain.reasons.of(stage, entries[fresh[0]])
    if len(fresh) == len(entries):
        return why
    return f"{', '.join(fresh[:4])}{', ...' if len(fresh) > 4 else ''}: {why}; {len(entries) - len(fresh)} reused"


def inspect_feature(
    chain: Chain, table: Table, feature: InputFeature | OutputFeature, fitting: Fitting
) -> list[Finding]:
    """Return what the feature type finds wrong or odd with the whole column, remembered by its content."""
    key = content_hash(
        {"inspect": fitting.identity, "column": whole_hash(chain.cache, table, feature.column), "name": feature.column}
    )

    def write(_folder: Path) -> dict[str, Any]:
        found = fitting.operation.inspect(table.column(feature.column), feature.column, fitting.preprocessing)
        return {"findings": [{"code": each.code, "message": each.message, "fatal": each.fatal} for each in found]}

    return [Finding(**each) for each in chain.cache.get_or_put("inspect", key, write).facts["findings"]]


def leaks(chain: Chain, table: Table) -> list[Problem]:
    """Return a warning for every input column whose content is that of a target."""
    hashes = {output.column: whole_hash(chain.cache, table, output.column) for output in chain.plan.outputs}
    problems: list[Problem] = []
    for feature in chain.plan.inputs:
        for target, digest in hashes.items():
            if feature.column == target or whole_hash(chain.cache, table, feature.column) == digest:
                told = found.equals_target(feature.name, column=feature.column, target=target)
                problems.append(
                    Problem(
                        told.code, told.message, severity=Severity.WARNING, path=feature_path(feature), hint=told.hint
                    )
                )
    return problems


def _dataset(
    chain: Chain,
    table: Table,
    sides: Sides,
    fittings: Mapping[str, Fitting],
    fitted: Mapping[str, Fitted],
    stages: Stages,
) -> Prepared:
    features = _features(chain.plan)
    stages.start("dataset", f"Encoding {table.rows:,} rows")
    data: dict[str, FeatureData] = {}
    warnings: list[Problem] = []
    keep = np.ones(table.rows, dtype=bool)
    for done, feature in enumerate(features):
        encoded = encode_feature(chain.cache, table, feature.column, fittings[feature.name], fitted[feature.name])
        if encoded.encoded.keep is not None:
            keep &= encoded.encoded.keep
        found = count_findings(encoded.encoded.counts, feature.column, table.rows)
        warnings.extend(problem_of(finding, feature) for finding in found)
        role: Role = "input" if isinstance(feature, InputFeature) else "output"
        data[feature.name] = FeatureData(
            role, feature.name, feature.column, feature.type, fittings[feature.name], fitted[feature.name], encoded
        )
        stages.emit("stage_progress", stage="dataset", done=done + 1, total=len(features))
    data = with_target_statistics(chain.plan, chain.cache, sides, data)
    keep, unfit = fitting_rows(
        chain.plan, chain.components, {name: (each.encoded.encoded, each.facts) for name, each in data.items()}, keep
    )
    warnings += unfit
    rows = {side: np.flatnonzero((sides.sides == number) & keep) for number, side in enumerate(SIDES)}
    outputs = [(each.name, each.type, each.encoded.encoded.values) for each in data.values() if each.role == "output"]
    seed = derive_seed(chain.plan.trainer["seed"], "balance")
    rows["training"], resampled = balanced(chain.plan.preprocessing, outputs, rows["training"], seed=seed)
    if not len(rows["training"]):
        raise UserProblem(
            "empty-split",
            "The training split must keep at least one row; got none after rows with missing values were dropped.",
            path=feature_path(chain.plan.outputs[0]),
        )
    for warning in warnings:
        stages.emit("problem", problem=warning.as_json())
    fresh = [name for name, each in data.items() if not each.encoded.cached]
    key = content_hash(
        {
            "sides": sides.key,
            "columns": {name: each.encoded.key for name, each in data.items()},
            **{name: chain.plan.preprocessing[name] for name in resampled},
        }
    )
    stages.finish(
        "dataset",
        cached=not fresh,
        reason=_reason(chain, "dataset", {name: each.encoded.reason for name, each in data.items()}),
        facts={
            **{side: len(index) for side, index in rows.items()},
            "dropped": int(table.rows - int(keep.sum())),
            **resampled,
            "vocabulary": {
                name: len(each.facts["vocabulary"]) for name, each in data.items() if "vocabulary" in each.facts
            },
        },
    )
    return Prepared(table, sides, data, rows, key, tuple(warnings), tuple(stages.done))
