"""The store of entries: whole or absent, verified, safe when two write at once."""

from __future__ import annotations

import hashlib
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from declml.data.cache import Cache, content_hash_of_files
from declml.errors import UserProblem

KEY = "ab" + "0" * 62


def write_numbers(folder: Path) -> dict[str, object]:
    (folder / "deep").mkdir()
    (folder / "deep" / "numbers.bin").write_bytes(bytes(range(256)) * 10)
    return {"rows": 2560, "names": ["a", "é"]}


def fail(folder: Path) -> dict[str, object]:
    raise AssertionError(f"{folder} must not be written: the entry is cached")


def test_an_entry_comes_back_with_its_files_and_facts(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    assert cache.get("table", KEY) is None
    made = cache.get_or_put("table", KEY, write_numbers)
    assert (made.cached, made.reason) == (False, "absent")
    again = Cache(tmp_path / "cache").get_or_put("table", KEY, fail)
    assert (again.cached, again.reason) == (True, "cached")
    assert again.facts == {"rows": 2560, "names": ["a", "é"]}
    assert (again.path / "deep" / "numbers.bin").stat().st_size == 2560
    assert cache.has("table", KEY) and not cache.has("table", "cd" + KEY[2:])


def flip_a_bit(path: Path) -> None:
    data = bytearray((path / "deep" / "numbers.bin").read_bytes())
    data[100] ^= 1
    (path / "deep" / "numbers.bin").write_bytes(data)


def cut_a_file(path: Path) -> None:
    (path / "deep" / "numbers.bin").write_bytes(b"short")


def lose_a_file(path: Path) -> None:
    (path / "deep" / "numbers.bin").unlink()


def lose_the_manifest(path: Path) -> None:
    (path / "manifest.json").unlink()


def change_the_facts(path: Path) -> None:
    manifest = path / "manifest.json"
    manifest.write_text(manifest.read_text().replace("2560", "2561"))


def cut_the_manifest(path: Path) -> None:
    manifest = path / "manifest.json"
    manifest.write_text(manifest.read_text()[:40])


def replace_the_manifest_by_a_list(path: Path) -> None:
    (path / "manifest.json").write_text("[]")


@pytest.mark.parametrize(
    "damage",
    [
        flip_a_bit,
        cut_a_file,
        lose_a_file,
        lose_the_manifest,
        change_the_facts,
        cut_the_manifest,
        replace_the_manifest_by_a_list,
    ],
)
def test_a_damaged_entry_counts_as_absent_and_is_made_again(tmp_path: Path, damage) -> None:
    cache = Cache(tmp_path)
    damage(cache.put("table", KEY, write_numbers).path)
    entry, reason = cache.find("table", KEY)
    assert entry is None and reason == "corrupt"
    assert not cache.folder("table", KEY).exists()
    damage(cache.put("table", KEY, write_numbers).path)
    again = cache.get_or_put("table", KEY, write_numbers)
    assert (again.cached, again.reason) == (False, "corrupt")
    assert cache.get("table", KEY) is not None


def test_a_writer_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    def half(folder: Path) -> dict[str, object]:
        (folder / "half").write_text("x")
        raise RuntimeError("stopped in the middle")

    cache = Cache(tmp_path)
    with pytest.raises(RuntimeError, match="stopped"):
        cache.put("table", KEY, half)
    assert cache.get("table", KEY) is None
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == []


def test_two_writers_of_one_entry_both_get_a_whole_one(tmp_path: Path) -> None:
    def put(number: int) -> bytes:
        entry = Cache(tmp_path).get_or_put("table", KEY, lambda folder: _write_number(folder, number))
        return (entry.path / "number").read_bytes()

    with ThreadPoolExecutor(8) as pool:
        seen = set(pool.map(put, range(32)))
    assert len(seen) == 1
    assert [each.name for each in (tmp_path / "table" / "ab").iterdir()] == [KEY]


def _write_number(folder: Path, number: int) -> dict[str, object]:
    (folder / "number").write_text(str(number))
    return {}


def test_a_cache_over_another_reads_it_and_never_writes_it(tmp_path: Path) -> None:
    below = Cache(tmp_path / "below")
    broken = below.put("table", KEY, write_numbers).path
    above = Cache(tmp_path / "above", under=below)
    assert above.get_or_put("table", KEY, fail).cached and above.has("table", KEY)
    flip_a_bit(broken)
    assert above.get_or_put("table", KEY, write_numbers).reason == "corrupt"
    assert broken.exists() and above.folder("table", KEY).exists()


def test_a_root_that_is_a_file_is_a_problem_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("not a folder")
    with pytest.raises(UserProblem, match="must be a folder that can be written") as caught:
        Cache(tmp_path / "cache").put("table", KEY, write_numbers)
    assert caught.value.code == "unwritable-cache"


def test_a_full_disk_is_a_problem_and_keeps_what_was_stored(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("mounting a small tmpfs needs root")
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(small)], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a tmpfs")
    try:
        cache = Cache(small)
        cache.put("table", KEY, write_numbers)

        def too_much(folder: Path) -> dict[str, object]:
            (folder / "big").write_bytes(b"x" * 1_000_000)
            return {}

        with pytest.raises(UserProblem, match="must be room on the disk") as caught:
            cache.put("table", "cd" + KEY[2:], too_much)
        assert caught.value.code == "disk-full"
        assert cache.get("table", KEY) is not None
        assert cache.get("table", "cd" + KEY[2:]) is None
    finally:
        subprocess.run(["umount", str(small)], check=True)


def old(path: Path, nanoseconds: int = 10**18) -> None:
    """Date a file back, so that its clock tells of every later change."""
    os.utime(path, ns=(nanoseconds, nanoseconds))


def test_the_hash_of_one_file_is_that_of_sha256sum_and_of_several_depends_on_their_order(tmp_path: Path) -> None:
    one, two = tmp_path / "1.csv", tmp_path / "2.csv"
    one.write_bytes(b"a\n1\n")
    two.write_bytes(b"a\n2\n")
    assert content_hash_of_files([one]) == hashlib.sha256(b"a\n1\n").hexdigest()
    assert content_hash_of_files([one, two]) != content_hash_of_files([two, one])


def test_the_memo_is_used_for_an_unchanged_file_and_not_for_a_changed_one(tmp_path: Path) -> None:
    file, memo = tmp_path / "d.csv", tmp_path / "cache" / "files.sqlite"
    file.write_bytes(b"a\n1\n")
    old(file)
    first = content_hash_of_files([file], memo)
    # The same size, time and inode: only somebody who read the bytes again could tell.
    with file.open("r+b") as handle:
        handle.write(b"a\n9\n")
    old(file)
    assert content_hash_of_files([file], memo) == first
    old(file, 10**18 + 1)
    assert content_hash_of_files([file], memo) == hashlib.sha256(b"a\n9\n").hexdigest()


def test_a_file_written_just_now_is_always_read(tmp_path: Path) -> None:
    file, memo = tmp_path / "d.csv", tmp_path / "files.sqlite"
    file.write_bytes(b"a\n1\n")
    first = content_hash_of_files([file], memo)
    stat = file.stat()
    with file.open("r+b") as handle:
        handle.write(b"a\n9\n")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert content_hash_of_files([file], memo) != first


def test_touching_a_file_changes_no_hash_and_a_broken_memo_costs_only_time(tmp_path: Path) -> None:
    file, memo = tmp_path / "d.csv", tmp_path / "files.sqlite"
    file.write_bytes(b"a\n1\n")
    old(file)
    first = content_hash_of_files([file], memo)
    old(file, 10**18 + 5)
    assert content_hash_of_files([file], memo) == first
    memo.write_bytes(b"this is no database, and long enough to be told from one" * 10)
    assert content_hash_of_files([file], memo) == first
    assert content_hash_of_files([file], memo) == first


def test_an_absent_source_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(UserProblem, match="must be a file"):
        content_hash_of_files([tmp_path / "gone.csv"])
