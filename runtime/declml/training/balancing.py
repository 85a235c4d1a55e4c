"""How the losses of several outputs become one: strategies that weigh them anew at each step, so that none is drowned.

The weights that a config gives the losses act besides, as factors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor

Strategy: TypeAlias = Literal["log_transform", "uncertainty", "famo", "gradnorm", "nash_mtl", "pareto_mtl"]

_SMALLEST = 1e-8
_NEWTON_STEPS = 20
_RIDGE = 1e-6
_FAMO_DECAY = 1e-3  # how fast old news is forgotten, as in the paper's experiments


@dataclass(frozen=True, slots=True, kw_only=True)
class Balancing:
    """Which strategy, and its settings: ``alpha`` is gradnorm's, ``rate`` that of learned weights.

    ``preferences`` has a number for each output and ``worst`` the share of the largest loss: both are pareto_mtl's.
    """

    strategy: Strategy
    alpha: float = 1.5
    rate: float = 0.01
    preferences: tuple[float, ...] | None = None
    worst: float = 0.5


class Balance:
    """Weighs the losses of one training. ``weights`` are all trained ones of the network; no value is read back."""

    def __init__(self, balancing: Balancing, weights: Sequence[Tensor], outputs: int, device: torch.device) -> None:
        self._balancing = balancing
        self._weights = list(weights)
        begin = 1.0 if balancing.strategy == "gradnorm" else 0.0
        self._learned = torch.full((outputs,), begin, device=device)
        # The losses that later ones are held against: the first for gradnorm, those of the last step for famo.
        self._before = torch.full((outputs,), torch.nan, device=device)
        self._shares = torch.full((outputs,), 1 / outputs, device=device)

    def total(self, losses: Sequence[Tensor]) -> Tensor:
        """Return one loss to go down, from the weighted losses of a batch, in the order of the outputs."""
        together = torch.stack([each.float() for each in losses])
        if self._balancing.strategy == "gradnorm":
            return self._gradnorm(together, self._shared(losses))
        if self._balancing.strategy == "nash_mtl":
            return self._nash_mtl(together, self._shared(losses))
        ways: Mapping[str, Callable[[Tensor], Tensor]] = {
            "log_transform": self._log_transform,
            "uncertainty": self._uncertainty,
            "famo": self._famo,
            "pareto_mtl": self._pareto_mtl,
        }
        return ways[self._balancing.strategy](together)

    def state(self) -> dict[str, Any]:
        """Return what `load` needs: JSON data, with None for what was not seen yet."""
        before = [None if math.isnan(each) else each for each in self._before.tolist()]
        return {"learned": self._learned.tolist(), "before": before, "shares": self._shares.tolist()}

    @torch.no_grad()
    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` returned."""
        before = [torch.nan if each is None else each for each in state["before"]]
        for kept, values in (
            (self._learned, state["learned"]),
            (self._before, before),
            (self._shares, state["shares"]),
        ):
            kept.copy_(torch.tensor(values))

    # --- the strategies ----------------------------------------------------------------------------------------------

    def _log_transform(self, losses: Tensor) -> Tensor:
        return losses.log1p().sum()

    def _uncertainty(self, losses: Tensor) -> Tensor:
        """Kendall, Gal and Cipolla (2018): each output learns the logarithm of its own noise."""
        logs = self._learned.clone()
        self._learned -= self._balancing.rate * (1 - losses.detach() * (-logs).exp())
        return (losses * (-logs).exp() + logs).sum()

    def _famo(self, losses: Tensor) -> Tensor:
        """Liu et al. (2023): all logarithms of losses shall fall alike; what the last step did is seen at this one."""
        now = losses.detach().clamp_min(_SMALLEST).log()
        fallen = torch.where(self._before.isnan(), 0.0, self._before - now)
        # The slope of the shares' mean fall, by what the shares are made of.
        slope = self._shares * (fallen - (self._shares * fallen).sum())
        self._learned.mul_(1 - self._balancing.rate * _FAMO_DECAY).sub_(self._balancing.rate * slope)
        self._shares.copy_(self._learned.softmax(0))
        self._before.copy_(now)
        size = (self._shares / losses.detach().clamp_min(_SMALLEST)).sum()
        return (self._shares.clone() * losses.clamp_min(_SMALLEST).log()).sum() / size

    def _gradnorm(self, losses: Tensor, shared: Sequence[Sequence[Tensor]]) -> Tensor:
        """Chen et al. (2018): outputs that learn slowly get larger gradients at the last layer that all share."""
        self._before.copy_(torch.where(self._before.isnan(), losses.detach(), self._before))
        sizes = torch.stack([_norm(gradients[-1:]) for gradients in shared])
        pace = losses.detach() / self._before.clamp_min(_SMALLEST)
        own = self._learned * sizes
        wanted = own.mean() * (pace / pace.mean().clamp_min(_SMALLEST)) ** self._balancing.alpha
        # In parts of themselves, so that weights that must become tiny get there without ever changing sign.
        moved = self._learned * (-self._balancing.rate * (own - wanted) / own.mean().clamp_min(_SMALLEST)).exp()
        weights = self._learned.clone()
        self._learned.copy_(moved * len(losses) / moved.sum())
        return (weights * losses).sum()

    def _nash_mtl(self, losses: Tensor, shared: Sequence[Sequence[Tensor]]) -> Tensor:
        """Navon et al. (2022): the weights on which outputs would agree in bargaining over the shared layers."""
        gradients = [torch.cat([each.flatten() for each in parts]) for parts in shared]
        matrix = torch.stack(gradients) @ torch.stack(gradients).T
        weights = _bargain(matrix)
        return (weights * losses).sum() * len(losses) / weights.sum()

    def _pareto_mtl(self, losses: Tensor) -> Tensor:
        """A preferred mix of all losses, and of it the largest one again, so that none is given up (Tchebycheff)."""
        chosen = self._balancing.preferences or (1.0,) * len(losses)
        preferred = losses * torch.tensor(chosen, device=losses.device) / sum(chosen)
        worst = self._balancing.worst
        return (1 - worst) * preferred.sum() + worst * preferred.max()

    def _shared(self, parts: Sequence[Tensor]) -> list[list[Tensor]]:
        """Return the gradients of each loss by the weights that all of them depend on."""
        found: list[tuple[Tensor | None, ...]] = [
            torch.autograd.grad(loss, self._weights, retain_graph=True, allow_unused=True) for loss in parts
        ]
        common = [place for place in range(len(self._weights)) if all(each[place] is not None for each in found)]
        return [[gradient for place in common if (gradient := each[place]) is not None] for each in found]


def _norm(gradients: Sequence[Tensor]) -> Tensor:
    return torch.stack([each.norm() for each in gradients]).norm() if gradients else torch.zeros(())


def _bargain(matrix: Tensor) -> Tensor:
    """Return the positive ``weights`` with ``matrix @ weights == 1 / weights``, by Newton's method.

    They are the minimum of ``weights @ matrix @ weights / 2 - log(weights).sum()``, which is convex. A step goes at
    most to half of a weight, so that none leaves the positive numbers.
    """
    # Gradients of one length each: those of very different length would leave too few digits.
    scale = matrix.double().diagonal().clamp_min(torch.finfo(torch.float32).tiny).rsqrt()
    matrix = matrix.double() * scale * scale.unsqueeze(1)
    matrix = matrix + _RIDGE * torch.eye(len(matrix), device=matrix.device, dtype=torch.float64)
    weights = matrix.diagonal().rsqrt()
    for _ in range(_NEWTON_STEPS):
        slope = matrix @ weights - 1 / weights
        step = torch.linalg.solve(matrix + torch.diag(weights**-2), slope)
        longest = (step / weights).max().clamp_min(0.5)
        weights = weights - step * (0.5 / longest)
    return (weights * scale).float()
