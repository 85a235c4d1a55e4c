"""The optimizer ``adam_8bit``: Adam of the package bitsandbytes, its state in 8 bits."""

from __future__ import annotations

from declml.components.optimizers.bits_and_bytes import AdamOptions, bits_and_bytes

COMPONENT = bits_and_bytes(
    "adam_8bit",
    "Adam8bit",
    "Adam that keeps its state in 8 bits: a quarter of the memory for large weights; needs bitsandbytes.",
    AdamOptions,
)
