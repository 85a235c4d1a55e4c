"""The whole model as one module: encoders, combiner and decoders, none of which it knows by name."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from declml.contracts import Facts, TokenStates, Values
from declml.errors import UserProblem
from declml.model.groups import Group
from declml.seeds import derive_seed


@dataclass(frozen=True, slots=True)
class Part:
    """What a combiner or a decoder is built from; ``facts`` are a decoder's, those of its target.

    ``per_submodel`` tells of a decoder that it can have weights for each submodel of a combiner, ``dependencies`` which
    outputs' answers it sees beside the combined vector, ``reduces`` how tokens become the one vector that it takes.
    """

    build: Callable[..., Any]
    parameters: Values
    facts: Facts = field(default_factory=dict[str, Any])
    per_submodel: bool = False
    dependencies: tuple[str, ...] = ()
    reduces: str = "sum"

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
    index, because names of features may hold dots and spaces, which torch refuses. ``dependencies`` are, by output,
    the outputs whose answers its decoder sees. While it trains, each row loses each feature with the probability
    ``modality_dropout``, and ``checkpointed`` computes the combiner twice to keep less in memory. With
    ``takes_targets`` some decoder wants to know the targets.
    """

    def __init__(
        self,
        groups: Sequence[Group],
        encoders: Sequence[nn.Module],
        combiner: nn.Module,
        decoders: Mapping[str, nn.Module],
        dependencies: Mapping[str, Sequence[str]] | None = None,
        reduces: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.encoders = nn.ModuleList(encoders)
        self.combiner = combiner
        self.submodels: int | None = getattr(combiner, "submodels", None)
        self._needs = {name: tuple(needs) for name, needs in (dependencies or {}).items() if needs}
        self._reduces = dict(reduces or {})
        self._places = {name: place for place, name in enumerate(decoders)}
        self._order = in_order(list(decoders), self._needs)
        self.decoders = nn.ModuleList(decoders.values())
        self.outputs = tuple(decoders)
        self.takes_targets = any(getattr(each, "takes_targets", False) for each in decoders.values())
        self.slices: dict[str, Slice] = {}
        for index, (group, encoder) in enumerate(zip(groups, encoders, strict=True)):
            start = 0
            for member, width in zip(group.members, _widths(encoder), strict=True):
                self.slices[member.name] = Slice(index, start, start + width)
                start += width
        self.members = tuple(tuple(member.name for member in group.members) for group in groups)
        self._member_widths = tuple(tuple(_widths(encoder)) for encoder in encoders)
        self.modality_dropout = 0.0
        self.checkpointed = False

    def forward(
        self, groups: Sequence[tuple[Tensor, Tensor | None]], targets: Mapping[str, Tensor] | None = None
    ) -> dict[str, Any]:
        """``(values, lengths or None)`` per group -> output -> answers, as `contracts.Batch.groups` has them.

        A group whose encoder is frozen may come already encoded, as float ``(batch, width)`` from `encode`.
        """
        encoded = self.encoded(groups)
        if self.training and self.modality_dropout:
            encoded = [self._with_lost_features(index, each) for index, each in enumerate(encoded)]
        combined = self._combine(encoded)
        answers: dict[str, Any] = {}
        spoken: dict[str, Any] = {}
        for name in self._order:
            decoder = self.decoders[self._places[name]]
            if getattr(decoder, "takes_targets", False):
                own = None if targets is None else targets[name]
                spoken[name] = decoder(self._seen_by(name, combined, answers, decoder), own)
            else:
                answers[name] = self._decode(name, combined, answers)
        if self.submodels is not None:
            answers = {
                name: split.flatten(0, 1) if self.training else split.mean(dim=1) for name, split in answers.items()
            }
        answers |= spoken
        return {name: answers[name] for name in self.outputs}

    def _combine(self, encoded: list[Tensor | TokenStates]) -> Tensor | TokenStates:
        if not (self.training and self.checkpointed):
            return self.combiner(encoded)
        from torch.utils.checkpoint import checkpoint  # here, because few trainings want it

        return checkpoint(self.combiner, encoded, use_reentrant=False)  # pyright: ignore[reportReturnType] - it is typed as anything

    def _with_lost_features(self, group: int, encoded: Tensor | TokenStates) -> Tensor | TokenStates:
        """Return a group in which each row has lost each feature by chance: zeros stand for it."""
        widths = self._member_widths[group]
        values = encoded.values if isinstance(encoded, TokenStates) else encoded
        kept = torch.rand(len(values), len(widths), device=values.device) >= self.modality_dropout
        mask = kept.repeat_interleave(torch.tensor(widths, device=values.device), dim=1)
        if isinstance(encoded, TokenStates):
            return TokenStates(values * mask.unsqueeze(1), encoded.mask)
        return values * mask

    def _decode(self, name: str, combined: Tensor | TokenStates, answers: Mapping[str, Tensor]) -> Tensor:
        """Return the answers of one output, whose ``dependencies`` have theirs in ``answers``.

        Behind submodels it is ``(batch, submodel)`` or ``(batch, submodel, class)``.
        """
        decoder = self.decoders[self._places[name]]
        seen = self._seen_by(name, combined, answers, decoder)
        if isinstance(seen, TokenStates) or self.submodels is None or getattr(decoder, "submodels", None):
            return decoder(seen)
        return decoder(seen.flatten(0, 1)).unflatten(0, seen.shape[:2])

    def _seen_by(
        self, name: str, combined: Tensor | TokenStates, answers: Mapping[str, Tensor], decoder: nn.Module
    ) -> Tensor | TokenStates:
        """Return what the decoder of one output is given: the combined vectors beside the answers it depends on."""
        seen = [answers[each] for each in self._needs.get(name, ())]
        if isinstance(combined, TokenStates):
            if getattr(decoder, "takes_tokens", False):
                return _at_each_token(combined, seen)
            combined = reduced(combined, self._reduces.get(name, "sum"))
        if seen:
            wide = combined.ndim
            combined = torch.cat([combined, *(each if each.ndim == wide else each[..., None] for each in seen)], dim=-1)
        if self.submodels is not None and getattr(decoder, "takes_targets", False):
            return combined.mean(1)  # what is said one token after the other is said by all submodels together
        return combined

    def encoded(self, groups: Sequence[tuple[Tensor, Tensor | None]]) -> list[Tensor | TokenStates]:
        """Return what the encoders say of each group, as `encode`, or as it came from a frozen one."""
        return [
            values if self.is_frozen(index) and values.is_floating_point() else self.encode(index, values, lengths)
            for index, (values, lengths) in enumerate(groups)
        ]

    def encode(self, group: int, values: Tensor, lengths: Tensor | None = None) -> Tensor | TokenStates:
        """Return the encoded values of one group: ``(batch, width)``, or `TokenStates` from one with ``per_token``."""
        return self.encoders[group](values, lengths)

    def is_frozen(self, group: int) -> bool:
        """Return whether the encoder of a group never changes, so that its answers can be kept: a vector for each row.

        Those of one with ``per_token`` are not: they would be as many times larger as there are tokens.
        """
        encoder = self.encoders[group]
        return bool(getattr(encoder, "frozen", False)) and not getattr(encoder, "per_token", False)

    def extra_facts(self) -> dict[str, dict[str, Any]]:
        """Return, by input feature, JSON data that its facts must also hold to build this network again."""
        answer: dict[str, dict[str, Any]] = {}
        for members, encoder in zip(self.members, self.encoders, strict=True):
            parts = (getattr(part, "extra_facts", None) for part in encoder.modules())
            tell: Callable[[], dict[str, Any]] | None = next((each for each in parts if each is not None), None)
            facts = {} if tell is None else tell()
            if facts:
                answer.update(dict.fromkeys(members, facts))
        return answer


def reduced(states: TokenStates, way: str) -> Tensor:
    """``(batch, token, width)`` -> ``(batch, width)``, the tokens of a row reduced; zeros for a row without any."""
    values, mask = states
    if way == "sum":
        return values.sum(1)
    count = mask.sum(1, keepdim=True)  # (batch, 1)
    if way in ("mean", "avg"):
        return values.sum(1) / count.clamp_min(1)
    if way == "max":
        largest = values.masked_fill(~mask.unsqueeze(-1), -torch.inf).amax(1)
        return torch.where(count > 0, largest, 0.0)
    places = torch.arange(mask.shape[1], device=mask.device)
    last = (places * mask).amax(1)  # (batch,)
    return values[torch.arange(len(values), device=mask.device), last] * (count > 0)


def _at_each_token(states: TokenStates, seen: Sequence[Tensor]) -> TokenStates:
    """Return the vectors of the tokens with ``seen``, ``(batch,)`` or ``(batch, class)`` each, beside every one."""
    if not seen:
        return states
    rows = torch.cat([each if each.ndim == 2 else each[:, None] for each in seen], dim=-1)
    repeated = rows.unsqueeze(1).expand(-1, states.mask.shape[1], -1) * states.mask.unsqueeze(-1)
    return TokenStates(torch.cat([states.values, repeated], dim=-1), states.mask)


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
    built_decoders: dict[str, Any] = {}
    needs = {name: part.dependencies for name, part in decoders.items()}
    for name in in_order(list(decoders), needs):
        width = built_combiner.width + sum(answer_width(built_decoders[each], each) for each in needs[name])
        with _seeded(derive_seed(seed, "decoder", name)):
            built_decoders[name] = decoders[name].decoder(width, getattr(built_combiner, "submodels", None))
    reduces = {name: part.reduces for name, part in decoders.items()}
    return Network(groups, encoders, built_combiner, {name: built_decoders[name] for name in decoders}, needs, reduces)


def in_order(outputs: Sequence[str], dependencies: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the outputs in the order in which their answers can be made; a circle is a `UserProblem`."""
    ordered: list[str] = []
    while len(ordered) < len(outputs):
        ready = [
            name
            for name in outputs
            if name not in ordered and all(each in ordered for each in dependencies.get(name, ()))
        ]
        if not ready:
            stuck = next(name for name in outputs if name not in ordered)
            raise UserProblem(
                "dependency-circle",
                f"dependencies must not lead back to the output itself; got a circle at '{stuck}'.",
                path=f"output_features[{stuck}].dependencies",
            )
        ordered += ready
    return ordered


def answer_width(decoder: Any, name: str) -> int:
    """Return how many numbers a decoder's answer for a row has; one that does not tell cannot be depended on."""
    width = getattr(decoder, "answer_width", None)
    if not isinstance(width, int):
        raise UserProblem(
            "no-dependency",
            f"dependencies must name outputs with one answer for a row; '{name}' has no such decoder.",
        )
    return width


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
