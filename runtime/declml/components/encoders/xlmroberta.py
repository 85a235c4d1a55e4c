"""The text encoder ``xlmroberta``: XLM-RoBERTa (Conneau et al. 2020, arXiv:1911.02116)."""

from __future__ import annotations

from declml.components.encoders.bert_shape import BERT_HEADS, BERT_TRAINING
from declml.components.encoders.pretrained_build import pretrained_name
from declml.components.encoders.pretrained_family import Family, family_encoder
from declml.components.encoders.roberta import RobertaParameters

FAMILY = Family(encoder="xlmroberta", model_type="xlm-roberta", layers=12, training=BERT_TRAINING)


class XlmrobertaParameters(RobertaParameters):
    """What a config may say of ``xlmroberta``."""

    pretrained_model_name_or_path: str = pretrained_name("xlm-roberta-base")


XLMROBERTA = family_encoder(
    FAMILY,
    XlmrobertaParameters,
    doc="Encodes the text with XLM-RoBERTa, which read a hundred languages.",
    rules=[BERT_HEADS],
)
