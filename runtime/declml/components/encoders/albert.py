"""The text encoder ``albert``: ALBERT (Lan et al. 2020, arXiv:1909.11942)."""

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
    segments,
    spread,
    steadiness,
    width,
    word_width,
    zeroed,
    zeroed_attention,
)
from declml_schema.declare import Component, Rule, parameter

FAMILY = Family(
    encoder="albert",
    model_type="albert",
    layers=12,
    training=(
        "hidden_dropout_prob",
        "attention_probs_dropout_prob",
    ),
)


class AlbertParameters(TransformerParameters):
    """What a config may say of ``albert``."""

    pretrained_model_name_or_path: str = pretrained_name("albert-base-v2")
    reduce_output: ReduceTokens = reduce_parameter("cls_pooled")
    embedding_size: int = word_width(128)
    hidden_size: int = width(768)
    num_attention_heads: int = heads(12)
    intermediate_size: int = inner_width(3072)
    num_hidden_groups: int = parameter(
        1, "How many groups of layers there are in a model from scratch; those of a group share their weights.", ge=1
    )
    inner_group_num: int = parameter(
        1, "How many blocks each layer of a model from scratch has inside, one after the other.", ge=1
    )
    hidden_act: HiddenAct = activation("gelu_new")
    max_position_embeddings: int = positions(512)
    type_vocab_size: int = segments(2)
    initializer_range: float = spread()
    layer_norm_eps: float = steadiness(1e-12)
    hidden_dropout_prob: float = zeroed(0.0)
    attention_probs_dropout_prob: float = zeroed_attention(0.0)


ALBERT = Component(
    kind="encoder",
    name="albert",
    doc="Encodes the text with ALBERT, a small BERT whose layers share their weights.",
    parameters=AlbertParameters,
    features=("text",),
    build=FamilyBuild(FAMILY, AlbertParameters),
    rules=(
        *family_rules(FAMILY, AlbertParameters),
        equal_heads("hidden_size", "num_attention_heads"),
        Rule("at-most", "num_hidden_groups", "num_hidden_layers", (), "Each group has a layer."),
    ),
    facts=FACTS,
)
