"""The parameters that families of pretrained models have under different names: what each does is said once, here."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from declml_schema.declare import Rule, parameter

HiddenAct: TypeAlias = Literal["gelu", "relu", "silu", "gelu_new"]


# --- the sizes of a model from scratch ------------------------------------------------------------------------------


def width(default: int, *, unit: str | None = None) -> Any:
    """Return the declaration of the width of a token's vector."""
    return parameter(
        default,
        "The width of each token's vector in a model from scratch; a multiple of the number of heads. Wider can hold"
        " more and costs memory and time.",
        ge=1,
        unit=unit,
    )


def heads(default: int) -> Any:
    """Return the declaration of the number of attention heads."""
    return parameter(
        default, "How many tokens each token can look at for different reasons, in a model from scratch.", ge=1
    )


def equal_heads(width_name: str, heads_name: str) -> Rule:
    """Return the rule that the heads share a token's vector."""
    return Rule("divisible", width_name, heads_name, (), "Each head gets an equal share of the vector.")


def layers(default: int) -> Any:
    """Return the declaration of the family's own name for the number of layers."""
    return parameter(
        default, "How many layers a model from scratch has, where num_hidden_layers does not say it; more cost time.",
        ge=1,
    )  # fmt: skip


def inner_width(default: int) -> Any:
    """Return the declaration of the width inside each layer."""
    return parameter(
        default, "The width inside each layer of a model from scratch; usually four times that of a token.", ge=1
    )


def word_width(default: int) -> Any:
    """Return the declaration of the width of the table of words, where it is not that of a token's vector."""
    return parameter(
        default, "The width of each word's vector in the table of words of a model from scratch; narrow saves memory.",
        ge=1, unit="values",
    )  # fmt: skip


def positions(default: int) -> Any:
    """Return the declaration of the number of positions."""
    return parameter(default, "How many tokens a model from scratch can read at most.", ge=1, unit="tokens")


def segments(default: int, *, fewest: int = 1) -> Any:
    """Return the declaration of the number of segments, of which a text is the first."""
    return parameter(
        default, "How many kinds of segments a model from scratch could tell apart; a text is always the first.",
        ge=fewest,
    )  # fmt: skip


def activation(default: str) -> Any:
    """Return the declaration of the function inside each layer."""
    return parameter(default, "The function inside each layer of a model from scratch.")


def spread() -> Any:
    """Return the declaration of the spread of the first weights."""
    return parameter(0.02, "The standard deviation of the random weights of a model from scratch.", ge=0)


def steadiness(default: float) -> Any:
    """Return the declaration of the small number in a layer's rescaling."""
    return parameter(
        default, "The small number that keeps the rescaling in a model from scratch from dividing by zero.", gt=0
    )


# --- what acts in training, pretrained or not -----------------------------------------------------------------------


def zeroed(default: float) -> Any:
    """Return the declaration of the dropout in every layer."""
    return parameter(
        default,
        "The share of values set to zero at random in training, in every layer; more guards against overfitting.",
        ge=0,
        lt=1,
    )


def zeroed_attention(default: float) -> Any:
    """Return the declaration of the dropout of attention."""
    return parameter(
        default,
        "The share of attention set to zero at random in training; more guards against overfitting.",
        ge=0,
        lt=1,
    )


def zeroed_words(default: float) -> Any:
    """Return the declaration of the dropout of the words' vectors."""
    return parameter(
        default,
        "The share of the words' vectors set to zero at random in training, before the first layer.",
        ge=0,
        lt=1,
    )


def recomputing() -> Any:
    """Return the declaration of ``gradient_checkpointing``."""
    return parameter(False, "Whether layers are computed a second time in training: less memory for a third more time.")
