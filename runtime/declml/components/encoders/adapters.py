"""Adapters of a pretrained model by peft: a few numbers beside its weights, which alone are trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from torch import nn

from declml.components.encoders.lora import Lora, lora_settings
from declml.errors import UserProblem
from declml_schema.declare import Parameters, Rule, parameter


def _targets() -> list[str] | None:
    return parameter(None, "The names of the layers that get one; null takes what suits the model.", min_length=1)


class Ia3(Parameters):
    """A learned factor for each output of a layer (Liu et al. 2022, arXiv:2205.05638)."""

    type: Literal["ia3"] = parameter(..., "The kind of adapter.")
    target_modules: list[str] | None = _targets()
    feedforward_modules: list[str] | None = parameter(
        None, "Which of these layers are scaled where they take values in; null takes what suits the model.",
        min_length=1,
    )  # fmt: skip


class Loha(Parameters):
    """Matrices that are products of two of low rank (Hyeon-Woo et al. 2021, arXiv:2108.06098)."""

    type: Literal["loha"] = parameter(..., "The kind of adapter.")
    r: int = parameter(8, "The rank of the matrices; more can learn more and costs more memory.", ge=1)
    alpha: int = parameter(8, "How strongly the matrices act, in units of their rank.", ge=1)
    target_modules: list[str] | None = _targets()


class Lokr(Parameters):
    """Matrices that are Kronecker products (Yeh et al. 2023, arXiv:2309.14859)."""

    type: Literal["lokr"] = parameter(..., "The kind of adapter.")
    r: int = parameter(8, "The rank of the matrices; more can learn more and costs more memory.", ge=1)
    alpha: int = parameter(8, "How strongly the matrices act, in units of their rank.", ge=1)
    target_modules: list[str] | None = _targets()


class Oft(Parameters):
    """Turns of the weights, block by block (Qiu et al. 2023, arXiv:2306.07280)."""

    type: Literal["oft"] = parameter(..., "The kind of adapter.")
    r: int = parameter(0, "How many blocks there are in a layer; 0 goes by oft_block_size.", ge=0)
    oft_block_size: int = parameter(32, "How many values are turned together; 0 goes by r.", ge=0)
    module_dropout: float = parameter(0.0, "The share of blocks left as they are at random in training.", ge=0, lt=1)
    coft: bool = parameter(False, "Whether the turns stay small, by eps.")
    eps: float = parameter(6e-5, "How far the weights are turned at most with coft.", gt=0)
    target_modules: list[str] | None = _targets()


class Hra(Parameters):
    """Chains of reflections (Yuan et al. 2024, arXiv:2405.17484)."""

    type: Literal["hra"] = parameter(..., "The kind of adapter.")
    r: int = parameter(8, "How many reflections there are in a layer.", ge=1)
    apply_GS: bool = parameter(False, "Whether the reflections are made orthogonal to each other.")  # noqa: N815 - Ludwig's name
    target_modules: list[str] | None = _targets()


class FourierFt(Parameters):
    """A few numbers of the weights' change in the frequency domain (Gao et al. 2024, arXiv:2405.03003)."""

    type: Literal["fourierft"] = parameter(..., "The kind of adapter.")
    n_frequency: int = parameter(1000, "How many numbers are learned in a layer, at most those of its weights.", ge=1)
    scaling: float = parameter(150.0, "How strongly they act.", gt=0)
    target_modules: list[str] | None = _targets()


class C3a(Parameters):
    """Circular convolutions in blocks (Chen et al. 2024, arXiv:2407.19342)."""

    type: Literal["c3a"] = parameter(..., "The kind of adapter.")
    block_size: int = parameter(256, "The size of the blocks, of which the layers' widths are multiples.", ge=1)
    target_modules: list[str] | None = _targets()


