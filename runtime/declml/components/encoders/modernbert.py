"""The text encoder ``modernbert``: ModernBERT (Warner et al. 2024, arXiv:2412.13663)."""

from __future__ import annotations

from declml.components.encoders.pretrained_build import UNPOOLED, pretrained_name, reduce_parameter
from declml.components.encoders.pretrained_family import Family, FamilyBuild, family_rules
from declml.components.encoders.pretrained_parts import FACTS, TransformerParameters
from declml.components.encoders.pretrained_sizes import (
    HiddenAct,
    activation,
    equal_heads,
    heads,
    inner_width,
    positions,
    spread,
    steadiness,
    width,
    zeroed,
)
from declml.components.token_states import WeightlessReduction
from declml_schema.declare import Component

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


class ModernbertParameters(TransformerParameters):
    """What a config may say of ``modernbert``."""

    pretrained_model_name_or_path: str = pretrained_name("answerdotai/ModernBERT-base")
    reduce_output: WeightlessReduction = reduce_parameter("sum", UNPOOLED)
    hidden_size: int = width(768)
    num_attention_heads: int = heads(12)
    intermediate_size: int = inner_width(1152)
    hidden_act: HiddenAct = activation("gelu")
    max_position_embeddings: int = positions(8192)
    initializer_range: float = spread()
    layer_norm_eps: float = steadiness(1e-05)
    hidden_dropout_prob: float = zeroed(0.0)


MODERNBERT = Component(
    kind="encoder",
    name="modernbert",
    doc="Encodes the text with ModernBERT, which reads long texts quickly.",
    parameters=ModernbertParameters,
    features=("text",),
    build=FamilyBuild(FAMILY, ModernbertParameters),
    rules=(*family_rules(FAMILY, ModernbertParameters), equal_heads("hidden_size", "num_attention_heads")),
    facts=FACTS,
)
