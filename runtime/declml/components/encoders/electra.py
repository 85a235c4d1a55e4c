"""The text encoder ``electra``: ELECTRA (Clark et al. 2020, arXiv:2003.10555)."""

from __future__ import annotations

from declml.components.encoders.bert_shape import BERT_HEADS, BERT_TRAINING, BertShape, WordWidth
from declml.components.encoders.pretrained_build import pretrained_name
from declml.components.encoders.pretrained_family import Family, UnpooledParameters, family_encoder
from declml.components.encoders.pretrained_sizes import heads, inner_width, width

FAMILY = Family(encoder="electra", model_type="electra", layers=12, training=BERT_TRAINING)


class ElectraParameters(BertShape, WordWidth, UnpooledParameters):
    """What a config may say of ``electra``."""

    pretrained_model_name_or_path: str = pretrained_name("google/electra-small-discriminator")
    hidden_size: int = width(256)
    num_attention_heads: int = heads(4)
    intermediate_size: int = inner_width(1024)


ELECTRA = family_encoder(
    FAMILY,
    ElectraParameters,
    doc="Encodes the text with ELECTRA, which learned to find replaced words: strong for its size.",
    rules=[BERT_HEADS],
)
