"""What the decoders of sequences share: how many tokens there are to say, and labels as answers."""

from __future__ import annotations

import torch
from torch import Tensor

from declml.components.sparse_softmax import entmax15, sparsemax
from declml.contracts import Facts, TokenAnswers
from declml.token_rows import NO_TOKEN

_LEAST = 1e-30


def count_tokens(facts: Facts) -> int:
    """Return how many tokens there are to say, from the facts of a target."""
    return len(facts["vocabulary"]) if "vocabulary" in facts else int(facts["vocabulary_size"])


def log_chances(logits: Tensor, facts: Facts) -> Tensor:
    """Return the logarithms of the probabilities of ``(..., class)`` logits, by the function that the loss trains.

    The facts name it as ``link``, as in `declml.components.answer_scale`; what is impossible is very improbable here.
    """
    link = facts.get("link")
    if link is None:
        return torch.log_softmax(logits.float(), dim=-1)
    return {"sparsemax": sparsemax, "entmax15": entmax15}[link["name"]](logits.float()).clamp_min(_LEAST).log()


def as_tagged(answers: Tensor, logits: Tensor, mask: Tensor, facts: Facts) -> TokenAnswers:
    """Return ``answers`` beside the best label, never the padding, where ``mask`` ``(batch, token)`` has a token."""
    logs, pad = log_chances(logits, facts), int(facts["pad"])
    best, ids = logs.index_fill(-1, torch.tensor([pad], device=logs.device), float("-inf")).max(dim=-1)
    totals = best.where(mask, best.new_zeros(())).sum(1)
    return TokenAnswers(answers, ids.masked_fill(~mask, NO_TOKEN), best.exp(), totals)
