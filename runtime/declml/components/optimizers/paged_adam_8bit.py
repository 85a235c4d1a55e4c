"""The optimizer ``paged_adam_8bit``: Adam of the package bitsandbytes, its state in 8 bits."""

from __future__ import annotations

from declml.components.optimizers.bits_and_bytes import AdamOptions, bits_and_bytes

COMPONENT = bits_and_bytes(
    "paged_adam_8bit",
    "PagedAdam8bit",
    "Adam with its state in 8 bits, which leaves a GPU's memory when that is short; needs bitsandbytes.",
    AdamOptions,
)
