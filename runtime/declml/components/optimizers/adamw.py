"""The optimizer ``adamw``: Adam whose weight decay acts on the weights themselves (Loshchilov and Hutter, 2019)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from declml.components.optimizers.adam import FusedAdam, can_fuse
from declml.components.optimizers.kept_tensors import Forgetting
from declml.components.optimizers.torch_optim import TorchOptim
from declml.contracts import Optimizer
from declml_schema.declare import Component, Parameters, parameter

# A private name of torch: where it is missing, torch.optim does the work.
_update: Callable[..., None] | None = getattr(torch, "_fused_adamw_", None)


class AdamWParameters(Parameters):
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
        0.01,
        "The share of each weight, times the learning rate, that every step takes away; larger keeps weights smaller.",
        ge=0,
    )
    amsgrad: bool = parameter(
        False,
        "Divide by the largest running mean so far, not the present one: steps never grow again, for more memory.",
    )


def build_adamw(
    weights: Sequence[Tensor],
    *,
    betas: Sequence[float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.01,
    amsgrad: bool = False,
) -> Optimizer:
    """Return AdamW over ``weights``: fused where torch can, else from `torch.optim`."""
    options: dict[str, Any] = {"eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad}
    if _update is not None and can_fuse(weights):
        return FusedAdam(weights, _update, name="fused adamw", betas=betas, **options)
    return TorchOptim(weights, "AdamW", {"betas": tuple(betas), **options})


COMPONENT = Component(
    "optimizer",
    "adamw",
    "Adam with weight decay that does not depend on the gradients: the usual choice for fine-tuning transformers.",
    AdamWParameters,
    build=build_adamw,
)
