"""Freeze the weights of a network whose names match a pattern."""

from __future__ import annotations

import re

from torch import nn

from declml.errors import UserProblem
from declml.model.assemble import Network


def weight_names(network: Network) -> dict[str, nn.Parameter]:
    """Return the weights by names that a user can know: ``encoders.<features>.…``, ``combiner.…``, ``decoders.…``.

    Features whose encoders are one group are joined by commas. A weight that is shared has its first name.
    """
    named: dict[str, nn.Parameter] = {}
    seen: set[int] = set()
    parts = [
        *((f"encoders.{','.join(names)}", part) for names, part in zip(network.members, network.encoders, strict=True)),
        ("combiner", network.combiner),
        *((f"decoders.{name}", part) for name, part in zip(network.outputs, network.decoders, strict=True)),
    ]
    for prefix, part in parts:
        for name, weight in part.named_parameters():
            if id(weight) not in seen:
                seen.add(id(weight))
                named[f"{prefix}.{name}"] = weight
    return named


def freeze(network: Network, pattern: str) -> int:
    """Freeze the weights whose name has ``pattern`` in it and return how many numbers that are.

    One that is no regular expression, that no name has, or that leaves nothing to train is a `UserProblem`.
    """
    named = weight_names(network)
    try:
        chosen = [name for name in named if re.search(pattern, name)]
    except re.error as error:
        raise _problem(f"must be a regular expression; got {pattern!r}: {error}") from error
    if not chosen:
        some = ", ".join(list(named)[:8])
        raise _problem(
            f"must match the name of a weight; got {pattern!r}", hint=f"Weights are called {some}, and so on."
        )
    for name in chosen:
        named[name].requires_grad_(False)
    if not any(weight.requires_grad for weight in named.values()):
        raise _problem(f"must leave something to train; got {pattern!r}, which matches every weight")
    return sum(named[name].numel() for name in chosen)


def _problem(rule: str, *, hint: str = "") -> UserProblem:
    return UserProblem(
        "unfit-pattern", f"layers_to_freeze_regex {rule}.", path="trainer.layers_to_freeze_regex", hint=hint
    )
