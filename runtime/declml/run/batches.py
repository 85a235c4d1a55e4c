"""The rows of a split as batches for a network: which columns go into which group, and in which order rows come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from declml.contracts import Batches, Encoded
from declml.data.batches import GroupSource, InMemoryBatches, RowTensors, dense_group, ragged_group, targets_of
from declml.data.windows import WindowedBatches
from declml.model.groups import Group


@dataclass(frozen=True, slots=True)
class Spill:
    """For a table that is larger than memory: what its rows may take of it, and where rows may be kept meanwhile."""

    most_bytes: int
    folder: Path


def group_sources(groups: Sequence[Group], encoded: Mapping[str, Encoded], rows: np.ndarray) -> list[GroupSource]:
    """Return the tensors of each group for the given ``rows``, in the order of the groups."""
    sources: list[GroupSource] = []
    for group in groups:
        columns = [encoded[member.name] for member in group.members]
        if columns[0].offsets is not None:
            facts = group.members[0].facts
            sources.append(ragged_group(columns[0], rows, pad=facts.get("pad", 0), width=facts.get("sequence_length")))
        else:
            sources.append(dense_group([each.values for each in columns], rows))
    return sources


def batches_of(  # noqa: PLR0913 - each says one thing about the batches
    groups: Sequence[Group],
    encoded: Mapping[str, Encoded],
    targets: Mapping[str, Encoded],
    rows: np.ndarray,
    *,
    device: str,
    by_length: bool = False,
    bucketing_field: str | None = None,
    spill: Spill | None = None,
) -> Batches:
    """Return the batches of ``rows``; ``targets`` are encoded, by output, for all rows of the table.

    With ``by_length``, rows of like length share batches: by their tokens in all texts, or in ``bucketing_field``
    alone. With ``spill`` the rows are read in windows that fit into so much memory.
    """

    def read(some: np.ndarray) -> RowTensors:
        return RowTensors(
            group_sources(groups, encoded, some), {name: targets_of(each, some) for name, each in targets.items()}
        )

    def cut(tensors: RowTensors) -> InMemoryBatches:
        return InMemoryBatches(
            tensors.groups,
            tensors.targets,
            device=device,
            by_length=by_length,
            length_groups=_places(groups, bucketing_field),
        )

    if spill is None:
        return cut(read(rows))
    row_bytes = _row_bytes(groups, encoded, targets)
    return WindowedBatches(rows, read, cut, row_bytes=row_bytes, most_bytes=spill.most_bytes, scratch=spill.folder)


def _row_bytes(groups: Sequence[Group], encoded: Mapping[str, Encoded], targets: Mapping[str, Encoded]) -> float:
    """Return what a row of all groups and targets takes in memory, the mean of all rows."""
    columns = [encoded[member.name] for group in groups for member in group.members] + list(targets.values())
    arrays = [each.values for each in columns] + [each.offsets for each in columns if each.offsets is not None]
    some = next(iter(targets.values()))
    rows = len(some.values if some.offsets is None else some.offsets)
    return sum(each.nbytes for each in arrays) / max(1, rows)


def _places(groups: Sequence[Group], feature: str | None) -> list[int] | None:
    if feature is None:
        return None
    return [place for place, group in enumerate(groups) if group.members[0].name == feature]
