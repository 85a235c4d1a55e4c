"""The text encoder ``albert``: ALBERT (Lan et al. 2020, arXiv:1909.11942)."""

from __future__ import annotations

from declml.components.encoders.bert_shape import (
    BERT_HEADS,
    BERT_TRAINING,
    BertDetails,
    BertDropouts,
    BertLayers,
    WordWidth,
)
from declml.components.encoders.pretrained_build import pretrained_name
from declml.components.encoders.pretrained_family import Family, PooledParameters, family_encoder
from declml.components.encoders.pretrained_sizes import HiddenAct, activation, zeroed, zeroed_attention
from declml_schema.declare import Parameters, Rule, parameter

FAMILY = Family(encoder="albert", model_type="albert", layers=12, training=BERT_TRAINING)


class SharedLayers(Parameters):
    """How many of the layers share their weights."""

    num_hidden_groups: int = parameter(
        1, "How many groups of layers there are in a model from scratch; those of a group share their weights.", ge=1
    )
    inner_group_num: int = parameter(
        1, "How many blocks each layer of a model from scratch has inside, one after the other.", ge=1
    )


class AlbertParameters(BertDropouts, BertDetails, SharedLayers, BertLayers, WordWidth, PooledParameters):
    """What a config may say of ``albert``."""

    pretrained_model_name_or_path: str = pretrained_name("albert-base-v2")
    hidden_act: HiddenAct = activation("gelu_new")
    hidden_dropout_prob: float = zeroed(0.0)
    attention_probs_dropout_prob: float = zeroed_attention(0.0)


ALBERT = family_encoder(
    FAMILY,
    AlbertParameters,
    doc="Encodes the text with ALBERT, a small BERT whose layers share their weights.",
    rules=[
        BERT_HEADS,
        Rule("at-most", "num_hidden_groups", "num_hidden_layers", (), "Each group has a layer."),
    ],
)
