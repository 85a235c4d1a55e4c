"""A full disk ends a run with one sentence, and everything that was whole before is whole after."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import declml
from declml.errors import ConfigProblems, UserProblem

from .projects import SMALL_CONFIG, make_project, rows


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of one megabyte, which takes a machine where tests may mount."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("a small disk needs the right to mount one")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.parametrize("left", [90_000, 20_000, 0])
def test_a_full_disk_is_told_and_the_project_stays_usable(small_disk: Path, tmp_path: Path, left: int) -> None:
    project = make_project(tmp_path / "project", SMALL_CONFIG, data=rows(200))
    runs = small_disk / "runs"
    filler = small_disk / "filler"
    filler.write_bytes(b"\0" * (1_048_576 - left - 8192))
    with pytest.raises((UserProblem, ConfigProblems)) as caught:
        declml.train(project.config, runs=runs)
    assert "room on the disk" in str(caught.value)
    filler.unlink()
    run = declml.train(project.config, runs=tmp_path / "elsewhere")
    assert run.status == "finished"
