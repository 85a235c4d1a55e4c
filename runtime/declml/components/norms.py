"""The normalizations that a config can name, with what it may say of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

import torch
from pydantic import ConfigDict
from torch import Tensor, nn
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12

from declml.errors import UserProblem
from declml_schema.declare import Rule, parameter

Norm: TypeAlias = Literal["batch", "layer", "ghost"]

_GHOST_ROWS = 128  # Ludwig's


class NormParams(TypedDict, total=False):
    """What a config may say of a normalization; what it does not say is as PyTorch has it."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)  # pyright: ignore[reportGeneralTypeIssues] - pydantic's way

    eps: Annotated[float, parameter(..., "What is added to the spread before dividing; more is steadier.", gt=0, le=1)]
    momentum: Annotated[
        float, parameter(..., "How far each batch moves the figures that are used in prediction.", gt=0, le=1)
    ]
    affine: Annotated[bool, parameter(..., "Whether batch and ghost learn a scale and a constant for each value.")]
    elementwise_affine: Annotated[bool, parameter(..., "Whether layer learns a scale and a constant for each value.")]
    virtual_batch_size: Annotated[
        int, parameter(..., "How many rows ghost scales together; more know the spread better.", ge=1, unit="rows")
    ]


_MEANT: dict[Norm, tuple[str, ...]] = {
    "batch": ("eps", "momentum", "affine"),
    "layer": ("eps", "elementwise_affine"),
    "ghost": ("eps", "momentum", "affine", "virtual_batch_size"),
}

NORM_DOC = "How outputs are rescaled: batch over a batch's rows, ghost over parts of it, layer over a row's values."


def norm_params_parameter() -> Any:
    """Return the declaration of ``norm_params``."""
    return parameter(None, "Settings of the norm, such as eps or momentum; null takes what is usual.")


NORM_PARAMS_RULE = Rule(
    "ignored-unless", "norm_params", "norm", ("batch", "layer", "ghost"), "norm_params acts only with a norm."
)


class BatchNorm(nn.BatchNorm1d):
    """Batch normalization that also takes a batch of one row, whose spread is unknown: it uses the running figures."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name of the method it overrides
        """``(batch, width)`` -> the same shape."""
        if self.training and len(input) < 2:
            return nn.functional.batch_norm(
                input, self.running_mean, self.running_var, self.weight, self.bias, training=False, eps=self.eps
            )
        return super().forward(input)


class GhostNorm(BatchNorm):
    """Batch normalization over ``rows`` rows at a time (Hoffer et al. 2017, arXiv:1705.08741).

    Shape: ``(batch, width)`` -> the same.
    """

    def __init__(self, width: int, rows: int, *, eps: float, momentum: float, affine: bool) -> None:
        super().__init__(width, eps=eps, momentum=momentum, affine=affine)
        self._rows = rows

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name of the method it overrides
        """As above."""
        if not self.training or len(input) <= self._rows:
            return super().forward(input)
        return torch.cat([super(GhostNorm, self).forward(part) for part in input.split(self._rows)])


def norm_layer(norm: Norm | None, width: int, params: NormParams | None = None) -> nn.Module:
    """Return the layer of a normalization, ``None`` meaning none: ``(batch, width)`` -> the same shape.

    Raises `UserProblem` where ``params`` say what this norm does not know.
    """
    if norm is None:
        return nn.Identity()
    said: NormParams = {} if params is None else params
    refuse_foreign(norm, said)
    eps = said.get("eps", 1e-5)
    if norm == "layer":
        return nn.LayerNorm(width, eps=eps, elementwise_affine=said.get("elementwise_affine", True))
    momentum, affine = said.get("momentum", 0.1), said.get("affine", True)
    if norm == "batch":
        return BatchNorm(width, eps=eps, momentum=momentum, affine=affine)
    rows = said.get("virtual_batch_size", _GHOST_ROWS)
    return GhostNorm(width, rows, eps=eps, momentum=momentum, affine=affine)


def refuse_foreign(norm: Norm, said: NormParams) -> None:
    """Refuse what another norm than this one knows."""
    foreign = next((name for name in said if name not in _MEANT[norm]), None)
    if foreign is not None:
        raise UserProblem(
            "norm-params",
            f"norm_params of a {norm} norm must be among {', '.join(_MEANT[norm])}; got {foreign}.",
        )
