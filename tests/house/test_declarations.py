"""Invariant 1: a parameter is declared once, beside its code, and everything else comes from that declaration."""

from __future__ import annotations

import functools
import inspect
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from declml.cli.schema_write import component_modules
from declml_schema.declare import Component, Parameters
from declml_schema.generate import Found, collect, section_components
from declml_schema.vocabulary import vocabulary

FOUND: list[Found] = collect(component_modules())
NAMES = [f"{component.kind}-{module.rpartition('.')[2]}-{attribute}" for module, attribute, component in FOUND]

PASSED: Mapping[str, tuple[tuple[str, ...], frozenset[str]]] = {
    "encoder": (("members",), frozenset()),
    "combiner": (("widths",), frozenset({"sources"})),
    "decoder": (("width", "facts"), frozenset()),
    "loss": (("facts",), frozenset()),
    "metric": ((), frozenset()),
    "optimizer": (("weights",), frozenset()),
    "schedule": ((), frozenset({"total_steps", "steps_per_epoch", "learning_rate"})),
    "split": (("table",), frozenset({"seed"})),
    "input": ((), frozenset()),
    "output": ((), frozenset()),
}
"""What the hub itself passes to a component's ``build``, by kind: in order, and by name."""

OUTSIDE: Mapping[str, frozenset[str]] = {
    # The caller weighs the losses of several outputs against each other.
    "loss": frozenset({"weight"}),
}
"""Parameters of a kind that the hub keeps for itself."""

BOUND: Mapping[tuple[str, str, str], str] = {
    ("decoder", "classifier", "submodels"): "the combiner decides how many there are",
    ("decoder", "projector", "submodels"): "the combiner decides how many there are",
    ("decoder", "regressor", "submodels"): "the combiner decides how many there are",
    ("decoder", "mlp_classifier", "submodels"): "the combiner decides how many there are",
    ("decoder", "mlp_classifier", "count_classes"): "one decoder serves both; that of classes binds it",
    ("decoder", "regressor", "calibration"): "the head also serves the classifier, whose answers can be calibrated",
    ("decoder", "regressor", "mc_dropout_samples"): "the head also serves the classifier, whose answers have a spread",
    ("metric", "corn", "ranks"): "the order of the classes is the loss's or the data's",
    ("metric", "cohen_kappa_linear", "ranks"): "as for corn",
    ("metric", "cohen_kappa_quadratic", "ranks"): "as for corn",
    ("optimizer", "muon", "hidden"): "the network knows which weights are hidden layers'",
    ("decoder", "regressor", "count_classes"): "one decoder serves both; the classifier's declaration binds it to true",
    ("encoder", "gru", "unit_forget_bias"): "the stack also serves the lstm; a gru has no forget gate",
}
"""Arguments of a ``build`` that no config can say, where the declaration does not bind them, with the reason."""

OTHER_DEFAULTS: Mapping[tuple[str, str, str], str] = {
    ("encoder", "lstm", "unit_forget_bias"): "the stack also serves the gru, which has no forget gate",
    ("encoder", "rnn", "unit_forget_bias"): "the stack also serves the gru, which has no forget gate",
}
"""Defaults of code that differ from the declared one, with the reason; the hub always passes the declared one."""

TWO_MEANINGS: Mapping[str, str] = {
    "early_stop": "trees take a number as it is; a network may leave it to declml",
    "learning_rate": "trees take a number as it is; a network may leave it to declml",
    "calibration": "an output switches it on; a decoder names the way, as in Ludwig",
    "fill_value": "it is a value of the column, so it has the column's own type",
    "output_size": "the combiner tabm may leave it to declml, as it depends on the rows",
    "most_common": "its unit is what is counted: labels, classes or tokens",
}
"""Parameter names that have another type or unit elsewhere, with the reason."""


def keyword_arguments(build: Any) -> dict[str, inspect.Parameter]:
    """Return the keyword-only arguments of a build, those that a partial has bound left out."""
    bound = build.keywords if isinstance(build, functools.partial) else {}
    every = inspect.signature(build).parameters.values()
    return {each.name: each for each in every if each.kind is each.KEYWORD_ONLY and each.name not in bound}


def home(thing: Any) -> str:
    return home(thing.func) if isinstance(thing, functools.partial) else thing.__module__


@pytest.mark.parametrize(("module", "attribute", "component"), FOUND, ids=NAMES)
def test_the_declared_parameters_are_the_arguments_of_the_build(
    module: str, attribute: str, component: Component
) -> None:
    assert component.build is not None
    in_order, by_name = PASSED[component.kind]
    arguments = keyword_arguments(component.build)
    others = [
        each for each in inspect.signature(component.build).parameters.values() if each.kind is not each.KEYWORD_ONLY
    ]
    assert tuple(each.name for each in others) == in_order
    assert not [each for each in others if each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]
    own = arguments.keys() - by_name - {name for *place, name in BOUND if place == [component.kind, component.name]}
    declared = component.parameters.model_fields.keys() - OUTSIDE.get(component.kind, frozenset())
    if component.kind in {"input", "output"}:
        # An operation is built from nothing: it takes its preprocessing and parameters with each call.
        assert own == set()
    else:
        assert own == declared


