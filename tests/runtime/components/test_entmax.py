"""The sparse softmax of any alpha: what it is at 1.5 and 2, and its gradients by differences."""

from __future__ import annotations

import torch

from declml.components.sparse_softmax import entmax, entmax15, sparsemax


def test_it_is_the_two_that_have_a_name() -> None:
    scores = torch.randn(5, 7, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    torch.testing.assert_close(entmax(scores, torch.tensor(2.0)), sparsemax(scores))
    torch.testing.assert_close(entmax(scores, torch.tensor(1.5)), entmax15(scores))
    torch.testing.assert_close(entmax(scores, torch.tensor(1.001)), scores.softmax(-1), atol=1e-2, rtol=0)


def test_its_gradients_are_those_of_differences() -> None:
    scores = torch.randn(3, 5, generator=torch.Generator().manual_seed(2), dtype=torch.float64, requires_grad=True)
    for alpha in (1.3, 1.7, 2.5):
        order = torch.tensor(alpha, dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(entmax, (scores, order), eps=1e-6, atol=1e-4)
