"""A feature that is like an earlier one says all that it would say alone: problems, places, origins, values."""

from __future__ import annotations

import pytest

from declml_schema.check import CheckResult, check
from declml_schema.check_features import read_features
from declml_schema.document import parse
from declml_schema.inspection import Inspection
from declml_schema.problems import Problem
from declml_schema.vocabulary import vocabulary

BODIES = {
    "nothing more": ("type: number", []),
    "encoder": ("type: text\nencoder:\n  type: lstm\n  state_size: 64", []),
    "another column": (
        "column: other\ntype: number\npreprocessing:\n  normalization: minmax\nencoder:\n  type: dense",
        [],
    ),
    "column null": ("type: number\ncolumn: null", []),
    "merged column": ("type: number\n<<: {column: other}", []),
    "dense": ("type: number\nencoder: {type: dense}", []),
    "empty parts": ("type: number\npreprocessing:\nencoder: {}", []),
    "from defaults": ("type: category\nencoder:\n  type: dense", []),
    "own over defaults": (
        "type: category\nencoder: {type: dense, embedding_size: 8}\npreprocessing: {most_common: 10}",
        [],
    ),
    "brought preprocessing": ("type: text\nencoder: {type: bert}", []),
    "overruled preprocessing": (
        "type: text\nencoder: {type: bert}\npreprocessing: {tokenizer: characters}",
        ["ignored-parameter"],
    ),
    "not built yet": ("type: audio\npreprocessing: {zzz: 1}", ["not-built-yet", "unknown-key"]),
    "as many words": ("type: text\npreprocessing: {most_common: 5}", []),
    "unknown type": ("type: nummber", ["unknown-type"]),
    "unknown key": ("type: number\nencodr: {type: dense}", ["unknown-key"]),
    "unknown parameter": ("type: number\nencoder: {type: dense, dropuot: 0.1}", ["unknown-key"]),
    "wrong value": ("type: number\nencoder: {type: dense, dropout: 7}", ["out-of-range"]),
    "wrong type of value": ("type: number\npreprocessing: {fill_value: 'x'}", ["wrong-type"]),
    "text that looks like a number": ("type: text\npreprocessing: {most_common: '5'}", ["text-number"]),
    "older spelling": ("type: numerical\nencoder: dense", ["legacy-spelling", "legacy-spelling"]),
    "older flat parameter": ("type: text\nlevel: word\nencoder: lstm\nstate_size: 32", ["legacy-spelling"]),
    "tied": ("type: number\ntied: zero", []),
    "tied to nothing": ("type: number\ntied: nobody", ["absent-feature"]),
    "list": ("type: number\nencoder: {type: dense, fc_layers: [{output_size: 8}]}", []),
    "bad column": ("type: number\ncolumn: 7", ["wrong-type"]),
    "missing type": ("column: other", ["missing-key"]),
}
DEFAULTS = "defaults:\n  category: {encoder: {type: dense, embedding_size: 4}, preprocessing: {lowercase: true}}\n"
LINES = 1 + max(body.count("\n") + 1 for body, _ in BODIES.values())


def feature(name: str, body: str) -> str:
    """Return a feature that takes `LINES` lines, whatever it says."""
    lines = [f"  - name: {name}", *(f"    {line}" for line in body.split("\n"))]
    return "".join(f"{line}\n" for line in [*lines, *["    #"] * (LINES - len(lines))])


def config(first: str, second: str) -> str:
    zero = feature("zero", "type: number")
    return DEFAULTS + "input_features:\n" + zero + first + second + "output_features:\n- {name: answer, type: binary}\n"


def about_second(result: CheckResult) -> tuple[list[Problem], dict[str, str]]:
    prefix = "input_features[2]"
    problems = [each for each in result.problems if each.path.startswith(prefix)]
    return problems, {path: origin for path, origin in result.origins.items() if path.startswith(prefix)}


@pytest.mark.parametrize("columns", [None, {"zero": "number"}], ids=["", "with columns"])
@pytest.mark.parametrize("case", BODIES)
def test_what_stands_above_a_feature_changes_nothing_of_it(case: str, columns: dict[str, str] | None) -> None:
    body, codes = BODIES[case]
    second = feature("second", body)
    alone = check(config(feature("first", "type: binary"), second), columns=columns)
    assert [each.code for each in about_second(alone)[0] if each.code != "absent-column"] == codes
    for first, _ in BODIES.values():
        both = check(config(feature("first", first), second), columns=columns)
        assert about_second(both) == about_second(alone)
        if both.plan is not None:
            assert alone.plan is not None
            assert both.plan.inputs[2] == alone.plan.inputs[2]


def test_the_parts_of_a_feature_like_another_have_places_of_their_own() -> None:
    body = "type: text\nencoder: {type: lstm}\npreprocessing: {most_common: 5}"
    document = parse("\n" + feature("first", body) + feature("second", body))
    assert document.root is not None
    inspection = Inspection(vocabulary(), [], frozenset(), None)
    first, second = read_features(inspection, "input", document.root, {})
    for feature_, line in ((first, 1), (second, 1 + LINES)):
        key, value = feature_.parts["encoder"].reading.places["type"]
        assert (key.start_line, value.start_line) == (line + 2, line + 2)
        assert feature_.preprocessing.places["most_common"][1].start_line == line + 3
        assert feature_.reading.places["name"][1].start_line == line


def test_a_name_that_is_wrong_is_told_where_all_else_is_alike() -> None:
    text = config(feature("first", "type: number"), "  - name: 7\n    type: number\n")
    assert [(each.code, each.path, each.span.start.line) for each in check(text).problems] == [
        ("wrong-type", "input_features[2].name", 3 + 2 * LINES)
    ]


def test_the_texts_of_equal_values_tell_features_apart() -> None:
    first = feature("first", "type: number\nencoder: {type: dense, use_bias: true}")
    second = feature("second", "type: number\nencoder: {type: dense, use_bias: 1}")
    outputs = "- {name: answer, type: binary, threshold: 1}\n- {name: other, type: binary, threshold: true}\n"
    text = config(first, second).replace("- {name: answer, type: binary}\n", outputs)
    assert [(each.code, each.path) for each in check(text).problems] == [
        ("wrong-type", "input_features[2].encoder.use_bias"),
        ("wrong-type", "output_features[1].threshold"),
    ]
