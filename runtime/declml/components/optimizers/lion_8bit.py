"""The optimizer ``lion_8bit``: Lion of the package bitsandbytes, its state in 8 bits."""

from __future__ import annotations

from declml.components.optimizers.bits_and_bytes import LionOptions, bits_and_bytes

COMPONENT = bits_and_bytes(
    "lion_8bit",
    "Lion8bit",
    "Lion that keeps its state in 8 bits: a quarter of the memory for large weights; needs bitsandbytes.",
    LionOptions,
)
