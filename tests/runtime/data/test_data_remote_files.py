"""URLs are fetched once, pinned and versioned; what goes wrong on the way is one sentence, and a copy may stand in."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Generator
from pathlib import Path

import fsspec
import polars as pl
import pytest

from declml.data.cache import content_hash_of_files
from declml.data.obtain import Obtained, obtain
from declml.data.pins import Pins
from declml.data.remote_files import is_url, without_secrets
from declml.data.table import read_table
from declml.errors import UserProblem
from web_server import Site, serving

ROWS = b"a,b\n1,x\n2,y\n"


@pytest.fixture
def site() -> Generator[Site]:
    with serving(Site({"/d.csv": ROWS})) as running:
        yield running


@pytest.fixture
def memory() -> Generator[fsspec.AbstractFileSystem]:
    storage = fsspec.filesystem("memory")
    storage.store.clear()
    yield storage
    storage.store.clear()


def got(source, tmp_path: Path, **options) -> Obtained:
    return obtain(source, base=tmp_path, cache=tmp_path / "cache", **options)


def test_a_url_is_fetched_once_and_asked_whether_it_changed(site: Site, tmp_path: Path) -> None:
    url = f"{site.url}/d.csv"
    first, again = got(url, tmp_path), got(url, tmp_path)
    assert first.paths == again.paths and first.paths[0].name == "d.csv"
    assert read_table(first.paths)["b"].to_list() == ["x", "y"]
    assert [status for _, status in site.asked] == [200, 304]
    assert first.origins[0]["reused"] is False and again.origins[0]["reused"] is True
    assert first.origins[0]["sha256"] == content_hash_of_files(first.paths)
    assert first.origins[0]["etag"] and first.origins[0]["size"] == len(ROWS)


@pytest.mark.parametrize("tells", ["etag", "date", ""])
def test_new_content_is_a_new_version_beside_the_old(site: Site, tmp_path: Path, tells: str) -> None:
    site.tells = tells
    url = f"{site.url}/d.csv"
    first = got(url, tmp_path)
    site.bodies["/d.csv"] += b"3,z\n"
    site.date = "Tue, 03 Nov 2026 10:00:00 GMT"
    second = got(url, tmp_path)
    assert read_table(first.paths).height == 2 and read_table(second.paths).height == 3
    versions = Pins(tmp_path / "cache").versions(url)
    assert [each.sha256 for each in versions] == [first.origins[0]["sha256"], second.origins[0]["sha256"]]
    site.bodies["/d.csv"] = ROWS  # and back: the old bytes are the old data
    site.date = "Wed, 04 Nov 2026 10:00:00 GMT"
    assert got(url, tmp_path).origins[0]["sha256"] == first.origins[0]["sha256"]


def test_a_server_that_says_nothing_of_versions_is_read_again_with_the_same_content(site: Site, tmp_path: Path) -> None:
    site.tells = ""
    url = f"{site.url}/d.csv"
    assert got(url, tmp_path).paths == got(url, tmp_path).paths
    assert [status for _, status in site.asked] == [200, 200]


def test_without_a_connection_the_copy_stands_in_and_that_is_told(tmp_path: Path) -> None:
    with serving(Site({"/d.csv": ROWS})) as site:
        url = f"{site.url}/d.csv"
        first = got(url, tmp_path)
    offline = got(url, tmp_path)
    assert offline.paths == first.paths
    assert [each.code for each in offline.findings] == ["offline-source"]
    assert "could not be reached" in offline.findings[0].message and "UTC is used" in offline.findings[0].message
    with pytest.raises(UserProblem, match="must be reachable") as caught:
        got(f"{site.url}/other.csv", tmp_path)
    assert caught.value.code == "unreachable-source"


def test_a_server_in_trouble_lets_the_copy_stand_in(site: Site, tmp_path: Path) -> None:
    url = f"{site.url}/d.csv"
    got(url, tmp_path)
    site.statuses["/d.csv"] = 503
    assert "503" in got(url, tmp_path).findings[0].message


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (404, "absent-url", "must be there; got 404"),
        (410, "absent-url", "must be there; got 410"),
        (401, "no-access", "must be open to you; got 401"),
        (403, "no-access", "must be open to you; got 403"),
        (503, "unreachable-source", "must be reachable; got: 503"),
        (418, "absent-url", "must give a file; got 418"),
    ],
)
def test_a_refusal_is_one_sentence(site: Site, tmp_path: Path, status: int, code: str, said: str) -> None:
    site.statuses["/d.csv"] = status
    with pytest.raises(UserProblem, match=said) as caught:
        got(f"{site.url}/d.csv?token=secret", tmp_path)
    assert caught.value.code == code and "secret" not in str(caught.value)


def test_a_file_that_arrives_cut_is_not_kept(site: Site, tmp_path: Path) -> None:
    site.cut = 3
    with pytest.raises(UserProblem, match=r"9 of 12 bytes arrived|IncompleteRead"):
        got(f"{site.url}/d.csv", tmp_path)
    assert Pins(tmp_path / "cache").versions(f"{site.url}/d.csv") == []
    assert not list((tmp_path / "cache").glob(".fetch-*"))


def test_never_uses_the_copy_without_asking_and_always_asks_for_all(site: Site, tmp_path: Path) -> None:
    url = f"{site.url}/d.csv"
    with pytest.raises(UserProblem, match="must have been fetched") as caught:
        got(url, tmp_path, fetch="never")
    assert caught.value.code == "not-fetched" and site.asked == []
    got(url, tmp_path)
    assert got(url, tmp_path, fetch="never").origins[0]["reused"] and len(site.asked) == 1
    got(url, tmp_path, fetch="always")
    assert [status for _, status in site.asked] == [200, 200]


def test_a_damaged_copy_is_fetched_again(site: Site, tmp_path: Path) -> None:
    url = f"{site.url}/d.csv"
    got(url, tmp_path).paths[0].write_bytes(b"a,b\n9,q\n5,y\n")
    assert read_table(got(url, tmp_path).paths)["a"].to_list() == [1, 2]


def test_no_secret_is_kept_in_origin_or_pins(site: Site, tmp_path: Path) -> None:
    url = f"{site.url.replace('://', '://ann:p%40ss@')}/d.csv?X-Amz-Signature=s3cr3t"
    origin = got(url, tmp_path).origins[0]
    kept = json.dumps(origin) + "".join(each.read_text() for each in (tmp_path / "cache").rglob("*.json"))
    assert "p%40ss" not in kept and "s3cr3t" not in kept and "ann" not in kept
    assert site.headers[0]["Authorization"].startswith("Basic ")
    assert without_secrets("https://a:b@h/p?q=1") == "https://h/p?..."


def test_a_password_goes_to_the_server_it_is_for_alone(site: Site, tmp_path: Path) -> None:
    with serving(Site()) as other:
        other.bodies["/e.csv"] = ROWS
        site.moved |= {"/near": "/d.csv", "/far": f"{other.url}/e.csv"}
        secret = site.url.replace("://", "://ann:p@")
        assert read_table(got(f"{secret}/near", tmp_path).paths)["a"].to_list() == [1, 2]
        assert [("Authorization" in each) for each in site.headers] == [True, True]
        assert read_table(got(f"{secret}/far", tmp_path).paths)["a"].to_list() == [1, 2]
        assert len(other.headers) == 1 and "Authorization" not in other.headers[0]


def test_a_type_gives_a_name_without_an_ending_one(site: Site, tmp_path: Path) -> None:
    site.bodies["/export"] = ROWS
    site.types["/export"] = "text/csv; charset=utf-8"
    found = got(f"{site.url}/export?id=7", tmp_path)
    assert found.paths[0].name == "export.csv" and read_table(found.paths).height == 2


def test_several_urls_and_files_are_joined_in_order(site: Site, tmp_path: Path) -> None:
    site.bodies["/e.csv.gz"] = gzip.compress(b"a,b\n7,w\n")
    (tmp_path / "f.csv").write_bytes(b"a,b\n9,v\n")
    found = got([f"{site.url}/d.csv", "f.csv", f"{site.url}/e.csv.gz"], tmp_path)
    assert read_table(found.paths)["a"].to_list() == [1, 2, 9, 7] and len(found.origins) == 2


def test_patterns_and_folders_of_a_storage_name_files_in_order(memory, tmp_path: Path) -> None:
    for name in ("t/part-1.csv", "t/part-0.csv", "t/_SUCCESS", "t/notes.txt"):
        memory.pipe(f"/{name}", ROWS if name.endswith("csv") else b"")
    for source in ("memory://t/part-*.csv", "memory://t", "memory://t/"):
        found = got(source, tmp_path)
        assert [each.name for each in found.paths] == ["part-0.csv", "part-1.csv"], source
        again = got(source, tmp_path, fetch="never")
        assert again.paths == found.paths, source
    with pytest.raises(UserProblem, match="must match at least one file"):
        got("memory://t/*.parquet", tmp_path)


def test_a_storage_is_read_again_only_when_a_file_changed(memory, tmp_path: Path) -> None:
    memory.pipe("/d.parquet", b"")
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "d.parquet")
    memory.pipe("/d.parquet", (tmp_path / "d.parquet").read_bytes())
    first = got("memory://d.parquet", tmp_path)
    assert not first.origins[0]["reused"] and got("memory://d.parquet", tmp_path).origins[0]["reused"]
    pl.DataFrame({"a": [1, 2]}).write_parquet(tmp_path / "d.parquet")
    memory.pipe("/d.parquet", (tmp_path / "d.parquet").read_bytes())
    assert read_table(got("memory://d.parquet", tmp_path).paths).height == 2


@pytest.mark.parametrize(
    ("url", "code", "said"),
    [
        ("memory://none.csv", "absent-url", "must be a file; got nothing there"),
        ("ours://d.csv", "unknown-protocol", "must begin with https://"),
    ],
)
def test_a_bad_address_is_one_sentence(memory, tmp_path: Path, url: str, code: str, said: str) -> None:
    with pytest.raises(UserProblem, match=said) as caught:
        got(url, tmp_path)
    assert caught.value.code == code


@pytest.mark.parametrize(("protocol", "package", "extra"), [("s3", "s3fs", "s3"), ("gs", "gcsfs", "gcs")])
def test_a_missing_package_says_which_extra_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: str, package: str, extra: str
) -> None:
    for name in [each for each in sys.modules if each.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    imported = sys.modules["fsspec.registry"]._registry  # the name alone is that of a read-only view
    monkeypatch.delitem(imported, protocol, raising=False)
    with pytest.raises(UserProblem, match="must have the package") as caught:
        got(f"{protocol}://bucket/d.csv", tmp_path)
    assert caught.value.hint == f"pip install 'declml[{extra}]'"


def test_file_urls_are_files(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_bytes(ROWS)
    assert got(f"file://{tmp_path}/d.csv", tmp_path).paths == (tmp_path / "d.csv",)
    assert not is_url("C:/d.csv") and is_url("S3://b/d.csv") and not is_url("d:x.csv")


def test_files_for_each_side_keep_their_sides(tmp_path: Path) -> None:
    for name in ("train-0.csv", "train-1.csv", "test.csv"):
        (tmp_path / name).write_bytes(ROWS)
    found = got({"test": "test.csv", "training": "train-*.csv", "validation": None}, tmp_path)
    assert [each.name for each in found.paths] == ["train-0.csv", "train-1.csv", "test.csv"]
    assert found.sides == (0, 0, 2)


@pytest.mark.parametrize(
    ("source", "code", "said"),
    [
        ({"test": "d.csv"}, "missing-key", "must have 'training'"),
        ({}, "missing-key", "must not be empty"),
        ({"database": "d.sqlite"}, "missing-key", "must have 'query'"),
        ({"query": "SELECT 1"}, "missing-key", "must have 'database'"),
        ({"query": "SELECT 1", "training": "d.csv"}, "exclusive", "a query or files for each side"),
        ("postgresql://ann@host/shop", "missing-key", "must be asked with a query"),
    ],
)
def test_half_a_source_is_a_problem(tmp_path: Path, source, code: str, said: str) -> None:
    with pytest.raises(UserProblem, match=said) as caught:
        got(source, tmp_path)
    assert caught.value.code == code and caught.value.path == "data.source"
