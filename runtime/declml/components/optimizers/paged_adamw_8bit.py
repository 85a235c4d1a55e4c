"""The optimizer ``paged_adamw_8bit``: AdamW of the package bitsandbytes, its state in 8 bits."""

from __future__ import annotations

from declml.components.optimizers.bits_and_bytes import AdamWOptions, bits_and_bytes

COMPONENT = bits_and_bytes(
    "paged_adamw_8bit",
    "PagedAdamW8bit",
    "AdamW with its state in 8 bits, which leaves a GPU's memory when that is short; needs bitsandbytes.",
    AdamWOptions,
)
