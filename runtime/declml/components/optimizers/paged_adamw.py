"""The optimizer ``paged_adamw``: AdamW of the package bitsandbytes, its state in memory that can leave the GPU."""

from __future__ import annotations

from declml.components.optimizers.bits_and_bytes import AdamWOptions, bits_and_bytes

COMPONENT = bits_and_bytes(
    "paged_adamw",
    "PagedAdamW",
    "AdamW whose state leaves a GPU's memory when that is short; needs bitsandbytes.",
    AdamWOptions,
)
