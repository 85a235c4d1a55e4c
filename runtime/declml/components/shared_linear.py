"""Linear layers of several networks that share their weights: the ensembles of the combiners tabm and concat."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SharedLinear(nn.Module):
    """A linear layer whose weights all networks share; each scales what comes in, and with ``submodels`` what goes out.

    What goes out is scaled by ones at first, or by ``out_scales``.
    Shape: ``(batch, in)``, or ``(batch, submodel, in)`` -> ``(batch, submodel, out)``.
    """

    def __init__(
        self,
        linear: nn.Linear,
        scales: Tensor | None,
        submodels: int | None,
        *,
        has_bias: bool,
        out_scales: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.weight = linear.weight  # (out, in)
        self.bias: nn.Parameter | None = linear.bias
        if submodels is not None and has_bias:
            self.bias = nn.Parameter(linear.bias.data.repeat(submodels, 1))
        self.scales = None if scales is None else nn.Parameter(scales)
        if submodels is not None and out_scales is None:
            out_scales = torch.ones(submodels, linear.out_features)
        self.out_scales = None if out_scales is None else nn.Parameter(out_scales)

    def forward(self, hidden: Tensor) -> Tensor:
        """As above."""
        if hidden.dim() == 2 and self.scales is not None:
            # The networks' weights side by side: one product over the rows, none of which is repeated.
            weights = (self.scales.unsqueeze(1) * self.weight).flatten(0, 1)  # (submodel * out, in)
            answer = nn.functional.linear(hidden, weights).unflatten(1, (len(self.scales), -1))
        else:
            answer = nn.functional.linear(hidden if self.scales is None else hidden * self.scales, self.weight)
        if self.out_scales is not None:
            answer = answer * self.out_scales
        return answer if self.bias is None else answer + self.bias


class OverRows(nn.Module):
    """A norm that takes all networks' rows together: ``(batch, submodel, width)`` -> the same shape."""

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, hidden: Tensor) -> Tensor:
        """``(batch, submodel, width)`` -> the same shape."""
        return self.norm(hidden.flatten(0, 1)).unflatten(0, hidden.shape[:2])


def random_signs(submodels: int, width: int) -> Tensor:
    """Return scales of 1 and -1, ``(submodel, width)``, from which networks that share weights start apart.

    Wen, Tran and Ba: BatchEnsemble (2020, arXiv:2002.06715), section 3.2.
    """
    return torch.where(torch.rand(submodels, width) < 0.5, -1.0, 1.0)
