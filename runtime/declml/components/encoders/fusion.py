"""Which features of one encoder and one set of parameters may share a group."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any


def one_group(parameters: Mapping[str, Any], facts: Mapping[str, Any]) -> Hashable:
    """Return one key for all features: whatever their facts, they may share a group."""
    return ()


def value_size(facts: Mapping[str, Any]) -> int:
    """Return how many numbers a value of the feature is made of: that of a vector, and 1."""
    return int(facts.get("vector_size", 1))


def same_size(parameters: Mapping[str, Any], facts: Mapping[str, Any]) -> Hashable:
    """Return one key for all features whose values have as many numbers."""
    return value_size(facts)
