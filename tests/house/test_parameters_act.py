"""Invariant 9: what is declared acts: here feature types, splits, schedules and sections, elsewhere the other kinds.

Encoders, combiners and decoders are in tests/runtime/components/test_contract.py, losses, metrics and optimizers in
the files of tests/runtime named after them. A new feature type, split or schedule fails here until its row is written.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from pydantic import BaseModel, ValidationError

from declml.cli.schema_write import component_modules
from declml_schema.declare import Component
from declml_schema.generate import collect
from declml_schema.vocabulary import vocabulary

RUNTIME = Path(__file__).parents[2] / "runtime" / "declml"
COMPONENTS = {
    (component.kind, component.name): component
    for _, _, component in collect(component_modules())
    if component.kind in {"input", "output", "split", "schedule"}
}


@pytest.fixture(scope="session")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Return two folders with a small tokenizer each and a file of tokens, by the words that stand for them below."""
    from transformers import BertConfig, BertTokenizer

    folders: dict[str, str] = {}
    for name, words in (("FIRST", ["old", "cat"]), ("SECOND", ["red", "cat"])):
        folder = tmp_path_factory.mktemp(name.lower())
        marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        vocabulary = {word: index for index, word in enumerate([*marks, *words])}
        BertTokenizer(vocab=vocabulary).save_pretrained(folder)
        BertConfig(vocab_size=len(vocabulary)).save_pretrained(folder)
        folders[name] = str(folder)
    words = tmp_path_factory.mktemp("words") / "words.txt"
    words.write_text("cat\nred\nThe\n")
    yield {**folders, "WORDS": str(words)}


# --- feature types ----------------------------------------------------------------------------------------------------

NUMBERS = pl.Series("x", [None, *[1.0, 2.0, 3.0] * 10, 500.0, 2.0])
LABELS = pl.Series("x", ["b", "B", "a", "a", None, "c", "c", "c"])
TRUTHS = pl.Series("x", ["spam", "ham", "ham", None, "spam", "spam"])
DATES = pl.Series("x", ["01/02/2020", "2020-05-17 12:30", None, "13/02/2020 3:04 PM", "5. May 1999", "01/02/2020"])
CELLS = pl.Series("x", ["8928308280fffff", "0x85283473fffffff", None, "617700169958293503", "85283473fffffff", "cell"])
VECTORS = pl.Series("x", ["1 2", "[3, 4]", None, "1 2 3", "1 2"])
TEXTS = pl.Series("x", ["The old, old cat", "the_red,cat red cat", None, "a <PAD> cat", "old old"])

