"""Objects of Google Cloud Storage through gcsfs against an emulated service in this process; skipped without either."""

from __future__ import annotations

import socket
from collections.abc import Callable, Generator
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from declml.data.obtain import Obtained, obtain
from declml.data.table import read_table
from declml.errors import UserProblem

gcsfs = pytest.importorskip("gcsfs", reason="gcsfs is not installed: pip install 'declml[gcs]'")
emulator = pytest.importorskip(
    "gcp_storage_emulator.server", reason="there is no emulator: pip install gcp-storage-emulator"
)

pytestmark = [
    pytest.mark.slow,
    # Connections of gcsfs are closed by its own thread when they are collected.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

ROWS = b"a,b\n1,x\n2,y\n"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Generator[Callable[[str, bytes], None]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = emulator.create_server("127.0.0.1", port, in_memory=True, default_bucket="bucket")
    server.start()
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{port}")
    gcsfs.GCSFileSystem.clear_instance_cache()

    def put(name: str, rows: bytes) -> None:
        where = f"http://127.0.0.1:{port}/upload/storage/v1/b/bucket/o?uploadType=media&name={quote(name, safe='')}"
        urlopen(Request(where, data=rows, headers={"Content-Type": "text/csv"}), timeout=10).close()
        gcsfs.GCSFileSystem.clear_instance_cache()

    for name in ("d.csv", "t/part-1.csv", "t/part-0.csv"):
        put(name, ROWS)
    try:
        yield put
    finally:
        gcsfs.GCSFileSystem.clear_instance_cache()
        server.stop()


def got(source: str, tmp_path: Path) -> Obtained:
    return obtain(source, base=tmp_path, cache=tmp_path / "cache")


def test_an_object_is_fetched_once_and_again_when_it_changed(bucket, tmp_path: Path) -> None:
    first, again = got("gs://bucket/d.csv", tmp_path), got("gs://bucket/d.csv", tmp_path)
    assert read_table(first.paths)["b"].to_list() == ["x", "y"]
    assert not first.origins[0]["reused"] and again.origins[0]["reused"]
    bucket("d.csv", ROWS + b"3,z\n")
    assert read_table(got("gs://bucket/d.csv", tmp_path).paths).height == 3


def test_patterns_and_folders_name_objects_in_order(bucket, tmp_path: Path) -> None:
    for source in ("gs://bucket/t/part-*.csv", "gs://bucket/t/"):
        found = got(source, tmp_path)
        assert [each.name for each in found.paths] == ["part-0.csv", "part-1.csv"], source


def test_what_is_not_there_is_one_sentence(bucket, tmp_path: Path) -> None:
    with pytest.raises(UserProblem, match="must be a file; got nothing there"):
        got("gs://bucket/none.csv", tmp_path)
