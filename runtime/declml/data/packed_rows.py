"""Rows that were gathered once, kept on the disk in their order: a stretch of them is read as one piece of bytes.

Columns are stored apart, so a row of many columns lies in many places; every pass over a table that is larger than
memory would gather it anew, which costs as much as a small network's step.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import numpy as np
import torch
from torch import Tensor

from declml.data.batches import GroupSource, RowTensors


class PackedRows:
    """All rows of ``pieces``, one piece after the other, in files that nobody else sees: they go with this object.

    They are made in ``folder``, and an `OSError` of the disk is the caller's to tell.
    """

    def __init__(self, pieces: Iterable[RowTensors], folder: Path) -> None:
        self._groups: list[_Packed] = []
        self._targets: dict[str, _Packed] = {}
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix="rows-", dir=folder, ignore_cleanup_errors=True) as name, ExitStack() as files:
            writers: list[_Writer] = []
            names: list[str] = []
            for piece in pieces:
                sources = [*piece.groups, *piece.targets.values()]
                if not writers:
                    names = list(piece.targets)
                    writers = [_Writer(Path(name) / str(place), files) for place in range(len(sources))]
                for writer, source in zip(writers, sources, strict=True):
                    writer.add(source)
            files.close()
            # A mapped file stays readable when its name is gone, so nothing is left behind however a process ends.
            packed = [each.finish() for each in writers]
        count = len(packed) - len(names)
        self._groups = packed[:count]
        self._targets = dict(zip(names, packed[count:], strict=True))

    def take(self, stretches: Sequence[tuple[int, int]]) -> RowTensors:
        """Return the rows from ``start`` until ``stop`` of each of these, one stretch after the other."""
        groups = [each.take(stretches) for each in self._groups]
        return RowTensors(
            [each if isinstance(each, GroupSource) else GroupSource(each) for each in groups],
            {name: each.take(stretches) for name, each in self._targets.items()},
        )


@dataclass(frozen=True, slots=True)
class _Packed:
    """One mapped tensor of all rows. Of tokens, ``like`` says how they are padded and ``offsets`` where rows begin."""

    values: Tensor
    offsets: Tensor | None
    like: GroupSource | None

    def take(self, stretches: Sequence[tuple[int, int]]) -> Tensor | GroupSource:
        if self.offsets is None or self.like is None:
            return torch.cat([self.values[start:stop] for start, stop in stretches])
        values: list[Tensor] = []
        lengths: list[Tensor] = []
        for start, stop in stretches:
            offsets = self.offsets[start : stop + 1]
            values.append(self.values[int(offsets[0]) : int(offsets[-1])])
            lengths.append(offsets.diff())
        starts = torch.cat([torch.zeros(1, dtype=torch.int64), torch.cat(lengths).cumsum(0)])
        return replace(self.like, values=torch.cat(values), offsets=starts)


class _Writer:
    """Writes one tensor of the pieces, row after row, and the lengths of its rows where they differ."""

    def __init__(self, path: Path, files: ExitStack) -> None:
        self._path = path
        self._offsets_path = path.with_suffix(".offsets")
        self._values: IO[bytes] = files.enter_context(path.open("wb"))
        self._offsets: IO[bytes] = files.enter_context(self._offsets_path.open("wb"))
        self._first: Tensor | GroupSource | None = None
        self._rows = self._tokens = 0

    def add(self, source: Tensor | GroupSource) -> None:
        if self._first is None:
            self._first = source if isinstance(source, Tensor) else replace(source, values=source.values[:0].clone())
        if isinstance(source, Tensor) or source.offsets is None:
            values = source if isinstance(source, Tensor) else source.values
        else:
            values = source.values
            offsets = source.offsets if self._rows == 0 else source.offsets[1:]
            (offsets + self._tokens).numpy().tofile(self._offsets)
            self._tokens += len(values)
        values.numpy().tofile(self._values)
        self._rows += len(source) if isinstance(source, Tensor) else source.rows

    def finish(self) -> _Packed:
        first = self._first
        assert first is not None, "there is at least one piece"
        if isinstance(first, Tensor) or first.offsets is None:
            like = first if isinstance(first, Tensor) else first.values
            return _Packed(_mapped(self._path, (self._rows, *like.shape[1:]), like.dtype), None, None)
        values = _mapped(self._path, (self._tokens,), first.values.dtype)
        return _Packed(values, _mapped(self._offsets_path, (self._rows + 1,), torch.int64), first)


def _mapped(path: Path, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    count = int(np.prod(shape))
    if not count:
        return torch.empty(shape, dtype=dtype)
    return torch.from_file(str(path), shared=True, size=count, dtype=dtype).view(shape)