_NUMBER = {
    "missing_value_strategy": ({}, "fill_with_mean"),
    "fill_value": ({"missing_value_strategy": "fill_with_const"}, 7.0),
    "normalization": ({}, "minmax"),
    "outlier_strategy": ({}, "fill_with_mean"),
    "outlier_threshold": ({"outlier_strategy": "fill_with_mean"}, 50.0),
}
_BINARY = {
    "missing_value_strategy": ({"fallback_true_label": "spam"}, "fill_with_true"),
    "fallback_true_label": ({"fallback_true_label": "spam"}, "ham"),
}
_CATEGORY = {
    "missing_value_strategy": ({}, "fill_with_mode"),
    "fill_value": ({"missing_value_strategy": "fill_with_const"}, "b"),
    "lowercase": ({}, True),
    "most_common": ({}, 2),
}
_VECTOR = {
    "vector_size": ({}, 3),
    "missing_value_strategy": ({}, "fill_with_mode"),
    "fill_value": ({"missing_value_strategy": "fill_with_const"}, "7 8"),
}
_BAG = {
    "tokenizer": ({}, "underscore"),
    "token_pattern": ({"tokenizer": "regex", "token_pattern": "cat"}, "[a-z]+"),
    "pretrained_model_name_or_path": (
        {"tokenizer": "hf_tokenizer", "pretrained_model_name_or_path": "FIRST"},
        "SECOND",
    ),
    "most_common": ({}, 2),
    "lowercase": ({}, True),
    "missing_value_strategy": ({}, "fill_with_mode"),
    "fill_value": ({"missing_value_strategy": "fill_with_const"}, "old cat"),
}
ACTS: Mapping[tuple[str, str], tuple[pl.Series, Mapping[str, tuple[Mapping[str, Any], Any]]]] = {
    ("input", "number"): (NUMBERS, _NUMBER),
    ("output", "number"): (NUMBERS, _NUMBER),
    ("input", "binary"): (TRUTHS, _BINARY),
    ("output", "binary"): (TRUTHS, _BINARY),
    ("input", "category"): (LABELS, _CATEGORY),
    ("output", "category"): (LABELS, _CATEGORY),
    ("input", "date"): (
        DATES,
        {
            "missing_value_strategy": ({}, "ffill"),
            "fill_value": ({"missing_value_strategy": "fill_with_const"}, "2001-02-03"),
            "datetime_format": ({}, "%d. %B %Y"),
        },
    ),
    ("input", "h3"): (
        CELLS,
        {
            "missing_value_strategy": ({}, "fill_with_mode"),
            "fill_value": ({"missing_value_strategy": "fill_with_const"}, 617700169958293503),
        },
    ),
    ("input", "vector"): (VECTORS, _VECTOR),
    ("input", "bag"): (TEXTS, _BAG),
    ("input", "sequence"): (
        TEXTS,
        {
            **_BAG,
            "max_sequence_length": ({}, 2),
            "sequence_length": ({}, 3),
            "vocab_file": ({}, "WORDS"),
            "ngram_size": ({"tokenizer": "ngram"}, 3),
            "padding_symbol": ({"tokenizer": "space"}, "cat"),
            "unknown_symbol": ({}, "cat"),
        },
    ),
    ("input", "set"): (TEXTS, _BAG),
    ("output", "set"): (TEXTS, {key: value for key, value in _BAG.items() if not key.startswith("pretrained")}),
    ("output", "vector"): (VECTORS, {**_VECTOR, "normalization": ({}, None)}),
    ("output", "category_distribution"): (
        VECTORS,
        {"vocab": ({"vocab": ["a", "b"]}, ["b", "a"]), "missing_value_strategy": ({}, "fill_with_mode")},
    ),
    ("input", "text"): (
        TEXTS,
        {
            "token_pattern": ({"tokenizer": "regex", "token_pattern": "cat"}, "[a-z]+"),
            "tokenizer": ({}, "underscore"),
            "pretrained_model_name_or_path": (
                {"tokenizer": "hf_tokenizer", "pretrained_model_name_or_path": "FIRST"},
                "SECOND",
            ),
            "max_sequence_length": ({}, 2),
            "sequence_length": ({}, 3),
            "vocab_file": ({}, "WORDS"),
            "most_common": ({}, 2),
            "lowercase": ({}, True),
            "ngram_size": ({"tokenizer": "ngram"}, 3),
            "padding_symbol": ({"tokenizer": "space"}, "cat"),
            "unknown_symbol": ({}, "cat"),
            "missing_value_strategy": ({}, "fill_with_mode"),
            "fill_value": ({"missing_value_strategy": "fill_with_const"}, "old cat"),
        },
    ),
}
"""By feature type: a column, and for each parameter the values under which it acts and another value of its own."""
ACTS = {**ACTS, **{("output", name): ACTS["input", name] for name in ("sequence", "text")}}


def outcome(component: Component, column: pl.Series, values: Mapping[str, Any]) -> str:
    """Return as text the arrays that the operation makes of the column, and the vocabulary by which to read them.

    Other facts are left out: a parameter that is only copied into them would seem to act.
    """
    assert component.build is not None and component.preprocessing is not None
    operation = component.build()
    preprocessing = component.preprocessing(**values).model_dump()
    facts = operation.fit(operation.summarize(column, preprocessing), preprocessing)
    encoded = operation.encode(column, facts, preprocessing)
    arrays = [encoded.values, encoded.offsets, encoded.keep]
    read_by = facts.get("vocabulary") or facts.get("classes")
    return json.dumps([read_by, [None if each is None else np.asarray(each).tolist() for each in arrays]])


FEATURES = [key for key in COMPONENTS if key[0] in {"input", "output"}]
PREPROCESSING = [(kind, name, parameter) for kind, name in ACTS for parameter in ACTS[kind, name][1]]


@pytest.mark.parametrize(("kind", "name"), FEATURES, ids=["-".join(each) for each in FEATURES])
def test_every_feature_type_has_its_row_with_all_its_parameters(kind: str, name: str) -> None:
    preprocessing = COMPONENTS[kind, name].preprocessing
    assert preprocessing is not None
    assert set(ACTS[kind, name][1]) == set(preprocessing.model_fields)


