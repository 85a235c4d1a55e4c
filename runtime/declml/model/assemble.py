"""The whole model as one module: encoders, combiner and decoders, none of which it knows by name."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from declml.contracts import Facts, Values
from declml.model.groups import Group
from declml.seeds import derive_seed


@dataclass(frozen=True, slots=True)
class Part:
    """What a combiner or a decoder is built from; ``facts`` are a decoder's, those of its target.

    ``per_submodel`` tells of a decoder that it can have weights for each submodel of a combiner.
    """

    build: Callable[..., Any]
    parameters: Values
    facts: Facts = field(default_factory=dict[str, Any])
    per_submodel: bool = False

    def decoder(self, width: int, submodels: int | None) -> nn.Module:
        """Return the decoder behind a combiner of that ``width`` and of so many ``submodels``, None for a plain one."""
        if submodels is None or not self.per_submodel:
            return self.build(width, self.facts, **self.parameters)
        return self.build(width, self.facts, submodels=submodels, **self.parameters)


@dataclass(frozen=True, slots=True)
class Slice:
    """Where one feature stands in the encoded groups: ``encoded[group][:, start:end]``."""

    group: int
    start: int
    end: int


class Network(nn.Module):
    """Encode each group, combine, decode.

    Behind a combiner with ``submodels`` each answers for itself. While it trains, the network's answers have the rows
    ``(batch * submodel,)``, those of a row one after the other, so that each submodel learns from its own mistakes;
    when it evaluates, they are the submodels' mean.

    ``slices`` tells where each input feature stands, ``outputs`` names the outputs in their order. Modules are kept by
    index, because names of features may hold dots and spaces, which torch refuses.
    """

    def __init__(
        self,
        groups: Sequence[Group],
        encoders: Sequence[nn.Module],
        combiner: nn.Module,
        decoders: Mapping[str, nn.Module],
    ) -> None:
        super().__init__()
        self.encoders = nn.ModuleList(encoders)
        self.combiner = combiner
        self.submodels: int | None = getattr(combiner, "submodels", None)
        self._per_submodel = [bool(getattr(decoder, "submodels", None)) for decoder in decoders.values()]
        self.decoders = nn.ModuleList(decoders.values())
        self.outputs = tuple(decoders)
        self.slices: dict[str, Slice] = {}
        for index, (group, encoder) in enumerate(zip(groups, encoders, strict=True)):
            start = 0
            for member, width in zip(group.members, _widths(encoder), strict=True):
                self.slices[member.name] = Slice(index, start, start + width)
                start += width
        self._members = tuple(tuple(member.name for member in group.members) for group in groups)

    def forward(self, groups: Sequence[tuple[Tensor, Tensor | None]]) -> dict[str, Tensor]:
        """``(values, lengths or None)`` per group -> output -> answers, as `contracts.Batch.groups` has them.

        A group whose encoder is frozen may come already encoded, as float ``(batch, width)`` from `encode`.
        """
        encoded = [
            values if self.is_frozen(index) and values.is_floating_point() else self.encode(index, values, lengths)
            for index, (values, lengths) in enumerate(groups)
        ]
        combined = self.combiner(encoded)
        if self.submodels is None:
            return {name: decoder(combined) for name, decoder in zip(self.outputs, self.decoders, strict=True)}
        answers: dict[str, Tensor] = {}
        for name, decoder, per_submodel in zip(self.outputs, self.decoders, self._per_submodel, strict=True):
            answer: Tensor = decoder(combined) if per_submodel else decoder(combined.flatten(0, 1))
            split = answer if per_submodel else answer.unflatten(0, combined.shape[:2])
            answers[name] = split.flatten(0, 1) if self.training else split.mean(dim=1)
        return answers

    def encode(self, group: int, values: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the encoded values of one group: ``(batch, width)``."""
        return self.encoders[group](values, lengths)

    def is_frozen(self, group: int) -> bool:
        """Return whether the encoder of a group never changes, so that its answers can be kept."""
        return bool(getattr(self.encoders[group], "frozen", False))

    def extra_facts(self) -> dict[str, dict[str, Any]]:
        """Return, by input feature, JSON data that its facts must also hold to build this network again."""
        answer: dict[str, dict[str, Any]] = {}
        for members, encoder in zip(self._members, self.encoders, strict=True):
            tell: Callable[[], dict[str, Any]] | None = getattr(encoder, "extra_facts", None)
            if tell is not None:
                for name in members:
                    answer[name] = tell()
        return answer


