"""Rows of a background class, which stand for everything unknown: losses that teach a model to be unsure of them.

Shared by ``entropic_open_set`` and ``objectosphere`` (Dhamija, Günther and Boult, 2018).
"""

from __future__ import annotations

from typing import TypeAlias

from torch import Tensor
from torch.nn import functional

from declml.components.losses.truth import as_shares
from declml.contracts import Facts
from declml.errors import UserProblem

BackgroundClass: TypeAlias = str | int | None
BACKGROUND_DOC = (
    "The class whose rows stand for everything unknown, by its name or its place in the vocabulary; null has none, and"
    " every row is of a known class."
)


def background_place(background: BackgroundClass, facts: Facts) -> int | None:
    """Return the place of the background class among those of the facts; a binary's are false and true.

    A name comes before a place: `7` is the class `7` where there is one. One that is neither is a `UserProblem`.
    """
    if background is None:
        return None
    names = [str(name) for name in facts.get("classes", [facts.get("false"), facts.get("true")])]
    if str(background) in names:
        return names.index(str(background))
    if isinstance(background, int) and 0 <= background < len(names):
        return background
    raise UserProblem(
        "unknown-background-class",
        f"background_class must be a class of the output or its place; got {background!r}.",
        hint=f"The classes, in order, are {', '.join(repr(name) for name in names[:20])}.",
    )


def open_set_losses(answers: Tensor, targets: Tensor, background: int | None) -> tuple[Tensor, Tensor]:
    """Return the entropic loss of each row, and the part of it that is background, both ``(batch,)``.

    A known row costs its cross entropy; a row of the background that of equal shares for all classes, so that its best
    answer is to be sure of nothing.
    """
    shares = as_shares(answers, targets)
    logs = functional.log_softmax(answers, dim=-1)
    if background is None:
        return -(shares * logs).sum(-1), shares.new_zeros(len(shares))
    unknown = shares[:, background]
    known = shares.clone()
    known[:, background] = 0
    return -(known * logs).sum(-1) - unknown * logs.mean(-1), unknown


def open_set_binary_losses(answers: Tensor, targets: Tensor, background: int | None) -> tuple[Tensor, Tensor]:
    """Return the same for logits and 0/1 targets ``(batch,)``: a row of the background has one half as its target."""
    targets = targets.to(answers.dtype)
    if background is None:
        return functional.binary_cross_entropy_with_logits(answers, targets, reduction="none"), targets * 0
    unknown = targets if background == 1 else 1 - targets
    targets = targets * (1 - unknown) + unknown / 2
    return functional.binary_cross_entropy_with_logits(answers, targets, reduction="none"), unknown
