"""The optimizer ``sgd``: steps along the gradient, with momentum where asked (Sutskever et al., 2013)."""

# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false
# torch's list operations have no public name; where one is missing, torch.optim does the work.

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from declml.components.optimizers.torch_optim import TorchOptim
from declml.contracts import Optimizer
from declml_schema.declare import Component, Parameters, Rule, parameter

_KERNELS = ("_foreach_add", "_foreach_add_", "_foreach_mul_")


class SgdParameters(Parameters):
    """What a config may say about it."""

    momentum: float = parameter(
        0.0,
        "How much of the last step is kept in the next one; larger rolls through noise and takes longer to turn.",
        ge=0,
        lt=1,
    )
    weight_decay: float = parameter(
        0.0, "How much of each weight is added to its gradient; larger keeps weights smaller.", ge=0
    )
    dampening: float = parameter(
        0.0,
        "How much of each new gradient is left out of the momentum; larger makes steps smaller and smoother.",
        ge=0,
        le=1,
    )
    nesterov: bool = parameter(False, "Look one step of the momentum ahead; needs momentum and no dampening.")


class ForeachSgd:
    """SGD over all weights with torch's list operations, without `torch.optim`, whose import costs seconds.

    The numbers are those of ``torch.optim.SGD(foreach=True)``.
    """

    implementation = "foreach sgd"

    def __init__(
        self, weights: Sequence[Tensor], *, momentum: float, weight_decay: float, dampening: float, nesterov: bool
    ) -> None:
        self._weights = list(weights)
        self._momentum = momentum
        self._weight_decay = weight_decay
        self._dampening = dampening
        self._nesterov = nesterov
        self._moments = [torch.zeros_like(weight) for weight in self._weights] if momentum else []
        self._started = [False] * len(self._moments)

    @torch.no_grad()
    def step(self, learning_rate: float) -> None:
        """Take one step along the gradients in ``.grad``; a weight without one stays as it is."""
        chosen = [index for index, weight in enumerate(self._weights) if weight.grad is not None]
        if not chosen:
            return
        weights = [self._weights[index] for index in chosen]
        grads = [weight.grad for weight in weights if weight.grad is not None]
        if self._weight_decay:
            grads = list(torch._foreach_add(grads, weights, alpha=self._weight_decay))
        if self._momentum:
            moments = [self._moments[index] for index in chosen]
            torch._foreach_mul_(moments, self._momentum)
            torch._foreach_add_(moments, grads, alpha=1 - self._dampening)
            for index, grad in zip(chosen, grads, strict=True):
                if not self._started[index]:  # the first gradient is taken whole, whatever the dampening
                    self._moments[index].copy_(grad)
                    self._started[index] = True
            grads = list(torch._foreach_add(grads, moments, alpha=self._momentum)) if self._nesterov else moments
        torch._foreach_add_(weights, grads, alpha=-learning_rate)

    def state(self) -> dict[str, Tensor]:
        """Return the momentum: the live tensors, not copies, and which of them have seen a gradient."""
        state = {f"moment.{index}": moment for index, moment in enumerate(self._moments)}
        if self._moments:
            state["started"] = torch.tensor(self._started)
        return state

    @torch.no_grad()
    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what `state` returned; a `KeyError` names what is missing."""
        for index, moment in enumerate(self._moments):
            moment.copy_(state[f"moment.{index}"])
        if self._moments:
            self._started = [bool(each) for each in state["started"].tolist()]


def build_sgd(
    weights: Sequence[Tensor],
    *,
    momentum: float = 0.0,
    weight_decay: float = 0.0,
    dampening: float = 0.0,
    nesterov: bool = False,
) -> Optimizer:
    """Return SGD over ``weights``: by list operations where torch has them, else from `torch.optim`."""
    nesterov = nesterov and momentum > 0
    dampening = 0.0 if nesterov else dampening  # looking ahead is only defined for whole gradients
    if all(hasattr(torch, kernel) for kernel in _KERNELS) and len({weight.device for weight in weights}) <= 1:
        return ForeachSgd(weights, momentum=momentum, weight_decay=weight_decay, dampening=dampening, nesterov=nesterov)
    options = {"momentum": momentum, "weight_decay": weight_decay, "dampening": dampening, "nesterov": nesterov}
    return TorchOptim(weights, "SGD", options)


COMPONENT = Component(
    "optimizer",
    "sgd",
    "Plain steps along the gradient, with momentum if wanted: little memory, and the learning rate must fit.",
    SgdParameters,
    build=build_sgd,
    rules=(
        Rule("ignored-unless", "dampening", "nesterov", values=(False,), doc="Nesterov momentum has no dampening."),
    ),
)
