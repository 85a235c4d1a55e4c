"""The loss ``sequence_softmax_cross_entropy``: cross entropy of the tokens of sequences and texts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from declml.components.losses.class_similarities import (
    CLASS_SIMILARITIES_DOC,
    TEMPERATURE_DOC,
    ClassSimilarities,
    similar_labels,
)
from declml.components.losses.class_weights import ClassWeights, per_class
from declml.contracts import Facts
from declml.errors import UserProblem
from declml.token_rows import NO_TOKEN
from declml_schema.declare import Component, Parameters, parameter

_TINY = torch.finfo(torch.float32).tiny
_MOST_SIMILAR = 4096
"""Of how many tokens similarities may be told: they become a square table."""


class SequenceSoftmaxCrossEntropyParameters(Parameters):
    """What a config may say about it."""

    weight: float = parameter(1.0, "How much this output counts in the combined loss; 0 leaves it out.", ge=0)
    class_weights: ClassWeights = parameter(
        None,
        "What each token of the vocabulary weighs: one number per token in its order, or a mapping from token to number"
        " in which all others weigh 1; larger finds more of a rare label at the cost of false alarms.",
        examples=[{"B-PER": 2.0, "O": 0.5}],
    )
    label_smoothing: float = parameter(
        0.0,
        "The share of each token that is dealt out to all tokens alike; larger gives less sure probabilities.",
        ge=0,
        lt=1,
    )
    robust_lambda: float = parameter(
        0.0,
        "How much of the loss is that of a blind guess instead, against wrong labels; larger trusts each label less.",
        ge=0,
        lt=1,
    )
    confidence_penalty: float = parameter(
        0.0,
        "How much sure answers are punished; larger keeps the probabilities of the tokens nearer to each other.",
        ge=0,
    )
    class_similarities: ClassSimilarities = parameter(
        None, CLASS_SIMILARITIES_DOC, examples=[{"B-PER": {"I-PER": 0.5}, "I-PER": {"B-PER": 0.5}}]
    )
    class_similarities_temperature: float = parameter(0.0, TEMPERATURE_DOC, ge=0)
    unique: bool = parameter(
        False,
        "Whether each token of a row counts once, where it first comes; then what repeats does not rule the loss.",
    )


class SequenceSoftmaxCrossEntropy:
    """Logits ``(batch, token, class)`` and ids ``(batch, token)`` -> their mean cross entropy over all real tokens.

    Padding, `NO_TOKEN`, never counts; with ``skips_first`` nor does the first token of a row. With class weights the
    mean is over the weights of the batch. With similarities each token is shared among those like it. It is a
    `declml.contracts.TokenLoss`. Raises `UserProblem` when the class weights or similarities do not fit the vocabulary.
    """

    skips_first = False

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        facts: Facts,
        *,
        class_weights: Sequence[float] | Mapping[str, float] | None = None,
        label_smoothing: float = 0.0,
        robust_lambda: float = 0.0,
        confidence_penalty: float = 0.0,
        class_similarities: ClassSimilarities = None,
        class_similarities_temperature: float = 0.0,
        unique: bool = False,
    ) -> None:
        self._weights = None if class_weights is None else torch.tensor(_weights(class_weights, facts))
        self._labels: Tensor | None = None
        if class_similarities is not None:
            self._labels = similar_labels(class_similarities, class_similarities_temperature, _few_words(facts))
        self._unique = unique
        self._smoothing = label_smoothing
        self._robust = robust_lambda
        self._penalty = confidence_penalty

    def __call__(self, answers: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of the tokens."""
        return self.of_parts(self.parts(answers, targets).sum(0))

    def parts(self, answers: Tensor, targets: Tensor) -> Tensor:
        """Return for each row the cost of its tokens, their weight, their number and how sure they are."""
        answers = answers[:, : targets.shape[1]]  # beyond are tokens of other inputs, which no target is for
        counted = targets != NO_TOKEN
        if self.skips_first:
            counted = counted & (torch.arange(targets.shape[1], device=targets.device) > 0)
        if self._unique:
            counted = counted & _first_places(targets.where(counted, NO_TOKEN))
        logs = functional.log_softmax(answers, dim=-1)
        costs, weights = self._costs(logs, targets.where(counted, 0))
        parts = [(costs * counted).sum(1), (weights * counted).sum(1), counted.sum(1).to(logs.dtype)]
        if self._penalty:
            entropy = -(logs.exp() * logs).sum(-1) / math.log(max(2, logs.shape[-1]))
            parts.append(((1 - entropy) * counted).sum(1))
        if self._robust:
            parts.append(counted.sum(1) / logs.shape[-1])
        return torch.stack(parts, dim=1)

    def _costs(self, logs: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
        """Return what each token costs, its weight included, and that weight: ``(batch, token)`` both."""
        if self._weights is not None and (self._weights.device != logs.device or self._weights.dtype != logs.dtype):
            self._weights = self._weights.to(logs)
        weighed = logs if self._weights is None else logs * self._weights  # (batch, token, class)
        if self._labels is None:
            costs = -weighed.gather(-1, truth.unsqueeze(-1)).squeeze(-1)
            weights = torch.ones_like(costs) if self._weights is None else self._weights[truth]
        else:
            labels = self._labels = self._labels.to(logs)
            costs = -(weighed * labels[truth]).sum(-1)
            weights = torch.ones_like(costs) if self._weights is None else (labels @ self._weights)[truth]
        if self._smoothing:
            costs = (1 - self._smoothing) * costs - self._smoothing * weighed.mean(-1)
        return costs, weights

    def of_parts(self, parts: Tensor) -> Tensor:
        """Return the loss from the sums over rows; without a token it is 0."""
        # Tokens that all weigh 0 must cost 0: the mean would be 0 / 0.
        loss = parts[0] / parts[1].clamp_min(_TINY)
        count = parts[2].clamp_min(1)
        if self._robust:
            loss = (1 - self._robust) * loss + self._robust * parts[-1] / count
        if self._penalty:
            loss = loss + self._penalty * parts[3] / count
        return loss


def _first_places(targets: Tensor) -> Tensor:
    """Return where in its row each token stands for the first time: ``(batch, token)``."""
    tokens, places = targets.sort(dim=1, stable=True)
    is_new = torch.ones_like(tokens, dtype=torch.bool)
    is_new[:, 1:] = tokens[:, 1:] != tokens[:, :-1]
    return torch.zeros_like(is_new).scatter(1, places, is_new)


def _words(facts: Facts, what: str) -> list[str]:
    if "vocabulary" not in facts:
        raise UserProblem(
            f"{what.replace('_', '-')}-mismatch",
            f"{what} must go with one of declml's own tokenizers, whose vocabulary is known; got hf_tokenizer.",
        )
    return facts["vocabulary"]


def _few_words(facts: Facts) -> list[str]:
    words = _words(facts, "class_similarities")
    if len(words) > _MOST_SIMILAR:
        raise UserProblem(
            "class-similarities-mismatch",
            f"class_similarities must be of at most {_MOST_SIMILAR:,} tokens; got {len(words):,} in the vocabulary.",
            hint="Lower most_common in the output's preprocessing.",
        )
    return words


def _weights(given: Sequence[float] | Mapping[str, float], facts: Facts) -> list[float]:
    """Return a weight for each token of the vocabulary."""
    words = _words(facts, "class_weights")
    if isinstance(given, Mapping):
        unnamed = {word: 1.0 for word in words if word not in given}
        return per_class({**unnamed, **given}, words)
    return per_class(given, words)


SEQUENCE = Component(
    "loss",
    "sequence_softmax_cross_entropy",
    "Cross entropy over the tokens: the less probability the true token got, the more it costs.",
    SequenceSoftmaxCrossEntropyParameters,
    features=("sequence", "text"),
    build=SequenceSoftmaxCrossEntropy,
)
