"""The text encoder ``camembert``: CamemBERT (Martin et al. 2020, arXiv:1911.03894)."""

from __future__ import annotations

from declml.components.encoders.bert_shape import BERT_HEADS, BERT_TRAINING
from declml.components.encoders.pretrained_build import pretrained_name, reduce_parameter
from declml.components.encoders.pretrained_family import Family, family_encoder
from declml.components.encoders.pretrained_parts import ReduceTokens
from declml.components.encoders.pretrained_sizes import recomputing
from declml.components.encoders.roberta import RobertaParameters

FAMILY = Family(
    encoder="camembert", model_type="camembert", layers=12, training=(*BERT_TRAINING, "gradient_checkpointing")
)


class CamembertParameters(RobertaParameters):
    """What a config may say of ``camembert``."""

    pretrained_model_name_or_path: str = pretrained_name("camembert-base")
    reduce_output: ReduceTokens = reduce_parameter("sum")
    gradient_checkpointing: bool = recomputing()


CAMEMBERT = family_encoder(
    FAMILY,
    CamembertParameters,
    doc="Encodes the text with CamemBERT, a RoBERTa that read French.",
    rules=[BERT_HEADS],
)
