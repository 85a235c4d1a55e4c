"""What an editor says of the data is what a training says: same code, same sentence, same severity."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from declml.data.table import read_table
from declml.run.components import Components
from declml.run.data_facts import data_facts
from declml_lsp.data_problems import FOUND_CODES, data_problems
from declml_lsp.problems import problems_of
from declml_lsp.snapshot import Snapshot
from declml_lsp.text import Text
from declml_schema.check import check
from declml_schema.problem_codes import DATA_CODES
from declml_schema.problems import Problem, Severity
from declml_schema.vocabulary import vocabulary

ROWS = 60
COLUMNS: dict[str, list[str]] = {
    "number": [str(each % 37) for each in range(ROWS)],
    "few texts": ["forty" if each == 16 else str(each % 37) for each in range(ROWS)],
    "mostly text": [str(each) if each % 3 == 0 else "many" for each in range(ROWS)],
    "float": [f"{each % 11}.5" for each in range(ROWS)],
    "blank numbers": ["" if each % 4 == 0 else str(each % 7) for each in range(ROWS)],
    "yes and no": ["yes" if each % 3 else "no" for each in range(ROWS)],
    "Yes and yes": [("Yes", "yes", "no")[each % 3] for each in range(ROWS)],
    "two labels": ["left" if each % 3 else "right" for each in range(ROWS)],
    "five labels": ["abcde"[each % 5] for each in range(ROWS)],
    "twenty labels": [f"label {each % 20}" for each in range(ROWS)],
    "zero and one": [str(each % 2) for each in range(ROWS)],
    "float zero and one": [f"{each % 2}.0" for each in range(ROWS)],
    "float with three": [f"{each % 3}.0" for each in range(ROWS)],
    "true and false": ["true" if each % 2 else "false" for each in range(ROWS)],
    "constant number": ["7"] * ROWS,
    "constant text": ["same"] * ROWS,
    "constant or missing": ["same" if each % 2 else "" for each in range(ROWS)],
    "all missing": [""] * ROWS,
    "id": [f"id-{each}" for each in range(ROWS)],
    "nearly an id": [f"id-{each if each < 55 else 0}" for each in range(ROWS)],
    "not quite an id": [f"id-{each % 50}" for each in range(ROWS)],
    "days": [f"2026-11-{each % 28 + 1:02}" for each in range(ROWS)],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("data")
    lines = [",".join(COLUMNS), *(",".join(row) for row in zip(*COLUMNS.values(), strict=True))]
    (made / "data.csv").write_text("\n".join(lines) + "\n")
    return made


@pytest.fixture(scope="module")
def profile(folder: Path) -> dict[str, Any]:
    return data_facts(folder, {"source": "data.csv"})


@pytest.fixture(scope="module")
def table(folder: Path) -> pl.DataFrame:
    return read_table([folder / "data.csv"])


def config(side: str, kind: str, column: str, more: str = "") -> str:
    feature = f"  - {{name: '{column}', type: {kind}{more}}}\n"
    other = "  - {name: another, type: number}\n"
    first, second = (feature, other) if side == "input" else (other, feature)
    return f"input_features:\n{first}output_features:\n{second}"


def said(text: str, profile: dict[str, Any], *, is_whole: bool = True) -> list[Problem]:
    return data_problems(check(text), profile, is_whole=is_whole)


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize(
    ("side", "kind"), [(side, kind) for side in ("input", "output") for kind in vocabulary().names(side)]
)
def test_the_profile_says_what_the_trainer_says(
    profile: dict[str, Any], table: pl.DataFrame, column: str, side: str, kind: str
) -> None:
    component = Components().get(side, kind)  # type: ignore[arg-type]
    assert component.build is not None
    assert component.preprocessing is not None
    findings = component.build().inspect(table[column], column, component.preprocessing().model_dump())
    trainer = [
        (each.code, each.message, "error" if each.fatal else "warning") for each in findings if each.code in FOUND_CODES
    ]
    editor = [
        (each.code, each.message, str(each.severity))
        for each in said(config(side, kind, column), profile)
        if each.code not in {"class-imbalance", "feature-equals-target"}
    ]
    if ("not-binary", "error") in {(code, severity) for code, _, severity in trainer} and len(
        set(COLUMNS[column])
    ) > 10:  # a profile keeps ten of the values
        assert [each[0] for each in editor] == ["not-binary"]
        assert editor[0][1].partition(":")[0] == trainer[0][1].partition(":")[0]
    elif kind in {"category_distribution", "date", "h3", "vector"}:
        # A profile has their values as they are written, not as they are read.
        assert set(editor) <= set(trainer)
    else:
        assert editor == trainer


def test_each_problem_stands_at_its_feature_and_says_where_it_was_declared(profile: dict[str, Any]) -> None:
    text = config("input", "number", "few texts")
    (problem,) = said(text, profile)
    lines = Text(text)
    assert problem.message == (
        "Column 'few texts' is declared number but 1 of 60 rows are text, first at row 17: 'forty'."
    )
    assert lines.of(problem.span) == "'few texts'"
    assert [(lines.of(each.span), each.message) for each in problem.related] == [
        ("number", "It is declared number here.")
    ]
    assert problem.path == "input_features[few texts]"


def test_a_feature_may_read_another_column(profile: dict[str, Any]) -> None:
    text = config("input", "binary", "renamed", ", column: five labels")
    (problem,) = said(text, profile)
    assert problem.code == "not-binary"
    assert [each.message for each in problem.related] == [
        "It is declared binary here.", "It reads the column 'five labels'.",
    ]  # fmt: skip


def test_an_older_name_of_a_type_counts_as_that_type(profile: dict[str, Any]) -> None:
    assert [each.code for each in said(config("input", "numerical", "few texts"), profile)] == ["not-a-number"]


def test_rows_that_a_training_drops_are_told(profile: dict[str, Any]) -> None:
    text = config("input", "number", "blank numbers", ", preprocessing: {missing_value_strategy: drop_row}")
    assert [each.message for each in said(text, profile)] == [
        "Column 'blank numbers' has no value in 15 of 60 rows: these rows are left out."
    ]


def test_what_a_part_of_the_rows_says_is_a_warning(profile: dict[str, Any]) -> None:
    text = config("input", "number", "mostly text")
    assert [each.severity for each in said(text, profile)] == [Severity.ERROR]
    assert [each.severity for each in said(text, profile, is_whole=False)] == [Severity.WARNING]
    part = {**profile, "sampled": {"sentence": "These are the first 60 rows."}}
    (problem,) = said(text, part)
    assert (problem.severity, problem.hint) == (Severity.WARNING, "These are the first 60 rows.")
    (sure,) = said(config("input", "binary", "five labels"), part)
    assert sure.severity is Severity.ERROR, "more rows do not make five values two"


def test_a_leak_is_told_at_the_input(profile: dict[str, Any]) -> None:
    text = "input_features:\n  - {name: a, column: five labels, type: category}\n  - {name: number, type: number}\n"
    text += "output_features:\n  - {name: b, column: five labels, type: category}\n"
    (problem,) = said(text, profile)
    assert problem.code == "feature-equals-target"
    assert (
        problem.message
        == "Feature 'a' must not be the target; column 'five labels' holds the same values as 'five labels'."
    )


def test_a_target_that_is_nearly_always_the_same_is_told(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text(
        "x,y\n" + "".join(f"{each},{'yes' if each % 50 == 0 else 'no'}\n" for each in range(100))
    )
    profile = data_facts(tmp_path, {"source": "data.csv"})
    text = "input_features: [{name: x, type: number}]\noutput_features: [{name: y, type: binary}]\n"
    (problem,) = said(text, profile)
    assert (problem.code, problem.severity) == ("class-imbalance", Severity.INFORMATION)
    assert problem.message == "Target 'y' is 'no' in 98 of 100 rows (98%)."
    assert said(text.replace("binary", "number"), profile)[0].code == "not-a-number"


class KnownFacts:
    """What an editor knows when everything is known."""

    def __init__(self, profile: dict[str, Any], model: dict[str, Any] | None = None) -> None:
        self._profile, self._model = profile, model

    def are_words_known(self, _snapshot: Snapshot) -> bool:
        return True

    def problems(self, _snapshot: Snapshot) -> list[Problem]:
        return []

    def profile(self, _snapshot: Snapshot) -> dict[str, Any]:
        return self._profile

    def known_model(self, _snapshot: Snapshot) -> dict[str, Any] | None:
        return self._model


def all_problems(text: str, profile: dict[str, Any], model: dict[str, Any] | None = None) -> list[Problem]:
    snapshot = Snapshot("file:///c.declml.yaml", 1, Text(text), text)
    columns = {each["name"]: each["dtype"] for each in profile["columns"]}
    facts: Any = KnownFacts(profile, model)
    return problems_of(snapshot, snapshot.check(vocabulary(), columns), facts)


def codes(problems: list[Problem]) -> list[str]:
    return [each.code for each in problems]


def test_a_comment_hides_what_the_data_say_and_is_told_where_it_hides_nothing(profile: dict[str, Any]) -> None:
    text = config("input", "category", "id").replace("another", "number")
    assert codes(all_problems(text, profile)) == ["looks-like-id"]
    hidden = text.replace("category}", "category}  # declml: ignore[looks-like-id] it is a postcode")
    assert all_problems(hidden, profile) == []
    useless = hidden.replace("looks-like-id", "constant-column")
    assert codes(all_problems(useless, profile)) == ["looks-like-id", "unused-ignore"]
    unknowable = hidden.replace("ignore[looks-like-id]", "ignore[looks-like-id, outlier]")
    assert all_problems(unknowable, profile) == [], "only a training looks for outliers"
    error = config("input", "binary", "five labels").replace("another", "number")
    error = error.replace("binary}", "binary}  # declml: ignore[not-binary]")
    assert codes(all_problems(error, profile)) == ["not-binary", "ignore-error"]


def test_what_the_trainer_found_takes_the_place_of_what_a_profile_suggests(profile: dict[str, Any]) -> None:
    text = config("input", "category", "id").replace("another", "number")
    path = "input_features[id]"
    nothing = {"rows": {"training": 40}, "problems": []}
    assert all_problems(text, profile, nothing) == []
    other = {"code": "looks-like-id", "message": "Exactly so.", "severity": "warning", "path": path, "hint": ""}
    more = {"code": "outside-log1p", "message": "And so.", "severity": "error", "path": path, "hint": "Do."}
    exact = {"rows": {"training": 40}, "problems": [other, more, more]}
    found = all_problems(text, profile, exact)
    assert [(each.code, each.message, each.severity) for each in found] == [
        ("outside-log1p", "And so.", Severity.ERROR), ("looks-like-id", "Exactly so.", Severity.WARNING),
    ]  # fmt: skip
    assert all_problems(text, profile, {"rows": None, "problems": []}) == all_problems(text, profile)


def test_every_code_is_in_the_table() -> None:
    assert FOUND_CODES <= DATA_CODES


def test_what_the_data_say_of_a_name_that_came_through_an_alias_names_the_anchor(profile: dict[str, Any]) -> None:
    text = (
        "input_features:\n  - {name: number, type: number}\n  - {name: *it, type: number}\n"
        "output_features:\n  - {name: two labels, type: binary}\n"
    )
    anchored = "name: &it few texts\n" + text
    (problem,) = [each for each in all_problems(anchored, profile) if each.code == "not-a-number"]
    lines = Text(anchored)
    assert lines.of(problem.span) == "*it"
    assert [(lines.of(each.span), each.message) for each in problem.related] == [
        ("number", "It is declared number here."), ("&it", "'*it' takes it from here."),
    ]  # fmt: skip
