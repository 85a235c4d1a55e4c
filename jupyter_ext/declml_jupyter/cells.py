"""A ``%%declml`` cell as a config: its text with the places of the cell, and the rewriting that lets it be stopped."""

from __future__ import annotations

from collections.abc import Sequence

from declml.run.config import Config

CELL = "<cell>"


def config_of(cell: str) -> Config:
    """Return the config in a cell. A comment stands for the magic's line, so that all lines keep their numbers."""
    return Config(f"# %%declml\n{cell}", CELL, None)


def awaited(lines: Sequence[str]) -> list[str]:
    """Rewrite a cell that trains into one that awaits its magic; other cells stay as they are.

    While a cell awaits, the kernel takes messages of the front end: the stop button of the view works. In any other
    cell it would be heard when the training is over.
    """
    first = lines[0].split() if lines else []
    if first[:2] != ["%%declml", "train"] or "--background" in first:
        return list(lines)
    line = lines[0].strip().removeprefix("%%declml").strip()
    return [f"await get_ipython().run_cell_magic('declml', {line!r}, {''.join(lines[1:])!r})\n"]
