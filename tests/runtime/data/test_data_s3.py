"""Objects of S3 through s3fs against a real S3 interface in this process; skipped without s3fs or moto."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from declml.data.obtain import Obtained, obtain
from declml.data.table import read_table
from declml.errors import UserProblem

s3fs = pytest.importorskip("s3fs", reason="s3fs is not installed: pip install 'declml[s3]'")
moto_server = pytest.importorskip("moto.server", reason="moto is not installed: pip install 'moto[server]'")

pytestmark = [
    pytest.mark.slow,
    # Connections of s3fs are closed by its own thread when they are collected.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

ROWS = b"a,b\n1,x\n2,y\n"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Generator[s3fs.S3FileSystem]:
    server = moto_server.ThreadedMotoServer(port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    s3fs.S3FileSystem.clear_instance_cache()
    storage = s3fs.S3FileSystem()
    if not storage.exists("bucket"):  # what one server of this process was given, the next one has
        storage.mkdir("bucket")
    for name in ("d.csv", "t/part-1.csv", "t/part-0.csv", "t/_SUCCESS"):
        storage.pipe(f"bucket/{name}", ROWS if name.endswith("csv") else b"")
    try:
        yield storage
    finally:
        s3fs.S3FileSystem.clear_instance_cache()
        server.stop()


def got(source, tmp_path: Path, **options) -> Obtained:
    return obtain(source, base=tmp_path, cache=tmp_path / "cache", **options)


def test_an_object_is_fetched_once_and_again_when_it_changed(bucket, tmp_path: Path) -> None:
    first, again = got("s3://bucket/d.csv", tmp_path), got("s3://bucket/d.csv", tmp_path)
    assert read_table(first.paths)["b"].to_list() == ["x", "y"]
    assert not first.origins[0]["reused"] and again.origins[0]["reused"] and first.origins[0]["etag"]
    bucket.pipe("bucket/d.csv", ROWS + b"3,z\n")
    assert read_table(got("s3://bucket/d.csv", tmp_path).paths).height == 3


def test_patterns_and_folders_name_objects_in_order(bucket, tmp_path: Path) -> None:
    for source in ("s3://bucket/t/part-*.csv", "s3://bucket/t/"):
        found = got(source, tmp_path)
        assert [each.name for each in found.paths] == ["part-0.csv", "part-1.csv"], source


def test_what_is_not_there_and_what_is_closed_are_one_sentence(
    bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserProblem, match="must be a file; got nothing there"):
        got("s3://bucket/none.csv", tmp_path)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(UserProblem, match="must be open to you") as caught:
        got("s3://bucket/d.csv", tmp_path)
    assert "AWS_PROFILE" in caught.value.hint


def test_without_a_connection_the_copy_stands_in(bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = got("s3://bucket/d.csv", tmp_path)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    s3fs.S3FileSystem.clear_instance_cache()
    found = got("s3://bucket/d.csv", tmp_path)
    assert found.paths == first.paths and found.findings[0].code == "offline-source"