@pytest.mark.parametrize(("kind", "name", "parameter"), PREPROCESSING, ids=["-".join(each) for each in PREPROCESSING])
def test_every_preprocessing_parameter_acts(kind: str, name: str, parameter: str, tokenizer: Mapping[str, str]) -> None:
    column, rows = ACTS[kind, name]
    context, value = rows[parameter]
    component = COMPONENTS[kind, name]
    given = {key: tokenizer.get(str(each), each) for key, each in context.items()}
    other = {**given, parameter: tokenizer.get(str(value), value)}
    assert outcome(component, column, given) != outcome(component, column, other), f"{parameter} changes nothing"


def test_what_an_output_says_of_its_predictions_acts() -> None:
    answers = {
        "number": (NUMBERS, np.array([-3.0, 0.1, 3.0]), {"clip": [1.0, 2.0]}),
        "binary": (pl.Series("x", [True, False]), np.array([-1.0, 0.3, 1.0]), {"threshold": 0.9}),
        "set": (pl.Series("x", ["a b", "a"]), np.array([[0.3, 1.0]]), {"threshold": 0.7}),
        "vector": (VECTORS, np.array([[0.3, 1.0]]), {"softmax": True}),
    }
    # hits_at_k takes top_k from the output: tests/runtime/test_metrics.py sees that it acts there. What a calibration
    # does is in tests/runtime/run/test_calibrating.py.
    elsewhere = {name: {"top_k"} for name in ("category", "category_distribution")} | {"sequence": set(), "text": set()}
    outputs = {name: component for (kind, name), component in COMPONENTS.items() if kind == "output"}
    assert {name: {*each.parameters.model_fields} - {"calibration"} for name, each in outputs.items()} == {
        **{name: set(changed) for name, (_, _, changed) in answers.items()},
        **elsewhere,
    }
    for name, (column, logits, changed) in answers.items():
        component = outputs[name]
        assert component.build is not None and component.preprocessing is not None
        operation, preprocessing = component.build(), component.preprocessing().model_dump()
        facts = operation.fit(operation.summarize(column, preprocessing), preprocessing)
        plain, other = (
            operation.decode(logits, facts, preprocessing, component.parameters(**each).model_dump())["predictions"]
            for each in ({}, changed)
        )
        assert plain.to_list() != other.to_list(), name


# --- splits and schedules ---------------------------------------------------------------------------------------------

TABLE = pl.DataFrame(
    {
        "key": [f"k{row}" for row in range(40)],
        "class": ["a", "b"] * 20,
        "split": [0, 1, 2, 0] * 10,
        "other": [2, 1, 0, 0] * 10,
        "time": list(range(40)),
        "back": list(range(40, 0, -1)),
    }
)
SHARES = {"probabilities": [0.2, 0.2, 0.6]}
SPLITS: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "random": ({}, SHARES),
    "hash": ({"column": "key"}, {"column": "time", **SHARES}),
    "group": ({"column": "key"}, {"column": "time", **SHARES}),
    "stratify": ({"column": "class"}, {"column": "split", **SHARES}),
    "fixed": ({}, {"column": "other"}),
    "datetime": ({"column": "time"}, {"column": "back", **SHARES}),
}
SCHEDULES: Mapping[str, Mapping[str, Any]] = {
    "none": {},
    "linear": {},
    "cosine": {"t_0": 7, "t_mult": 2, "eta_min": 0.01},
    "exponential": {"decay_rate": 0.5, "decay_steps": 11, "staircase": True},
    "inverse_sqrt": {"inverse_sqrt_warmup_steps": 7},
    "one_cycle": {"max_lr": 0.5, "pct_start": 0.5, "div_factor": 3.0, "final_div_factor": 2.0},
    "polynomial": {"polynomial_power": 2.0, "polynomial_end_lr": 0.05},
    "wsd": {"wsd_warmup_fraction": 0.4, "wsd_stable_fraction": 0.2, "wsd_decay_fraction": 0.5},
}


def test_every_parameter_of_a_split_acts() -> None:
    assert set(SPLITS) == {name for kind, name in COMPONENTS if kind == "split"}
    for name, (base, changes) in SPLITS.items():
        component = COMPONENTS["split", name]
        assert component.build is not None
        assert set(changes) == set(component.parameters.model_fields)
        before = component.build(TABLE, seed=1, **component.parameters(**base).model_dump())
        for parameter, value in changes.items():
            after = component.build(TABLE, seed=1, **component.parameters(**{**base, parameter: value}).model_dump())
            assert (before != after).any(), (name, parameter)


