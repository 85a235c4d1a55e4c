"""Sequences are evaluated a piece of the rows at a time: the same scores for any pieces, and nothing wide is kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from declml.components.losses.sequence_softmax_cross_entropy import SequenceSoftmaxCrossEntropy
from declml.components.metrics.perplexity import build_perplexity
from declml.components.metrics.token_accuracy import build_token_accuracy
from declml.contracts import Batch, Encoded, Model, TokenAnswers
from declml.data.batches import InMemoryBatches, ragged_group
from declml.evaluation.evaluate import OutputSpec, evaluate
from declml.evaluation.token_pieces import SequenceAnswers
from declml.token_rows import NO_TOKEN, SpokenScores, TokenRows

WORDS, ROWS = 11, 57


class Says(nn.Module):
    """Answers each token with logits read off a table, and says what is best of them."""

    takes_targets = True

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(WORDS, WORDS, generator=torch.Generator().manual_seed(1)))

    def forward(self, groups: Any, targets: Any) -> dict[str, TokenAnswers]:
        ids, lengths = groups[0]
        mask = torch.arange(ids.shape[1]) < lengths[:, None]
        logits = self.table[ids]
        best, said = logits.log_softmax(-1).max(-1)
        return {
            "y": TokenAnswers(
                logits[:, : targets["y"].shape[1]], said.masked_fill(~mask, NO_TOKEN), best.exp(), (best * mask).sum(1)
            )
        }


def make() -> tuple[Model, InMemoryBatches, list[OutputSpec], TokenRows]:
    random = np.random.default_rng(3)
    lengths = random.integers(0, 9, ROWS)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    given = Encoded(random.integers(0, WORDS, lengths.sum()).astype(np.int32), offsets)
    wanted = Encoded(random.integers(0, WORDS, lengths.sum()).astype(np.int32), offsets)
    rows = np.arange(ROWS)
    batches = InMemoryBatches([ragged_group(given, rows)], {"y": ragged_group(wanted, rows, pad=NO_TOKEN)})
    loss: Any = SequenceSoftmaxCrossEntropy({"vocabulary": ["x"] * WORDS})
    metrics = {"token_accuracy": build_token_accuracy(), "perplexity": build_perplexity()}
    spec = OutputSpec("y", metrics, lambda said: SpokenScores(said, lambda _: []), lambda truth: truth)
    return Model(Says(), {"y": (loss, 1.0)}), batches, [spec], TokenRows(given.values, offsets)


def test_scores_do_not_depend_on_the_pieces_and_are_those_of_all_tokens() -> None:
    model, batches, specs, given = make()
    whole, predictions = evaluate(model, batches, specs, batch_size=ROWS)
    answers = predictions.outputs["y"]
    assert isinstance(answers, SequenceAnswers)
    for size in (1, 10, 1000):
        scores, others = evaluate(model, batches, specs, batch_size=size)
        assert scores.values["y"] == pytest.approx(whole.values["y"], rel=1e-6)
        again = others.outputs["y"]
        assert isinstance(again, SequenceAnswers)
        assert np.array_equal(again.raw.tokens.values, answers.raw.tokens.values)
        assert np.array_equal(again.encoded.values, answers.encoded.values)
    table = model.module.get_parameter("table").detach()
    logits, truth = table[torch.from_numpy(given.values).long()], torch.from_numpy(answers.encoded.values).long()
    mean = float(nn.functional.cross_entropy(logits, truth))
    assert whole.values["y"]["loss"] == pytest.approx(mean, rel=1e-5)
    assert whole.values["y"]["perplexity"] == pytest.approx(np.exp(mean), rel=1e-5)
    hits = logits.argmax(-1) == truth
    assert whole.values["y"]["token_accuracy"] == pytest.approx(float(hits.double().mean()))


def test_chosen_rows_are_scored_as_if_they_were_all() -> None:
    model, batches, specs, _ = make()
    _, predictions = evaluate(model, batches, specs, batch_size=8)
    mask = np.arange(ROWS) % 3 == 0
    part = predictions.select(mask).outputs["y"]
    whole = predictions.outputs["y"]
    assert isinstance(part, SequenceAnswers)
    assert isinstance(whole, SequenceAnswers)
    assert len(part.targets) == mask.sum()
    assert np.array_equal(part.raw.tokens.values, whole.raw.tokens.take(np.flatnonzero(mask)).values)
    loss = model.losses["y"][0]
    parts: Any = loss
    assert part.loss(loss) == pytest.approx(float(parts.of_parts(whole.parts[torch.from_numpy(mask)].sum(0))))


def test_nothing_as_wide_as_the_vocabulary_is_kept() -> None:
    model, batches, specs, _ = make()
    _, predictions = evaluate(model, batches, specs, batch_size=8)
    answers = predictions.outputs["y"]
    assert isinstance(answers, SequenceAnswers)
    kept = [answers.raw.tokens.values, answers.raw.chances, answers.raw.totals, answers.encoded.values]
    tokens = int(answers.encoded.lengths.sum())
    assert all(each.size <= max(tokens, ROWS) for each in kept)
    assert answers.parts.shape[1] <= 5


def test_batches_without_targets_of_tokens_are_as_ever() -> None:
    model, batches, _, _ = make()
    seen: list[Batch] = [batch for _, batch in batches.every_row(10)]
    assert sum(batch.rows for batch in seen) == ROWS
    widths = [int((batch.targets["y"] != NO_TOKEN).sum(1).max()) for batch in seen]
    assert [batch.targets["y"].shape[1] for batch in seen] == widths  # padded to the batch, never to a maximum
    assert isinstance(seen[0].targets["y"], Tensor)
    del model
