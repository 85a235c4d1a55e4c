"""The text encoder ``longformer``: Longformer (Beltagy et al. 2020, arXiv:2004.05150)."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import Field

from declml.components.encoders.pretrained_build import pretrained_name, reduce_parameter
from declml.components.encoders.pretrained_family import Family, FamilyBuild, family_rules
from declml.components.encoders.pretrained_parts import FACTS, ReduceTokens, TransformerParameters
from declml.components.encoders.pretrained_sizes import (
    HiddenAct,
    activation,
    equal_heads,
    heads,
    inner_width,
    positions,
    segments,
    spread,
    steadiness,
    width,
    zeroed,
    zeroed_attention,
)
from declml.errors import UserProblem
from declml_schema.declare import Component, parameter

Window: TypeAlias = Annotated[int, Field(ge=4)]


def _check_windows(settings: dict[str, Any], layers: int) -> None:
    """Refuse windows of which no half lies on each side of a token, or that are not those of each layer."""
    said: int | list[int] = settings["attention_window"]
    windows = said if isinstance(said, list) else [said]
    if any(each % 2 for each in windows) or (isinstance(said, list) and len(said) != layers):
        raise UserProblem(
            "attention-window",
            f"attention_window must be an even number, or a list of one for each of the {layers} layers; got {said}.",
        )


FAMILY = Family(
    encoder="longformer",
    model_type="longformer",
    layers=12,
    training=(
        "hidden_dropout_prob",
        "attention_probs_dropout_prob",
    ),
    fixed=dict.fromkeys(["pad_token_id", "bos_token_id", "eos_token_id", "sep_token_id"]),
    adjust=_check_windows,
)


class LongformerParameters(TransformerParameters):
    """What a config may say of ``longformer``."""

    pretrained_model_name_or_path: str = pretrained_name("allenai/longformer-base-4096")
    reduce_output: ReduceTokens = reduce_parameter("cls_pooled")
    attention_window: Window | list[Window] = parameter(
        512,
        "How many tokens around it each token sees in a model from scratch, or such an even number for each layer.",
        unit="tokens",
    )
    hidden_size: int = width(768)
    num_attention_heads: int = heads(12)
    intermediate_size: int = inner_width(3072)
    hidden_act: HiddenAct = activation("gelu")
    max_position_embeddings: int = positions(4098)
    type_vocab_size: int = segments(1)
    initializer_range: float = spread()
    layer_norm_eps: float = steadiness(1e-05)
    hidden_dropout_prob: float = zeroed(0.1)
    attention_probs_dropout_prob: float = zeroed_attention(0.1)


LONGFORMER = Component(
    kind="encoder",
    name="longformer",
    doc="Encodes the text with Longformer, which can read thousands of tokens: its cost grows with their number alone.",
    parameters=LongformerParameters,
    features=("text",),
    build=FamilyBuild(FAMILY, LongformerParameters),
    rules=(*family_rules(FAMILY, LongformerParameters), equal_heads("hidden_size", "num_attention_heads")),
    facts=FACTS,
)
