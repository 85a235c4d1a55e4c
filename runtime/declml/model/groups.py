"""Which input features share one encoder: features of one type, encoder, parameters and fusion key become one group."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from declml.contracts import Facts, Member, Values

Fusion: TypeAlias = Callable[[Values, Facts], Hashable]
"""An encoder's parameters and one feature's facts -> a key; equal keys may share a group."""


@dataclass(frozen=True, slots=True)
class InputSpec:
    """One input feature: what `group_features` must know of it.

    ``build`` makes the encoder (`contracts.Encoder`); ``fusion`` gives its group's key, None if it takes one feature.
    ``tied`` names the feature whose encoder this one uses; the two stand alone, so that what they share is a whole
    encoder.
    """

    name: str
    type: str
    encoder: str
    build: Callable[..., Any]
    parameters: Values
    facts: Facts
    fusion: Fusion | None = None
    tied: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Features that share one encoder, in the order of the config. ``fused`` tells whether more could join them.

    ``tied`` names the feature whose encoder, weights included, this group uses instead of one of its own.
    """

    type: str
    encoder: str
    build: Callable[..., Any]
    parameters: Values
    members: tuple[Member, ...]
    fused: bool
    tied: str | None = None


def group_features(inputs: Sequence[InputSpec]) -> list[Group]:
    """Return the groups in the order in which their first members stand; each feature is in exactly one."""
    groups: dict[Hashable, Group] = {}
    sharing = {name for spec in inputs if spec.tied for name in (spec.name, spec.tied)}
    for position, spec in enumerate(inputs):
        member = Member(spec.name, spec.facts)
        fusion = None if spec.name in sharing else spec.fusion
        # The function is part of the key: a plug-in may bring an encoder of the same name.
        alike = (spec.type, spec.encoder, spec.build, json.dumps(dict(spec.parameters), sort_keys=True))
        key = (*alike, "alone", position) if fusion is None else (*alike, fusion(spec.parameters, spec.facts))
        found = groups.get(key)
        groups[key] = (
            Group(spec.type, spec.encoder, spec.build, spec.parameters, (member,), fusion is not None, spec.tied)
            if found is None
            else replace(found, members=(*found.members, member))
        )
    return list(groups.values())
