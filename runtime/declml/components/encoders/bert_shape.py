"""The parameters of the models that are built like BERT, in the order in which a user reads them."""

from __future__ import annotations

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
from declml_schema.declare import Parameters


class WordWidth(Parameters):
    """The width of the table of words, in families that save there."""

    embedding_size: int = word_width(128)


class BertLayers(Parameters):
    """The sizes of the layers."""

    hidden_size: int = width(768)
    num_attention_heads: int = heads(12)
    intermediate_size: int = inner_width(3072)


class BertDetails(Parameters):
    """What else shapes a model from scratch."""

    hidden_act: HiddenAct = activation("gelu")
    max_position_embeddings: int = positions(512)
    type_vocab_size: int = segments(2)
    initializer_range: float = spread()
    layer_norm_eps: float = steadiness(1e-12)


class BertDropouts(Parameters):
    """What acts in training."""

    hidden_dropout_prob: float = zeroed(0.1)
    attention_probs_dropout_prob: float = zeroed_attention(0.1)


class BertShape(BertDropouts, BertDetails, BertLayers):
    """The sizes, the details and the dropouts; a family with parameters of its own between them takes the parts."""


BERT_TRAINING = tuple(BertDropouts.model_fields)
BERT_HEADS = equal_heads("hidden_size", "num_attention_heads")
