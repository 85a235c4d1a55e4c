"""The optimizer ``paged_lion``: Lion of the package bitsandbytes, its state in memory that can leave the GPU."""

from __future__ import annotations

from declml.components.optimizers.bits_and_bytes import LionOptions, bits_and_bytes

COMPONENT = bits_and_bytes(
    "paged_lion",
    "PagedLion",
    "Lion whose state leaves a GPU's memory when that is short; needs bitsandbytes.",
    LionOptions,
)
