"""The text encoder ``longformer``: Longformer (Beltagy et al. 2020, arXiv:2004.05150)."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import Field

from declml.components.encoders.bert_shape import BERT_HEADS, BERT_TRAINING, BertShape
from declml.components.encoders.pretrained_build import pretrained_name
from declml.components.encoders.pretrained_family import Family, PooledParameters, family_encoder
from declml.components.encoders.pretrained_sizes import positions, segments, steadiness
from declml.errors import UserProblem
from declml_schema.declare import Parameters, parameter

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
    training=BERT_TRAINING,
    fixed=dict.fromkeys(["pad_token_id", "bos_token_id", "eos_token_id", "sep_token_id"]),
    adjust=_check_windows,
)


class Windows(Parameters):
    """How far tokens see."""

    attention_window: Window | list[Window] = parameter(
        512,
        "How many tokens around it each token sees in a model from scratch, or such an even number for each layer.",
        unit="tokens",
    )


class LongformerParameters(BertShape, Windows, PooledParameters):
    """What a config may say of ``longformer``."""

    pretrained_model_name_or_path: str = pretrained_name("allenai/longformer-base-4096")
    max_position_embeddings: int = positions(4098)
    type_vocab_size: int = segments(1)
    layer_norm_eps: float = steadiness(1e-05)


LONGFORMER = family_encoder(
    FAMILY,
    LongformerParameters,
    doc="Encodes the text with Longformer, which can read thousands of tokens: its cost grows with their number alone.",
    rules=[BERT_HEADS],
)
