"""The language can be looked up and published from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from declml_schema.vocabulary import vocabulary

Declml = Callable[..., Result]


def test_a_word_is_shown_with_its_parameters(declml: Declml) -> None:
    output = declml("schema", "show", "encoder.text.lstm").output
    assert output.startswith("encoder.sequence.lstm, encoder.text.lstm\n")
    assert "num_layers  integer, >= 1" in output
    assert vocabulary().doc("encoder", "lstm", "text") in output


@pytest.mark.parametrize("path", ["encoder", "encoder.text", "dense"])
def test_a_part_of_a_path_lists_what_is_below(declml: Declml, path: str) -> None:
    lines = declml("schema", "show", path).output.splitlines()
    assert len(lines) > 1
    assert all(line.startswith("encoder.") for line in lines)


def test_everything_is_listed_without_a_path(declml: Declml) -> None:
    output = declml("schema", "show").output
    for word in vocabulary().words("section"):
        assert f"\n{word.name} " in f"\n{output}"


def test_a_word_as_json_has_its_leaves(declml: Declml) -> None:
    (told,) = json.loads(declml("schema", "show", "trainer", "--json").output)
    assert told["paths"] == ["trainer"]
    assert told["parameters"]["epochs"]["default"] == "auto"


def test_an_unknown_word_suggests_the_nearest(declml: Declml) -> None:
    answer = declml("schema", "show", "encoder.text.lstmm")
    assert answer.exit_code == 1
    assert "got 'encoder.text.lstmm'" in answer.output
    assert "Did you mean `encoder.text.lstm`?" in answer.output


def test_the_reference_has_a_page_per_kind_and_every_parameter(declml: Declml, tmp_path: Path) -> None:
    assert declml("schema", "docs", "reference").exit_code == 0
    words = vocabulary()
    assert {each.name for each in (tmp_path / "reference").iterdir()} == {
        "README.md",
        *(f"{kind}.md" for kind in words.kinds),
    }
    for kind in words.kinds:
        page = (tmp_path / "reference" / f"{kind}.md").read_text()
        for word in words.words(kind):
            assert f"## {word.name}" in page
            for name in (*word.properties, *word.preprocessing.properties):
                assert f"| `{name}` |" in page
        tables = [line.replace("\\|", "") for line in page.splitlines() if line.startswith("|")]
        assert {line.count("|") for line in tables} <= {5}


def test_schemas_are_made_from_every_file_of_the_components() -> None:
    from declml.cli.schema_write import component_modules

    names = {each.__name__ for each in component_modules()}
    assert {
        word.module for kind in vocabulary().kinds for word in vocabulary().words(kind) if kind != "section"
    } <= names


def test_one_parameter_can_be_looked_up(declml: Declml) -> None:
    output = declml("schema", "show", "trainer.epochs").output
    assert output.startswith("epochs  integer or auto, default auto\n")
    assert "batch_size" not in output
    assert json.loads(declml("schema", "show", "trainer.epochs", "--json").output)["epochs"]["default"] == "auto"
