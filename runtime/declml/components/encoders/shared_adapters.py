"""Adapters whose layers share numbers, those of the normalization layers, and butterflies: declared for a config."""

from __future__ import annotations

from typing import Any, Literal

from declml_schema.declare import Parameters, parameter


def _targets() -> Any:
    return parameter(None, "The names of the layers that get one; null takes what suits the model.", min_length=1)


class Vera(Parameters):
    """Two vectors a layer around random matrices that all layers share (Kopiczko et al. 2023, arXiv:2310.11454)."""

    type: Literal["vera"] = parameter(..., "The kind of adapter.")
    r: int = parameter(256, "The rank of the shared matrices; more can learn more and costs more memory.", ge=1)
    projection_prng_key: int = parameter(0, "Picks the random matrices.", ge=0)
    target_modules: list[str] | None = _targets()


class Boft(Parameters):
    """Turns of the weights as in oft, made of sparse butterflies (Liu et al. 2023, arXiv:2311.06243)."""

    type: Literal["boft"] = parameter(..., "The kind of adapter.")
    boft_block_size: int = parameter(
        4, "How many values are turned together, an even number that the layers' widths are multiples of.", ge=2
    )
    boft_n_butterfly_factor: int = parameter(
        1, "How many turns follow each other; each doubles the values that are turned together.", ge=1
    )
    boft_dropout: float = parameter(
        0.05, "The share of blocks left as they are at random in training.", ge=0, lt=1
    )  # fmt: skip
    target_modules: list[str] | None = _targets()


class TinyLora(Parameters):
    """A few numbers for each layer between the main directions of its weights (arXiv:2602.04118)."""

    type: Literal["tinylora"] = parameter(..., "The kind of adapter.")
    r: int = parameter(2, "How many of the main directions of a layer's weights are mixed.", ge=1)
    u: int = parameter(64, "How many numbers are learned in a layer.", ge=1)
    weight_tying: float = parameter(
        0.0, "How far layers share their numbers: 0 for each its own, 1 for all the same.", ge=0, le=1
    )
    projection_seed: int = parameter(42, "Picks the random matrices that the numbers weigh.", ge=0)
    tinylora_dropout: float = parameter(
        0.0, "The share of the layers' inputs set to zero at random in training.", ge=0, lt=1
    )
    target_modules: list[str] | None = _targets()


class LnTuning(Parameters):
    """The normalization layers alone are trained (Zhao et al. 2023, arXiv:2312.11420)."""

    type: Literal["ln_tuning"] = parameter(..., "The kind of adapter.")
    target_modules: list[str] | None = parameter(
        None, "The names of the layers that are trained; null takes the normalization layers.", min_length=1
    )


class VbLora(Parameters):
    """Matrices put together of vectors that all layers share (Li et al. 2024, arXiv:2405.15179)."""

    type: Literal["vblora"] = parameter(..., "The kind of adapter.")
    r: int = parameter(4, "The rank of the matrices; more can learn more and costs more memory.", ge=1)
    num_vectors: int = parameter(256, "How many vectors are shared.", ge=1)
    vector_length: int = parameter(
        256, "How long they are: a length that the layers' widths are multiples of.", ge=1
    )  # fmt: skip
    topk: int = parameter(2, "How many vectors are mixed for each piece of a matrix, at most num_vectors.", ge=1)
    vblora_dropout: float = parameter(
        0.0, "The share of the matrices' inputs set to zero at random in training.", ge=0, lt=1
    )
    target_modules: list[str] | None = _targets()
