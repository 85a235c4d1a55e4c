"""The optimizer ``adamw_8bit``: AdamW of the package bitsandbytes, its state in 8 bits."""

from __future__ import annotations

from declml.components.optimizers.bits_and_bytes import AdamWOptions, bits_and_bytes

COMPONENT = bits_and_bytes(
    "adamw_8bit",
    "AdamW8bit",
    "AdamW that keeps its state in 8 bits: a quarter of the memory for large weights; needs bitsandbytes.",
    AdamWOptions,
)
