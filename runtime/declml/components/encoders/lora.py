"""LoRA (Hu et al. 2021, arXiv:2106.09685): small matrices beside a model's weights, which alone are trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from torch import nn

from declml.errors import UserProblem
from declml_schema.declare import Parameters, Rule, parameter

_PLANNED = ["adalora", "boft", "c3a", "fourierft", "hra", "ia3", "ln_tuning", "loha", "lokr", "oft", "tinylora"]


class Lora(Parameters):
    """The mapping ``adapter`` of an encoder around a pretrained model."""

    type: Literal["lora"] = parameter(..., "The kind of adapter.", planned=[*_PLANNED, "vblora", "vera", "waveft"])
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


def adapter_parameter() -> Any:
    """Return the declaration of ``adapter``."""
    return parameter(
        None, "Trains small matrices beside the model's weights instead of these: a fraction of the memory."
    )


ADAPTER_RULE = Rule(
    "ignored-unless", "adapter", "trainable", (True,), "An adapter acts only in training, with trainable: true."
)


def add_adapter(model: nn.Module, adapter: Mapping[str, Any]) -> None:
    """Put the matrices into ``model`` and leave nothing else to be trained."""
    try:
        from peft import LoraConfig, inject_adapter_in_model  # costs seconds: only where there is an adapter
        from peft.utils.constants import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING as TARGETS
    except ImportError as reason:
        raise UserProblem(
            "missing-package",
            "An adapter needs the package peft, which is not installed.",
            hint="Install it: pip install 'declml[lora]'.",
        ) from reason
    config: Any = model.config
    targets = adapter["target_modules"] or TARGETS.get(config.model_type) or "all-linear"
    rank = adapter["r"]
    settings = LoraConfig(
        r=rank,
        lora_alpha=2 * rank if adapter["alpha"] is None else adapter["alpha"],
        lora_dropout=adapter["dropout"],
        bias=adapter["bias_type"],
        target_modules=targets,
        use_rslora=adapter["use_rslora"],
        use_dora=adapter["use_dora"],
        # The first two GPTs keep their weights the other way round.
        fan_in_fan_out=any(type(part).__name__ == "Conv1D" for part in model.modules()),
    )
    try:
        inject_adapter_in_model(settings, model)
    except ValueError as reason:
        raise UserProblem(
            "adapter-target",
            f"target_modules must be layers of the model; got {', '.join(adapter['target_modules'] or ['null'])}.",
            hint=f"Among its layers are {', '.join(_some_layers(model))}.",
        ) from reason


def _some_layers(model: nn.Module) -> list[str]:
    """Return the last parts of the names of the linear layers, each once."""
    names = (name.rpartition(".")[2] for name, part in model.named_modules() if isinstance(part, nn.Linear))
    return list(dict.fromkeys(names))[:12]
