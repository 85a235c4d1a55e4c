"""The text encoder ``camembert``: CamemBERT (Martin et al. 2020, arXiv:1911.03894)."""

from __future__ import annotations

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
    recomputing,
    segments,
    spread,
    steadiness,
    width,
    zeroed,
    zeroed_attention,
)
from declml_schema.declare import Component

FAMILY = Family(
    encoder="camembert",
    model_type="camembert",
    layers=12,
    training=(
        "hidden_dropout_prob",
        "attention_probs_dropout_prob",
        "gradient_checkpointing",
    ),
)


class CamembertParameters(TransformerParameters):
    """What a config may say of ``camembert``."""

    pretrained_model_name_or_path: str = pretrained_name("camembert-base")
    reduce_output: ReduceTokens = reduce_parameter("sum")
    hidden_size: int = width(768)
    num_attention_heads: int = heads(12)
    intermediate_size: int = inner_width(3072)
    hidden_act: HiddenAct = activation("gelu")
    max_position_embeddings: int = positions(514)
    type_vocab_size: int = segments(1)
    initializer_range: float = spread()
    layer_norm_eps: float = steadiness(1e-05)
    hidden_dropout_prob: float = zeroed(0.1)
    attention_probs_dropout_prob: float = zeroed_attention(0.1)
    gradient_checkpointing: bool = recomputing()


CAMEMBERT = Component(
    kind="encoder",
    name="camembert",
    doc="Encodes the text with CamemBERT, a RoBERTa that read French.",
    parameters=CamembertParameters,
    features=("text",),
    build=FamilyBuild(FAMILY, CamembertParameters),
    rules=(*family_rules(FAMILY, CamembertParameters), equal_heads("hidden_size", "num_attention_heads")),
    facts=FACTS,
)
