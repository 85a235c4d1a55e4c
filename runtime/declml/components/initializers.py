"""How weights start: Ludwig's initializers by name, and a seed of its own for each feature."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor, nn

from declml.seeds import derive_seed

WeightsInitializer: TypeAlias = Literal[
    "dirac",
    "eye",
    "identity",
    "kaiming_normal",
    "kaiming_uniform",
    "normal",
    "ones",
    "orthogonal",
    "sparse",
    "uniform",
    "xavier_normal",
    "xavier_uniform",
    "zeros",
]
"""For weights with at least two axes."""

BiasInitializer: TypeAlias = Literal["normal", "ones", "uniform", "zeros"]
"""For vectors: the other names need the two axes of a matrix."""

# Ludwig has the name, but not the value that it would need.
PLANNED_INITIALIZERS = ["constant"]

_SPARSITY = 0.5  # `sparse` needs a share of zeros; the name alone does not tell one


def fill_weights(weights: Tensor, name: WeightsInitializer) -> None:
    """Fill ``(out, in)`` or ``(out, in, token)`` weights in place.

    ``uniform`` draws from -1 to 1, ``normal`` with a standard deviation of 1. ``dirac``, ``eye`` and ``identity`` mean
    the same: the layer hands its input on.
    """
    if name in ("dirac", "eye", "identity"):
        # A matrix is a convolution over one token; `eye_` itself refuses three axes and `dirac_` two.
        nn.init.dirac_(weights.unsqueeze(-1) if weights.dim() == 2 else weights)
    elif name == "sparse":
        nn.init.sparse_(weights.view(weights.shape[0], -1), _SPARSITY)
    elif name == "orthogonal":
        nn.init.orthogonal_(weights)
    else:
        _FILLS[name](weights)


def fill_bias(bias: Tensor, name: BiasInitializer) -> None:
    """Fill a ``(width,)`` bias in place; the names mean what they mean for weights."""
    _FILLS[name](bias)


@contextmanager
def seeded_by(name: str) -> Generator[None]:
    """Draw random numbers that depend on the seed in force and ``name`` alone, then put the generator back.

    Members of a group start from seeds of their own, so that a new feature leaves the others' weights as they were.
    """
    seed = derive_seed(torch.initial_seed(), name)
    with torch.random.fork_rng(devices=[]):
        # `torch.manual_seed` would seed the generators of other devices too, which nothing puts back, and where they
        # sleep keeps a trace of the call: milliseconds for each of a wide table's columns.
        torch.default_generator.manual_seed(seed)
        yield


def _uniform(weights: Tensor) -> None:
    nn.init.uniform_(weights, -1.0, 1.0)


_FILLS: dict[str, Callable[[Tensor], Any]] = {
    "kaiming_normal": nn.init.kaiming_normal_,
    "kaiming_uniform": nn.init.kaiming_uniform_,
    "normal": nn.init.normal_,
    "ones": nn.init.ones_,
    "uniform": _uniform,
    "xavier_normal": nn.init.xavier_normal_,
    "xavier_uniform": nn.init.xavier_uniform_,
    "zeros": nn.init.zeros_,
}