class WaveFt(Parameters):
    """A few numbers of the weights' change in the wavelet domain (Bilican et al. 2025, arXiv:2505.12532)."""

    type: Literal["waveft"] = parameter(..., "The kind of adapter.")
    n_frequency: int = parameter(2592, "How many numbers are learned in a layer, at most those of its weights.", ge=1)
    scaling: float = parameter(25.0, "How strongly they act.", gt=0)
    wavelet_family: Literal["db1", "db2", "db3", "haar", "sym2", "coif1"] = parameter("db1", "The kind of wavelet.")
    target_modules: list[str] | None = _targets()


Adapter: TypeAlias = Lora | Ia3 | Loha | Lokr | Oft | Hra | FourierFt | C3a | WaveFt

_CLASSES = {
    "ia3": "IA3Config", "loha": "LoHaConfig", "lokr": "LoKrConfig", "oft": "OFTConfig", "hra": "HRAConfig",
    "fourierft": "FourierFTConfig", "c3a": "C3AConfig", "waveft": "WaveFTConfig",
}  # fmt: skip
_OWN = frozenset({"type", "target_modules", "feedforward_modules"})
_TRANSPOSABLE = frozenset({"ia3", "fourierft", "waveft"})


def adapter_parameter() -> Any:
    """Return the declaration of ``adapter``."""
    return parameter(
        None, "Trains a few numbers beside the model's weights instead of these: a fraction of the memory."
    )


ADAPTER_RULE = Rule(
    "ignored-unless", "adapter", "trainable", (True,), "An adapter acts only in training, with trainable: true."
)


def add_adapter(model: nn.Module, adapter: Mapping[str, Any]) -> None:
    """Put the adapter into ``model`` and leave nothing else to be trained."""
    try:
        from peft import inject_adapter_in_model  # costs seconds: only where there is an adapter
    except ImportError as reason:
        raise UserProblem(
            "missing-package",
            "An adapter needs the package peft, which is not installed.",
            hint="Install it: pip install 'declml[lora]'.",
        ) from reason
    try:
        inject_adapter_in_model(_settings(model, adapter), model)
    except (ValueError, TypeError) as reason:
        wanted = ", ".join(adapter["target_modules"] or ["null"])
        raise UserProblem(
            "adapter-target",
            f"target_modules must be layers of the model that {adapter['type']} can change; got {wanted}.",
            hint=f"Among its layers are {', '.join(_some_layers(model))}. The library says: {str(reason)[:200]}",
        ) from reason


def _settings(model: nn.Module, adapter: Mapping[str, Any]) -> Any:
    """Return the settings of peft."""
    import peft  # costs seconds: only where there is an adapter
    from peft.utils import constants

    config: Any = model.config
    kind: str = adapter["type"]
    # The first two GPTs keep their weights the other way round.
    is_transposed = any(type(part).__name__ == "Conv1D" for part in model.modules())
    lora = constants.TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING
    usual = constants.TRANSFORMERS_MODELS_TO_IA3_TARGET_MODULES_MAPPING if kind == "ia3" else lora
    targets: Any = adapter["target_modules"] or usual.get(config.model_type) or lora.get(config.model_type)
    if kind == "lora":
        return lora_settings(adapter, targets or "all-linear", is_transposed=is_transposed)
    settings = {name: value for name, value in adapter.items() if name not in _OWN}
    if kind == "ia3":
        dense = constants.TRANSFORMERS_MODELS_TO_IA3_FEEDFORWARD_MODULES_MAPPING.get(config.model_type, [])
        settings["feedforward_modules"] = adapter["feedforward_modules"] or [each for each in dense if each in targets]
    if kind in _TRANSPOSABLE:
        settings["fan_in_fan_out"] = is_transposed
    return getattr(peft, _CLASSES[kind])(target_modules=targets or "all-linear", **settings)


def _some_layers(model: nn.Module) -> list[str]:
    """Return the last parts of the names of the linear layers, each once."""
    names = (name.rpartition(".")[2] for name, part in model.named_modules() if isinstance(part, nn.Linear))
    return list(dict.fromkeys(names))[:12]
