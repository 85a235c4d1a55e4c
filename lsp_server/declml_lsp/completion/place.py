"""The place that is completed: what is typed there, what may stand there, and what of the text that depends on.

Where the text around it is misspelt, the nearest known word is assumed: help is wanted most where something is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from declml_lsp.completion.anchored import with_aliases
from declml_lsp.completion.client import Client, client_of
from declml_lsp.cursor import Cursor, Kind, locate
from declml_lsp.levels import Level
from declml_lsp.meaning import MappingMeaning, Meaning, alternatives_in, meaning_of, step_into
from declml_lsp.section import section
from declml_lsp.session import Session
from declml_lsp.snapshot import Snapshot
from declml_schema.older_spellings import FEATURE_TYPES, TOP_LEVEL
from declml_schema.problems import Position, Span
from declml_schema.suggest import nearest
from declml_schema.vocabulary import Vocabulary

_DECIDING = ("type", "decay")
"""The keys whose values choose what else a mapping has."""
_SHORT = 40


class Place:
    """One place of one version of a config."""

    def __init__(self, session: Session, snapshot: Snapshot, cursor: Cursor) -> None:
        self.session = session
        self.snapshot = snapshot
        self.cursor = cursor
        self.words: Vocabulary = session.facts.words(snapshot)
        self.is_cut = False  # there is more than was offered: the client is to ask again
        levels = with_aliases(snapshot.lines, cursor.span.start.line, cursor.levels)
        self.levels, self.meaning = self._understood(levels)

    @property
    def outer(self) -> Meaning | None:
        """The meaning of the collection around the innermost one."""
        return meaning_of(self.words, self.levels[:-1], type_defaults=self.default_type) if self.levels[1:] else None

    @property
    def level(self) -> Level:
        """The innermost collection."""
        return self.levels[-1]

    @cached_property
    def profile(self) -> Mapping[str, Any] | None:
        """The profile of the config's data, None while it is not known."""
        return self.session.facts.profile(self.snapshot)

    def after(self, key: str) -> list[Meaning]:
        """Return what may stand after a key of the innermost mapping; for a misspelt key, that of the nearest."""
        known = str(_known_step(self.meaning, Level(key)))
        return alternatives_in(self.words, self.meaning, known, type_defaults=self.default_type)

    @cached_property
    def client(self) -> Client:
        """What the client understands."""
        return client_of(self.session.capabilities)

    def own_column(self) -> str:
        """Return the column of the feature that the cursor is in, an empty text where it is in none."""
        scalars = self.levels[2].scalars if len(self.levels) > 2 else {}
        return scalars.get("column") or scalars.get("name", "")

    def default_type(self, feature: str, part: str) -> str | None:
        """Return which component the section ``defaults`` chooses for a feature type's part, None for none."""
        here: Any = section(self.snapshot, "defaults")
        for step in (feature, part, "type"):
            here = here.get(step) if isinstance(here, dict) else None
        return here if isinstance(here, str) else None

    def as_data(self) -> dict[str, Any]:
        """Return what `from_data` needs, as JSON data."""
        innermost = self.level
        levels = [[level.step, _telling(level, all_short=level is innermost), level.is_list] for level in self.levels]
        cursor = self.cursor
        return {
            "uri": self.snapshot.uri, "kind": str(cursor.kind), "levels": levels, "key": cursor.key,
            "prefix": cursor.prefix, "flow": cursor.flow, "open": cursor.open_key, "keys": [*innermost.keys],
            "at": [cursor.span.start.line, cursor.span.start.column],
        }  # fmt: skip

    def _understood(self, levels: Sequence[Level]) -> tuple[tuple[Level, ...], Meaning | None]:
        """Return the levels with what is misspelt replaced, and the meaning of the innermost."""
        here = meaning_of(self.words, levels[:1])
        known = [levels[0]]
        for index, level in enumerate(levels[1:], start=1):
            level = replace(level, step=_known_step(here, level))
            if index + 1 < len(levels):
                level = self._with_known_type(here, level)
            here = step_into(self.words, here, level, type_defaults=self.default_type)
            known.append(level)
            if here is None:
                return (*known, *levels[index + 1 :]), None
        return tuple(known), here

    def _with_known_type(self, outer: Meaning | None, level: Level) -> Level:
        written = level.type()
        if not written:
            return level
        inner = step_into(self.words, outer, level, type_defaults=self.default_type)
        if not isinstance(inner, MappingMeaning) or inner.word is not None or not (inner.kind or inner.side):
            return level
        meant = nearest_type(self.words, inner, written)
        return replace(level, scalars={**level.scalars, "type": meant}) if meant is not None else level


def _telling(level: Level, *, all_short: bool) -> dict[str, str]:
    """Return the plain values of a level that may matter to what is said of an offer."""
    return {
        name: text for name, text in level.scalars.items() if name in _DECIDING or (all_short and len(text) <= _SHORT)
    }


def place_at(session: Session, snapshot: Snapshot, position: Position) -> Place:
    """Return the place at a position, in code points."""
    return Place(session, snapshot, locate(snapshot.lines, position))


def from_data(session: Session, data: Any) -> Place | None:
    """Return the place that `Place.as_data` told, as it is now; None where it is told wrongly or the text is gone."""
    try:
        snapshot = session.snapshots[data["uri"]]
        *outer, innermost = [
            Level(step, scalars=dict(scalars), is_list=is_list) for step, scalars, is_list in data["levels"]
        ]
        levels = (*outer, replace(innermost, keys=tuple(data["keys"])))
        start = Position(*data["at"])
        cursor = Cursor(
            Kind(data["kind"]), levels, Span(start, start), data["key"], data["prefix"], flow=data["flow"],
            open_key=data["open"],
        )  # fmt: skip
    except (KeyError, TypeError, ValueError):
        return None
    return Place(session, snapshot, cursor)


def nearest_type(words: Vocabulary, meaning: MappingMeaning, written: str) -> str | None:
    """Return the component that a misspelt or older name in a mapping most likely means."""
    kind = meaning.kind or meaning.side
    names = words.names(kind, meaning.feature if meaning.kind else None)
    older = FEATURE_TYPES.get(written.casefold()) if not meaning.kind else None
    return older if older in names else nearest(written, names)


def _known_step(outer: Meaning | None, level: Level) -> str | int:
    step = level.step
    if isinstance(step, int) or not isinstance(outer, MappingMeaning):
        return step
    if step in outer.properties or "*" in outer.properties:
        return step
    older = TOP_LEVEL.get(step) if outer.section == "config" else None
    return older or nearest(step, outer.properties) or step
