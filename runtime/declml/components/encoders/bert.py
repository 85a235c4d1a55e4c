"""The text encoder ``bert`` (Devlin et al. 2019, arXiv:1810.04805)."""

from __future__ import annotations

from declml.components.encoders.bert_shape import BERT_HEADS, BERT_TRAINING, BertShape
from declml.components.encoders.pretrained_build import pretrained_name
from declml.components.encoders.pretrained_family import Family, PooledParameters, family_encoder
from declml.components.encoders.pretrained_sizes import recomputing

FAMILY = Family(encoder="bert", model_type="bert", layers=12, training=(*BERT_TRAINING, "gradient_checkpointing"))


class BertParameters(BertShape, PooledParameters):
    """What a config may say of ``bert``."""

    pretrained_model_name_or_path: str = pretrained_name("bert-base-uncased")
    gradient_checkpointing: bool = recomputing()


BERT = family_encoder(
    FAMILY,
    BertParameters,
    doc="Encodes the text with BERT, a pretrained model that knows language before training starts.",
    rules=[BERT_HEADS],
)
