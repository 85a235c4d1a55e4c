"""Convolutions over tokens, in a row: one by one as a list says, or all alike; pools may stand between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import torch
from pydantic import ConfigDict
from torch import Tensor, nn
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12

from declml.components.activations import LayerActivation, activation_layer, layer_outputs
from declml.components.dropout import Dropout
from declml.components.encoders.pooling import MOST_POOLED, Padding, PoolFunction, pooled
from declml.components.initializers import BiasInitializer, WeightsInitializer, fill_bias, fill_weights
from declml.components.layer_list import MOST_LAYERS
from declml.components.norms import Norm, NormParams, norm_layer
from declml_schema.declare import parameter


class ParallelConvLayer(TypedDict, total=False):
    """What a config may say of one convolution among others; what it does not say is as the component has it."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)  # pyright: ignore[reportGeneralTypeIssues] - pydantic's way

    num_filters: Annotated[int, parameter(..., "How many patterns it looks for.", ge=1)]
    filter_size: Annotated[int, parameter(..., "How many tokens in a row it sees at once.", ge=1, unit="tokens")]
    use_bias: Annotated[bool, parameter(..., "Whether it adds a learned constant to its outputs.")]
    weights_initializer: Annotated[WeightsInitializer, parameter(..., "How its weights start.")]
    bias_initializer: Annotated[BiasInitializer, parameter(..., "How its constants start.")]
    activation: Annotated[LayerActivation | None, parameter(..., "The function applied after it; null for none.")]
    dropout: Annotated[float, parameter(..., "The share of its values set to zero in training.", ge=0, lt=1)]
    norm: Annotated[Norm | None, parameter(..., "How its outputs are rescaled; null leaves them.")]
    norm_params: Annotated[NormParams | None, parameter(..., "Settings of its norm.")]


class ConvLayer(ParallelConvLayer, total=False):
    """The same of one convolution in a row of them, with the pool behind it."""

    strides: Annotated[int, parameter(..., "How many tokens further it looks each time.", ge=1, unit="tokens")]
    padding: Annotated[Padding, parameter(..., "Whether it looks over the ends of a text (same) or not (valid).")]
    dilation_rate: Annotated[int, parameter(..., "How far apart the tokens stand that it sees.", ge=1)]
    pool_function: Annotated[PoolFunction, parameter(..., "What its pool keeps of its tokens.")]
    pool_size: Annotated[
        int | None, parameter(..., "How many tokens its pool makes one of; null for none.", ge=2, le=MOST_POOLED)
    ]
    pool_strides: Annotated[int | None, parameter(..., "How many tokens further each pool begins.", ge=1)]
    pool_padding: Annotated[Padding, parameter(..., "Whether tokens that do not fill a pool make one.")]


def conv_layers_parameter() -> Any:
    """Return the declaration of ``conv_layers``."""
    return parameter(
        None,
        "The convolutions one by one, each with what it changes, such as filter_size; null makes them all alike.",
        min_length=1,
        max_length=MOST_LAYERS,
        examples=[[{"filter_size": 7, "num_filters": 128}, {"filter_size": 3}]],
    )


@dataclass(frozen=True, slots=True)
class ConvPlan:
    """One convolution and the pool behind it, every setting filled in."""

    num_filters: int
    filter_size: int
    use_bias: bool
    weights_initializer: WeightsInitializer
    bias_initializer: BiasInitializer
    activation: LayerActivation | None
    dropout: float
    norm: Norm | None
    norm_params: NormParams | None
    strides: int = 1
    padding: Padding = "same"
    dilation_rate: int = 1
    pool_function: PoolFunction = "max"
    pool_size: int | None = None
    pool_strides: int | None = None
    pool_padding: Padding = "same"


def settle_convolutions(
    alike: ConvPlan, conv_layers: Sequence[ConvLayer | ParallelConvLayer] | None, own: Sequence[ConvPlan]
) -> list[ConvPlan]:
    """Return the convolutions of the list, as ``alike`` where they do not say otherwise, or without one ``own``."""
    if conv_layers is None:
        return list(own)
    plans: list[ConvPlan] = []
    for said in conv_layers:
        settings: dict[str, Any] = dict(said)
        if settings.get("norm", alike.norm) != alike.norm:
            # Settings for one kind of norm are not for another that a layer chooses.
            settings.setdefault("norm_params", None)
        plans.append(replace(alike, **settings))
    return plans


class Convolution(nn.Module):
    """One convolution over the tokens, then norm, activation and dropout, and a pool if there is one.

    Shape: ``(batch, token, in)`` and ``(batch, token)`` -> ``(batch, token, num_filters)`` and their mask.
    """

    def __init__(self, in_width: int, plan: ConvPlan) -> None:
        super().__init__()
        outputs = layer_outputs(plan.activation, plan.num_filters)
        self.convolution = nn.Conv1d(
            in_width, outputs, plan.filter_size, dilation=plan.dilation_rate, stride=plan.strides, bias=plan.use_bias
        )
        fill_weights(self.convolution.weight.data, plan.weights_initializer)
        if self.convolution.bias is not None:
            fill_bias(self.convolution.bias.data, plan.bias_initializer)
        self._plan = plan
        self._reach = (plan.filter_size - 1) * plan.dilation_rate
        self.norm = norm_layer(plan.norm, outputs, plan.norm_params)
        self.after = nn.Sequential(activation_layer(plan.activation), Dropout(plan.dropout))

    def forward(self, hidden: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """As above; padding of the input must be 0, and that of the answer is."""
        plan, reach = self._plan, self._reach
        if plan.padding == "same":
            # As many answers as tokens; an even filter looks one token further to the right than to the left.
            around = (reach // 2, reach - reach // 2)
            mask = mask[:, :: plan.strides]
        else:
            around = (0, max(0, reach + 1 - mask.shape[1]))  # a batch of short texts still gets one place
            whole = nn.functional.pad(mask, (0, around[1]))
            mask = whole[:, reach :: plan.strides]  # a place is there where the last token that it sees is
        answers: Tensor = self.convolution(nn.functional.pad(hidden.transpose(1, 2), around)).transpose(1, 2)
        if not isinstance(self.norm, nn.Identity):
            # Over real tokens only: padding would move the mean and spread of a batch.
            answers = torch.zeros_like(answers).masked_scatter(mask.unsqueeze(-1), self.norm(answers[mask]))
        answers = self.after(answers) * mask.unsqueeze(-1)
        if plan.pool_size is None:
            return answers, mask
        return pooled(
            answers, mask, plan.pool_size, plan.pool_function, stride=plan.pool_strides, padding=plan.pool_padding
        )


class Convolutions(nn.Module):
    """Convolutions in a row; ``width`` is that of the last. Shapes as those of one."""

    def __init__(self, in_width: int, plans: Sequence[ConvPlan]) -> None:
        super().__init__()
        widths = [in_width, *(plan.num_filters for plan in plans)]
        self.layers = nn.ModuleList(Convolution(width, plan) for width, plan in zip(widths, plans, strict=False))
        self.width = widths[-1]

    def forward(self, hidden: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """As above."""
        for layer in self.layers:
            hidden, mask = layer(hidden, mask)
        return hidden, mask
