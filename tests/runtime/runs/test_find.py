"""A name means one run, or the answer says which were near."""

from __future__ import annotations

from pathlib import Path

import pytest

from declml.errors import RunNotFound
from declml.runs.find import find, readable_runs, run_folders
from runs.builder import write_record, write_run


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_run(tmp_path, "0001-aaaa")
    write_run(tmp_path, "0002-abcd", experiment="census")
    write_run(tmp_path, "0010-3fa9")
    (tmp_path / "news" / "notes").mkdir()
    (tmp_path / ".numbers" / "0011").mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("0010-3fa9", "0010-3fa9"),
        ("10", "0010-3fa9"),
        ("0010", "0010-3fa9"),
        ("2", "0002-abcd"),
        ("0002-a", "0002-abcd"),
        ("001", "0001-aaaa"),  # a number first, a prefix second
        ("latest", "0010-3fa9"),
    ],
)
def test_a_name_finds_its_run(root: Path, name: str, expected: str) -> None:
    assert find(root, name).id == expected


def test_a_path_finds_its_run_wherever_it_lies(root: Path, tmp_path: Path) -> None:
    assert find(tmp_path / "no-runs-here", root / "census" / "0002-abcd").id == "0002-abcd"
    assert find(root, str(root / "census" / "0002-abcd" / "record.json")).id == "0002-abcd"


def test_an_ambiguous_prefix_lists_the_candidates(root: Path) -> None:
    with pytest.raises(RunNotFound, match=r"'00' must name one run; it fits 0001-aaaa \(news\), 0002-abcd \(census\)"):
        find(root, "00")


def test_two_runs_of_one_number_are_listed(root: Path) -> None:
    write_run(root, "0010-ffff", experiment="census")
    with pytest.raises(RunNotFound, match=r"0010-3fa9 \(news\), 0010-ffff \(census\)"):
        find(root, "10")


def test_an_unknown_name_names_the_nearest(root: Path) -> None:
    with pytest.raises(RunNotFound, match=r"no run '0002-abce'.*nearest: 0002-abcd"):
        find(root, "0002-abce")


def test_a_root_without_runs_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(RunNotFound, match=r"no runs in .* yet\. `declml train CONFIG` makes one"):
        find(tmp_path / "runs", "latest")


def test_a_path_that_is_no_run_says_so(root: Path) -> None:
    with pytest.raises(RunNotFound, match=r"must be a run folder; it has no record\.json"):
        find(root, root / "news" / "notes")
    with pytest.raises(RunNotFound, match=r"there is no such folder"):
        find(root, "nowhere/at/all")


def test_runs_are_listed_in_the_order_they_were_made_and_unreadable_ones_left_out(root: Path) -> None:
    assert [each.name for each in run_folders(root)] == ["0001-aaaa", "0002-abcd", "0010-3fa9"]
    write_record(root / "census" / "0002-abcd", {"format": 99})
    assert [each.id for each in readable_runs(root)] == ["0001-aaaa", "0010-3fa9"]
