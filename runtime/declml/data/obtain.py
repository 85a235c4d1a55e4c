"""From what a config says about its data to local files: paths as they are, URLs and queries as pinned copies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from declml.contracts import Finding
from declml.data.pins import Fetched, Mode, News, Pins, quiet
from declml.data.sources import locate
from declml.errors import UserProblem

SIDES = ("training", "validation", "test")
"""The names of the sides 0, 1 and 2, and the keys of a source that gives a file for each."""

_DATABASES = ("postgresql://", "postgres://", "sqlite://", "duckdb://")

SourceValue: TypeAlias = str | Sequence[str] | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Obtained:
    """The files of a source. ``sides`` is the side of each where the source says so, ``origins`` where copies are from.

    ``findings`` are what the user should know, such as that a copy stands in for a server that cannot be reached.
    """

    paths: tuple[Path, ...]
    sides: tuple[int, ...] | None = None
    origins: tuple[Mapping[str, Any], ...] = ()
    findings: tuple[Finding, ...] = field(default_factory=tuple[Finding, ...])


def obtain(source: SourceValue, *, base: Path, cache: Path, fetch: Mode = "changed", news: News = quiet) -> Obtained:
    """Return the local files of ``source``; what has to be fetched goes into the cache at ``cache``.

    A mapping is either ``database`` and ``query``, or files for ``training``, ``validation`` and ``test``. Whatever is
    wrong with it is a `UserProblem`.
    """
    if not isinstance(source, Mapping):
        return _files(source, base, Pins(cache), fetch, news)
    given = {name: value for name, value in source.items() if value is not None}
    refuse_mixture(given)
    if "database" in given:
        # Imported here: few data stand in a database.
        from declml.data.databases import ask

        fetched = ask(str(given["database"]), str(given["query"]), Pins(cache), base=base, mode=fetch, news=news)
        return Obtained(tuple(fetched.paths), None, (fetched.origin,), tuple(fetched.findings))
    parts = {name: _files(given[name], base, Pins(cache), fetch, news) for name in SIDES if name in given}
    return Obtained(
        tuple(path for part in parts.values() for path in part.paths),
        tuple(SIDES.index(name) for name, part in parts.items() for _ in part.paths),
        tuple(origin for part in parts.values() for origin in part.origins),
        tuple(finding for part in parts.values() for finding in part.findings),
    )


def watched_files(source: SourceValue, *, base: Path) -> list[Path]:
    """Return the files of this machine whose change may change the data; addresses elsewhere have none."""
    if isinstance(source, Mapping):
        named = [source.get(name) for name in (*SIDES, "database")]
    else:
        named = [source] if isinstance(source, str) else list(source)
    texts = [text for each in named if each for text in ([each] if isinstance(each, str) else each)]
    return [path for text in texts if "://" not in text for path in locate(text, base=base)]


def refuse_mixture(given: Mapping[str, Any]) -> None:
    """Refuse a mapping that is neither a query nor a file for each side, or only half of one."""
    sides = [name for name in SIDES if name in given]
    asks = [name for name in ("database", "query") if name in given]
    if sides and asks:
        raise UserProblem(
            "exclusive",
            f"A source must be a query or files for each side; got both '{asks[0]}' and '{sides[0]}'.",
            path="data.source",
        )
    if asks and len(asks) == 1:
        lacks = "query" if asks == ["database"] else "database"
        raise UserProblem("missing-key", f"A source with '{asks[0]}' must have '{lacks}'.", path="data.source")
    if not asks and "training" not in given:
        raise UserProblem(
            "missing-key",
            "A source with files for each side must have 'training'." if sides else "A source must not be empty.",
            path="data.source",
        )


def _files(source: str | Sequence[str], base: Path, pins: Pins, mode: Mode, news: News) -> Obtained:
    wanted = [source] if isinstance(source, str) else list(source)
    if not any("://" in each for each in wanted):
        return Obtained(tuple(locate(source, base=base)))
    # Imported here: most data are files of this machine.
    from declml.data.remote_files import fetch, is_url

    paths: list[Path] = []
    fetched: list[Fetched] = []
    for each in wanted:
        if each.lower().startswith("file://"):
            paths += locate(each[len("file://") :], base=base)
        elif each.lower().startswith(_DATABASES):
            raise UserProblem(
                "missing-key",
                "A database must be asked with a query; got its address alone.",
                path="data.source",
                hint="Write it as `source: {database: ADDRESS, query: SELECT ...}`.",
            )
        elif is_url(each):
            found = fetch(each, pins, mode=mode, news=news)
            fetched += found
            paths += [path for one in found for path in one.paths]
        else:
            paths += locate(each, base=base)
    return Obtained(
        tuple(paths),
        None,
        tuple(each.origin for each in fetched),
        tuple(finding for each in fetched for finding in each.findings),
    )
