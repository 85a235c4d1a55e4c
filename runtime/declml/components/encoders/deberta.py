"""The text encoder ``deberta``: DeBERTa in its second and third version (He et al. 2021, arXiv:2006.03654)."""

from __future__ import annotations

from typing import Any, Literal

from declml.components.encoders.bert_shape import BERT_HEADS, BERT_TRAINING, BertDetails, BertDropouts, BertLayers
from declml.components.encoders.pretrained_build import pretrained_name
from declml.components.encoders.pretrained_family import Family, UnpooledParameters, family_encoder
from declml.components.encoders.pretrained_sizes import heads, inner_width, segments, width
from declml.errors import UserProblem
from declml_schema.declare import Parameters, Rule, parameter

_DISTANCES = ("max_relative_positions", "position_buckets", "pos_att_type", "share_att_key", "norm_rel_ebd")


def _settled(settings: dict[str, Any], layers: int) -> None:
    """Refuse groups of distances that cannot be told apart.

    Leave no trace of distances where tokens are not told by them: the library would keep weights for them.
    """
    if not settings["relative_attention"]:
        settings |= {"pos_att_type": [], "norm_rel_ebd": "none"}
        return
    groups, longest = settings["position_buckets"], settings["max_relative_positions"]
    if groups == 1 or 0 < longest <= groups // 2 + 1:
        raise UserProblem(
            "position-buckets",
            "position_buckets must be at least 2, and max_relative_positions greater than half of that and one;"
            f" got {groups} and {longest}.",
        )


FAMILY = Family(encoder="deberta", model_type="deberta-v2", layers=24, training=BERT_TRAINING, adjust=_settled)


class Distances(Parameters):
    """How tokens are told by how far they are from each other."""

    relative_attention: bool = parameter(
        True, "Whether a model from scratch tells tokens by how far they are from each other."
    )
    max_relative_positions: int = parameter(
        -1,
        "The longest distance that a model from scratch tells apart; -1 takes max_position_embeddings.",
        ge=-1,
        unit="tokens",
    )
    position_buckets: int = parameter(
        256,
        "Into how many groups a model from scratch sorts distances, near ones finely; -1 keeps each its own.",
        ge=-1,
    )
    pos_att_type: list[Literal["c2p", "p2c"]] = parameter(
        ["p2c", "c2p"],
        "What distances weigh in attention, in a model from scratch: c2p what a token looks for, p2c what it is.",
        min_length=1,
    )
    share_att_key: bool = parameter(
        True, "Whether distances use the weights of tokens in attention, in a model from scratch."
    )
    norm_rel_ebd: Literal["layer_norm", "none"] = parameter(
        "layer_norm", "How the vectors of distances are rescaled in a model from scratch."
    )
    position_biased_input: bool = parameter(
        False, "Whether a model from scratch adds a vector of its place to each token."
    )


class DebertaParameters(BertDropouts, Distances, BertDetails, BertLayers, UnpooledParameters):
    """What a config may say of ``deberta``."""

    pretrained_model_name_or_path: str = pretrained_name("tasksource/deberta-base-long-nli")
    hidden_size: int = width(1536)
    num_attention_heads: int = heads(24)
    intermediate_size: int = inner_width(6144)
    type_vocab_size: int = segments(0, fewest=0)


DEBERTA = family_encoder(
    FAMILY,
    DebertaParameters,
    doc="Encodes the text with DeBERTa, which keeps what a word means and where it stands apart: strong, and slow.",
    rules=[
        BERT_HEADS,
        *(Rule("ignored-unless", name, "relative_attention", (True,), "It is about distances.") for name in _DISTANCES),
    ],
)
