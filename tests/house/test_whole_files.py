"""Invariant 8: a reader meets the old file or the new one, whatever happens to the writer."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from declml.errors import UserProblem
from declml.run.files import write_json, write_text

RUNTIME = Path(__file__).parents[2] / "runtime" / "declml"

# A file may not grow beyond 4 KB in this process: the system refuses the write, as a full disk does.
WRITE_TOO_MUCH = """
import pathlib, resource, signal, sys
from declml.errors import UserProblem
from declml.run.files import write_text
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write_text(pathlib.Path(sys.argv[1]), "new" * 100_000)
except UserProblem as problem:
    print(problem.code)
"""
WRITE_FOREVER = """
import pathlib, sys
from declml.run.files import write_json
count = 0
while True:
    count += 1
    write_json(pathlib.Path(sys.argv[1]), {"count": count, "rows": [count] * 20_000})
"""


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    write_text(path, "old")
    answer = subprocess.run(
        [sys.executable, "-c", WRITE_TOO_MUCH, str(path)], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "unwritable-path"
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["record.json"]


def test_an_exception_on_the_way_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    write_text(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "half of it \ud800")
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["record.json"]


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(UserProblem, match="must be a place that can be written") as caught:
        write_text(tmp_path / "file" / "record.json", "x")
    assert caught.value.code == "unwritable-path"


def test_readers_beside_a_writer_and_after_its_death_see_whole_files(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    write_json(path, {"count": 0, "rows": []})
    child = subprocess.Popen([sys.executable, "-c", WRITE_FOREVER, str(path)])
    seen: set[int] = set()
    try:
        while len(seen) < 20:
            assert child.poll() is None
            value = json.loads(path.read_text())
            assert value["rows"] == [value["count"]] * len(value["rows"])
            seen.add(value["count"])
    finally:
        child.kill()
        child.wait()
    value = json.loads(path.read_text())
    assert value["rows"] == [value["count"]] * 20_000


# --- who may open a file for writing ---------------------------------------------------------------------------------

DRAFTS = {
    "run/events.py": "the stream is append-only, and a reader leaves an unfinished line out",
    "run/lock.py": "the number of a process, in the file that it has locked: another one would be another lock",
    "run/plugins.py": "a draft that is renamed",
    "run/predictions.py": "a draft that is renamed",
    "run/saved.py": "copies that nobody reads before the weights, written last, are beside them",
    "run/tables.py": "a draft that is renamed, and a buffer in memory",
    "run/frozen.py": "into the draft folder that the cache publishes whole",
    "run/target_statistics.py": "into the draft folder that the cache publishes whole",
    "data/cache.py": "into the draft folder that it publishes whole",
    "data/columns.py": "a buffer in memory",
    "data/packed_rows.py": "into a temporary folder of its own, read by nobody else",
    "data/read_start.py": "a copy in a temporary folder of its own, read by nobody else",
    "data/split.py": "into the draft folder that the cache publishes whole",
    "data/arrays.py": "into the draft folder that the cache publishes whole",
    "data/databases.py": "into a folder of its own, from which the cache takes whole files",
    "data/decoding.py": "a copy in a temporary folder of its own, read by nobody else",
    "data/ingest.py": "copies in a temporary folder of its own, read by nobody else",
    "data/remote_files.py": "into a folder of its own, from which the cache takes whole files",
    "data/subset.py": "copies in a temporary folder of its own, read by nobody else",
    "data/table.py": "into the draft folder that the cache publishes whole",
    "training/tensor_file.py": "a draft that is renamed",
    "kernels/incoming.py": "bytes under another name until all are there, and a draft that is renamed",
    "kernels/mirror.py": "an append-only copy, bytes under another name, and a draft that is renamed",
    "kernels/local.py": "an append-only log",
    "kernels/agent.py": "an append-only log",
    "kernels/named_kernel.py": "an append-only log",
    "kernels/warm_kernel.py": "an append-only log",
    "runs/event_file.py": "append-only, for TensorBoard, which leaves an unfinished record out",
}
"""Files that write in place, each with why no reader can meet a part. All others go through `declml.run.files`."""
ROOMS = ("run", "runs", "kernels", "data", "model", "training", "evaluation", "components")
WRITES = {
    "write_bytes", "write_ipc", "write_parquet", "write_csv", "write_ndjson", "sink_parquet", "sink_ipc", "write_text",
    "save_file", "savez", "copyfile", "copy2", "copytree",
}  # fmt: skip


def writes_in_place(file: Path) -> bool:
    for node in ast.walk(ast.parse(file.read_text())):
        if not isinstance(node, ast.Call):
            continue
        # A method: the functions write_text and write_json are the atomic ones.
        if isinstance(node.func, ast.Attribute) and node.func.attr in WRITES:
            return True
        if ast.unparse(node.func) in {"np.save", "torch.save"}:
            return True
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        modes = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        if name in {"open", "fdopen"} and any(set(mode) & set("wax+") and len(mode) <= 3 for mode in modes):
            return True
    return False


def test_only_the_listed_files_write_in_place() -> None:
    writing = {
        str(file.relative_to(RUNTIME))
        for room in ROOMS
        for file in (RUNTIME / room).rglob("*.py")
        if writes_in_place(file)
    }
    assert writing - DRAFTS.keys() == set(), "write through declml.run.files, or say in DRAFTS why it is safe"
    assert DRAFTS.keys() - writing == set(), "these write nothing in place now: take them off the list"
