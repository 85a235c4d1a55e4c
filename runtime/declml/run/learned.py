"""What the training rows teach of each feature, as far as it can be had while somebody types.

Small data are read and fitted; of large data only what a training left in the cache is known. Nothing is written to the
project's cache: what reading makes goes to a scratch folder that lives as long as the process.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from declml.contracts import Encoded, Facts
from declml.data.cache import Cache, Entry
from declml.data.fit import Fitted, Fitting, fit_feature, fit_series
from declml.data.read_start import fits_in_memory
from declml.data.split import SIDES, Sides
from declml.data.subset import require_columns
from declml.data.table import Table
from declml.data.transform import encode_feature
from declml.errors import UserProblem
from declml.run.components import Components
from declml.run.prepare import (
    Chain,
    encoder_owner,
    feature_path,
    fitting_of,
    inspect_feature,
    leaks,
    loaded_table,
    problem_of,
    reading_of,
    split_of,
)
from declml.run.reasons import Reasons
from declml.run.stages import Stages
from declml.run.tables import Source, source_of
from declml.run.target_statistics import asks, statistics_width
from declml_schema.plan import InputFeature, OutputFeature, Plan
from declml_schema.problems import Problem


@dataclass(frozen=True, slots=True)
class Learned:
    """What is known: fitted facts by feature, rows by side, and by feature or as ``no_rows`` why something is not.

    ``problems`` are what a training would say of the columns.
    """

    facts: Mapping[str, Facts]
    unknown: Mapping[str, str]
    rows: Mapping[str, int] | None
    no_rows: str = ""
    problems: Sequence[Problem] = ()


@dataclass(slots=True)
class Scratch:
    """A folder for what is read while somebody types: the table of one source at a time, and what comes of it."""

    folder: Path
    _caches: dict[Path, Cache] = field(default_factory=dict[Path, Cache])
    _source: str = ""

    def cache(self, root: Path, sha256: str) -> Cache:
        """Return a cache over that of the project at ``root``; the one of another source is thrown away."""
        if sha256 != self._source:
            self._source = sha256
            self._caches.clear()
            shutil.rmtree(self.folder / "cache", ignore_errors=True)
        if root not in self._caches:
            self._caches[root] = Cache(self.folder / "cache", under=Cache(root))
        return self._caches[root]


class NotReadYet(UserProblem):
    """Only a training will read these data."""

    def __init__(self) -> None:
        super().__init__(
            "not-read-yet",
            "The data are too large to read while typing, and no training has read them as this config does.",
        )


class KnownOnly(Cache):
    """A cache that makes nothing: what is not there is `NotReadYet`."""

    def find(self, kind: str, key: str) -> tuple[Entry | None, Any]:
        """Return the entry that is there; a broken one is left for a training to mend."""
        return self._look(kind, key)

    def put(self, kind: str, key: str, write: Any) -> Entry:
        """Refuse."""
        raise NotReadYet


def learn(
    plan: Plan, components: Components, *, folder: Path, cache: Path, scratch: Scratch, plugin_source: str
) -> Learned:
    """Return what is known of a plan's features without a training; the plan's paths start from ``folder``."""
    try:
        source = _source(plan, folder=folder, cache=cache, scratch=scratch)
        reading = reading_of(plan, source.sides)
        small = fits_in_memory(source.paths, reading)
        store = scratch.cache(cache, source.sha256) if small else KnownOnly(cache)
        reasons = Reasons(None, plan.as_json(), source.sha256)
        chain = Chain(plan, source.paths, source.sha256, components, store, reasons, plugin_source, source.sides)
        table = loaded_table(chain)
        sides = split_of(chain, table, Stages(_quiet))
    except UserProblem as error:
        return _without_data(plan, components, error.message, plugin_source)
    return _Learning(chain, table, sides).learn()


def _source(plan: Plan, *, folder: Path, cache: Path, scratch: Scratch) -> Source:
    try:
        return source_of(None, plan.data, folder=folder, cache=cache, fetch="never")
    except UserProblem as error:
        if error.code not in {"unwritable-cache", "disk-full"}:
            raise
        return source_of(None, plan.data, folder=folder, cache=scratch.folder, fetch="never")


def _quiet(kind: str, **fields: Any) -> None:
    """Take no notice of an event: nobody follows this."""


def _features(plan: Plan) -> list[InputFeature | OutputFeature]:
    return [*plan.inputs, *plan.outputs]


def _without_data(plan: Plan, components: Components, reason: str, plugin_source: str) -> Learned:
    """Return what a plan alone tells: the facts of features whose vocabulary comes from files beside the data."""
    chain = Chain(plan, (), "", components, KnownOnly(Path()), Reasons(None, {}, ""), plugin_source)
    facts: dict[str, Facts] = {}
    unknown: dict[str, str] = {}
    for feature in _features(plan):
        try:
            found = _facts_of_resources(feature, fitting_of(chain, feature))
        except UserProblem as error:
            unknown[feature.name] = error.message
            continue
        if found is None:
            unknown[feature.name] = reason
        else:
            facts[feature.name] = found
    return Learned(facts, unknown, None, reason)


def _facts_of_resources(feature: InputFeature | OutputFeature, fitting: Fitting) -> Facts | None:
    """Return the facts of a feature whose operation reads files of its own, such as a pretrained tokenizer."""
    resources = getattr(fitting.operation, "resources", None)
    if resources is None or not resources(fitting.preprocessing):
        return None
    return fit_series(pl.Series(feature.column, [], dtype=pl.String), fitting)


class _Learning:
    """The facts of one table, feature by feature: what is wrong with one says nothing of the others."""

    def __init__(self, chain: Chain, table: Table, sides: Sides) -> None:
        self._chain = chain
        self._table = table
        self._sides = sides
        self._fitted: dict[str, Fitted] = {}
        self._unknown: dict[str, str] = {}
        self._problems: list[Problem] = []

    def learn(self) -> Learned:
        plan = self._chain.plan
        for feature in _features(plan):
            self._fit(feature)
        for feature in plan.inputs:
            # A shared encoder has one vocabulary: that of the feature whose encoder it is.
            owner = encoder_owner(plan, feature)
            if owner in self._fitted:
                self._fitted[feature.name] = self._fitted[owner]
                self._unknown.pop(feature.name, None)
            else:
                self._fitted.pop(feature.name, None)
                self._unknown.setdefault(feature.name, self._unknown[owner])
        rows, no_rows = self._rows()
        return Learned(self._facts(), self._unknown, rows, no_rows, self._problems)

    def _facts(self) -> dict[str, Facts]:
        """Return what was fitted, with how many statistics of the targets a label has where they are asked for."""
        plan = self._chain.plan
        facts: dict[str, Facts] = {name: each.facts for name, each in self._fitted.items()}
        for feature in plan.inputs:
            if feature.name in facts and asks(fitting_of(self._chain, feature).preprocessing):
                absent = next((each.name for each in plan.outputs if each.name not in facts), None)
                if absent is None:
                    width = statistics_width(plan.outputs, facts)
                    facts[feature.name] = {**facts[feature.name], "statistics_width": width}
                else:
                    self._unknown[feature.name] = self._unknown[absent]
                    del facts[feature.name]
        return facts

    def _fit(self, feature: InputFeature | OutputFeature) -> None:
        chain, table = self._chain, self._table
        try:
            require_columns(table.columns, [feature.column])
            fitting = fitting_of(chain, feature)
            with suppress(NotReadYet):
                found = inspect_feature(chain, table, feature, fitting)
                self._problems.extend(problem_of(each, feature) for each in found)
            self._fitted[feature.name] = fit_feature(chain.cache, table, self._sides, feature.column, fitting)
        except NotReadYet as error:
            self._unknown[feature.name] = error.message
        except UserProblem as error:
            self._unknown[feature.name] = error.message
            path = error.path or feature_path(feature)
            self._problems.append(Problem(error.code, error.message, path=path, hint=error.hint))

    def _rows(self) -> tuple[dict[str, int] | None, str]:
        """Return the rows of each side, those left out that a training would drop."""
        keep = np.ones(self._table.rows, dtype=bool)
        try:
            for feature in _features(self._chain.plan):
                if not _may_drop(feature):
                    continue
                if feature.name not in self._fitted:
                    return None, self._unknown[feature.name]
                encoded = self._encoded(feature)
                if encoded.keep is not None:
                    keep &= encoded.keep
            if not self._unknown:
                self._problems.extend(leaks(self._chain, self._table))
        except UserProblem as error:
            return None, error.message
        sides = self._sides.sides
        return {side: int(((sides == number) & keep).sum()) for number, side in enumerate(SIDES)}, ""

    def _encoded(self, feature: InputFeature | OutputFeature) -> Encoded:
        fitting = fitting_of(self._chain, feature)
        fitted = self._fitted[feature.name]
        return encode_feature(self._chain.cache, self._table, feature.column, fitting, fitted).encoded


def _may_drop(feature: InputFeature | OutputFeature) -> bool:
    """Return whether rows may be left out for this feature: an unknown target, or a value that it asks to drop."""
    return isinstance(feature, OutputFeature) or "drop_row" in feature.preprocessing.values()