def test_every_parameter_of_a_schedule_acts() -> None:
    assert set(SCHEDULES) == {name for kind, name in COMPONENTS if kind == "schedule"}
    for name, changes in SCHEDULES.items():
        component = COMPONENTS["schedule", name]
        assert component.build is not None
        assert set(changes) == set(component.parameters.model_fields)

        def course(values: Mapping[str, Any], component: Component = component) -> list[float]:
            assert component.build is not None
            parameters = component.parameters(**values).model_dump()
            factor = component.build(total_steps=60, steps_per_epoch=10, learning_rate=0.1, **parameters)
            return [factor(step) for step in range(60)]

        for parameter, value in changes.items():
            assert course({}) != course({parameter: value}), (name, parameter)


# --- bad values -------------------------------------------------------------------------------------------------------


def bad_values(leaf: Mapping[str, Any]) -> Iterator[Any]:
    """Yield values outside of what a leaf says, of its own type where it has a range."""
    if "anyOf" in leaf:
        return
    for bound, step in (("minimum", -1), ("exclusiveMinimum", 0), ("maximum", 1), ("exclusiveMaximum", 0)):
        if bound in leaf:
            yield leaf[bound] + step
    if "enum" in leaf:
        yield "no such value"
    kinds = leaf.get("type", [])
    if kinds and "string" not in kinds:
        yield "text"
    if "string" in kinds and "enum" not in leaf:
        yield 3


DECLARED: list[tuple[str, type[BaseModel]]] = [
    (f"{kind}-{name}-{part}", declared)
    for (kind, name), component in COMPONENTS.items()
    for part, declared in (("parameters", component.parameters), ("preprocessing", component.preprocessing))
    if declared is not None and declared.model_fields
]


@pytest.mark.parametrize("declared", [each for _, each in DECLARED], ids=[name for name, _ in DECLARED])
def test_values_out_of_range_are_refused_by_name(declared: type[BaseModel]) -> None:
    tried = 0
    for name, leaf in declared.model_json_schema()["properties"].items():
        for value in bad_values(leaf):
            with pytest.raises(ValidationError) as refusal:
                declared(**{name: value})
            assert name in {error["loc"][0] for error in refusal.value.errors()}, (name, value)
            tried += 1
    assert tried or all("anyOf" in leaf for leaf in declared.model_json_schema()["properties"].values())


# --- sections ---------------------------------------------------------------------------------------------------------

ACTS_ON_NOTHING = {
    ("config", "ludwig_version"): "a mark that Ludwig leaves; its sentence says that nothing depends on it"
}
ATTRIBUTES = ("input_feature", "output_feature", "config")
"""Sections whose keys are attributes of the plan; those of the others are keys of its mappings."""
PLAN_NAMES = {"input_features": "inputs", "output_features": "outputs", "defaults": ""}
"""Top-level keys that have another name in the plan; defaults are dealt out to the features before."""


def section_parameters() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield section, parameter and leaf, those of nested mappings and lists of them included."""
    for word in vocabulary().words("section"):
        for name, leaf in word.properties.items():
            yield word.name, name, leaf
            for inner in (leaf, leaf.get("items", {})):
                for nested, below in inner.get("properties", {}).items():
                    yield f"{word.name}.{name}", nested, below


SECTION_PARAMETERS = [
    (section, name)
    for section, name, leaf in section_parameters()
    # LightGBM reads its parameters by name: tests/runtime/trees/test_boosting_acts.py shows each of them at work.
    if section != "boosting"
    # With one value to choose, there is nothing to act on.
    and not ("enum" in leaf and len(leaf["enum"]) == 1)
    and (section, name) not in ACTS_ON_NOTHING
]


@pytest.fixture(scope="module")
def read_by_the_runtime() -> tuple[set[str], set[str]]:
    """Return every text and every attribute that stands in the rooms that carry a plan out."""
    texts: set[str] = set()
    attributes: set[str] = set()
    for room in ("run", "data", "training", "model", "evaluation"):
        for file in (RUNTIME / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    texts.add(node.value)
                if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                    attributes.add(node.attr)
    return texts, attributes


@pytest.mark.parametrize(("section", "name"), SECTION_PARAMETERS, ids=[".".join(each) for each in SECTION_PARAMETERS])
def test_every_parameter_of_a_section_is_read(
    section: str, name: str, read_by_the_runtime: tuple[set[str], set[str]]
) -> None:
    """A key that nothing reads is a dead knob. What it then does is for the tests of its room to show."""
    texts, attributes = read_by_the_runtime
    if section in ATTRIBUTES:
        wanted = PLAN_NAMES.get(name, name)
        single = name in {"kernel", "backend"}  # `local` is the only one there is
        assert not wanted or single or wanted in attributes or name in texts, f"nothing reads {section}.{name}"
    else:
        assert name in texts, f"nothing reads {section}.{name}"
