"""How H3 indexes are written and laid out: cells of a hexagonal grid over the earth, as integers or hexadecimal text.

The layout is that of https://h3geo.org/docs/core-library/h3Indexing: from the top a reserved bit, 4 bits for the mode,
3 for what depends on it, 4 for the resolution, 7 for the base cell, and 15 digits of 3 bits, 7 where there is none.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from declml.components.features.labels import as_labels

PARTS = 19
"""How many numbers a cell becomes: mode, edge, resolution, base cell, and the digits of 15 resolutions."""

DIGITS = 15
NO_DIGIT = 7
_BASE_CELLS = 122
_PENTAGONS = (4, 14, 24, 38, 49, 58, 63, 72, 83, 97, 107, 117)  # the base cells of which one sixth is not there
_ABSENT_DIGIT = 1  # the first digit other than 0 of a cell in the missing sixth of a pentagon
_EDGES = {1: (0, 0), 2: (1, 6), 3: (1, 6), 4: (0, 5)}  # by mode: cell, directed edge, edge, vertex
_DECIMAL = r"^[0-9]{18,19}$"  # hexadecimal ones have at most 16 digits
_HEXADECIMAL = r"^(?:0[xX])?([0-9A-Fa-f]{15,16})$"


def read_cells(column: pl.Series) -> pl.Series:
    """Return the indexes of a column of integers or of hexadecimal or decimal text, ``(row,)`` UInt64.

    Null where there is none or where it is no valid index.
    """
    if column.dtype.is_integer():
        indexes = column.cast(pl.UInt64, strict=False)
    else:
        text = as_labels(column)
        decimal = text.set(~text.str.contains(_DECIMAL), None).str.to_integer(dtype=pl.UInt64, strict=False)
        digits = text.str.extract(_HEXADECIMAL)
        indexes = decimal.zip_with(decimal.is_not_null(), digits.str.to_integer(base=16, dtype=pl.UInt64, strict=False))
    valid = pl.Series(are_valid(cell_parts(indexes)))
    return indexes.set(~valid, None).alias("cell")


def cell_parts(indexes: pl.Series) -> np.ndarray:
    """Return mode, edge, resolution, base cell and digits of indexes, ``(row, 19)`` uint8; 255 where there is none.

    The reserved bit counts as part of the mode, which then is none that exists.
    """
    cells = indexes.fill_null(0).to_numpy()
    parts = np.empty((len(cells), PARTS), dtype=np.uint8)
    for place, (shift, mask) in enumerate([(59, 31), (56, 7), (52, 15), (45, 127)]):
        parts[:, place] = (cells >> np.uint64(shift)) & np.uint64(mask)
    for digit in range(DIGITS):
        parts[:, 4 + digit] = (cells >> np.uint64(3 * (DIGITS - 1 - digit))) & np.uint64(7)
    parts[indexes.is_null().to_numpy()] = 255
    return parts


def are_valid(parts: np.ndarray) -> np.ndarray:
    """Return whether parts as `cell_parts` gives them are those of an index that exists, ``(row,)`` bool."""
    mode, edge, resolution, base_cell = parts[:, 0], parts[:, 1], parts[:, 2], parts[:, 3]
    digits = parts[:, 4:]
    used = np.arange(DIGITS) < resolution[:, None]
    right = np.where(used, digits < NO_DIGIT, digits == NO_DIGIT).all(axis=1) & (base_cell < _BASE_CELLS)
    known = np.zeros(len(parts), dtype=bool)
    for each, (least, most) in _EDGES.items():
        known |= (mode == each) & (edge >= least) & (edge <= most)
    turned = used & (digits > 0)
    first = np.take_along_axis(digits, turned.argmax(axis=1)[:, None], axis=1)[:, 0]
    absent = np.isin(base_cell, _PENTAGONS) & turned.any(axis=1) & (first == _ABSENT_DIGIT)
    return right & known & ~absent
