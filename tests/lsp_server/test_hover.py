"""A hover says what stands under the pointer, what is in force there, and what changed since the last run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.lsp_server.editing import at_cursor
from tests.lsp_server.past import PastProject

from declml_lsp.methods import hover
from declml_lsp.session import Session
from declml_lsp.snapshot import Snapshot
from declml_lsp.text import Text

CONFIG = """\
# Who earns more
data: {source: census.csv}
defaults:
  text:
    encoder: {type: lstm, dropout: 0.2}
input_features:
  - name: age
    type: number
  - name: job
    type: category
    column: occupation
  - name: note
    type: text
    encoder: &words
      num_layers: 2
  - name: other
    type: text
    encoder: *words
output_features:
  - name: income
    type: category
combiner:
  type: concat
  output_size: 64
trainer:
  epochs: 3
  learning_rate: 0.001
  batch_size: auto
  validation_field: income
  validation_metric: accuracy
preprocessing:
  split: {probabilities: [0.7, 0.1, 0.2]}
"""
PROFILE: dict[str, Any] = {
    "rows": 1000,
    "columns": [
        {
            "name": "age",
            "dtype": "Float64",
            "rows": 1000,
            "missing": 200,
            "distinct": 73,
            "examples": ["39", "50"],
            "top_values": [["36", 30]],
            "number": {
                "min": 17.0,
                "max": 90.0,
                "mean": 38.58,
                "quantiles": {"0.25": 28.0, "0.75": 48.0},
                "histogram_edges": [17.0, 35.25, 53.5, 71.75, 90.0],
                "histogram_rows": [300, 400, 99, 1],
            },
            "text": None,
        },
        {
            "name": "occupation",
            "dtype": "String",
            "rows": 1000,
            "missing": 0,
            "distinct": 12,
            "top_values": [["sales", 600], ["craft", 300], ["tech", 40], ["farm", 30], ["army", 20], ["x", 5]],
            "number": None,
            "text": {"mean_words": 1.0, "max_words": 1},
        },
        {
            "name": "note",
            "dtype": "String",
            "rows": 1000,
            "missing": 0,
            "distinct": 1000,
            "examples": ["a | b `c` *d*", "second"],
            "top_values": [["a", 1]],
            "number": None,
            "text": {"mean_words": 4.25, "max_words": 31},
        },
    ],
    "sampled": None,
}
MODEL: dict[str, Any] = {
    "inputs": {
        "age": {"output": ["batch", 1], "parameters": {"trainable": 0, "frozen": 0}, "vocabulary": None},
        "note": {"output": ["batch", 256], "parameters": {"trainable": 1_182_720, "frozen": 0}, "vocabulary": 1521},
        "other": {"output": None, "parameters": None, "vocabulary": None},
    },
    "combiner": {"input": ["batch", 513], "output": ["batch", 513], "parameters": {"trainable": 0, "frozen": 0}},
    "outputs": {"income": {"output": ["batch", 2], "classes": 2, "parameters": {"trainable": 1028, "frozen": 0}}},
    "parameters": {"trainable": 1_183_748, "frozen": 90},
    "memory_bytes": {"total": 24_000_000},
    "rows": {"training": 700, "validation": 100, "test": 200},
    "steps": {"per_epoch": 44, "total": 132},
    "resolved": {"trainer.batch_size": 16},
    "unknown": {"inputs.other": "the data were not read"},
}


def ask(session: Session, snapshot: Snapshot, position: types.Position) -> types.Hover | None:
    return hover.respond(session, snapshot, types.HoverParams(types.TextDocumentIdentifier(snapshot.uri), position))


def with_mark(line: str, text: str = CONFIG) -> tuple[str, types.Position]:
    """Return a text and the place of the mark in a line that it has, or that takes the place of one with this key."""
    plain = line.replace("|", "")
    assert plain in text, plain
    text, position = at_cursor(text.replace(plain, line, 1))
    return text, types.Position(position.line, position.column)


def hovered(
    tmp_path: Path, line: str, text: str = CONFIG, *, known: bool = True, **options: Any
) -> tuple[str, str] | None:
    """Return what the hover says and what it is about, with the data and the model known."""
    source, position = with_mark(line, text)
    facts = {"profile": PROFILE, "model": MODEL} if known else {}
    session, snapshot = PastProject(tmp_path).open(source, **{**facts, **options})
    found = ask(session, snapshot, position)
    if found is None:
        return None
    assert isinstance(found.contents, types.MarkupContent)
    assert found.range is not None
    return found.contents.value, snapshot.text.of(snapshot.text.span(found.range))


@pytest.mark.parametrize(
    ("line", "about", "expected"),
    [
        ("  learning|_rate: 0.001\n", "learning_rate", [
            "**`learning_rate`** of `trainer`", "How far each step moves the weights", "- Takes a number > 0",
            "- Default: `auto`", "- In force: `0.001`, written here",
        ]),
        ("  learning_rate: 0.|001\n", "0.001", ["**`learning_rate`** of `trainer`"]),
        ("  batch_|size: auto\n", "batch_size", ["in rows", "In force: `auto`, written here, which becomes `16`"]),
        ("    encoder: {type: |lstm, dropout: 0.2}\n", "lstm", ["**`lstm`** encoder of a text feature"]),
        ("    encoder: {type: lstm, drop|out: 0.2}\n", "dropout", [
            "In force: `0.2` for each feature of this type that says nothing else",
        ]),
        ("      num_|layers: 2\n", "num_layers", ["of the encoder 'lstm'", "In force: `2`, written here"]),
        ("  split: {|probabilities: [0.7, 0.1, 0.2]}\n", "probabilities", ["Must add up to `1`"]),
        ("  split: {probabilities: [0.7, |0.1, 0.2]}\n", "0.1", ["**`probabilities`** of the split 'random'"]),
    ],
)  # fmt: skip
def test_a_parameter_says_what_it_does_and_what_is_in_force(
    tmp_path: Path, line: str, about: str, expected: list[str]
) -> None:
    found = hovered(tmp_path, line)
    assert found is not None
    assert found[1] == about
    for each in expected:
        assert each in found[0]


@pytest.mark.parametrize(
    ("line", "about", "expected"),
    [
        ("    encoder|: &words\n", "encoder", [
            "**`lstm`** encoder of a text feature", "Reads the text token by token", "- Chosen by `defaults`",
            "- Output: `[batch, 256]`", "- Weights: 1,182,720", "- Vocabulary: 1,521",
            "| `num_layers`     | `2`      | here       |", "| `dropout`        | `0.2`    | `defaults` |",
            "more are at their defaults", "Others: ",
        ]),
        ("combiner|:\n", "combiner", ["**`concat`** combiner", "Output: `[batch, 513] → [batch, 513]`"]),
        ("trainer|:\n", "trainer", [
            "How the model is trained", "| `epochs`            | `3`           | here     |", "| `auto` → `16` |",
            "| `early_stop`        | `auto`        | built in |",
        ]),
        ("    ty|pe: number\n", "type", ["What the column holds", "- `binary` ", "- `text` "]),
        ("  ty|pe: concat\n", "type", ["Which combiner it is", "- `concat` "]),
        ("  te|xt:\n", "text", ["Values for every text feature"]),
    ],
)  # fmt: skip
def test_a_component_or_section_says_what_acts_in_it(
    tmp_path: Path, line: str, about: str, expected: list[str]
) -> None:
    found = hovered(tmp_path, line)
    assert found is not None
    assert found[1] == about
    for each in expected:
        assert each in found[0]


@pytest.mark.parametrize("line", ["  |- name: age\n", "  - na|me: age\n", "  - name: a|ge\n"])
def test_a_feature_shows_its_column(tmp_path: Path, line: str) -> None:
    found = hovered(tmp_path, line)
    assert found is not None
    text, about = found
    assert about in ("-", "name", "age")
    assert text.startswith(
        "**`age`** number input feature\n\n- Float64 · 1,000 rows · 200 missing (20 %) · 73 different"
    )
    assert "- From 17 to 90, mean 38.58, half of them from 28 to 48" in text
    assert "```text\n▆█▂▁\n17 90\n```" in text
    assert "- Encoder: `piecewise_linear`\n- Output: `[batch, 1]`\n- Weights: none" in text


def test_a_category_shows_its_most_frequent_values(tmp_path: Path) -> None:
    found = hovered(tmp_path, "  - name: |job\n")
    assert found is not None
    assert "**`job`** category input feature, column `occupation`" in found[0]
    block = found[0].partition("```text\n")[2].partition("\n```")[0].split("\n")
    assert block[0] == "sales  ████████████████  600    60 %"
    assert block[1] == "craft  ████████          300    30 %"
    assert block[-1] == "7 more, 1.0 % of the rows"
    assert len({line.index("%") for line in block[:-1]}) == 1


def test_a_text_shows_examples_that_cannot_be_taken_for_markup(tmp_path: Path) -> None:
    found = hovered(tmp_path, "  - name: |note\n")
    assert found is not None
    assert "For example ``a | b `c` *d*``, `second`." in found[0]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("    column: |occupation\n", "**`job`** category input feature, column `occupation`"),
        ("  validation_field: in|come\n", "**`income`** category output feature"),
        ("  validation_metric: accu|racy\n", "**`accuracy`** metric"),
        ("    type: |number\n", "**`number`** input feature"),
    ],
)
def test_a_name_shows_what_it_names(tmp_path: Path, line: str, expected: str) -> None:
    found = hovered(tmp_path, line)
    assert found is not None
    assert found[0].startswith(expected)


def test_what_is_not_known_yet_is_left_out_or_said_to_be_so(tmp_path: Path) -> None:
    unknown = hovered(tmp_path, "  - name: |age\n", known=False)
    assert unknown is not None
    assert unknown[0] == "**`age`** number input feature\n\n- Encoder: `piecewise_linear`"
    waiting = hovered(tmp_path, "  - name: |other\n")
    assert waiting is not None
    assert "- Not known yet: the data were not read" in waiting[0]
    stale = hovered(tmp_path, "  - name: |note\n", model={**MODEL, "stale": True})
    assert stale is not None
    assert "`[batch, 256]` (before the last change; being computed)" in stale[0]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            "num_layers: 2",
            "num_|layrs: 2",
            ["`num_layrs` most likely means `num_layers`.", "How many recurrent layers"],
        ),
        ("type: concat", "type: con|cta", ["`concta` most likely means `concat`.", "**`concat`** combiner"]),
        ("epochs: 3", "learning_rate_sca|ling: linear", ["Ludwig's that declml does not build yet"]),
        (
            "type: concat",
            "type: tabp|fn_v2",
            [
                "Ludwig's that declml does not build yet",
                "There are `comparator`, `concat`",
            ],
        ),
        ("epochs: 3", "early_|stopping: 3", ["`early_stopping` is the older name of `early_stop`."]),
        ("trainer:\n  epochs: 3", "training:\n  epo|chs: 3", ["**`epochs`** of `trainer`"]),
        ("encoder: &words\n      num_layers: 2", "encoder: &words g|ru", ["**`gru`** encoder of a text feature"]),
    ],
)
def test_a_word_that_nothing_is_called_says_what_it_means(
    tmp_path: Path, before: str, after: str, expected: list[str]
) -> None:
    source, position = at_cursor(CONFIG.replace(before, after, 1))
    session, snapshot = PastProject(tmp_path).open(source)
    found = ask(session, snapshot, types.Position(position.line, position.column))
    assert found is not None
    assert isinstance(found.contents, types.MarkupContent)
    for each in expected:
        assert each in found.contents.value


def test_an_alias_shows_what_its_anchor_has(tmp_path: Path) -> None:
    found = hovered(tmp_path, "    encoder: *wo|rds\n")
    assert found is not None
    assert found[1] == "*words"
    assert found[0].startswith(
        "**`*words`** stands for what `&words` has in line 15:\n\n```yaml\nnum_layers: 2\n```\n\n"
    )
    assert "**`lstm`** encoder of a text feature" in found[0]
    merged = CONFIG.replace("encoder: *words", "encoder: {<<: *words, dropout: 0.5}")
    found = hovered(tmp_path, "    encoder: {|<<: *words, dropout: 0.5}\n", merged)
    assert found is not None
    assert "takes over what `&words` has" in found[0]


@pytest.mark.parametrize(
    "line",
    [
        "# Who |earns more\n",
        "  split: |{probabilities: [0.7, 0.1, 0.2]}\n",
        "  split: {probabilities: |[0.7, 0.1, 0.2]}\n",
    ],
)
def test_blanks_comments_and_brackets_say_nothing(tmp_path: Path, line: str) -> None:
    assert hovered(tmp_path, line, known=False) is None


@pytest.mark.parametrize(("value", "is_a_problem"), [("64", True), ("256", False)])
def test_that_a_parameter_does_nothing_is_said_once(tmp_path: Path, value: str, is_a_problem: bool) -> None:
    text = CONFIG.replace("output_size: 64", f"output_size: {value}")
    session, snapshot = PastProject(tmp_path).open(text)
    assert ("ignored-parameter" in [each.code for each in session.checked(snapshot).problems]) is is_a_problem
    found = hovered(tmp_path, f"  output_|size: {value}\n", text)
    assert found is not None
    assert "acts only where num_fc_layers is at least 1 or fc_layers is given." in found[0]
    assert ("**Now it does nothing**: `num_fc_layers` is `0`." in found[0]) is not is_a_problem


def test_what_the_encoder_decides_is_said_to_overrule(tmp_path: Path) -> None:
    text = CONFIG.replace("encoder: *words", "encoder: {type: bert}\n    preprocessing: {tokenizer: hf_tokenizer}")
    found = hovered(tmp_path, "    preprocessing: {token|izer: hf_tokenizer}\n", text)
    assert found is not None
    assert "In force: `hf_tokenizer`, as the encoder brings it, whatever stands here" in found[0]


# --- how it is written -----------------------------------------------------------------------------------------------


def test_a_client_without_markdown_gets_plain_text(tmp_path: Path) -> None:
    found = hovered(tmp_path, "  - name: a|ge\n", capabilities=types.ClientCapabilities())
    assert found is not None
    assert found[0].startswith("age number input feature\n")
    assert "`" not in found[0]
    assert "*" not in found[0]


def test_a_place_is_counted_in_the_units_of_the_client(tmp_path: Path) -> None:
    text = 'input_features:\n  - {name: "😀", type: number}\noutput_features:\n  - {name: y1, type: number}\n'
    session, snapshot = PastProject(tmp_path).open(text)
    wide = Snapshot(snapshot.uri, 1, Text(text, "utf-16"), text, snapshot.path)
    found = ask(session, wide, types.Position(1, 25))
    assert found is not None
    assert found.range == types.Range(types.Position(1, 23), types.Position(1, 29))


def test_a_cell_is_hovered_below_its_magic_line(tmp_path: Path) -> None:
    source = "%%declml\n" + CONFIG
    config = "\n" + CONFIG
    session, _ = PastProject(tmp_path).open(CONFIG)
    cell = Snapshot("vscode-notebook-cell:/a.ipynb#1", 1, Text(source), config, tmp_path / "a.ipynb", is_cell=True)
    line = source.split("\n").index("  epochs: 3")
    found = ask(session, cell, types.Position(line, 4))
    assert found is not None
    assert isinstance(found.contents, types.MarkupContent)
    assert found.contents.value.startswith("**`epochs`** of `trainer`")


@pytest.mark.parametrize(
    "text", ["", "\n", ":", "- ", "input_features:\n  -", "a: [", "&a *a", "? x", "trainer: *no\n"]
)
def test_half_typed_text_is_answered_everywhere(tmp_path: Path, text: str) -> None:
    session, snapshot = PastProject(tmp_path).open(text)
    for number, line in enumerate(snapshot.text.lines):
        for column in range(len(line) + 1):
            ask(session, snapshot, types.Position(number, column))
    ask(session, snapshot, types.Position(99, 99))


def test_every_place_of_a_config_is_answered_within_the_text(tmp_path: Path) -> None:
    project = PastProject(tmp_path)
    project.run(1, CONFIG.replace("epochs: 3", "epochs: 4"))
    for broken in (CONFIG, CONFIG.replace("type: number", "type: "), CONFIG.replace("{type: lstm", "{type: lstm,,")):
        session, snapshot = project.open(broken, profile=PROFILE, model=MODEL)
        for number, line in enumerate(snapshot.text.lines):
            for column in range(0, len(line) + 1, 3):
                found = ask(session, snapshot, types.Position(number, column))
                if found is not None:
                    assert found.range is not None
                    assert found.range.start.line <= number <= found.range.end.line
                    assert isinstance(found.contents, types.MarkupContent)
                    assert found.contents.value.strip()
