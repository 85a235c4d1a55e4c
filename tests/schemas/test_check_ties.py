"""A tied feature is read and encoded like the one whose encoder it shares: what says otherwise is a problem."""

from __future__ import annotations

import pytest

from declml_schema.check import check

CONFIG = """\
input_features:
  - {name: title, type: text%s}
  - {name: body, type: text, tied: title%s}
output_features:
  - {name: class, type: category}
"""


def said(owner: str, tied: str, *, more: str = "") -> list[tuple[str, str, str]]:
    """Return code, path and message of every problem."""
    return [(each.code, each.path, each.message) for each in check(CONFIG % (owner, tied) + more).problems]


def test_another_tokenizer_of_a_tied_text_is_refused_at_its_place() -> None:
    text = CONFIG % ("", ", preprocessing: {tokenizer: space}")
    (problem,) = check(text).problems
    assert (problem.code, problem.path) == ("tied-mismatch", "input_features[1].preprocessing.tokenizer")
    assert problem.message == (
        "tokenizer must be 'space_punct', as for 'title', whose encoder 'body' shares; got 'space'."
    )
    line = text.splitlines()[problem.span.start.line]
    assert line[problem.span.start.column : problem.span.end.column] == "tokenizer"
    assert check(text).plan is None


@pytest.mark.parametrize(
    ("owner", "tied", "place"),
    [
        ("", ", preprocessing: {fill_value: none}", "preprocessing.fill_value"),
        (", preprocessing: {lowercase: true}", ", preprocessing: {lowercase: false}", "preprocessing.lowercase"),
        (", encoder: {type: bert}", ", preprocessing: {tokenizer: space}", "preprocessing.tokenizer"),
        ("", ", encoder: {type: lstm}", "encoder.type"),
        (", encoder: {type: lstm}", ", encoder: {type: parallel_cnn}", "encoder.type"),
        ("", ", encoder: {num_filters: 3}", "encoder.num_filters"),
        (", encoder: {type: lstm, num_layers: 2}", ", encoder: {type: lstm, num_layers: 3}", "encoder.num_layers"),
        ("", ", encoder: lstm", "encoder.type"),
    ],
)
def test_whatever_the_shared_encoder_overrules_is_refused(owner: str, tied: str, place: str) -> None:
    found = [(code, path) for code, path, _ in said(owner, tied) if code != "legacy-spelling"]
    assert found == [("tied-mismatch", f"input_features[1].{place}")]


@pytest.mark.parametrize(
    ("owner", "tied"),
    [
        ("", ""),
        (", preprocessing: {tokenizer: space}", ""),
        (", preprocessing: {tokenizer: space}", ", preprocessing: {tokenizer: space}"),
        ("", ", preprocessing: {max_sequence_length: 32}"),
        (", encoder: {type: lstm}", ", encoder: {type: lstm}"),
        (", encoder: {type: lstm, num_layers: 1}", ", encoder: {type: lstm}"),
        (", encoder: {type: lstm, dropout: 0}", ", encoder: {dropout: 0.0, type: lstm}"),
    ],
)
def test_what_agrees_or_acts_is_no_problem(owner: str, tied: str) -> None:
    assert said(owner, tied) == []


def test_defaults_of_the_type_are_nobodys_contradiction() -> None:
    defaults = "defaults: {text: {preprocessing: {tokenizer: space}, encoder: {type: gru}}}\n"
    assert said(", preprocessing: {tokenizer: characters}, encoder: {type: lstm}", "", more=defaults) == []


def test_a_chain_of_ties_is_held_to_its_end() -> None:
    text = (CONFIG % ("", "")).replace(
        "output_features",
        "  - {name: lead, type: text, tied: body, preprocessing: {tokenizer: space}}\noutput_features",
    )
    (problem,) = check(text).problems
    assert (problem.path, "'title'" in problem.message) == ("input_features[2].preprocessing.tokenizer", True)


def test_a_circle_and_an_unknown_encoder_are_told_once() -> None:
    circle = (CONFIG % (", tied: body", ", preprocessing: {tokenizer: space}")).replace("tied: title", "tied: title")
    assert [each.code for each in check(circle).problems] == ["tied-circle"]
    assert [code for code, _, _ in said("", ", encoder: {type: lstmm}")] == ["unknown-type"]


def test_a_tied_feature_without_a_name_is_a_problem_of_its_own() -> None:
    text = (CONFIG % ("", ", preprocessing: {tokenizer: space}")).replace("name: body, ", "")
    assert [each.code for each in check(text).problems] == ["missing-key"]
