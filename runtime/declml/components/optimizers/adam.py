"""The optimizer ``adam``: steps scaled by running means of each gradient and of its square (Kingma and Ba, 2015)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from declml.components.optimizers.kept_tensors import Forgetting
from declml.components.optimizers.torch_optim import TorchOptim
from declml.contracts import Optimizer
from declml_schema.declare import Component, Parameters, parameter

_FUSED_DEVICES = ("cpu", "cuda")

# A private name of torch: where it is missing, torch.optim does the work.
_update: Callable[..., None] | None = getattr(torch, "_fused_adam_", None)


class AdamParameters(Parameters):
    """What a config may say about it."""

    betas: list[Forgetting] = parameter(
        [0.9, 0.999],
        "How slowly the running means of gradient and square forget; each < 1, larger is smoother and slower.",
        min_length=2,
        max_length=2,
    )
    eps: float = parameter(
        1e-8, "Added under the fraction so that it never divides by 0; larger damps the steps of small gradients.", gt=0
    )
    weight_decay: float = parameter(
        0.0, "How much of each weight is added to its gradient; larger keeps weights smaller.", ge=0
    )
    amsgrad: bool = parameter(
        False,
        "Divide by the largest running mean so far, not the present one: steps never grow again, for more memory.",
    )


class FusedAdam:
    """Adam over all weights in one call of torch's own kernel, without `torch.optim`, whose import costs seconds.

    ``update`` is ``torch._fused_adam_`` or ``torch._fused_adamw_``; the numbers are those of ``fused=True`` there.
    """

    def __init__(
        self,
        weights: Sequence[Tensor],
        update: Callable[..., None],
        *,
        name: str,
        betas: Sequence[float],
        eps: float,
        weight_decay: float,
        amsgrad: bool,
    ) -> None:
        self.implementation = name
        self._update = update
        self._betas = (float(betas[0]), float(betas[1]))
        self._eps = eps
        self._weight_decay = weight_decay
        self._amsgrad = amsgrad
        self._weights = list(weights)
        self._means = [torch.zeros_like(weight, memory_format=torch.preserve_format) for weight in self._weights]
        self._squares = [torch.zeros_like(weight, memory_format=torch.preserve_format) for weight in self._weights]
        self._largest = [torch.zeros_like(square) for square in self._squares] if amsgrad else []
        # One tensor for all step counts: one addition a step, and a view of it for each weight.
        device = self._weights[0].device if self._weights else None
        self._steps = torch.zeros(len(self._weights), dtype=torch.float32, device=device)
        self._counts = list(self._steps.unbind())

    @torch.no_grad()
    def step(self, learning_rate: float) -> None:
        """Take one step along the gradients in ``.grad``; a weight without one stays as it is."""
        weights, means, squares = self._weights, self._means, self._squares
        largest, counts = self._largest, self._counts
        grads: list[Tensor | None] = [weight.grad for weight in weights]
        if any(grad is None for grad in grads):
            chosen = [index for index, grad in enumerate(grads) if grad is not None]
            if not chosen:
                return
            weights, means, squares, grads, counts = (
                [each[index] for index in chosen] for each in (weights, means, squares, grads, counts)
            )
            largest = [largest[index] for index in chosen] if largest else []
            self._steps[chosen] += 1
        elif not weights:
            return
        else:
            self._steps.add_(1)
        self._update(
            weights,
            grads,
            means,
            squares,
            largest,
            counts,
            lr=learning_rate,
            beta1=self._betas[0],
            beta2=self._betas[1],
            weight_decay=self._weight_decay,
            eps=self._eps,
            amsgrad=self._amsgrad,
            maximize=False,
        )

    def state(self) -> dict[str, Tensor]:
        """Return the running means and step counts: the live tensors, not copies."""
        state = {"steps": self._steps}
        for name, tensors in self._groups():
            state.update({f"{name}.{index}": tensor for index, tensor in enumerate(tensors)})
        return state

    @torch.no_grad()
    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what `state` returned; a `KeyError` names what is missing."""
        self._steps.copy_(state["steps"])
        for name, tensors in self._groups():
            for index, tensor in enumerate(tensors):
                tensor.copy_(state[f"{name}.{index}"])

    def _groups(self) -> list[tuple[str, list[Tensor]]]:
        return [("mean", self._means), ("square", self._squares), ("largest", self._largest)]


def can_fuse(weights: Sequence[Tensor]) -> bool:
    """Return whether torch's fused kernels take these weights: floating, on one device that has them."""
    devices = {weight.device for weight in weights}
    return len(devices) <= 1 and all(
        each.device.type in _FUSED_DEVICES and each.is_floating_point() for each in weights
    )


def build_adam(
    weights: Sequence[Tensor],
    *,
    betas: Sequence[float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    amsgrad: bool = False,
) -> Optimizer:
    """Return Adam over ``weights``: fused where torch can, else from `torch.optim`."""
    options: dict[str, Any] = {"eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad}
    if _update is not None and can_fuse(weights):
        return FusedAdam(weights, _update, name="fused adam", betas=betas, **options)
    return TorchOptim(weights, "Adam", {"betas": tuple(betas), **options})


COMPONENT = Component(
    "optimizer",
    "adam",
    "Steps scaled to each weight by running means of its gradient: a good first choice that forgives its rate.",
    AdamParameters,
    build=build_adam,
)
