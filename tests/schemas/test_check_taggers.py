"""Taggers need a vector for each token, from an input through the combiner; what breaks the chain is told there."""

from __future__ import annotations

import pytest
import yaml

from declml_schema.check import check
from declml_schema.problems import Severity

CONFIG = """\
input_features:
  - {{name: words, type: text, encoder: {{type: rnn, reduce_output: {reduce}}}}}
  - {{name: size, type: number}}
output_features:
  - {{name: tags, type: sequence, decoder: {decoder}}}
{combiner}
"""


def problems(reduce: str = "null", decoder: str = "{type: tagger}", combiner: str = "") -> tuple[str, list[object]]:
    text = CONFIG.format(reduce=reduce, decoder=decoder, combiner=f"combiner: {combiner}" if combiner else "")
    return text, [(each.code, each.path, each.severity, each) for each in check(text).problems]


def fixed(text: str, fix: object) -> str:
    lines = text.split("\n")
    for edit in reversed(fix.edits):  # type: ignore[attr-defined]
        start, end = edit.span.start, edit.span.end
        assert start.line == end.line
        lines[start.line] = lines[start.line][: start.column] + edit.text + lines[start.line][end.column :]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("reduce", "combiner", "path", "message"),
    [
        ("null", "{type: concat}", "combiner.type", "combiner must hand the decoder 'tagger' a vector for each token"),
        ("mean", "", "output_features[0].decoder", "must have an input that keeps a vector for each token; none does."),
        (
            "null",
            "{type: sequence_concat, reduce_output: mean}",
            "combiner.reduce_output",
            "reduce_output must keep a vector for each token for the decoder 'tagger'; got 'mean'",
        ),
        (
            "null",
            "{type: sequence, encoder: {type: rnn, reduce_output: last}}",
            "combiner.encoder.reduce_output",
            "reduce_output must keep a vector for each token",
        ),
    ],
)
def test_a_break_in_the_chain_is_told_at_its_place_and_mended(
    reduce: str, combiner: str, path: str, message: str
) -> None:
    text, found = problems(reduce, combiner=combiner)
    ((code, at, severity, problem),) = found  # type: ignore[misc]
    assert (code, at, severity) == ("no-tokens", path, Severity.ERROR)
    assert message in problem.message
    assert problem.fix is not None
    assert check(fixed(text, problem.fix)).plan is not None


def test_a_config_without_a_combiner_gets_one_that_hands_tokens_on() -> None:
    text, found = problems()
    assert found == []
    plan = check(text).plan
    assert plan is not None
    assert plan.combiner.type == "sequence_concat"
    text, found = problems("mean", decoder="{type: generator}")
    plan = check(text).plan
    assert plan is not None
    assert plan.combiner.type != "sequence_concat"


def test_a_reduction_of_tokens_that_never_come_is_a_warning() -> None:
    _, found = problems("mean", decoder="{type: generator, reduce_input: max}")
    ((code, path, severity, _),) = found  # type: ignore[misc]
    assert (code, path, severity) == (
        "ignored-parameter", "output_features[0].decoder.reduce_input", Severity.WARNING
    )  # fmt: skip
    assert problems("mean", decoder="{type: generator, reduce_input: sum}")[1] == []
    assert problems("null", "{type: generator, reduce_input: max}", "{type: sequence_concat}")[1] == []


def test_no_output_depends_on_a_sequence_which_may_depend_on_others() -> None:
    text, _ = problems()
    config = yaml.safe_load(text)
    config["output_features"] += [{"name": "kind", "type": "category", "dependencies": ["tags"]}]
    (problem,) = check(yaml.safe_dump(config)).problems
    assert problem.code == "feature-mismatch"
    assert problem.message == "dependencies must be outputs with one answer for a row; 'tags' is a sequence."
    del config["output_features"][1]["dependencies"]
    config["output_features"][0]["dependencies"] = ["kind"]
    assert check(yaml.safe_dump(config)).plan is not None
