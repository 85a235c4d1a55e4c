"""Everything about a built module that a user could notice, and whether two of them are the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from declml.contracts import TokenAnswers, TokenStates

from .contract_cases import ROWS, TOKENS, Case


@dataclass
class Seen:
    """Everything about a built module that a user could notice."""

    weights: dict[str, tuple[bool, Tensor]]
    answers: Tensor
    answers_in_training: Tensor
    answers_after_training: Tensor
    gradients: Tensor
    calls: int

    def same(self, other: Seen) -> bool:
        return (
            self.weights.keys() == other.weights.keys()
            and all(
                grad == other.weights[name][0]
                and weight.shape == other.weights[name][1].shape
                and torch.equal(weight, other.weights[name][1])
                for name, (grad, weight) in self.weights.items()
            )
            and equal(self.answers, other.answers)
            and equal(self.answers_in_training, other.answers_in_training)
            and equal(self.answers_after_training, other.answers_after_training)
            and equal(self.gradients, other.gradients)
            and self.calls == other.calls
        )


def told(answers: Tensor | TokenStates | TokenAnswers) -> Tensor:
    """Return answers as one tensor; of a vector for each token, the sum in which each place has a weight of its own."""
    if isinstance(answers, TokenAnswers):
        said = torch.cat([answers.ids.float(), answers.chances, answers.totals.unsqueeze(1)], dim=1)
        return torch.cat([told(answers.logits), said], dim=1)
    if not isinstance(answers, TokenStates):
        places = torch.arange(1.0, 1 + answers.shape[1]).unsqueeze(-1) if answers.dim() == 3 else None
        is_spoken = places is not None and answers.shape[:2] == (ROWS, TOKENS)
        return (answers * places).sum(1) if is_spoken else answers
    assert answers.values.shape[:2] == answers.mask.shape
    assert not answers.values[~answers.mask].any(), "padding must be zeros"
    places = torch.arange(1.0, 1 + answers.mask.shape[1]).unsqueeze(-1)
    return (answers.values * places).sum(1)


def equal(left: Tensor, right: Tensor) -> bool:
    return left.shape == right.shape and torch.equal(left.nan_to_num(7.0), right.nan_to_num(7.0))


def observe(case: Case, **given: Any) -> Seen:
    module = case.build(**given)
    weights = {name: (weight.requires_grad, weight.detach().clone()) for name, weight in module.named_parameters()}
    module.eval()
    with torch.no_grad():
        answers = told(module(*case.inputs()))
    module.train()
    calls: list[nn.Module] = []
    for part in module.modules():
        part.register_forward_hook(lambda part, *_: calls.append(part))
    torch.default_generator.manual_seed(11)
    training = told(module(*case.inputs()))
    if training.requires_grad:
        training.sum().backward()
    count = len(calls)
    gradients = [weight.grad.flatten() for weight in module.parameters() if weight.grad is not None]
    module.eval()
    with torch.no_grad():
        after = told(module(*case.inputs()))  # what a layer remembers of training, such as its running figures
    flat = torch.cat(gradients) if gradients else torch.zeros(0)
    return Seen(weights, answers, training.detach(), after, flat, count)
