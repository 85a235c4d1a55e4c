"""The optimizer ``lbfgs``: steps by the bend of the loss, learned from its last gradients (Liu and Nocedal, 1989)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor

from declml.contracts import Optimizer
from declml_schema.declare import Component, Parameters, parameter

_LISTS = ("old_dirs", "old_stps", "ro")
_COUNTS = ("func_evals", "n_iter")
_VALUES = ("d", "t", "H_diag", "prev_flat_grad", "prev_loss")


class LbfgsParameters(Parameters):
    """What a config may say about it."""

    max_iter: int = parameter(20, "Moves of the weights in a step at most; each looks at the step's rows again.", ge=1)
    max_eval: int | None = parameter(
        None, "Looks at the step's rows in a step at most; null allows a quarter more than `max_iter`.", ge=1
    )
    tolerance_grad: float = parameter(1e-7, "End a step where no gradient is larger than this.", ge=0)
    tolerance_change: float = parameter(1e-9, "End a step where neither the loss nor a weight changes by more.", ge=0)
    history_size: int = parameter(
        10,
        "How many moves are remembered: each takes twice the memory of the weights, in checkpoints as well. Ludwig has"
        " 100.",
        ge=1,
    )
    line_search_fn: Literal["strong_wolfe"] | None = parameter(
        "strong_wolfe",
        "How far to move: `strong_wolfe` looks for a place where the loss is lower, null moves by the learning rate,"
        " which is Ludwig's default and often diverges.",
    )


class Lbfgs:
    """``torch.optim.LBFGS``, its state as tensors that a checkpoint can hold.

    A step looks at its rows several times: the training loop calls `minimize`, not `step`.
    """

    implementation = "torch.optim.LBFGS"

    def __init__(self, weights: Sequence[Tensor], options: Mapping[str, Any]) -> None:
        self._weights = list(weights)
        self._optimizer = torch.optim.LBFGS(self._weights, lr=0.0, **options) if self._weights else None

    def minimize(self, learning_rate: float, loss: Callable[[], Tensor]) -> None:
        """Take one step down ``loss``, which leaves the gradients of its answer in ``.grad`` each time."""
        if self._optimizer is not None:
            self._optimizer.param_groups[0]["lr"] = learning_rate
            self._optimizer.step(loss)

    def step(self, learning_rate: float) -> None:
        """Move once along the gradients in ``.grad``, bent by what is remembered, without a look at the loss."""
        if self._optimizer is None or all(weight.grad is None for weight in self._weights):
            return
        group = self._optimizer.param_groups[0]
        asked = {name: group[name] for name in ("max_iter", "line_search_fn")}
        group.update(max_iter=1, line_search_fn=None)
        self.minimize(learning_rate, lambda: torch.zeros(()))
        group.update(asked)

    def state(self) -> dict[str, Tensor]:
        """Return what is remembered; a name that ends in ``.plain`` is of a Python number."""
        if self._optimizer is None:
            return {}
        known = self._optimizer.state[self._weights[0]]
        answer = {name: torch.tensor(known.get(name, 0)) for name in _COUNTS}
        for name in _VALUES:
            if isinstance(value := known.get(name), Tensor):
                answer[name] = value
            elif value is not None:
                answer[f"{name}.plain"] = torch.tensor(float(value), dtype=torch.float64)
        for name in _LISTS:
            answer.update({f"{name}.{place}": each for place, each in enumerate(known.get(name) or ())})
        return answer

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what `state` returned; a `KeyError` names what is missing."""
        if self._optimizer is None:
            return
        weight = self._weights[0]
        restored: dict[str, Any] = {name: int(state[name]) for name in _COUNTS}
        for name in _VALUES:
            if name in state:
                restored[name] = state[name].to(weight.device).clone()
            elif f"{name}.plain" in state:
                restored[name] = float(state[f"{name}.plain"])
        for name in _LISTS if restored["n_iter"] else ():
            number = sum(key.startswith(f"{name}.") for key in state)
            restored[name] = [state[f"{name}.{place}"].to(weight.device).clone() for place in range(number)]
        size = sum(each.numel() for each in self._weights)
        if any(len(each) != size for each in restored.get("old_dirs", ())):
            raise ValueError(f"what lbfgs remembers must be of {size} weights")
        self._optimizer.state[weight] = restored


def build_lbfgs(
    weights: Sequence[Tensor],
    *,
    max_iter: int = 20,
    max_eval: int | None = None,
    tolerance_grad: float = 1e-7,
    tolerance_change: float = 1e-9,
    history_size: int = 10,
    line_search_fn: str | None = "strong_wolfe",
) -> Optimizer:
    """Return L-BFGS over ``weights``, from `torch.optim`."""
    options: dict[str, Any] = {
        "max_iter": max_iter,
        "max_eval": max_eval,
        "tolerance_grad": tolerance_grad,
        "tolerance_change": tolerance_change,
        "history_size": history_size,
        "line_search_fn": line_search_fn,
    }
    return Lbfgs(weights, options)


COMPONENT = Component(
    "optimizer",
    "lbfgs",
    "Long, well aimed steps by the bend of the loss, each looking at its rows many times: for small tables, with all"
    " rows in each step, which `auto` gives. It does without gradient_clipping.",
    LbfgsParameters,
    build=build_lbfgs,
    facts={"pace": {"learning_rate": 1.0, "all_rows": True}},
)
