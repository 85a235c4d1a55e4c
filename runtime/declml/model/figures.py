"""The size of each part of a network, told on torch's meta device: no memory is taken and no weights are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from declml.contracts import Optimizer, TokenStates
from declml.model.assemble import Part, count_parameters
from declml.model.groups import Group

_LENGTHS = (256, 512)
_MOST_REAL_WEIGHTS = 10_000_000


@dataclass(frozen=True, slots=True)
class Figures:
    """One built part. ``output`` is the shape of its answer for one row, ``()`` for one number.

    An axis of as many places as a row has tokens is called ``token``.

    ``widths`` are the shares of an encoder's features in it; ``submodels`` is a combiner's number of models in one.
    ``weights_bytes`` counts weights and buffers, ``trainable_bytes`` the weights that get a gradient.
    """

    output: tuple[int | str, ...]
    trainable: int
    frozen: int
    weights_bytes: int
    trainable_bytes: int
    widths: tuple[int, ...] = ()
    submodels: int | None = None


def encoder_figures(group: Group) -> Figures:
    """Return the figures of a group's encoder, as if it shared its weights with no other."""
    with torch.device("meta"):
        encoder: Any = group.build(group.members, **group.parameters)
    return replace(_figures(encoder, (sum(encoder.widths),)), widths=tuple(encoder.widths))


def combiner_figures(combiner: Part, widths: Sequence[Sequence[int]]) -> Figures:
    """Return the figures of the combiner over groups of features of these ``widths``."""
    with torch.device("meta"):
        built: Any = combiner.build([list(each) for each in widths], **combiner.parameters)
    return replace(_figures(built, (built.width,)), submodels=getattr(built, "submodels", None))


def decoder_figures(decoder: Part, width: int, submodels: int | None = None) -> Figures:
    """Return the figures of a decoder behind a combiner of that ``width``; its answer's shape comes from one call."""
    with torch.device("meta"):
        sized = decoder.decoder(width, submodels)
    # A call on the meta device loads torch._dynamo, which takes seconds: one with real weights takes milliseconds.
    real = sum(each.numel() for each in sized.parameters()) <= _MOST_REAL_WEIGHTS
    with torch.device("cpu" if real else "meta"), torch.no_grad(), torch.random.fork_rng(devices=[]):
        called = decoder.decoder(width, submodels) if real else sized
        per_submodel = submodels is not None and decoder.per_submodel
        shape = (2, submodels, width) if submodels is not None and per_submodel else (2, width)
        if getattr(called, "takes_targets", False):
            return _figures(sized, ("token", _spoken_classes(called, width)))
        answers: Tensor = called.eval()(torch.zeros(shape))  # (batch,) or (batch, class), submodels second
    return _figures(sized, tuple(answers.shape[2 if per_submodel else 1 :]))


def _spoken_classes(decoder: nn.Module, width: int) -> int:
    """Return among how many tokens a decoder of sequences chooses each."""
    states = TokenStates(torch.zeros(1, 1, width), torch.ones(1, 1, dtype=torch.bool))
    logits: Tensor = decoder.train()(states, torch.zeros(1, 1, dtype=torch.int64))
    return logits.shape[-1]


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


def _figures(module: nn.Module, output: tuple[int | str, ...]) -> Figures:
    trainable, frozen = count_parameters(module)
    weights = sum(each.numel() * each.element_size() for each in (*module.parameters(), *module.buffers()))
    moving = sum(each.numel() * each.element_size() for each in module.parameters() if each.requires_grad)
    return Figures(output, trainable, frozen, weights, moving)
