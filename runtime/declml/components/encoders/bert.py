"""The text encoder ``bert`` (Devlin et al. 2019, arXiv:1810.04805)."""

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
    encoder="bert",
    model_type="bert",
    layers=12,
    training=(
        "hidden_dropout_prob",
        "attention_probs_dropout_prob",
        "gradient_checkpointing",
    ),
)


class BertParameters(TransformerParameters):
    """What a config may say of ``bert``."""

    pretrained_model_name_or_path: str = pretrained_name("bert-base-uncased")
    reduce_output: ReduceTokens = reduce_parameter("cls_pooled")
    hidden_size: int = width(768)
    num_attention_heads: int = heads(12)
    intermediate_size: int = inner_width(3072)
    hidden_act: HiddenAct = activation("gelu")
    max_position_embeddings: int = positions(512)
    type_vocab_size: int = segments(2)
    initializer_range: float = spread()
    layer_norm_eps: float = steadiness(1e-12)
    hidden_dropout_prob: float = zeroed(0.1)
    attention_probs_dropout_prob: float = zeroed_attention(0.1)
    gradient_checkpointing: bool = recomputing()


BERT = Component(
    kind="encoder",
    name="bert",
    doc="Encodes the text with BERT, a pretrained model that knows language before training starts.",
    parameters=BertParameters,
    features=("text",),
    build=FamilyBuild(FAMILY, BertParameters),
    rules=(*family_rules(FAMILY, BertParameters), equal_heads("hidden_size", "num_attention_heads")),
    facts=FACTS,
)
