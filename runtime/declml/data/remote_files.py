"""Files at URLs: fetched once into the cache, pinned, and fetched again only when their server says that they changed.

``http`` and ``https`` are read with Python's own client, whose conditional requests cost one round trip; every other
protocol goes through fsspec, whose packages (s3fs, gcsfs, ...) are loaded when an address asks for them.
"""

from __future__ import annotations

import http.client
import re
import time
import urllib.error
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, NoReturn
from urllib.parse import unquote, urlsplit, urlunsplit

from declml.contracts import Finding
from declml.data.pins import Fetched, Mode, News, Pins, fetched_size, not_fetched, offline, origin_of, stood_in
from declml.data.sources import data_files
from declml.errors import UserProblem

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_PART = 1 << 20
_TELL_SECONDS = 2.0
_TIMEOUT_SECONDS = 30.0
_EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs"}
"""The extra of this package that brings what a protocol needs."""
_ENDINGS = {
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/x-ndjson": ".jsonl",
    "application/jsonl": ".jsonl",
    "application/vnd.apache.parquet": ".parquet",
    "application/vnd.apache.arrow.file": ".arrow",
}


class Unreachable(Exception):
    """The server could not be asked: another time it may answer, and a copy may stand in. It says why."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file that came: its name and what its server said of it."""

    name: str
    marks: Mapping[str, str | int]


def is_url(source: str) -> bool:
    """Return whether a source is an address rather than a path."""
    return _URL.match(source) is not None


def fetch(url: str, pins: Pins, *, mode: Mode = "changed", news: News) -> list[Fetched]:
    """Return the local copies of what ``url`` names; patterns and folders of fsspec's storages name several files.

    Where the server cannot be reached, the newest copy stands in with a finding; without one it is a `UserProblem`.
    """
    if urlsplit(url).scheme.lower() in {"http", "https"}:
        return [_fetch_one(url, pins, mode, lambda known, folder: _from_server(url, known, folder, news))]
    names = f"{url} names"
    listed = pins.newest(names) if mode == "never" or offline() else None
    if listed is not None:
        urls = listed[1][0].read_text(encoding="utf-8").splitlines()
    else:
        urls = [url] if mode == "never" or offline() else _expanded(url, pins)
    if urls != [url]:
        with pins.draft() as folder:
            (folder / "names.txt").write_text("\n".join(urls), encoding="utf-8")
            pins.keep(names, folder, ["names.txt"], {})
    return [
        _fetch_one(each, pins, mode, lambda known, folder, each=each: _from_storage(each, known, folder, news))
        for each in urls
    ]


