"""The losses of sequences: torch's cross entropy over real tokens, the same whether taken at once or in pieces."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional

from declml.components.losses.entmax15 import TOKENS as ENTMAX15
from declml.components.losses.next_token_softmax_cross_entropy import NEXT_TOKEN
from declml.components.losses.sequence_softmax_cross_entropy import SEQUENCE
from declml.components.losses.softmax_cross_entropy import CATEGORY
from declml.components.losses.sparsemax import TOKENS as SPARSEMAX
from declml.components.sparse_probabilities import entmax15_losses, sparsemax_losses
from declml.errors import UserProblem
from declml.token_rows import NO_TOKEN

FACTS: dict[str, Any] = {"vocabulary": ["<PAD>", "<UNK>", "a", "b"], "pad": 0, "stop": 0}
TARGETS = torch.tensor([[2, 3, 0], [1, 0, NO_TOKEN], [0, NO_TOKEN, NO_TOKEN], [3, 3, 2]])


def logits(*, width: int = 3) -> torch.Tensor:
    return torch.randn(4, width, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def loss_of(component: Any, **given: Any) -> Any:
    parameters = component.parameters(**given).model_dump()
    del parameters["weight"]
    return component.build(FACTS, **parameters)


@pytest.mark.parametrize("given", [{}, {"label_smoothing": 0.2}, {"class_weights": [1.0, 0.5, 2.0, 3.0]},
                                   {"label_smoothing": 0.1, "class_weights": {"a": 4.0}}])  # fmt: skip
def test_it_is_the_cross_entropy_of_torch_over_real_tokens(given: dict[str, Any]) -> None:
    weights = given.get("class_weights")
    if isinstance(weights, dict):
        weights = [weights.get(word, 1.0) for word in FACTS["vocabulary"]]
    expected = functional.cross_entropy(
        logits().flatten(0, 1), TARGETS.flatten(), ignore_index=NO_TOKEN,
        label_smoothing=given.get("label_smoothing", 0),
        weight=None if weights is None else torch.tensor(weights, dtype=torch.float64),
    )  # fmt: skip
    if given.get("label_smoothing") and weights is not None:
        # Torch spreads the smoothed share by the weight of each class, and divides by the weights of the truth.
        assert float(loss_of(SEQUENCE, **given)(logits(), TARGETS)) == pytest.approx(float(expected), rel=1e-6)
    else:
        assert float(loss_of(SEQUENCE, **given)(logits(), TARGETS)) == pytest.approx(float(expected), rel=1e-9)


@pytest.mark.parametrize("component", [SEQUENCE, NEXT_TOKEN], ids=["sequence", "next token"])
@pytest.mark.parametrize(
    "given", [{}, {"class_weights": [1.0, 0.5, 2.0, 3.0], "label_smoothing": 0.1}, {"robust_lambda": 0.3},
              {"confidence_penalty": 0.5}, {"robust_lambda": 0.2, "confidence_penalty": 0.5}]
)  # fmt: skip
def test_pieces_add_up_to_the_whole_and_padding_never_counts(component: Any, given: dict[str, Any]) -> None:
    loss = loss_of(component, **given)
    whole = float(loss(logits(), TARGETS))
    pieces = torch.cat([loss.parts(logits()[rows], TARGETS[rows]) for rows in (slice(0, 1), slice(1, 4))])
    assert float(loss.of_parts(pieces.sum(0))) == pytest.approx(whole, rel=1e-12)
    wide = torch.cat([logits(), torch.full((4, 2, 4), 9.0, dtype=torch.float64)], dim=1)
    padded = torch.cat([TARGETS, torch.full((4, 2), NO_TOKEN)], dim=1)
    assert float(loss(wide, padded)) == pytest.approx(whole, rel=1e-12)
    assert float(loss(wide, TARGETS)) == pytest.approx(whole, rel=1e-12)
    other = logits().masked_fill((TARGETS == NO_TOKEN).unsqueeze(-1), 5.0)
    assert float(loss(other, TARGETS)) == pytest.approx(whole, rel=1e-12)


def test_the_first_token_is_no_next_one() -> None:
    changed = logits()
    changed[:, 0] = 7.0
    assert float(loss_of(NEXT_TOKEN)(changed, TARGETS)) == float(loss_of(NEXT_TOKEN)(logits(), TARGETS))
    assert float(loss_of(SEQUENCE)(changed, TARGETS)) != float(loss_of(SEQUENCE)(logits(), TARGETS))


@pytest.mark.parametrize(("component", "own"), [(SPARSEMAX, sparsemax_losses), (ENTMAX15, entmax15_losses)])
def test_sparse_losses_are_those_of_each_real_token(component: Any, own: Any) -> None:
    loss, real = loss_of(component), TARGETS != NO_TOKEN
    shares = functional.one_hot(TARGETS[real], 4).double()
    assert float(loss(logits(), TARGETS)) == pytest.approx(float(own(logits()[real], shares).mean()), rel=1e-12)
    pieces = torch.cat([loss.parts(logits()[rows], TARGETS[rows]) for rows in (slice(0, 1), slice(1, 4))])
    assert float(loss.of_parts(pieces.sum(0))) == pytest.approx(float(loss(logits(), TARGETS)), rel=1e-12)
    weights = logits().requires_grad_()
    loss(weights, TARGETS).backward()
    assert weights.grad is not None and not weights.grad[~real].any() and weights.grad[real].any()


@pytest.mark.parametrize("component", [SEQUENCE, NEXT_TOKEN, SPARSEMAX, ENTMAX15])
def test_without_a_token_it_is_nothing(component: Any) -> None:
    none = torch.full((2, 1), NO_TOKEN)
    answers = torch.zeros(2, 1, 4, requires_grad=True)
    loss = loss_of(component)(answers, none)
    loss.backward()
    assert float(loss.detach()) == 0
    assert answers.grad is not None and not answers.grad.any()
    assert float(loss_of(component)(torch.zeros(2, 0, 4), none[:, :0])) == 0


def test_weights_of_no_token_are_refused() -> None:
    with pytest.raises(UserProblem, match="unknown 'c'"):
        loss_of(SEQUENCE, class_weights={"c": 1.0})
    with pytest.raises(UserProblem, match="one number for each of the 4 classes; got 2"):
        loss_of(SEQUENCE, class_weights=[1.0, 2.0])


ALIKE = {"a": {"b": 0.7}, "b": {"a": 0.4, "<UNK>": 0.1}}


@pytest.mark.parametrize(
    "given",
    [{}, {"label_smoothing": 0.2}, {"class_weights": [1.0, 0.5, 2.0, 3.0]},
     {"class_weights": [1.0, 0.5, 2.0, 3.0], "label_smoothing": 0.2}],
)  # fmt: skip
def test_similar_tokens_share_a_label_as_classes_do(given: dict[str, Any]) -> None:
    told = {"class_similarities": ALIKE, "class_similarities_temperature": 0.5, **given}
    parameters = CATEGORY.parameters(**told).model_dump()
    del parameters["weight"]
    real = TARGETS != NO_TOKEN
    assert CATEGORY.build is not None
    expected = CATEGORY.build({"classes": FACTS["vocabulary"]}, **parameters)(logits()[real], TARGETS[real])
    loss = loss_of(SEQUENCE, **told)
    assert float(loss(logits(), TARGETS)) == pytest.approx(float(expected), rel=1e-6)
    pieces = torch.cat([loss.parts(logits()[rows], TARGETS[rows]) for rows in (slice(0, 1), slice(1, 4))])
    assert float(loss.of_parts(pieces.sum(0))) == pytest.approx(float(expected), rel=1e-6)


def test_a_repeated_token_counts_once() -> None:
    once = TARGETS.clone()
    once[3, 1] = NO_TOKEN  # 3, 3, 2
    assert float(loss_of(SEQUENCE, unique=True)(logits(), TARGETS)) == float(loss_of(SEQUENCE)(logits(), once))
    # The first token of a row is no next one, so that what follows it is the first of its kind.
    assert float(loss_of(NEXT_TOKEN, unique=True)(logits(), TARGETS)) == float(loss_of(NEXT_TOKEN)(logits(), TARGETS))


def test_similarities_of_other_or_too_many_tokens_are_refused() -> None:
    with pytest.raises(UserProblem, match="must be greater than 0 with class_similarities"):
        loss_of(SEQUENCE, class_similarities=ALIKE)
    given = {"class_similarities": {"c": {"a": 1.0}}, "class_similarities_temperature": 1.0}
    with pytest.raises(UserProblem, match="got 'c'"):
        loss_of(SEQUENCE, **given)
    assert SEQUENCE.build is not None
    with pytest.raises(UserProblem, match="at most 4,096 tokens; got 5,000"):
        SEQUENCE.build({"vocabulary": [str(each) for each in range(5000)]}, **given)
    with pytest.raises(UserProblem, match="own tokenizers"):
        SEQUENCE.build({"vocabulary_size": 9}, **given)
