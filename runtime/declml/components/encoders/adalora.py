"""AdaLoRA (Zhang et al. 2023, arXiv:2303.10512): ranks that go, step by step, to the layers that need them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from declml.errors import UserProblem
from declml_schema.declare import Parameters, parameter

_PARTS = ("lora_A", "lora_E", "lora_B")  # of each layer, by the library's names


class AdaLora(Parameters):
    """Matrices as in lora, whose ranks are taken from the layers that need them least (Zhang et al. 2023)."""

    type: Literal["adalora"] = parameter(..., "The kind of adapter.")
    init_r: int = parameter(12, "The rank that each layer's matrices begin with.", ge=1)
    target_r: int = parameter(8, "The rank that a layer has in the end on average, at most init_r.", ge=1)
    alpha: int | None = parameter(
        None, "How strongly the matrices act, in units of init_r; null takes twice target_r.", ge=1
    )
    dropout: float = parameter(0.05, "The share of the matrices' inputs set to zero at random in training.", ge=0, lt=1)
    target_modules: list[str] | None = parameter(
        None, "The names of the layers that get matrices; null takes what suits the model.", min_length=1
    )
    tinit: int = parameter(0, "How many steps are taken before ranks are taken away.", ge=0, unit="steps")
    tfinal: int = parameter(0, "How many steps are taken with the ranks that are left.", ge=0, unit="steps")
    delta_t: int = parameter(1, "Ranks are chosen anew after so many steps.", ge=1, unit="steps")
    beta1: float = parameter(0.85, "How slowly what is known of a number's importance changes.", gt=0, lt=1)
    beta2: float = parameter(0.85, "How slowly what is known of that importance's spread changes.", gt=0, lt=1)
    orth_reg_weight: float = parameter(
        0.5, "How strongly the matrices are held to directions at right angles to each other.", ge=0
    )
    total_step: int | None = parameter(
        None,
        "How many steps it takes to come to target_r, tinit and tfinal included; null takes all of the training.",
        ge=1,
        unit="steps",
    )


def check_adalora(adapter: Mapping[str, Any]) -> None:
    """Refuse ranks that would have to grow, and a course that has no step to take them away."""
    if adapter["target_r"] > adapter["init_r"]:
        raise UserProblem(
            "adapter-ranks",
            f"target_r must be at most init_r, as ranks are only taken away; got {adapter['target_r']} and "
            f"{adapter['init_r']}.",
            hint="Give a larger init_r.",
        )
    total, outside = adapter["total_step"], adapter["tinit"] + adapter["tfinal"]
    if total is not None and outside >= total:
        raise UserProblem(
            "adapter-ranks",
            f"tinit and tfinal must leave some of the {total} steps of total_step; got {outside} together.",
            hint="Give a larger total_step, or null for all steps of the training.",
        )


def adalora_settings(adapter: Mapping[str, Any], targets: Any, *, is_transposed: bool) -> Any:
    """Return the settings of peft, which makes the layers; the ranks are `RankBudget`'s."""
    from peft import AdaLoraConfig  # costs seconds: only where there is an adapter

    check_adalora(adapter)
    alpha = adapter["alpha"]
    return AdaLoraConfig(
        init_r=adapter["init_r"],
        target_r=adapter["target_r"],
        lora_alpha=2 * adapter["target_r"] if alpha is None else alpha,
        lora_dropout=adapter["dropout"],
        target_modules=targets,
        total_step=1,  # of the library's own course, which is not used
        fan_in_fan_out=is_transposed,
    )


