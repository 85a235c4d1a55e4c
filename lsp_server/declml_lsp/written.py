"""An answer as the protocol writes it: JSON data, ready to be sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """An answer that is JSON data already.

    For long answers only: lsprotocol's objects check every number, which takes longer than to find the answer.
    """

    data: Any
