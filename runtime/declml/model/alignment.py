"""What the encoders say of one row, drawn together across its features: before the model learns to answer.

The contrastive learning of CLIP (Radford et al. 2021, arXiv:2103.00020) between each two input features: of all rows of
a batch, a feature's vector is to be most like that of the other feature in its own row.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import torch
from torch import Tensor, nn
from torch.nn import functional

from declml.contracts import Batch, Batches, TokenStates
from declml.model.assemble import Network, reduced
from declml.seeds import derive_seed

OUTPUT = "alignment"
"""What the network of the pretraining calls its one answer."""
_COLDEST = 0.01  # as in CLIP: below it a learned temperature makes gradients that are too large


class Alignment(nn.Module):
    """The encoders of a network, each feature's vector brought into one space.

    ``parts`` are projections that are dropped after the pretraining; they are drawn from ``seed``.
    Shape: `declml.contracts.Batch.groups` -> ``(batch, feature, width)``; the products of its vectors are logits.
    """

    def __init__(self, network: Network, *, width: int, temperature: float, learnable: bool, seed: int) -> None:
        super().__init__()
        self.encoders = network.encoders
        self._network = (network,)  # a tuple: its combiner and decoders do not take part
        self._slices = list(network.slices.values())
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(seed, OUTPUT))
            self.projections = nn.ModuleList(nn.Linear(each.end - each.start, width) for each in self._slices)
        self.log_temperature = nn.Parameter(torch.tensor(math.log(temperature)), requires_grad=learnable)

    def forward(self, groups: Sequence[tuple[Tensor, Tensor | None]]) -> Mapping[str, Tensor]:
        """Return the vectors of all features of each row, ``(batch, feature, width)``."""
        encoded = [
            reduced(each, "mean") if isinstance(each, TokenStates) else each
            for each in self._network[0].encoded(groups)
        ]
        vectors = [
            functional.normalize(project(encoded[place.group][:, place.start : place.end]), dim=-1)
            for place, project in zip(self._slices, self.projections, strict=True)
        ]
        temperature = self.log_temperature.exp()
        if self.log_temperature.requires_grad:
            temperature = temperature.clamp_min(_COLDEST)
        return {OUTPUT: torch.stack(vectors, dim=1) * temperature.rsqrt()}

    def temperature(self) -> float:
        """Return how sharply rows are told from each other now."""
        return math.exp(float(self.log_temperature.detach()))


@dataclass(slots=True)
class Unanswered:
    """Batches of rows whose answers are not looked at: `declml.contracts.Batches`."""

    batches: Batches
    rows: int = field(init=False)

    def __post_init__(self) -> None:
        self.rows = self.batches.rows

    def steps(self, batch_size: int) -> int:
        """Return how many batches an epoch has."""
        return self.batches.steps(batch_size)

    def epoch(self, batch_size: int, *, seed: int | None, first_step: int = 0) -> Iterator[Batch]:
        """Yield the batches of one epoch."""
        for batch in self.batches.epoch(batch_size, seed=seed, first_step=first_step):
            yield _blind(batch)

    def every_row(self, batch_size: int) -> Iterator[tuple[Tensor, Batch]]:
        """Yield every row once."""
        for places, batch in self.batches.every_row(batch_size):
            yield places, _blind(batch)


def _blind(batch: Batch) -> Batch:
    return Batch(batch.groups, {OUTPUT: torch.zeros(batch.rows, device=batch.groups[0][0].device)}, batch.rows)


def contrast(answers: Tensor, targets: Tensor) -> Tensor:
    """Return how ill each feature's vector finds its own row among the batch's by that of another: InfoNCE, a mean.

    Shape: ``(batch, feature, width)`` -> scalar.
    """
    rows = torch.arange(len(answers), device=answers.device)
    losses: list[Tensor] = []
    for one, other in combinations(range(answers.shape[1]), 2):
        logits = answers[:, one] @ answers[:, other].T  # (batch, batch)
        losses += [functional.cross_entropy(logits, rows), functional.cross_entropy(logits.T, rows)]
    return torch.stack(losses).mean()
