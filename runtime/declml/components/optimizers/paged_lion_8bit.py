"""The optimizer ``paged_lion_8bit``: Lion of the package bitsandbytes, its state in 8 bits."""

from __future__ import annotations

from declml.components.optimizers.bits_and_bytes import LionOptions, bits_and_bytes

COMPONENT = bits_and_bytes(
    "paged_lion_8bit",
    "PagedLion8bit",
    "Lion with its state in 8 bits, which leaves a GPU's memory when that is short; needs bitsandbytes.",
    LionOptions,
)
