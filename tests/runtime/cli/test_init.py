"""`declml init` writes projects that work, and never over somebody's files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result

from declml.cli.draft import draft
from declml.cli.init import TEMPLATES
from declml.errors import UserProblem
from declml_schema.check import check

Declml = Callable[..., Result]


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_is_a_whole_project_without_a_problem(declml: Declml, tmp_path: Path, template: str) -> None:
    answer = declml("init", template, "project")
    assert answer.exit_code == 0, answer.output
    folder = tmp_path / "project"
    (config,) = folder.glob("*.declml.yaml")
    assert f"declml train {config.name}" in answer.output
    assert "cd project" in answer.output
    checked = declml("check", config)
    assert checked.output.endswith("no problems\n")
    source = yaml.safe_load(config.read_text())["data"]["source"]
    features = [
        *yaml.safe_load(config.read_text())["input_features"],
        *yaml.safe_load(config.read_text())["output_features"],
    ]
    with (folder / source).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {each["name"] for each in features} <= set(rows[0])
    assert len(rows) > 5000
    assert (folder / source).stat().st_size < 1_000_000
    assert len((folder / "README.md").read_text().splitlines()) == 3
    (licence,) = folder.glob("LICENCE-*")
    assert "CC BY 4.0" in licence.read_text()
    assert licence.name in (folder / "README.md").read_text()


def test_the_tutorial_is_written_and_never_over_a_notebook_of_that_name(declml: Declml, tmp_path: Path) -> None:
    answer = declml("init", "notebook", "lessons")
    assert answer.exit_code == 0, answer.output
    assert [each.name for each in sorted((tmp_path / "lessons").iterdir())] == [".declml", "tutorial.ipynb"]
    assert "jupyter lab tutorial.ipynb" in answer.output
    cells = json.loads((tmp_path / "lessons" / "tutorial.ipynb").read_text())["cells"]
    assert any("%load_ext declml" in "".join(each["source"]) for each in cells)
    again = declml("init", "notebook", "lessons")
    assert again.exit_code == 1
    assert "must not have files that would be overwritten; got tutorial.ipynb" in again.output


def test_without_arguments_the_tabular_project_is_written_here(declml: Declml, tmp_path: Path) -> None:
    answer = declml("init")
    assert (tmp_path / "census.declml.yaml").exists()
    assert "cd " not in answer.output


def test_nothing_is_overwritten_without_force(declml: Declml, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    answer = declml("init", "text")
    assert answer.exit_code == 1
    assert "must not have files that would be overwritten; got README.md" in answer.output
    assert [each.name for each in tmp_path.iterdir()] == ["README.md"]
    assert (tmp_path / "README.md").read_text() == "mine"
    assert declml("init", "text", "--force").exit_code == 0
    assert (tmp_path / "README.md").read_text().startswith("# Spam")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["tabulr"], "There is no template 'tabulr'. Did you mean 'tabular'?"),
        (["my-folder"], "there are tabular, text, from-data"),
        (["from-data"], "from-data needs the FILE"),
        (["tabular", "a", "b"], "takes a DIR and nothing else"),
        (["tabular", "--target", "x"], "takes a DIR and nothing else"),
    ],
)
def test_wrong_arguments_are_explained(declml: Declml, arguments: list[str], sentence: str) -> None:
    answer = declml("init", *arguments)
    assert answer.exit_code == 2
    assert sentence in answer.output


def test_a_folder_that_cannot_be_made_is_one_sentence(declml: Declml, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    answer = declml("init", "text", "file/below")
    assert answer.exit_code == 1
    assert "must be a folder that can be written; got: not a directory" in answer.output


def write_people(path: Path, rows: int = 200) -> None:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["id", "age", "city", "empty", "note: a # b", "income"])
    for index in range(rows):
        city = "" if index % 10 == 0 else ("Bern", "Basel", "Chur")[index % 3]
        table.writerow([index, 20 + index % 50, city, "", index % 7 * 1.5, "high" if index % 4 else "low"])
    path.write_text(text.getvalue())


def test_from_data_writes_a_config_that_checks_and_says_why(declml: Declml, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    write_people(tmp_path / "data" / "people.csv")
    answer = declml("init", "from-data", "data/people.csv", "project")
    assert answer.exit_code == 0, answer.output
    text = (tmp_path / "project" / "people.declml.yaml").read_text()
    config = yaml.safe_load(text)
    assert config["data"]["source"] == "../data/people.csv"
    assert {each["name"]: each["type"] for each in config["input_features"]} == {
        "age": "number",
        "city": "category",
        "note: a # b": "number",
    }
    assert [each["name"] for each in config["output_features"]] == ["income"]
    assert config["preprocessing"]["split"]["type"] == "stratify"
    assert "# Left out: id (nearly every row has a value of its own: it looks like an id)." in text
    assert "# Left out: empty (all values are missing)." in text
    assert "10 % missing; mostly Basel, Chur, Bern" in text or "10 % missing; mostly" in text
    assert "20 to 69" in text
    assert "a guess: is this what you want to predict?" in text
    assert declml("check", "project/people.declml.yaml").output.endswith("no problems\n")


def test_from_data_predicts_what_was_asked(declml: Declml, tmp_path: Path) -> None:
    write_people(tmp_path / "people.csv")
    assert declml("init", "from-data", "people.csv", "--target", "age").exit_code == 0
    config = yaml.safe_load((tmp_path / "people.declml.yaml").read_text())
    assert config["output_features"] == [{"name": "age", "type": "number"}]
    assert "predicted as asked" in (tmp_path / "people.declml.yaml").read_text()
    answer = declml("init", "from-data", "people.csv", "p", "--target", "agee")
    assert answer.exit_code == 1
    assert "--target must be a column of the table; got 'agee'" in answer.output
    assert "Did you mean 'age'?" in answer.output


@pytest.mark.parametrize("content", [None, b"", b"\x00\xff\x01" * 99])
def test_from_data_that_cannot_be_read_is_one_sentence(declml: Declml, tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "it.csv").write_bytes(content)
    answer = declml("init", "from-data", "it.csv")
    assert answer.exit_code == 1
    assert "error:" in answer.output
    assert "declml itself failed" not in answer.output


def column(name: str, feature_type: str | None = "number", **facts: Any) -> dict[str, Any]:
    return {
        "name": name,
        "dtype": "Int64",
        "rows": 100,
        "missing": 0,
        "distinct": 5,
        "feature_type": feature_type,
        "reason": "numbers",
        "top_values": [["a", 60], ["b", 40]],
        "examples": [],
        "number": None,
        "text": None,
        "warnings": [],
        **facts,
    }


NAMES = [
    "plain",
    "with space",
    "no",
    "NULL",
    "1",
    "1e3",
    "a: b",
    "a #b",
    "# c",
    "-",
    "- x",
    "'",
    '"',
    "é",
    "…",
    "[x]",
    "{y}",
    "&a",
    "*b",
]
NAMES += [
    "!t",
    "%d",
    "@e",
    "`f",
    "a\tb",
    "line\nbreak",
    "\u2028",
    "y.",
    ".",
    "..",
    "../x",
    " lead",
    "trail ",
    "~",
    "=",
    "<<",
    "0x1F",
    "a\\b",
]


@pytest.mark.parametrize("name", NAMES)
def test_any_column_name_survives_the_draft(name: str) -> None:
    profile = {"rows": 100, "columns": [column(name), column("target", "category")]}
    text = draft(profile, name=name, source=f"{name}.csv", target="target")
    result = check(text, file="it.yaml")
    assert [each.message for each in result.problems] == []
    assert result.plan is not None
    assert result.plan.inputs[0].column == name
    assert result.data["data"]["source"] == f"{name}.csv"


def test_comments_cannot_break_the_config() -> None:
    odd = column("city", "category", top_values=[["a\nname: evil", 60], ["\u2028b", 40]], reason="two\nlines")
    text = draft({"rows": 100, "columns": [odd, column("y", "binary")]}, name="x", source="x.csv", guess="y")
    assert [each.message for each in check(text, file="it.yaml").problems] == []
    assert len(yaml.safe_load(text)["input_features"]) == 1


def test_a_table_without_anything_to_predict_says_how_to_go_on() -> None:
    with pytest.raises(UserProblem, match="must have a column that can be predicted") as caught:
        draft({"rows": 10, "columns": [column("note", "text")]}, name="x", source="x.csv")
    assert "--target" in caught.value.hint
    with pytest.raises(UserProblem, match="must be a number, category or binary; got 'note', which is text"):
        draft({"rows": 10, "columns": [column("note", "text")]}, name="x", source="x.csv", target="note")


def test_a_table_of_one_column_has_nothing_to_predict_from() -> None:
    with pytest.raises(UserProblem, match="must have a column to predict 'y' from"):
        draft({"rows": 10, "columns": [column("y")]}, name="x", source="x.csv", target="y")


def test_rare_classes_are_not_stratified() -> None:
    rare = column("y", "category", distinct=2, top_values=[["a", 98], ["b", 2]])
    text = draft({"rows": 100, "columns": [column("x"), rare]}, name="x", source="x.csv", guess="y")
    assert yaml.safe_load(text)["preprocessing"]["split"]["type"] == "random"


def test_a_second_config_may_be_drafted_into_the_same_folder(declml: Declml, tmp_path: Path) -> None:
    for name in ("first", "second"):
        rows = "".join(f"{n},{'ab'[n % 2]}\n" for n in range(40))
        (tmp_path / f"{name}.csv").write_text(f"size,kind\n{rows}")
        answer = declml("init", "from-data", f"{name}.csv")
        assert answer.exit_code == 0, answer.output
    assert {"first.declml.yaml", "second.declml.yaml", "README.md"} <= {each.name for each in tmp_path.iterdir()}


def test_a_drafted_text_feature_needs_no_encoder_to_be_quick() -> None:
    words = column("message", "text", text={"mean_words": 15.6, "max_words": 200})
    text = draft(
        {"rows": 6000, "columns": [words, column("label", "category")]}, name="x", source="x.csv", guess="label"
    )
    plan = check(text).plan
    assert plan is not None
    assert "encoder" not in text
    assert plan.inputs[0].encoder.type == "ngram_bag"


@pytest.mark.parametrize(("text", "separator"), [("x;y\n1;2\n3;4\n", '";"'), ("x\ty\n1\t2\n3\t4\n", r'"\t"')])
def test_a_table_with_another_separator_is_told_the_way_out(
    declml: Declml, tmp_path: Path, text: str, separator: str
) -> None:
    (tmp_path / "t.csv").write_text(text)
    for arguments in (["profile", "t.csv"], ["init", "from-data", "t.csv"]):
        assert f"separator: {separator}" in " ".join(declml(*arguments).output.split())
