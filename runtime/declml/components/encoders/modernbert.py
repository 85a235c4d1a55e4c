"""The text encoder ``modernbert``: ModernBERT (Warner et al. 2024, arXiv:2412.13663)."""

from __future__ import annotations

from declml.components.encoders.bert_shape import BERT_HEADS, BertLayers
from declml.components.encoders.pretrained_build import pretrained_name
from declml.components.encoders.pretrained_family import Family, UnpooledParameters, family_encoder
from declml.components.encoders.pretrained_sizes import (
    HiddenAct,
    activation,
    inner_width,
    positions,
    spread,
    steadiness,
    zeroed,
)

FAMILY = Family(
    encoder="modernbert",
    model_type="modernbert",
    layers=22,
    training=("hidden_dropout_prob",),
    fixed=dict.fromkeys(["pad_token_id", "bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id"]),
    theirs={
        "hidden_act": ("hidden_activation",),
        "layer_norm_eps": ("norm_eps",),
        "hidden_dropout_prob": ("embedding_dropout", "mlp_dropout"),
    },
)


class ModernbertParameters(BertLayers, UnpooledParameters):
    """What a config may say of ``modernbert``."""

    pretrained_model_name_or_path: str = pretrained_name("answerdotai/ModernBERT-base")
    intermediate_size: int = inner_width(1152)
    hidden_act: HiddenAct = activation("gelu")
    max_position_embeddings: int = positions(8192)
    initializer_range: float = spread()
    layer_norm_eps: float = steadiness(1e-05)
    hidden_dropout_prob: float = zeroed(0.0)


MODERNBERT = family_encoder(
    FAMILY,
    ModernbertParameters,
    doc="Encodes the text with ModernBERT, which reads long texts quickly.",
    rules=[BERT_HEADS],
)
