"""The text encoder ``roberta``: RoBERTa (Liu et al. 2019, arXiv:1907.11692)."""

from __future__ import annotations

from declml.components.encoders.bert_shape import BERT_HEADS, BERT_TRAINING, BertShape
from declml.components.encoders.pretrained_build import pretrained_name
from declml.components.encoders.pretrained_family import Family, PooledParameters, family_encoder
from declml.components.encoders.pretrained_sizes import positions, segments, steadiness

FAMILY = Family(encoder="roberta", model_type="roberta", layers=12, training=BERT_TRAINING)


class RobertaParameters(BertShape, PooledParameters):
    """What a config may say of ``roberta``."""

    pretrained_model_name_or_path: str = pretrained_name("roberta-base")
    max_position_embeddings: int = positions(514)
    type_vocab_size: int = segments(1)
    layer_norm_eps: float = steadiness(1e-05)


ROBERTA = family_encoder(
    FAMILY,
    RobertaParameters,
    doc="Encodes the text with RoBERTa, a BERT that was trained longer on more text.",
    rules=[BERT_HEADS],
)
