"""Mixed precision: which 16-bit type a device computes well in, and whether its gradients need scaling."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class Precision:
    """How answers are computed: ``dtype`` None is full precision; ``scaled`` says that gradients would vanish unscaled.

    ``note`` is a sentence for the log where the wish for mixed precision could not be met, else empty.
    """

    dtype: torch.dtype | None = None
    scaled: bool = False
    note: str = ""


def choose_precision(device: torch.device) -> Precision:
    """Return how to compute with mixed precision on ``device``.

    bfloat16 where the hardware has it, for it needs no scaling; float16 with scaled gradients on older GPUs;
    full precision elsewhere.
    """
    if device.type == "cuda":
        if torch.cuda.get_device_capability(device) >= (8, 0):
            return Precision(torch.bfloat16)
        return Precision(torch.float16, scaled=True)
    if device.type == "cpu" and _cpu_has_bfloat16():
        return Precision(torch.bfloat16)
    return Precision(note=f"Mixed precision is not used: this {device.type} computes in 16 bits no faster than in 32.")


def _cpu_has_bfloat16() -> bool:
    # torch only has private names for this; without them we stay in full precision, which is never wrong.
    probe = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(probe and probe())
