"""LoRA (Hu et al. 2021, arXiv:2106.09685): small matrices beside a model's weights, which alone are trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from declml_schema.declare import Parameters, parameter

_FOR_WRITERS: dict[str, str] = dict.fromkeys(
    ("adaption_prompt", "multitask_prompt_tuning", "p_tuning", "prefix_tuning", "prompt_tuning"),
    "it prompts a model that writes text, and an encoder reads it",
)


class Lora(Parameters):
    """The mapping ``adapter`` of an encoder around a pretrained model."""

    type: Literal["lora"] = parameter(..., "The kind of adapter.", refused=_FOR_WRITERS)
    r: int = parameter(
        8, "The rank of the matrices: how many directions can be learned in each layer; more costs more memory.", ge=1
    )
    alpha: int | None = parameter(
        None, "How strongly the matrices act, in units of their rank; null takes twice the rank.", ge=1
    )
    dropout: float = parameter(0.05, "The share of the matrices' inputs set to zero at random in training.", ge=0, lt=1)
    bias_type: Literal["none", "all", "lora_only"] = parameter(
        "none", "Which constants are trained too: none, all of the model, or those of the layers with matrices."
    )
    target_modules: list[str] | None = parameter(
        None, "The names of the layers that get matrices; null takes what suits the model.", min_length=1
    )
    use_rslora: bool = parameter(False, "Whether a larger rank acts as strongly as a small one.")
    use_dora: bool = parameter(False, "Whether the length of the weights is learned apart from their direction.")


def lora_settings(adapter: Mapping[str, Any], targets: Any, *, is_transposed: bool) -> Any:
    """Return the settings of peft for these parameters; ``is_transposed`` is for models with weights ``(in, out)``."""
    from peft import LoraConfig  # costs seconds: only where there is an adapter

    rank = adapter["r"]
    return LoraConfig(
        r=rank,
        lora_alpha=2 * rank if adapter["alpha"] is None else adapter["alpha"],
        lora_dropout=adapter["dropout"],
        bias=adapter["bias_type"],
        target_modules=targets,
        use_rslora=adapter["use_rslora"],
        use_dora=adapter["use_dora"],
        fan_in_fan_out=is_transposed,
    )