def without_secrets(url: str) -> str:
    """Return a URL that can be shown and kept: without a user's name, password and query."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, place, parts.path, "", "")) + ("?..." if parts.query else "")


def _fetch_one(
    url: str, pins: Pins, mode: Mode, bring: Callable[[Mapping[str, str | int], Path], Arrived | None]
) -> Fetched:
    shown, known = without_secrets(url), pins.newest(url)
    if mode == "never" or offline():
        if known is None:
            raise not_fetched(shown)
        return Fetched(known[1], origin_of(shown, known[0], reused=True))
    findings: list[Finding] = []
    with pins.draft() as folder:
        try:
            arrived = bring({} if known is None or mode == "always" else known[0].marks, folder)
        except Unreachable as error:
            if known is None:
                raise UserProblem(
                    "unreachable-source", f"'{shown}' must be reachable; got: {error}.", hint="There is no copy of it."
                ) from error
            arrived = None
            findings.append(stood_in(shown, known[0], str(error)))
        if arrived is not None:
            version, paths = pins.keep(url, folder, [arrived.name], arrived.marks)
            return Fetched(paths, origin_of(shown, version, reused=False))
    assert known is not None  # nothing is unchanged that was never there
    return Fetched(known[1], origin_of(shown, known[0], reused=True), findings)


# --- http and https ---------------------------------------------------------------------------------------------------


def _from_server(url: str, known: Mapping[str, str | int], folder: Path, news: News) -> Arrived | None:
    shown = without_secrets(url)
    try:
        with _opener().open(_request(url, known), timeout=_TIMEOUT_SECONDS) as response:
            name = _name_of(response.geturl(), url, response.headers)
            size = _whole(response.headers.get("Content-Length"))
            with (folder / name).open("wb") as file:
                came = _copy(response, file, size, shown, news)
            marks = {"etag": response.headers.get("ETag"), "mtime": response.headers.get("Last-Modified"), "size": came}
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 304:
            return None
        _refuse_status(shown, error.code, error.reason)
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise Unreachable(str(reason) or type(reason).__name__) from error
    if size is not None and came != size:
        raise Unreachable(f"{came:,} of {size:,} bytes arrived")
    return Arrived(name, {key: value for key, value in marks.items() if value is not None})


def _opener() -> Any:
    """Return what opens an address and follows it elsewhere, but tells a password to no other server."""
    from urllib.request import HTTPRedirectHandler, build_opener

    class Discreet(HTTPRedirectHandler):
        def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
            onward = super().redirect_request(req, fp, code, msg, headers, newurl)
            if onward is not None and urlsplit(onward.full_url)[:2] != urlsplit(req.full_url)[:2]:
                onward.remove_header("Authorization")
            return onward

    return build_opener(Discreet)


def _request(url: str, known: Mapping[str, str | int]) -> Any:
    from base64 import b64encode
    from urllib.request import Request

    parts = urlsplit(url)
    headers = {"User-Agent": "declml", "Accept-Encoding": "identity"}
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    if "etag" in known:
        headers["If-None-Match"] = str(known["etag"])
    if "mtime" in known:
        headers["If-Modified-Since"] = str(known["mtime"])
    place = parts.netloc.rpartition("@")[2]
    return Request(urlunsplit((parts.scheme, place, parts.path, parts.query, "")), headers=headers)


def _refuse_status(shown: str, code: int, reason: str) -> NoReturn:
    if code in {404, 410}:
        raise UserProblem("absent-url", f"'{shown}' must be there; got {code} {reason}.")
    if code in {401, 403, 407}:
        raise UserProblem(
            "no-access",
            f"'{shown}' must be open to you; got {code} {reason}.",
            hint="The address may need a user's name and password before its host, or a signed link.",
        )
    if code >= 500 or code == 429:
        raise Unreachable(f"{code} {reason}")
    raise UserProblem("absent-url", f"'{shown}' must give a file; got {code} {reason}.")


def _name_of(final: str, asked: str, headers: Any) -> str:
    """Return what to call a file: the end of its address, with an ending from its type where that has none."""
    told = re.search(r'filename="?([^";]+)', headers.get("Content-Disposition") or "")
    names = [PurePosixPath(unquote(urlsplit(each).path)).name for each in (asked, final)]
    if told:
        names.append(PurePosixPath(told[1].strip()).name)
    names = [each for each in names if each.strip(".")]
    name = next((each for each in names if PurePosixPath(each).suffix), next(iter(names), "data"))
    if not PurePosixPath(name).suffix:
        name += _ENDINGS.get(str(headers.get("Content-Type") or "").partition(";")[0].strip().lower(), "")
    return name


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdigit() else None


def _copy(source: IO[bytes], target: IO[bytes], size: int | None, shown: str, news: News) -> int:
    came, told = 0, time.monotonic()
    while part := source.read(_PART):
        target.write(part)
        came += len(part)
        if time.monotonic() - told >= _TELL_SECONDS:
            told = time.monotonic()
            news(f"Fetching {shown}: {fetched_size(came)}" + (f" of {fetched_size(size)}" if size else ""))
    return came


# --- every other protocol, through fsspec -----------------------------------------------------------------------------


def _from_storage(url: str, known: Mapping[str, str | int], folder: Path, news: News) -> Arrived | None:
    shown = without_secrets(url)
    with _told_in_a_sentence(shown):
        storage, path = _storage(url)
        marks = _marks(storage.info(path))
        if known and marks == dict(known) and ("etag" in marks or "mtime" in marks):
            return None
        name = PurePosixPath(path).name or "data"
        with storage.open(path, "rb") as source, (folder / name).open("wb") as file:
            came = _copy(source, file, _whole(str(marks.get("size", ""))), shown, news)
        if _marks(storage.info(path)) != marks or came != marks.get("size", came):
            raise UserProblem("data-changed", f"'{shown}' must not change while it is read; got other data. Run again.")
    return Arrived(name, marks)


def _expanded(url: str, pins: Pins) -> list[str]:
    """Return the addresses of the files that a pattern or a folder names, in the order of their names."""
    shown = without_secrets(url)
    protocol = url.partition("://")[0]
    try:
        with _told_in_a_sentence(shown):
            storage, path = _storage(url)
            if any(each in path for each in "*?["):
                found = sorted(str(each) for each in storage.glob(path))
                if not found:
                    raise UserProblem("absent-url", f"The pattern '{shown}' must match at least one file; got none.")
            elif storage.isdir(path):
                inside = sorted(str(each) for each in storage.ls(path, detail=False))
                names = [Path(each) for each in inside if Path(each).name[:1] not in {".", "_", ""}]
                wanted = {each.name for each in data_files(names, shown)}
                found = [each for each in inside if Path(each).name in wanted]
            else:
                return [url]
    except Unreachable:
        listed = pins.newest(f"{url} names")
        return [url] if listed is None else listed[1][0].read_text(encoding="utf-8").splitlines()
    return [f"{protocol}://{each.lstrip('/') if protocol not in {'file', 'memory'} else each}" for each in found]


def _storage(url: str) -> tuple[Any, str]:
    # Imported here: only addresses need it.
    from fsspec.core import url_to_fs
    from fsspec.registry import known_implementations

    protocol = url.partition("://")[0].lower()
    try:
        storage, path = url_to_fs(url)
    except ImportError as error:
        extra = _EXTRAS.get(protocol)
        said = known_implementations.get(protocol, {}).get("err", str(error))
        raise UserProblem(
            "missing-package",
            f"'{protocol}://' must have the package that reads it; got none.",
            hint=f"pip install 'declml[{extra}]'" if extra else f"{said}.",
        ) from error
    except ValueError as error:
        raise UserProblem(
            "unknown-protocol",
            f"The address '{without_secrets(url)}' must begin with https://, s3://, gs:// or another protocol that"
            f" fsspec knows; got '{protocol}'.",
        ) from error
    storage.invalidate_cache()  # what was listed earlier in this process may have changed since
    return storage, path


def _marks(info: Mapping[str, Any]) -> dict[str, str | int]:
    """Return what a storage says of a file, by one name for each thing."""
    found: dict[str, str | int] = {}
    names = {
        "etag": ("ETag", "etag", "md5Hash", "e_tag"),
        "mtime": ("LastModified", "mtime", "updated", "last_modified", "modified", "created"),
        "version": ("VersionId", "generation", "version_id"),
    }
    for mark, keys in names.items():
        value = next((info[key] for key in keys if info.get(key) is not None), None)
        if value is not None:
            found[mark] = str(value)
    if info.get("size") is not None:
        found["size"] = int(info["size"])
    return found


@contextmanager
def _told_in_a_sentence(shown: str) -> Generator[None]:
    """Turn whatever a storage's own library raises into one sentence."""
    try:
        yield
    except (UserProblem, Unreachable):
        raise
    except (FileNotFoundError, IsADirectoryError) as error:
        raise UserProblem("absent-url", f"'{shown}' must be a file; got nothing there.") from error
    except Exception as error:  # each library has errors of its own
        name, reason = type(error).__name__, (str(error).strip().splitlines() or [""])[0]
        if isinstance(error, PermissionError) or "Credential" in name or "Forbidden" in name or "Auth" in name:
            raise UserProblem(
                "no-access",
                f"'{shown}' must be open to you; got: {reason or name}.",
                hint="Set the credentials of that storage, for s3:// such as AWS_PROFILE or AWS_ACCESS_KEY_ID.",
            ) from error
        raise Unreachable(reason or name) from error
