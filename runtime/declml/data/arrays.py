"""Arrays that are written a part at a time and mapped as a whole: a column never has to be in memory at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap

from declml.contracts import Encoded


def write_parts(folder: Path, parts: Iterable[Encoded], rows: int) -> Mapping[str, int]:
    """Write ``values.npy``, and ``offsets.npy`` and ``keep.npy`` where there are such; return the counts of all parts.

    ``rows`` are those of all parts together.
    """
    counts: Counter[str] = Counter()
    dense: np.ndarray | None = None
    keep: np.ndarray | None = None
    offsets: list[np.ndarray] = []
    tokens = 0
    start = 0
    kind = np.dtype(np.int32)
    with (folder / "tokens.raw").open("wb") as raw:
        for part in parts:
            counts.update(part.counts)
            values = np.ascontiguousarray(part.values)
            count = len(values) if part.offsets is None else len(part.offsets) - 1
            if part.offsets is None:
                if dense is None:
                    shape = (rows, *values.shape[1:])
                    dense = open_memmap(folder / "values.npy", mode="w+", dtype=values.dtype, shape=shape)
                dense[start : start + count] = values
            else:
                kind = values.dtype
                raw.write(values.tobytes())
                own = np.asarray(part.offsets)
                offsets.append((own if not offsets else own[1:]) + tokens)
                tokens += len(values)
            if part.keep is not None:
                keep = np.ones(rows, dtype=bool) if keep is None else keep
                keep[start : start + count] = part.keep
            start += count
    if dense is not None:
        dense.flush()
    if offsets:
        _with_header(folder / "tokens.raw", folder / "values.npy", kind, tokens)
        np.save(folder / "offsets.npy", np.concatenate(offsets))
    (folder / "tokens.raw").unlink()
    if keep is not None:
        np.save(folder / "keep.npy", keep)
    return dict(counts)


def _with_header(raw: Path, target: Path, kind: np.dtype, count: int) -> None:
    """Give raw values the header that numpy maps them by."""
    mapped = open_memmap(target, mode="w+", dtype=kind, shape=(count,)) if count else None
    if mapped is None:
        np.save(target, np.empty(0, dtype=kind))
        return
    step, start = 1 << 22, 0
    with raw.open("rb") as file:
        while start < count:
            part = np.fromfile(file, dtype=kind, count=step)
            mapped[start : start + len(part)] = part
            start += len(part)
    mapped.flush()