class RankBudget(nn.Module):
    """Takes ranks away from the layers that need them least: `declml.contracts.Guided`.

    What it knows is in its buffers, and so in every checkpoint: for each number of each layer's matrices how much the
    loss would change without it, smoothed, and how much that spreads; and which ranks are left.
    """

    def __init__(self, layers: Sequence[nn.Module], adapter: Mapping[str, Any]) -> None:
        super().__init__()
        self._layers = tuple(layers)  # a tuple: the model has them as its own parts
        self._adapter = dict(adapter)
        for place, layer in enumerate(layers):
            for name in _PARTS:
                weight = _weight(layer, name)
                self.register_buffer(f"importance_{place}_{name}", torch.zeros_like(weight, requires_grad=False))
                self.register_buffer(f"spread_{place}_{name}", torch.zeros_like(weight, requires_grad=False))
            ranks = torch.ones(len(_weight(layer, "lora_E")), dtype=torch.bool, device=_weight(layer, "lora_E").device)
            self.register_buffer(f"left_{place}", ranks)

    def before_step(self) -> None:
        """Add the gradients of what holds the matrices' directions at right angles."""
        share = self._adapter["orth_reg_weight"] / (2 * len(self._layers))
        if not share:
            return
        for layer in self._layers:
            for name in ("lora_A", "lora_B"):
                weight = _weight(layer, name)
                with torch.enable_grad():
                    turned = weight.detach().requires_grad_()
                    each = turned @ turned.T if name == "lora_A" else turned.T @ turned
                    penalty = share * torch.linalg.matrix_norm(each - torch.eye(len(each), device=each.device))
                    (gradient,) = torch.autograd.grad(penalty, turned)
                weight.grad = gradient if weight.grad is None else weight.grad + gradient

    @torch.no_grad()
    def after_step(self, step: int, total: int) -> None:
        """Look at the gradients of step number ``step``, from 1, of ``total``, and take ranks away where it is time."""
        asked = self._adapter
        end = (asked["total_step"] or total) - asked["tfinal"]
        if step <= end:
            self._look()
            if step == end or (step > asked["tinit"] and step % asked["delta_t"] == 0):
                self._choose(self._budget(step, asked["tinit"], end))
        if step >= end:
            for place, layer in enumerate(self._layers):
                _weight(layer, "lora_E").mul_(self._left(place).unsqueeze(1))

    def _look(self) -> None:
        beta1, beta2 = self._adapter["beta1"], self._adapter["beta2"]
        for place, layer in enumerate(self._layers):
            for name in _PARTS:
                weight = _weight(layer, name)
                if weight.grad is None:
                    continue
                # A step in 16 bits that overflowed and was not taken has nothing to say.
                now = (weight * weight.grad).abs().nan_to_num(0.0, 0.0, 0.0)
                importance, spread = self._known(place, name)
                importance.lerp_(now, 1 - beta1)
                spread.lerp_((now - importance).abs(), 1 - beta2)

    def _budget(self, step: int, begin: int, end: int) -> int:
        """Return how many ranks there may be in all layers: falling fast at first, by a cube."""
        most, least = (len(self._layers) * self._adapter[each] for each in ("init_r", "target_r"))
        ahead = max(0.0, 1 - (step - begin) / max(1, end - begin))
        return int(least + (most - least) * ahead**3)

    def _choose(self, budget: int) -> None:
        """Keep the ``budget`` ranks that matter most and set the others' part of the matrices to zero."""
        scores = [self._scores(place) for place in range(len(self._layers))]
        flat = torch.cat(scores)
        # By place where they matter alike, so that the same ranks go on every machine.
        kept = torch.zeros_like(flat, dtype=torch.bool)
        kept[flat.argsort(descending=True, stable=True)[:budget]] = True
        for place, (layer, left) in enumerate(
            zip(self._layers, kept.split([len(each) for each in scores]), strict=True)
        ):
            self._left(place).copy_(left)
            _weight(layer, "lora_E").mul_(left.unsqueeze(1))

    def _scores(self, place: int) -> Tensor:
        """Return how much each rank of one layer matters, ``(rank,)``."""
        a, e, b = (importance * spread for importance, spread in (self._known(place, name) for name in _PARTS))
        return e.flatten() + a.mean(1) + b.mean(0)

    def _known(self, place: int, name: str) -> tuple[Tensor, Tensor]:
        return self.get_buffer(f"importance_{place}_{name}"), self.get_buffer(f"spread_{place}_{name}")

    def _left(self, place: int) -> Tensor:
        return self.get_buffer(f"left_{place}")

    def ranks(self) -> list[int]:
        """Return how many ranks each layer has left."""
        return [int(self._left(place).sum()) for place in range(len(self._layers))]


def rank_budget(model: nn.Module, adapter: Mapping[str, Any]) -> RankBudget:
    """Return what takes ranks away from the layers that adalora has changed in ``model``."""
    layers = [part for part in model.modules() if all(hasattr(part, name) for name in _PARTS)]
    for layer in layers:
        layer.get_submodule("ranknum").requires_grad_(requires_grad=False)
    return RankBudget(layers, adapter)


def _weight(layer: nn.Module, name: str) -> Tensor:
    return layer.get_submodule(name).get_parameter("default")
