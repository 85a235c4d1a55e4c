"""What happens to gradients between backward and the optimizer: penalties and limits. No value is read back."""

# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false
# torch's list operations have no public name; on tens of small tensors they are several times faster than a loop.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

_EPSILON = 1e-6  # as in torch.nn.utils.clip_grad_norm_, so that the bits are the same


@dataclass(frozen=True, slots=True)
class Clipping:
    """Limits on gradients, None being no limit, in this order: common norm, norm of each weight's, each number."""

    global_norm: float | None = None
    norm: float | None = None
    value: float | None = None


@torch.no_grad()
def clip(grads: list[Tensor], clipping: Clipping) -> None:
    """Bring ``grads`` within the limits, in place."""
    if clipping.global_norm is not None:
        norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(grads)))
        torch._foreach_mul_(grads, torch.clamp(clipping.global_norm / (norm + _EPSILON), max=1.0))
    if clipping.norm is not None:
        norms = torch.stack(torch._foreach_norm(grads))  # (weight,)
        scales = torch.clamp(clipping.norm / (norms + _EPSILON), max=1.0)
        torch._foreach_mul_(grads, list(scales.unbind()))
    if clipping.value is not None:
        torch._foreach_clamp_min_(grads, -clipping.value)
        torch._foreach_clamp_max_(grads, clipping.value)


@torch.no_grad()
def penalize(weights: Sequence[Tensor], *, l1: float, l2: float) -> None:
    """Add to ``.grad`` the gradient of ``l1 * sum(|w|) + l2 * sum(w ** 2)`` over all ``weights``.

    It equals adding the penalty to the loss, without a graph over the weights.
    """
    for weight in weights:
        if weight.grad is None:
            weight.grad = torch.zeros_like(weight)
    grads = [weight.grad for weight in weights if weight.grad is not None]
    if l2:
        torch._foreach_add_(grads, list(weights), alpha=2 * l2)
    if l1:
        torch._foreach_add_(grads, torch._foreach_sign(list(weights)), alpha=l1)


@torch.no_grad()
def penalty(weights: Sequence[Tensor], *, l1: float, l2: float) -> Tensor:
    """Return ``l1 * sum(|w|) + l2 * sum(w ** 2)`` over all ``weights``, a scalar."""
    absolute = torch.stack(torch._foreach_norm(list(weights), 1)).sum()
    return l1 * absolute + l2 * torch.stack(torch._foreach_norm(list(weights))).square().sum()


@torch.no_grad()
def scale(grads: list[Tensor], factor: float) -> None:
    """Multiply ``grads`` by ``factor``, in place."""
    torch._foreach_mul_(grads, factor)


@torch.no_grad()
def all_finite(tensors: list[Tensor]) -> bool:
    """Return whether no number of ``tensors`` is nan or infinite. Waits for the device."""
    floating = [tensor.detach() for tensor in tensors if tensor.is_floating_point() and tensor.numel()]
    if not floating:
        return True
    largest = torch._foreach_norm(floating, float("inf"))
    return bool(torch.stack([each.float() for each in largest]).isfinite().all())
