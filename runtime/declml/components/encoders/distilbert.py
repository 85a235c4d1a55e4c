"""The text encoder ``distilbert``: DistilBERT (Sanh et al. 2019, arXiv:1910.01108)."""

from __future__ import annotations

from declml.components.encoders.pretrained_build import pretrained_name
from declml.components.encoders.pretrained_family import Family, UnpooledParameters, family_encoder
from declml.components.encoders.pretrained_sizes import (
    HiddenAct,
    activation,
    equal_heads,
    heads,
    inner_width,
    layers,
    positions,
    spread,
    width,
    zeroed,
    zeroed_attention,
)
from declml_schema.declare import parameter

FAMILY = Family(
    encoder="distilbert",
    model_type="distilbert",
    layers="n_layers",
    training=("dropout", "attention_dropout"),
)


class DistilbertParameters(UnpooledParameters):
    """What a config may say of ``distilbert``."""

    pretrained_model_name_or_path: str = pretrained_name("distilbert-base-uncased")
    dim: int = width(768)
    n_heads: int = heads(12)
    n_layers: int = layers(6)
    hidden_dim: int = inner_width(3072)
    activation: HiddenAct = activation("gelu")
    max_position_embeddings: int = positions(512)
    sinusoidal_pos_embds: bool = parameter(
        False, "Whether the vectors of places start as waves of many lengths, in a model from scratch."
    )
    initializer_range: float = spread()
    dropout: float = zeroed(0.1)
    attention_dropout: float = zeroed_attention(0.1)


DISTILBERT = family_encoder(
    FAMILY,
    DistilbertParameters,
    doc="Encodes the text with DistilBERT, a BERT of half the layers that learned from the whole one.",
    rules=[equal_heads("dim", "n_heads")],
)
