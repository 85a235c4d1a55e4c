"""A mistake in a value that came through an anchor is told once, where it is, with the anchor beside it."""

from __future__ import annotations

import pytest

from declml_schema.check import check
from declml_schema.problems import Position, Problem, Span
from declml_schema.report import render

TAIL = "output_features:\n  - {name: kind, type: category}\n"
TEXT = "input_features:\n  - {name: words, type: text}\n" + TAIL
TRAINER = TEXT + "trainer:\n"


def shown(text: str, span: Span) -> str:
    """Return the line of a span, its text between marks."""
    line = text.split("\n")[span.start.line]
    assert span.start.line == span.end.line
    marked = f"{line[: span.start.column]}>{line[span.start.column : span.end.column]}<{line[span.end.column :]}"
    return marked.strip()


def told(text: str) -> list[tuple[str, str, str, list[tuple[str, str]]]]:
    return [
        (each.code, each.path, shown(text, each.span), [(shown(text, rel.span), rel.message) for rel in each.related])
        for each in check(text).problems
    ]


SHARED_ENCODER = (
    "input_features:\n"
    "  - name: words\n"
    "    type: text\n"
    "    encoder: &shared {type: lstm}\n"
    "  - name: size\n"
    "    type: number\n"
    "    encoder: *shared\n"
) + TAIL
MERGED = (
    "input_features:\n"
    "  - &first\n"
    "    name: words\n"
    "    type: text\n"
    "    encoder: {type: lstm}\n"
    "  - <<: *first\n"
    "    name: size\n"
    "    type: number\n"
) + TAIL


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (  # a value that fits where it is written, and not where it is repeated
            TRAINER + "  learning_rate: &rate 0.5\n  batch_size: *rate\n",
            (
                "wrong-type", "trainer.batch_size", "batch_size: >*rate<",
                [("learning_rate: >&rate< 0.5", "'*rate' takes it from here.")],
            ),
        ),
        (  # a name that is right
            f"{TEXT}  - {{name: &kind size, type: number, tied: *kind}}\n".replace(TAIL, "", 1) + TAIL,
            (
                "absent-feature", "input_features[1].tied", "- {name: &kind size, type: number, tied: >*kind<}",
                [("- {name: >&kind< size, type: number, tied: *kind}", "'*kind' takes it from here.")],
            ),
        ),
        (  # an encoder that fits its own feature
            SHARED_ENCODER,
            (
                "encoder-mismatch", "input_features[1].encoder.type", "encoder: >*shared<",
                [
                    ("encoder: &shared {type: >lstm<}", "The value is written here."),
                    ("encoder: >&shared< {type: lstm}", "'*shared' takes it from here."),
                ],
            ),
        ),
        (
            MERGED,
            (
                "encoder-mismatch", "input_features[1].encoder.type", "- <<: >*first<",
                [
                    ("encoder: {type: >lstm<}", "The value is written here."),
                    ("- >&first<", "'*first' takes it from here."),
                ],
            ),
        ),
        (  # a merge in a list of merges
            MERGED.replace("<<: *first", "<<: [*first]"),
            (
                "encoder-mismatch", "input_features[1].encoder.type", "- <<: [>*first<]",
                [
                    ("encoder: {type: >lstm<}", "The value is written here."),
                    ("- >&first<", "'*first' takes it from here."),
                ],
            ),
        ),
        (  # no mapping to merge
            TRAINER + "  epochs: &few 3\n  <<: *few\n",
            (
                "merge-key", "", "<<: >*few<", [("epochs: >&few< 3", "'*few' takes it from here.")],
            ),
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_only_where_it_is_repeated_is_told_there_with_its_anchor(
    text: str, expected: tuple[str, str, str, list[tuple[str, str]]]
) -> None:
    assert told(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TRAINER + "  epochs: &few -3\n  batch_size: *few\n", ("out-of-range", "trainer.epochs", "epochs: &few >-3<")),
        (
            SHARED_ENCODER.replace("type: number", "type: text").replace("lstm", "lstm, num_layrs: 2"),
            ("unknown-key", "input_features[0].encoder.num_layrs", "encoder: &shared {type: lstm, >num_layrs<: 2}"),
        ),
        (
            MERGED.replace("number", "text").replace("lstm", "lstm, dropout: 7"),
            ("out-of-range", "input_features[0].encoder.dropout", "encoder: {type: lstm, dropout: >7<}"),
        ),
    ],
)
def test_what_is_wrong_wherever_it_stands_is_told_once_where_it_is_written(
    text: str, expected: tuple[str, str, str]
) -> None:
    assert told(text) == [(*expected, [])]


def test_each_use_that_does_not_fit_is_a_mistake_of_its_own() -> None:
    twice = SHARED_ENCODER.replace(TAIL, "  - {name: age, type: number, encoder: *shared}\n" + TAIL)
    found = check(twice).problems
    assert [(each.code, each.span.start.line) for each in found] == [("encoder-mismatch", 6), ("encoder-mismatch", 7)]
    assert [each.fix for each in found] == [None, None], "the encoder is right where it is written"


def test_the_terminal_shows_the_anchor() -> None:
    text = TRAINER + "  learning_rate: &rate 0.5\n  batch_size: *rate\n"
    told = render(check(text, file="here.yaml").problems, format="text", sources={"here.yaml": text})
    assert "6 |   learning_rate: &rate 0.5\n  |                  ^^^^^ '*rate' takes it from here." in told


def test_an_alias_of_itself_has_no_anchor_to_name() -> None:
    found: list[Problem] = check(TEXT + "trainer: &it {epochs: *it}\n").problems
    assert [(each.code, each.span.start, each.related) for each in found] == [("recursive-alias", Position(4, 22), ())]
