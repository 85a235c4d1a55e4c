"""The rows of a split as batches for a network: which columns go into which group, and in which order rows come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from declml.contracts import Batches, Encoded
from declml.data.batches import GroupSource, InMemoryBatches, dense_group, ragged_group, targets_of
from declml.data.windows import WindowedBatches
from declml.model.groups import Group


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
    most_bytes: int | None = None,
) -> Batches:
    """Return the batches of ``rows``; ``targets`` are encoded, by output, for all rows of the table.

    With ``by_length``, rows of like length share batches: by their tokens in all texts, or in ``bucketing_field``
    alone. With ``most_bytes`` the rows are read in windows that fit into so much memory.
    """

    def read(some: np.ndarray) -> InMemoryBatches:
        return InMemoryBatches(
            group_sources(groups, encoded, some),
            {name: targets_of(each, some) for name, each in targets.items()},
            device=device,
            by_length=by_length,
            length_groups=_places(groups, bucketing_field),
        )

    if most_bytes is None:
        return read(rows)
    return WindowedBatches(rows, read, row_bytes=_row_bytes(groups, encoded, targets), most_bytes=most_bytes)


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
