"""What a decoder of classes is asked besides its answers: parameters that act around the network, not inside it."""

from __future__ import annotations

from typing import Literal

from declml_schema.declare import Parameters, parameter


class AnswerOptions(Parameters):
    """How sure the answers are, made right and told."""

    calibration: Literal["temperature_scaling"] | None = parameter(
        None,
        "Whether a temperature is learned after the training, so that probabilities come true as often as they say: the"
        " same as `calibration: true` of the output.",
    )
    mc_dropout_samples: int = parameter(
        0,
        "How many more times each row is answered, with dropout on, to tell by their spread how uncertain an answer is;"
        " each costs as much as a prediction, and 0 tells nothing.",
        ge=0,
        unit="samples",
    )
