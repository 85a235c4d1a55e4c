"""The size of each part of a network, told on torch's meta device: no memory is taken and no weights are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from declml.contracts import Optimizer
from declml.model.assemble import Part, count_parameters
from declml.model.groups import Group

_LENGTHS = (256, 512)
_MOST_REAL_WEIGHTS = 10_000_000


@dataclass(frozen=True, slots=True)
class Figures:
    """One built part. ``output`` is the shape of its answer for one row, ``()`` for one number.

    ``weights_bytes`` counts weights and buffers, ``trainable_bytes`` the weights that get a gradient.
    """

    output: tuple[int, ...]
    trainable: int
    frozen: int
    weights_bytes: int
    trainable_bytes: int


def encoder_figures(group: Group) -> Figures:
    """Return the figures of a group's encoder, as if it shared its weights with no other."""
    with torch.device("meta"):
        encoder: Any = group.build(group.members, **group.parameters)
    return _figures(encoder, (sum(encoder.widths),))


def combiner_figures(combiner: Part, widths: Sequence[int]) -> Figures:
    """Return the figures of the combiner over groups of these ``widths``."""
    with torch.device("meta"):
        built: Any = combiner.build(list(widths), **combiner.parameters)
    return _figures(built, (built.width,))


def decoder_figures(decoder: Part, width: int) -> Figures:
    """Return the figures of a decoder behind a combiner of that ``width``; its answer's shape comes from one call."""
    with torch.device("meta"):
        sized: nn.Module = decoder.build(width, decoder.facts, **decoder.parameters)
    # A call on the meta device loads torch._dynamo, which takes seconds: one with real weights takes milliseconds.
    real = sum(each.numel() for each in sized.parameters()) <= _MOST_REAL_WEIGHTS
    with torch.device("cpu" if real else "meta"), torch.no_grad(), torch.random.fork_rng(devices=[]):
        called: nn.Module = decoder.build(width, decoder.facts, **decoder.parameters) if real else sized
        answers: Tensor = called.eval()(torch.zeros(2, width))  # (batch,) or (batch, class)
    return _figures(sized, tuple(answers.shape[1:]))


def optimizer_share(build: Callable[..., Optimizer], options: dict[str, Any]) -> float:
    """Return how many bytes an optimizer keeps for each byte of trained weights, measured on two small tensors."""
    sizes: list[int] = []
    for length in _LENGTHS:
        weight = torch.zeros(length, requires_grad=True)
        weight.grad = torch.zeros(length)
        optimizer = build([weight], **options)
        optimizer.step(0.0)  # some make their state with the first step
        sizes.append(sum(each.numel() * each.element_size() for each in optimizer.state().values()))
    return (sizes[1] - sizes[0]) / (4 * (_LENGTHS[1] - _LENGTHS[0]))


def _figures(module: nn.Module, output: tuple[int, ...]) -> Figures:
    trainable, frozen = count_parameters(module)
    weights = sum(each.numel() * each.element_size() for each in (*module.parameters(), *module.buffers()))
    moving = sum(each.numel() * each.element_size() for each in module.parameters() if each.requires_grad)
    return Figures(output, trainable, frozen, weights, moving)
