"""The optimizer ``asgd``: plain steps that shrink, answered by the average of the weights (Polyak, Juditsky, 1992)."""

# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false
# torch's list operations have no public name; where one is missing, it fails at once.

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from declml.components.optimizers.kept_tensors import Due, ListOptimizer
from declml.contracts import Optimizer
from declml_schema.declare import Component, Parameters, parameter


class AsgdParameters(Parameters):
    """What a config may say about it."""

    lambd: float = parameter(
        1e-4, "How fast steps shrink beside their schedule, and weights with them; larger is faster.", ge=0
    )
    alpha: float = parameter(0.75, "The power by which steps shrink: 0 not at all, 1 as the number of steps.", ge=0)
    t0: float = parameter(
        500.0,
        "The step from which on weights are averaged; before it the last ones are the answer. torch.optim has 1000000,"
        " which few trainings reach.",
        ge=0,
        unit="steps",
    )
    weight_decay: float = parameter(
        0.0, "How much of each weight is added to its gradient; larger keeps weights smaller.", ge=0
    )


class ForeachAsgd(ListOptimizer):
    """Averaged SGD over all weights with torch's list operations.

    The numbers are those of ``torch.optim.ASGD``, whose ``ax`` is the average; there it is left to the caller to use.
    """

    implementation = "foreach asgd"

    def __init__(
        self, weights: Sequence[Tensor], *, lambd: float, alpha: float, t0: float, weight_decay: float
    ) -> None:
        super().__init__(weights, {"average": 0.0}, added_decay=weight_decay)
        self._all = list(weights)
        self._lambd = lambd
        self._alpha = alpha
        self._t0 = t0
        self._rates: list[float] = [0.0] * len(self._all)  # that of the next step, by the place of the weight

    def move(self, due: Due, learning_rate: float) -> None:
        """Change the weights that are due, and their averages."""
        places = {id(weight): place for place, weight in enumerate(self._all)}
        chosen = [places[id(weight)] for weight in due.weights]
        rates = [
            learning_rate if step == 1 else self._rates[place] for place, step in zip(chosen, due.steps, strict=True)
        ]
        torch._foreach_mul_(due.weights, [1 - self._lambd * rate for rate in rates])
        moves = list(torch._foreach_mul(due.grads, [-rate for rate in rates]))
        torch._foreach_add_(due.weights, moves)
        averages = due.kept["average"]
        gaps = list(torch._foreach_sub(due.weights, averages))
        # The share of the newest weights: all of it until the average begins, then that of a plain mean.
        torch._foreach_mul_(gaps, [1 / max(1.0, step - 1 - self._t0) for step in due.steps])
        torch._foreach_add_(averages, gaps)
        for place, step in zip(chosen, due.steps, strict=True):
            self._rates[place] = learning_rate / (1 + self._lambd * learning_rate * step) ** self._alpha

    @contextmanager
    def averaged(self) -> Generator[None]:
        """Put the average in force meanwhile; afterwards the weights have the bits that they had before."""
        kept = [weight.detach().clone() for weight in self._all]
        self.average()
        try:
            yield
        finally:
            with torch.no_grad():
                torch._foreach_copy_(self._all, kept)

    @torch.no_grad()
    def average(self) -> None:
        """Put the average in force for good: the last thing that is done with this optimizer."""
        state = self._tensors.state()
        for place, (weight, step) in enumerate(zip(self._all, state["steps"].tolist(), strict=True)):
            if step:
                weight.copy_(state[f"average.{place}"])

    def state(self) -> dict[str, Tensor]:
        """Return everything needed to go on bit for bit: live tensors, not copies, and the rates of the next step."""
        return {**super().state(), "rates": torch.tensor(self._rates, dtype=torch.float64)}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what `state` returned; a `KeyError` names what is missing."""
        super().load(state)
        self._rates = state["rates"].tolist()


def build_asgd(
    weights: Sequence[Tensor],
    *,
    lambd: float = 1e-4,
    alpha: float = 0.75,
    t0: float = 500.0,
    weight_decay: float = 0.0,
) -> Optimizer:
    """Return averaged SGD over ``weights``."""
    return ForeachAsgd(weights, lambd=lambd, alpha=alpha, t0=t0, weight_decay=weight_decay)


COMPONENT = Component(
    "optimizer",
    "asgd",
    "Plain steps along the gradient whose answer is the average of the weights: calmer than the last ones.",
    AsgdParameters,
    build=build_asgd,
)
