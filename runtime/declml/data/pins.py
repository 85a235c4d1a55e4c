"""What was fetched from elsewhere: the copies by content, and which of them stands for which address now.

A pin is a small JSON file beside the cache: the newest version of a source last, each with the marks that its server
gave it (etag, size, time of change) and the hash of its content. The copies themselves are entries of the cache.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

from declml.contracts import Finding
from declml.data.cache import Cache, content_hash_of_files
from declml.errors import UserProblem
from declml.whole_files import write_whole
from declml_schema.content import content_hash

Mode: TypeAlias = Literal["changed", "always", "never"]
"""When something is fetched again: if it changed, always, or never while there is a copy."""
News: TypeAlias = Callable[[str], None]

_KIND = "fetched"
_MOST_VERSIONS = 100


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a source: what its server said of it, its content's hash and key in the cache, and when it came.

    ``marks`` are ``etag``, ``size``, ``mtime`` and the like, as far as known; ``files`` the names in their order.
    """

    marks: Mapping[str, str | int]
    sha256: str
    key: str
    files: Sequence[str]
    fetched: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """Local files that stand for an address. ``origin`` goes into the record; it holds no password and no token."""

    paths: Sequence[Path]
    origin: Mapping[str, Any]
    findings: Sequence[Finding] = field(default_factory=tuple[Finding, ...])


class Pins:
    """The pins beside a cache at ``root``."""

    def __init__(self, root: Path) -> None:
        self._cache = Cache(root)
        self._folder = Path(root) / "pins"

    def newest(self, address: str) -> tuple[Version, list[Path]] | None:
        """Return the newest version of ``address`` whose files are whole here, or None."""
        for version in reversed(self.versions(address)):
            entry = self._cache.get(_KIND, version.key)
            if entry is not None:
                return version, [entry.path / name for name in version.files]
        return None

    def versions(self, address: str) -> list[Version]:
        """Return all versions of ``address`` that were ever fetched, the newest last."""
        try:
            told = json.loads(self._path(address).read_text(encoding="utf-8"))
            return [Version(**each) for each in told["versions"]]
        except (OSError, ValueError, KeyError, TypeError):
            return []

    def keep(
        self, address: str, folder: Path, files: Sequence[str], marks: Mapping[str, str | int]
    ) -> tuple[Version, list[Path]]:
        """Move ``files`` out of ``folder`` into the cache and pin them as the newest version of ``address``."""
        sha256 = content_hash_of_files([folder / name for name in files])
        key = content_hash({"sha256": sha256, "files": list(files)})

        def write(draft: Path) -> Mapping[str, Any]:
            for name in files:
                shutil.move(folder / name, draft / name)
            return {"sha256": sha256}

        entry = self._cache.get_or_put(_KIND, key, write)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        version = Version(dict(marks), sha256, key, list(files), now)
        older = [each for each in self.versions(address) if each.sha256 != sha256 or each.key != key]
        kept = [*older, version][-_MOST_VERSIONS:]
        self._folder.mkdir(parents=True, exist_ok=True)
        write_whole(
            self._path(address), json.dumps({"versions": [asdict(each) for each in kept]}, indent=2, default=dict)
        )
        return version, [entry.path / name for name in files]

    @contextmanager
    def draft(self) -> Generator[Path]:
        """Give a folder on the cache's own disk, which is gone afterwards."""
        root = self._cache.root
        try:
            root.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(dir=root, prefix=".fetch-"))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise UserProblem(
                "unwritable-cache", f"The cache at {root} must be a folder that can be written; got: {reason}."
            ) from error
        try:
            yield folder
        finally:
            with suppress(OSError):
                shutil.rmtree(folder)

    def _path(self, address: str) -> Path:
        # The address itself may hold a token; its hash tells nothing.
        return self._folder / f"{content_hash({'address': address})}.json"


def origin_of(shown: str, version: Version, *, reused: bool) -> dict[str, Any]:
    """Return what the record says of a source: its address without secrets, its marks, and its content."""
    return {
        "source": shown,
        **dict(version.marks),
        "sha256": version.sha256,
        "fetched": version.fetched,
        "reused": reused,
    }


def not_fetched(shown: str) -> UserProblem:
    """Return the problem of a source that may not be fetched now and of which there is no copy."""
    return UserProblem(
        "not-fetched",
        f"'{shown}' must have been fetched before it can be used without a connection; got no copy of it.",
        hint="Any training, `declml plan` or `declml profile` fetches it, unless the data section says `fetch: never`.",
    )


def stood_in(shown: str, version: Version, reason: str) -> Finding:
    """Return the notice that a copy stands in for a source that could not be reached."""
    when = version.fetched.replace("T", " ").removesuffix("+00:00")
    return Finding(
        "offline-source", f"'{shown}' could not be reached ({reason}): the copy of {when} UTC is used, and may be old."
    )


def fetched_size(count: int) -> str:
    """Return a number of bytes as a person reads it."""
    return f"{count / 1e6:,.1f} MB" if count >= 100_000 else f"{count:,} bytes"


def quiet(_text: str) -> None:
    """Tell nobody."""


def offline() -> bool:
    """Return whether the user wants no connections at all: ``DECLML_OFFLINE=1``."""
    return os.environ.get("DECLML_OFFLINE", "") not in {"", "0"}
