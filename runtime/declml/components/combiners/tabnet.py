"""The combiner ``tabnet``: step by step, a mask chooses which features to look at (Arik and Pfister, AAAI 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from declml.components.dense_stack import join
from declml.components.dropout import Dropout
from declml.components.norms import BatchNorm
from declml.components.sparse_softmax import entmax, entmax15, sparsemax
from declml_schema.declare import Component, Parameters, Rule, parameter

EntmaxMode = Literal["sparsemax", "entmax15", "constant", "adaptive"]
_EVEN = 0.5**0.5  # keeps the spread of a sum of two what it was


class TabNetParameters(Parameters):
    """What a config may say of ``tabnet``."""

    size: int = parameter(
        32, "The width of what a step hands on to choose the next features; wider chooses finer.", ge=1, unit="values",
        common=True,
    )  # fmt: skip
    output_size: int = parameter(
        128, "The width of what each step adds to the answer; wider learns more and costs more.", ge=1, unit="values",
        common=True,
    )  # fmt: skip
    num_steps: int = parameter(
        3, "How many times features are chosen; more can use more of them one after the other.", ge=1, le=64,
        unit="steps", common=True,
    )  # fmt: skip
    num_total_blocks: int = parameter(
        4, "How many dense blocks each step has; at least `num_shared_blocks`.", ge=1, le=64, unit="blocks"
    )
    num_shared_blocks: int = parameter(
        2, "How many of these blocks all steps share; more make a smaller network.", ge=0, le=64, unit="blocks"
    )
    relaxation_factor: float = parameter(
        1.5, "How often a feature may be chosen: at 1 in one step only, larger in more of them.", ge=1
    )
    bn_epsilon: float = parameter(
        0.001, "What batch normalization adds to a variance; larger steadies features that hardly vary.", gt=0
    )
    bn_momentum: float = parameter(
        0.05, "How fast the running figures of batch normalization follow; larger forgets sooner.", gt=0, le=1
    )
    bn_virtual_bs: int | None = parameter(
        1024, "Rows that are normalized together; fewer add noise that can help. Null takes the whole batch.", ge=1,
        unit="rows",
    )  # fmt: skip
    sparsity: float = parameter(
        0.0001, "How much a mask over many features is punished; larger makes each step look at fewer.", ge=0
    )
    entmax_mode: EntmaxMode = parameter(
        "sparsemax",
        "How scores become a mask: sparsemax leaves out most features, entmax15 fewer; constant goes by entmax_alpha,"
        " and adaptive learns it from there.",
    )
    entmax_alpha: float = parameter(
        1.5, "How many features a mask leaves out with constant or adaptive: 1 none, as a softmax; more, more.", gt=1,
        le=4,
    )  # fmt: skip
    dropout: float = parameter(
        0.05, "The share of the answer's values set to zero at random in training; more guards against overfitting.",
        ge=0, lt=1,
    )  # fmt: skip


class _Norm(NamedTuple):
    """How batch normalization is done."""

    epsilon: float
    momentum: float

    def layer(self, width: int) -> BatchNorm:
        """Return the layer for that width."""
        return BatchNorm(width, eps=self.epsilon, momentum=self.momentum)


class TabNet(nn.Module):
    """In each step, mask the values that matter, transform them, and add the result to the answer.

    The entropy of the masks counts in training: its gradient joins that of the loss.
    Shape: one ``(batch, width_i)`` per group -> ``(batch, output_size)``.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        widths: Sequence[Sequence[int]],
        *,
        size: int,
        output_size: int,
        num_steps: int,
        num_total_blocks: int,
        num_shared_blocks: int,
        relaxation_factor: float,
        bn_epsilon: float,
        bn_momentum: float,
        bn_virtual_bs: int | None,
        sparsity: float,
        entmax_mode: EntmaxMode,
        entmax_alpha: float,
        dropout: float,
    ) -> None:
        super().__init__()
        joined = sum(map(sum, widths))
        self.width = output_size
        self._size = size
        self._relaxation = relaxation_factor
        self._sparsity = sparsity
        self.mask = _Mask(entmax_mode, entmax_alpha)
        norm = _Norm(bn_epsilon, bn_momentum)
        inner = size + output_size
        own_blocks = max(0, num_total_blocks - num_shared_blocks)
        shared_blocks = min(num_shared_blocks, num_total_blocks)
        # What the steps share: the weights, but not the norms behind them.
        shared = [nn.Linear(joined if index == 0 else inner, 2 * inner, bias=False) for index in range(shared_blocks)]
        self.norm = norm.layer(joined)

        def transformer() -> _FeatureTransformer:
            own = [
                nn.Linear(joined if index + shared_blocks == 0 else inner, 2 * inner, bias=False)
                for index in range(own_blocks)
            ]
            return _FeatureTransformer([*shared, *own], inner, bn_virtual_bs, norm)

        self.first = transformer()
        self.steps = nn.ModuleList(transformer() for _ in range(num_steps))
        self.choices = nn.ModuleList(_Choice(size, joined, bn_virtual_bs, norm) for _ in range(num_steps))
        self.dropout = Dropout(dropout)

    def forward(self, groups: Sequence[Tensor]) -> Tensor:
        """As above."""
        values: Tensor = self.norm(join(list(groups)))
        hints: Tensor = self.first(values)[:, -self._size :]
        left = torch.ones_like(values)
        total = values.new_zeros(len(values), self.width)
        entropy = values.new_zeros(())
        for choice, step in zip(self.choices, self.steps, strict=True):
            mask = self.mask(choice(hints) * left)  # (batch, value)
            left = left * (self._relaxation - mask)
            entropy = entropy - (mask * (mask + 1e-10).log()).sum(1).mean()
            hidden: Tensor = step(mask * values)
            total = total + torch.relu(hidden[:, : self.width])
            hints = hidden[:, self.width :]
        if self.training and self._sparsity:
            total = _WithPenalty.apply(total, entropy * (self._sparsity / len(self.steps)))
        return self.dropout(total)