@pytest.mark.parametrize(("module", "attribute", "component"), FOUND, ids=NAMES)
def test_a_default_in_code_is_the_declared_one(module: str, attribute: str, component: Component) -> None:
    assert component.build is not None
    for name, argument in keyword_arguments(component.build).items():
        field = component.parameters.model_fields.get(name)
        if field is None or argument.default is argument.empty:
            continue
        if (component.kind, component.name, name) in OTHER_DEFAULTS:
            assert json.dumps(argument.default) != json.dumps(field.default), "take it off the list"
        else:
            assert json.dumps(argument.default) == json.dumps(field.default), name


@pytest.mark.parametrize(("module", "attribute", "component"), FOUND, ids=NAMES)
def test_parameters_stand_beside_the_code_or_the_name(module: str, attribute: str, component: Component) -> None:
    code = home(component.build)
    assert code.startswith("declml.components.")
    for declared in filter(None, (component.parameters, component.preprocessing)):
        if declared is not Parameters and declared.model_fields:
            assert declared.__module__ in {code, module}, f"{declared.__name__} must stand in {module} or {code}"


def test_a_file_has_one_name() -> None:
    names: dict[str, set[str]] = defaultdict(set)
    files: dict[tuple[str, tuple[str, ...], str], set[str]] = defaultdict(set)
    for module, _, component in FOUND:
        names[module].add(component.name)
        files[component.kind, component.features, component.name].add(module)
    assert {module: each for module, each in names.items() if len(each) > 1} == {}
    assert {key: each for key, each in files.items() if len(each) > 1} == {}
    for module, each in names.items():
        (name,) = each
        stem = module.rpartition(".")[2]
        assert stem == name or stem.endswith(f"_{name}"), f"{module} declares {name!r}: name the file after it"


def test_a_metric_asks_only_for_what_its_output_says() -> None:
    """The hub passes a metric those parameters of the output that it asks for: any other would never be passed."""
    outputs = {component.name: component.parameters for _, _, component in FOUND if component.kind == "output"}
    for _, _, component in FOUND:
        if component.kind == "metric":
            for feature in component.features:
                theirs = outputs[feature].model_fields
                for name, field in component.parameters.model_fields.items():
                    assert name in theirs, f"metric {component.name}: no {name} in a {feature} output"
                    assert field.default == theirs[name].default, f"metric {component.name}: {name}"


def test_the_vocabulary_holds_exactly_what_is_declared() -> None:
    words = {
        (word.module, word.attribute, tuple(word.properties), tuple(word.preprocessing.properties))
        for kind in vocabulary().kinds
        for word in vocabulary().words(kind)
    }
    declared = {
        (
            module,
            attribute,
            tuple(component.parameters.model_fields),
            tuple(component.preprocessing.model_fields) if component.preprocessing else (),
        )
        for module, attribute, component in [*FOUND, *section_components()]
    }
    assert words == declared


def types_of(leaf: Mapping[str, Any]) -> frozenset[str]:
    """Return the JSON types that a leaf takes, null aside: whether a value may be absent is each component's own."""
    names = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}
    if "anyOf" in leaf:
        return frozenset[str]().union(*(types_of(each) for each in leaf["anyOf"]))
    if "enum" in leaf:
        return frozenset(names[type(each).__name__] for each in leaf["enum"] if each is not None)
    kinds = leaf.get("type", [])
    kinds = {kinds} if isinstance(kinds, str) else set(kinds)
    items = leaf.get("items")
    inside = f" of {'|'.join(sorted(types_of(items)))}" if isinstance(items, Mapping) and "type" in items else ""
    return frozenset(each + inside if each == "array" else each for each in kinds - {"null"})


def told_leaves() -> Iterable[tuple[str, str, Mapping[str, Any]]]:
    """Yield parameter name, owner and leaf, for every parameter of the language."""
    for kind in vocabulary().kinds:
        for word in vocabulary().words(kind):
            owner = ".".join([kind, *word.features, word.name])
            for name, leaf in word.properties.items():
                yield name, owner, leaf
            for name, leaf in word.preprocessing.properties.items():
                yield name, f"{owner}.preprocessing", leaf


def test_one_name_has_one_type_and_one_unit_everywhere() -> None:
    seen: dict[str, dict[tuple[frozenset[str], str | None], list[str]]] = defaultdict(lambda: defaultdict(list))
    for name, owner, leaf in told_leaves():
        seen[name][types_of(leaf), leaf.get("x-unit")].append(owner)
    several = {name: dict(each) for name, each in seen.items() if len(each) > 1}
    assert several.keys() - TWO_MEANINGS.keys() == set(), several
    assert TWO_MEANINGS.keys() - several.keys() == set(), "these have one meaning now: take them off the list"
