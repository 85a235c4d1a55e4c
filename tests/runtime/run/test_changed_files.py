"""A save is noticed once, however it is made, and reading is no save."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from declml.run.changed_files import ChangedFiles, tells_nothing

LONG_SECONDS, SHORT_SECONDS = 30.0, 0.4


@pytest.fixture(params=["told", "polled"])
def changes(request: pytest.FixtureRequest) -> Iterator[ChangedFiles]:
    notices: list[str] = []
    watching = ChangedFiles(poll=request.param == "polled", on_notice=notices.append)
    yield watching
    watching.close()
    assert notices == []


def in_place(path: Path) -> None:
    path.write_text("new")


def by_rename(path: Path) -> None:
    draft = path.with_suffix(".tmp")
    draft.write_text("new by rename")
    draft.replace(path)


def as_vim(path: Path) -> None:
    path.rename(path.with_suffix(".bak"))
    path.write_text("new as vim")
    path.with_suffix(".bak").unlink()


def in_pieces(path: Path) -> None:
    with path.open("w") as file:
        for each in "many pieces":
            file.write(each)
            file.flush()


@pytest.mark.parametrize("save", [in_place, by_rename, as_vim, in_pieces])
def test_each_way_to_save_is_noticed(changes: ChangedFiles, tmp_path: Path, save: object) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("old")
    changes.watch([path])
    save(path)  # type: ignore[operator]
    assert changes.wait(LONG_SECONDS)


def test_fifty_saves_are_one(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("old")
    changes = ChangedFiles(on_notice=lambda text: pytest.fail(text))
    changes.watch([path])
    seen: list[str] = []
    done = threading.Event()

    def count() -> None:
        while changes.wait(LONG_SECONDS):
            seen.append(path.read_text())
            done.set()

    threading.Thread(target=count, daemon=True).start()
    for index in range(50):
        by_rename(path) if index % 2 else path.write_text(str(index))
    assert done.wait(LONG_SECONDS)
    assert seen == ["new by rename"]
    changes.close()


def test_reading_and_neighbours_are_no_saves(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("old")
    changes = ChangedFiles(on_notice=lambda text: pytest.fail(text))
    changes.watch([path])
    path.read_text()
    (tmp_path / "b.yaml").write_text("another")
    assert not changes.wait(SHORT_SECONDS)
    changes.watch([path, tmp_path / "b.yaml"])
    (tmp_path / "b.yaml").write_text("now it counts")
    assert changes.wait(LONG_SECONDS)
    changes.close()


MOUNTS = r"""/dev/vda / ext4 rw 0 0
tmpfs /tmp tmpfs rw 0 0
nas:/home /home nfs4 rw 0 0
/dev/vdb /home/me/fast ext4 rw 0 0
host /my\040files 9p rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "silent"),
    [("/tmp/a", False), ("/home/me", True), ("/home/me/fast/a", False), ("/my files/a", True), ("/homes", False)],
)
def test_a_drive_that_tells_nothing_is_known(folder: str, silent: bool) -> None:
    assert tells_nothing(folder, MOUNTS) == silent
