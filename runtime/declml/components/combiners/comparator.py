"""The combiner ``comparator``: two things, each of some of the features, are compared with each other."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from declml.components.activations import LayerActivation
from declml.components.dense_stack import BIAS_RULE, DenseStack, ListedLayerParameters, count_rule
from declml.components.initializers import BiasInitializer, WeightsInitializer, fill_weights
from declml.components.layer_list import MOST_LAYERS, FcLayer, stack_widths
from declml.components.norms import NORM_PARAMS_RULE, Norm, NormParams
from declml.contracts import Source
from declml.errors import UserProblem
from declml_schema.declare import Component, parameter


class ComparatorParameters(ListedLayerParameters):
    """What a config may say of ``comparator``."""

    entity_1: list[str] = parameter(
        ...,
        "The input features of the first thing; every input belongs to one of the two.",
        min_length=1,
        reference="input_feature",
        common=True,
    )
    entity_2: list[str] = parameter(
        ...,
        "The input features of the second thing, which is compared with the first.",
        min_length=1,
        reference="input_feature",
        common=True,
    )
    num_fc_layers: int = parameter(
        1, "How many dense layers bring each thing to a vector; more learn more and take longer.", ge=1, le=MOST_LAYERS
    )
    output_size: int = parameter(
        256, "The width of each dense layer, and of the vectors that are compared; wider costs more.", ge=1,
        unit="values", common=True,
    )  # fmt: skip


class Comparator(nn.Module):
    """Bring each thing to a vector by dense layers of its own, and set the two against each other.

    The answer is their dot product, a learned bilinear product, their absolute differences and their products, value by
    value. Shape: one ``(batch, width_i)`` per group -> ``(batch, 2 + 2 * width)``.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        widths: Sequence[Sequence[int]],
        *,
        sources: Sequence[Sequence[Source]],
        entity_1: Sequence[str],
        entity_2: Sequence[str],
        num_fc_layers: int,
        output_size: int,
        use_bias: bool,
        weights_initializer: WeightsInitializer,
        bias_initializer: BiasInitializer,
        activation: LayerActivation | None,
        dropout: float,
        norm: Norm | None,
        norm_params: NormParams | None,
        fc_layers: Sequence[FcLayer] | None,
    ) -> None:
        super().__init__()
        _check_entities(entity_1, entity_2, [each.name for group in sources for each in group])
        stacks: list[DenseStack] = []
        places: list[Tensor] = []
        for entity in (entity_1, entity_2):
            own = _places(widths, sources, entity)
            places.append(own)
            stacks.append(
                DenseStack(
                    len(own),
                    stack_widths(num_fc_layers, output_size, fc_layers),
                    use_bias=use_bias,
                    weights_initializer=weights_initializer,
                    bias_initializer=bias_initializer,
                    activation=activation,
                    dropout=dropout,
                    norm=norm,
                    norm_params=norm_params,
                    fc_layers=fc_layers,
                )
            )
        self.first, self.second = stacks
        width = self.first.width
        self.first_places: Tensor
        self.second_places: Tensor
        self.register_buffer("first_places", places[0], persistent=False)
        self.register_buffer("second_places", places[1], persistent=False)
        self.bilinear = nn.Parameter(torch.empty(width, width))
        fill_weights(self.bilinear.data, weights_initializer)
        self.width = 2 + 2 * width

    def forward(self, groups: Sequence[Tensor]) -> Tensor:
        """As above."""
        values = torch.cat(list(groups), dim=1)
        first: Tensor = self.first(values.index_select(1, self.first_places))
        second: Tensor = self.second(values.index_select(1, self.second_places))
        product = first * second
        return torch.cat(
            [
                product.sum(1, keepdim=True),
                ((first @ self.bilinear) * second).sum(1, keepdim=True),
                (first - second).abs(),
                product,
            ],
            dim=1,
        )


def _places(widths: Sequence[Sequence[int]], sources: Sequence[Sequence[Source]], entity: Sequence[str]) -> Tensor:
    """Return the columns of an entity's features among all groups side by side, ``(width,)``."""
    found: list[int] = []
    start = 0
    for group, members in zip(widths, sources, strict=True):
        for width, source in zip(group, members, strict=True):
            if source.name in entity:
                found += range(start, start + width)
            start += width
    return torch.tensor(found, dtype=torch.long)


def _check_entities(first: Sequence[str], second: Sequence[str], features: Sequence[str]) -> None:
    """Refuse entities that are not all inputs, each once."""
    both = [name for name in first if name in second]
    left = [name for name in features if name not in first and name not in second]
    unknown = [name for name in (*first, *second) if name not in features]
    if not both and not left and not unknown:
        return
    if both:
        what = f"'{both[0]}' in both"
    else:
        what = f"'{left[0]}' in none of them" if left else f"'{unknown[0]}', which is no input"
    raise UserProblem(
        "entity-mismatch",
        f"Every input must be in one of entity_1 and entity_2 of the combiner comparator; got {what}.",
        path="combiner.entity_1",
        hint=f"The inputs are {', '.join(features[:20])}{', ...' if len(features) > 20 else ''}.",
    )


COMPARATOR = Component(
    kind="combiner",
    name="comparator",
    doc="Compares two things, each described by some of the features, such as a question and an answer.",
    parameters=ComparatorParameters,
    build=Comparator,
    rules=(count_rule("num_fc_layers"), NORM_PARAMS_RULE, BIAS_RULE),
    facts={"sources": True},
)
