"""Pictures of answers that are tokens: how right each place is, how long they are, which label is taken for which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from declml.charts.chart import Chart, Grid, Picture, Series
from declml.token_rows import TokenRows

_MOST_PLACES = 200
_MOST_LABELS = 50


def places_picture(said: TokenRows, truth: TokenRows, *, file: str, place: str) -> Iterator[Picture]:
    """Yield how often the token at each place of a row is right, of the rows whose truth is that long."""
    width = min(_MOST_PLACES, int(truth.lengths.max(initial=0)))
    if not width:
        return
    there = truth.lengths[:, None] > np.arange(width)  # (row, token)
    right = (truth.padded(width) == said.padded(width)) & there
    rows = there.sum(0)
    share = right.sum(0) / rows
    note = f"all tokens {right.sum() / rows.sum():.4f}"
    series = Series(
        "right", [float(each) for each in range(1, width + 1)], share.tolist(), "line-and-points", note,
        (("rows", rows.tolist()),),
    )  # fmt: skip
    yield Chart(
        "places", f"places-{file}", f"Right tokens by place: {place}",
        f"The share of rows whose token is right (up) at each place of the true tokens (across). {note}.",
        "place of the token", "share that is right", (series,), y_range=(0.0, 1.0),
    )  # fmt: skip


def lengths_picture(said: TokenRows, truth: TokenRows, *, file: str, place: str) -> Iterator[Picture]:
    """Yield how many tokens are said where how many are true; nothing where each row has as many as its truth."""
    if not len(truth) or np.array_equal(said.lengths, truth.lengths):
        return
    pairs, rows = np.unique(np.stack([truth.lengths, said.lengths], axis=1), axis=0, return_counts=True)
    lengths = np.unique(truth.lengths)
    means = [float(said.lengths[truth.lengths == each].mean()) for each in lengths]
    same = float((said.lengths == truth.lengths).mean())
    note = f"{same:.1%} of the rows have the right length"
    series = (
        Series("mean", lengths.astype(float).tolist(), means, "line-and-points", note),
        Series(
            "rows", pairs[:, 0].astype(float).tolist(), pairs[:, 1].astype(float).tolist(), "points", "",
            (("rows", rows.tolist()),),
        ),
    )  # fmt: skip
    most = float(max(lengths.max(), said.lengths.max()))
    yield Chart(
        "lengths", f"lengths-{file}", f"Lengths: {place}",
        f"How many tokens are said (up) where how many are true (across); on the diagonal both are the same. {note}.",
        "true tokens", "tokens said", series, (0.0, most), (0.0, most), guide=((0.0, 0.0), (most, most)),
    )  # fmt: skip


def labels_picture(
    said: TokenRows, truth: TokenRows, names: Sequence[str], *, file: str, place: str
) -> Iterator[Picture]:
    """Yield which label is taken for which, where each token has one; ``names`` are the labels by their ids."""
    if not np.array_equal(said.lengths, truth.lengths):
        return
    seen = np.unique(np.concatenate([said.values, truth.values]))
    if not 2 <= len(seen) <= _MOST_LABELS:
        return
    counts = np.zeros((len(seen), len(seen)), dtype=np.int64)
    np.add.at(counts, (np.searchsorted(seen, truth.values), np.searchsorted(seen, said.values)), 1)
    right = int(np.trace(counts))
    yield Grid(
        "confusion", f"confusion-{file}", f"Confusion: {place}",
        f"Tokens by their true label (down) and the answered one (across): {right:,} of {len(truth.values):,} are"
        " right.",
        "answered label", "true label", tuple(str(names[each]) for each in seen),
        tuple(tuple(int(each) for each in row) for row in counts),
    )  # fmt: skip
