"""From declarations to the generated files: one form for every leaf, mistakes told at once, always the same bytes."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal

import pytest
from jsonschema import Draft202012Validator
from pydantic import Field

from declml_schema.check import check
from declml_schema.config_schema import build_config_schema, build_events_schema
from declml_schema.declare import Component, Parameters, Rule, parameter
from declml_schema.declared_leaves import declared_leaves
from declml_schema.events import KINDS
from declml_schema.generate import (
    build_vocabulary,
    check_fresh,
    collect,
    component_json,
    generated_texts,
    section_components,
    write,
)
from declml_schema.vocabulary import Vocabulary


class Layer(Parameters):
    size: int = parameter(8, "How wide.", ge=1)


class Everything(Parameters):
    optional: int | None = parameter(None, "A count.", ge=1)
    counted: int | Literal["auto"] = parameter("auto", "A count or auto.", ge=1)
    choice: Literal["x", "y"] | None = parameter(None, "A choice.")
    single: Literal["x"] = parameter("x", "A constant.")
    rate: float = parameter(0, "A rate.", ge=0, lt=1)
    layers: list[Layer] | None = parameter(None, "Layers.")
    layer: Layer = parameter(Layer(), "A layer.")
    names: str | list[str] | None = parameter(None, "Names.", min_length=1)
    pair: tuple[float, float] = parameter((1, 0.5), "A pair.")
    weights: dict[str, float] = parameter({}, "Weights.")
    anything: Any = parameter(None, "Anything.")
    share: Annotated[int, Field(ge=1)] | Annotated[float, Field(gt=0, lt=1)] = parameter(1, "A share or a count.")
    needed: str = parameter(..., "Must be given.", unit="words", common=True, reference="column", planned=["z"])


def module_of(name: str, **components: Component) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(components)
    return module


def test_every_leaf_has_one_form() -> None:
    leaves, required = declared_leaves(Everything)
    plain = {
        name: {k: v for k, v in leaf.items() if k not in ("description", "default")} for name, leaf in leaves.items()
    }
    size = {"type": "integer", "minimum": 1, "default": 8, "description": "How wide."}
    layer = {"type": "object", "properties": {"size": size}, "additionalProperties": False}
    assert plain == {
        "optional": {"type": ["integer", "null"], "minimum": 1},
        "counted": {"anyOf": [{"type": "integer", "minimum": 1}, {"enum": ["auto"]}]},
        "choice": {"enum": ["x", "y", None]},
        "single": {"enum": ["x"]},
        "rate": {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
        "layers": {"type": ["array", "null"], "items": layer},
        "layer": layer,
        "names": {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {"type": "array", "items": {"type": "string"}, "minItems": 1},
                {"type": "null"},
            ]
        },
        "pair": {"type": "array", "prefixItems": [{"type": "number"}] * 2, "minItems": 2, "maxItems": 2},
        "weights": {"type": "object", "additionalProperties": {"type": "number"}},
        "anything": {},
        "share": {
            "anyOf": [
                {"type": "integer", "minimum": 1},
                {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
            ]
        },
        "needed": {
            "type": "string",
            "x-unit": "words",
            "x-common": True,
            "x-reference": "column",
            "x-planned": ["z"],
        },
    }
    assert required == ["needed"]
    assert json.dumps([leaves["rate"]["default"], leaves["pair"]["default"]]) == "[0.0, [1.0, 0.5]]"


def test_a_parameter_without_a_sentence_is_a_mistake() -> None:
    class Silent(Parameters):
        size: int = 3

    with pytest.raises(ValueError, match="size must have a sentence"):
        declared_leaves(Silent)


def test_two_components_of_one_name_are_a_mistake() -> None:
    one, two = Component("combiner", "same", "One."), Component("combiner", "same", "Two.")
    with pytest.raises(ValueError, match=r"combiner same must be declared once; it is in a\.X and in b\.X"):
        build_vocabulary(collect([module_of("a", X=one), module_of("b", X=two)]))


def test_a_rule_about_an_absent_parameter_is_a_mistake() -> None:
    wrong = Component("combiner", "x", "One.", Layer, rules=(Rule("exclusive", "size", "sise"),))
    with pytest.raises(ValueError, match="sise"):
        component_json("m", "X", wrong)


def test_a_component_is_collected_once_where_it_is_built() -> None:
    def build() -> None: ...

    build.__module__ = "b"
    component = Component("combiner", "x", "One.", build=build)
    found = collect([module_of("b", X=component), module_of("a", X=component)])
    assert [(module, attribute) for module, attribute, _ in found] == [("b", "X")]


def test_the_same_modules_give_the_same_files(tmp_path: Path) -> None:
    modules = [
        module_of("b", Y=Component("combiner", "y", "Two.", Layer)),
        module_of("a", X=Component("loss", "x", "One.")),
    ]
    first = generated_texts(modules)
    assert first == generated_texts(reversed(modules))
    assert all(text.endswith("\n") for text in first.values())
    assert sorted(path.name for path in write(modules, tmp_path)) == sorted(first)
    assert write(modules, tmp_path) == []
    assert check_fresh(modules, tmp_path) == []
    (diff,) = [each for each in check_fresh(modules[:1], tmp_path) if "vocabulary" in each]
    assert '-{"name":"x"' in diff


def test_a_small_vocabulary_makes_a_language_of_its_own() -> None:
    found = [
        *section_components(),
        ("m", "A", Component("input", "word", "A word.", facts={"default_encoder": "tiny"}, preprocessing=Layer)),
        ("m", "B", Component("output", "word", "A word.", facts={"default_decoder": "d", "default_loss": "l"})),
        ("m", "C", Component("encoder", "tiny", "Small.", Everything, features=("word",))),
        ("m", "D", Component("decoder", "d", "D.", features=("word",))),
        ("m", "E", Component("loss", "l", "L.", features=("word",))),
        ("m", "F", Component("combiner", "tabm", "C.")),
        ("m", "G", Component("optimizer", "adamw", "A.")),
        ("m", "H", Component("split", "random", "R.")),
    ]
    data = build_vocabulary(found)
    words = Vocabulary(json.loads(json.dumps(data)))
    text = "input_features: [{name: a, type: word, encoder: {needed: b, layers: [{size: 2}, {}]}}]\n"
    text += "output_features: [{name: c, type: word}]\n"
    result = check(text, vocabulary=words)
    assert result.problems == []
    assert result.plan is not None
    encoder = result.plan.inputs[0].encoder
    assert encoder.parameters["layers"] == [{"size": 2}, {"size": 8}]
    assert result.plan.inputs[0].preprocessing == {"size": 8}
    missing = check(text.replace("needed: b, ", ""), vocabulary=words)
    assert [each.code for each in missing.problems] == ["missing-key"]
    nowhere = check(text.replace("encoder: {needed: b, layers: [{size: 2}, {}]}", "column: a"), vocabulary=words)
    assert [each.code for each in nowhere.problems] == ["missing-key"]
    schema = Draft202012Validator(build_config_schema(data))
    assert schema.is_valid(result.data)
    assert not schema.is_valid(missing.data)


def test_the_published_schemas_are_schemas() -> None:
    for schema in (build_config_schema(build_vocabulary(section_components())), build_events_schema()):
        Draft202012Validator.check_schema(schema)


def test_an_event_is_held_to_its_kind() -> None:
    schema = Draft202012Validator(build_events_schema())
    values = {"object": {}, "array": [], "string": "a", "integer": 1, "number": 0.5, "boolean": True}
    for kind in KINDS.values():
        event = {
            "kind": kind.name,
            **{name: values[types.partition("|")[0]] for name, (types, _) in kind.fields.items()},
        }
        assert schema.is_valid(event), kind.name
        for name in kind.fields:
            assert not schema.is_valid({key: value for key, value in event.items() if key != name})
            assert not schema.is_valid({**event, name: {"a": 1} if kind.fields[name][0] != "object" else 3})
    step = {
        "kind": "step",
        "epoch": 1,
        "step": 1,
        "loss": "nan",
        "learning_rate": 0.1,
        "steps_per_second": 1,
        "eta_seconds": None,
    }
    assert schema.is_valid(step)
    assert schema.is_valid({"kind": "not known yet", "x": 1})


def test_the_committed_files_are_what_the_components_declare() -> None:
    pytest.importorskip("torch")
    import importlib
    import pkgutil

    import declml.components

    names = [each.name for each in pkgutil.walk_packages(declml.components.__path__, "declml.components.")]
    stale = check_fresh([importlib.import_module(name) for name in names])
    assert not stale, "run `declml schema write`:\n" + "\n".join(each[:2000] for each in stale)