def assemble(groups: Sequence[Group], *, combiner: Part, decoders: Mapping[str, Part], seed: int) -> Network:
    """Return the network with freshly drawn weights that depend on ``seed`` and names alone.

    Every part draws from a seed of its own, derived from the root seed, its kind and its name, so that a new feature
    leaves the first weights of the other encoders and decoders as they were; an encoder of a fused group derives its
    members' seeds from the group's and their names. The random state of the caller is left as it was.
    """
    by_owner: dict[str, nn.Module] = {}
    for group in groups:
        # A fused group's own seed must not depend on who is in it.
        names = () if group.fused else tuple(member.name for member in group.members)
        if group.tied is None:
            with _seeded(derive_seed(seed, "encoder", *names)):
                by_owner[group.members[0].name] = group.build(group.members, **group.parameters)
    encoders = [by_owner[_owner(group, groups)] for group in groups]
    with _seeded(derive_seed(seed, "combiner")):
        built_combiner: Any = combiner.build([_widths(each) for each in encoders], **combiner.parameters)
    built_decoders: dict[str, nn.Module] = {}
    for name, part in decoders.items():
        with _seeded(derive_seed(seed, "decoder", name)):
            built_decoders[name] = part.decoder(built_combiner.width, getattr(built_combiner, "submodels", None))
    return Network(groups, encoders, built_combiner, built_decoders)


def _owner(group: Group, groups: Sequence[Group]) -> str:
    """Return the feature whose encoder a group uses: the end of its chain of ties, or its own first member."""
    owners = {each.members[0].name: each.tied for each in groups}
    name = group.members[0].name
    for _ in groups:
        tied = owners[name]
        if tied is None:
            return name
        name = tied
    raise ValueError(f"features must not be tied in a circle; got one at {group.members[0].name!r}")


def count_parameters(module: nn.Module) -> tuple[int, int]:
    """Return how many weights train and how many do not."""
    trainable = sum(each.numel() for each in module.parameters() if each.requires_grad)
    return trainable, sum(each.numel() for each in module.parameters()) - trainable


@dataclass(frozen=True, slots=True)
class Description:
    """What a network would be, told without building it.

    ``widths`` are by input feature. ``training_bytes`` counts weights and buffers, and for the trainable weights a
    gradient and the two running means of Adam; the values between the layers come on top, as they depend on the batch.
    """

    trainable: int
    frozen: int
    weights_bytes: int
    training_bytes: int
    widths: Mapping[str, int]
    groups: tuple[tuple[str, ...], ...]
    combined_width: int


def describe(groups: Sequence[Group], *, combiner: Part, decoders: Mapping[str, Part]) -> Description:
    """Return the figures of a network, on torch's meta device: no memory is taken and no weights are read."""
    with torch.device("meta"):
        network = assemble(groups, combiner=combiner, decoders=decoders, seed=0)
    trainable, frozen = count_parameters(network)
    weights = sum(each.numel() * each.element_size() for each in (*network.parameters(), *network.buffers()))
    moving = sum(each.numel() * each.element_size() for each in network.parameters() if each.requires_grad)
    built: Any = network.combiner
    return Description(
        trainable=trainable,
        frozen=frozen,
        weights_bytes=weights,
        training_bytes=weights + 3 * moving,
        widths={name: place.end - place.start for name, place in network.slices.items()},
        groups=tuple(tuple(member.name for member in group.members) for group in groups),
        combined_width=built.width,
    )


def _widths(encoder: Any) -> list[int]:
    return list(encoder.widths)


@contextmanager
def _seeded(seed: int) -> Generator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
