"""Optimizers of the package bitsandbytes behind our contract: state in 8 bits, or in memory that can leave the GPU."""

from __future__ import annotations

import importlib.util
import inspect
import warnings
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeAlias

import torch
from pydantic import Field
from torch import Tensor

from declml.components.optimizers.kept_tensors import Forgetting
from declml.errors import UserProblem
from declml_schema.declare import Component, Parameters, parameter

Moving: TypeAlias = Annotated[float, Field(gt=0, lt=1)]
"""A momentum: bitsandbytes has none of 0."""


class AdamOptions(Parameters):
    """What a config may say about those that are made after Adam."""

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


class AdamWOptions(Parameters):
    """What a config may say about those that are made after AdamW."""

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


class LionOptions(Parameters):
    """What a config may say about those that are made after Lion."""

    betas: list[Forgetting] = parameter(
        [0.9, 0.999],
        "How much of the momentum is in each step, and how slowly the momentum forgets; each < 1, larger is smoother.",
        min_length=2,
        max_length=2,
    )
    weight_decay: float = parameter(
        0.0,
        "The share of each weight, times the learning rate, that every step takes away; larger keeps weights smaller.",
        ge=0,
    )


def bits_and_bytes(name: str, cls: str, doc: str, parameters: type[Parameters]) -> Component:
    """Return the component of ``bitsandbytes.optim.<cls>``, whose options are called as the ``parameters`` are."""
    return Component(
        "optimizer",
        name,
        doc,
        parameters,
        build=_Build(name, cls, parameters),
        facts={"package": "bitsandbytes"},
    )


class _Build:
    """Builds one of them; called with the weights and the parameters that it declares, each with its default."""

    def __init__(self, name: str, cls: str, parameters: type[Parameters]) -> None:
        self._name, self._cls, self._parameters = name, cls, parameters
        # The declaration is the one place where they are listed.
        self.__signature__ = inspect.Signature(
            [
                inspect.Parameter("weights", inspect.Parameter.POSITIONAL_OR_KEYWORD),
                *(
                    inspect.Parameter(each, inspect.Parameter.KEYWORD_ONLY, default=field.default)
                    for each, field in parameters.model_fields.items()
                ),
            ]
        )

    def __call__(self, weights: Sequence[Tensor], **given: Any) -> BitsAndBytes:
        """Return the optimizer; a `UserProblem` where bitsandbytes is not installed."""
        options = self._parameters(**given).model_dump()
        tuples = {key: tuple(value) if isinstance(value, list) else value for key, value in options.items()}
        return BitsAndBytes(weights, self._name, self._cls, tuples)


class BitsAndBytes:
    """The optimizer ``bitsandbytes.optim.<cls>`` with ``options``, called ``name`` in a config.

    A weight of fewer than 4,096 numbers keeps its state in 32 bits: so few gain nothing. Raises `UserProblem` at once
    where the package is not installed, so that no training begins in vain.
    """

    def __init__(self, weights: Sequence[Tensor], name: str, cls: str, options: Mapping[str, Any]) -> None:
        if importlib.util.find_spec("bitsandbytes") is None:
            raise UserProblem(
                "missing-extra",
                f"The optimizer '{name}' must have bitsandbytes to run; got an environment without that package.",
                path="trainer.optimizer.type",
                hint="Install it with: pip install 'declml[bitsandbytes]'",
            )
        self.implementation = f"bitsandbytes {cls}"
        self._weights = list(weights)
        with warnings.catch_warnings():  # it tells of what it does otherwise on a CPU, each time it is loaded
            warnings.simplefilter("ignore")
            import bitsandbytes  # here, because it takes seconds

            make = getattr(bitsandbytes.optim, cls)
            self._optimizer: Any = make(self._weights, lr=0.0, **options) if self._weights else None

    def step(self, learning_rate: float) -> None:
        """Take one step along the gradients in ``.grad``; a weight without one stays as it is."""
        if self._optimizer is None:
            return
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate
        with warnings.catch_warnings():  # on a CPU there is nothing to page out to, which is no news at every step
            warnings.simplefilter("ignore")
            self._optimizer.step()

    def state(self) -> dict[str, Tensor]:
        """Return everything needed to go on bit for bit, by the place of the weight and the name there."""
        known: Mapping[Tensor, Mapping[str, Any]] = {} if self._optimizer is None else self._optimizer.state
        return {
            f"{place}.{name}": value if isinstance(value, Tensor) else torch.tensor(value)
            for place, weight in enumerate(self._weights)
            if weight in known
            for name, value in known[weight].items()
        }

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what `state` returned."""
        if self._optimizer is None:
            return
        if not self._optimizer.initialized:
            self._optimizer.check_overrides()
            self._optimizer.to_gpu()
            self._optimizer.initialized = True
        for key, value in state.items():
            place, name = key.split(".", 1)
            weight = self._weights[int(place)]
            counted = name == "step"
            self._optimizer.state[weight][name] = int(value) if counted else value.to(weight.device).clone()
