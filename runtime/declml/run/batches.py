"""The rows of a split as batches for a network: which columns go into which group, and in which order rows come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from declml.contracts import Encoded
from declml.data.batches import GroupSource, InMemoryBatches, dense_group, ragged_group, target_tensor
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


def batches_of(
    groups: Sequence[Group],
    encoded: Mapping[str, Encoded],
    targets: Mapping[str, np.ndarray],
    rows: np.ndarray,
    *,
    device: str,
    by_length: bool = False,
    bucketing_field: str | None = None,
) -> InMemoryBatches:
    """Return the batches of ``rows``; ``targets`` are encoded, by output, for all rows of the table.

    With ``by_length``, rows of like length share batches: by their tokens in all texts, or in ``bucketing_field``
    alone.
    """
    return InMemoryBatches(
        group_sources(groups, encoded, rows),
        {name: target_tensor(values, rows) for name, values in targets.items()},
        device=device,
        by_length=by_length,
        length_groups=_places(groups, bucketing_field),
    )


def _places(groups: Sequence[Group], feature: str | None) -> list[int] | None:
    if feature is None:
        return None
    return [place for place, group in enumerate(groups) if group.members[0].name == feature]
