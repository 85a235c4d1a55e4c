"""The optimizer ``lamb_8bit``: LAMB of the package bitsandbytes, its state in 8 bits."""

from __future__ import annotations

from declml.components.optimizers.bits_and_bytes import AdamOptions, bits_and_bytes

COMPONENT = bits_and_bytes(
    "lamb_8bit",
    "LAMB8bit",
    "LAMB that keeps its state in 8 bits: a quarter of the memory for large weights; needs bitsandbytes.",
    AdamOptions,
)
