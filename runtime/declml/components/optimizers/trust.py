"""How far to trust a step: its length set by that of the weight that it moves, for ``lamb`` and ``lars``."""

# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false
# torch's list operations have no public name; where one is missing, it fails at once.

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def trusted(weights: Sequence[Tensor], ways: Sequence[Tensor], length: float) -> list[Tensor]:
    """Return ``ways``, each as long as its weight times ``length``.

    One without a length, or of a weight without one, stays as it is. No value is read back from the device.
    """
    sizes = torch._foreach_norm(list(weights))
    lengths = torch._foreach_norm(list(ways))
    factors = [
        torch.where((size > 0) & (way > 0), length * size / way, torch.ones_like(size))
        for size, way in zip(sizes, lengths, strict=True)
    ]
    return list(torch._foreach_mul(list(ways), factors))