class _WithPenalty(torch.autograd.Function):
    """Hand a tensor on, and count a penalty as if it had been added to the loss."""

    @staticmethod
    def forward(context: Any, answers: Tensor, penalty: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride] - torch's base takes anything
        """Return ``answers``."""
        context.shape = penalty.shape
        return answers.view_as(answers)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:  # pyright: ignore[reportIncompatibleMethodOverride] - as above
        """Return the gradient as it came, and 1 for the penalty."""
        return gradient, torch.ones(context.shape, dtype=gradient.dtype, device=gradient.device)


class _Mask(nn.Module):
    """Make a mask of scores whose values are positive and add up to 1: ``(batch, value)`` -> the same."""

    alpha: Tensor

    def __init__(self, mode: EntmaxMode, alpha: float) -> None:
        super().__init__()
        self._mode = mode
        start = torch.tensor(alpha)
        if mode == "adaptive":
            # Its softplus is how far alpha lies above 1, below which there is no such function.
            self.above = nn.Parameter(torch.log(torch.expm1(start - 1)))
        self.register_buffer("alpha", start, persistent=False)

    def forward(self, scores: Tensor) -> Tensor:
        """As above."""
        if self._mode == "sparsemax":
            return sparsemax(scores)
        if self._mode == "entmax15":
            return entmax15(scores)
        return entmax(scores, 1 + nn.functional.softplus(self.above) if self._mode == "adaptive" else self.alpha)


class _Choice(nn.Module):
    """Score the values by what the last step handed on: ``(batch, size)`` -> ``(batch, value)``."""

    def __init__(self, size: int, values: int, virtual: int | None, norm: _Norm) -> None:
        super().__init__()
        self.linear = nn.Linear(size, values, bias=False)
        self.norm = _GhostNorm(values, virtual, norm)

    def forward(self, hints: Tensor) -> Tensor:
        """As above."""
        return self.norm(self.linear(hints))


class _FeatureTransformer(nn.Module):
    """Gated blocks in a row, each added to what came in: ``(batch, value)`` -> ``(batch, width)``."""

    def __init__(self, linears: Sequence[nn.Linear], width: int, virtual: int | None, norm: _Norm) -> None:
        super().__init__()
        self.linears = nn.ModuleList(linears)
        self.norms = nn.ModuleList(_GhostNorm(2 * width, virtual, norm) for _ in linears)

    def forward(self, values: Tensor) -> Tensor:
        """As above."""
        hidden = values
        for index, (linear, norm) in enumerate(zip(self.linears, self.norms, strict=True)):
            answer = nn.functional.glu(norm(linear(hidden)), dim=-1)
            hidden = answer if index == 0 else (hidden + answer) * _EVEN
        return hidden


class _GhostNorm(nn.Module):
    """Batch normalization over ``virtual`` rows at a time (Hoffer et al., 2017): ``(batch, width)`` -> the same."""

    def __init__(self, width: int, virtual: int | None, norm: _Norm) -> None:
        super().__init__()
        self._virtual = virtual
        self.norm = norm.layer(width)

    def forward(self, values: Tensor) -> Tensor:
        """As above."""
        if not self.training or self._virtual is None or len(values) <= self._virtual:
            return self.norm(values)
        return torch.cat([self.norm(part) for part in values.split(self._virtual)])


TABNET = Component(
    kind="combiner",
    name="tabnet",
    doc="Chooses the features that matter step by step, each row its own, and adds up what the steps say.",
    parameters=TabNetParameters,
    build=TabNet,
    rules=(
        Rule(
            "ignored-unless", "entmax_alpha", "entmax_mode", ("constant", "adaptive"), "The others have an alpha each."
        ),
    ),
)
