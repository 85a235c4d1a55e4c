"""Adapters of a pretrained model by peft: a few numbers beside its weights, which alone are trained."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import torch
from torch import nn

from declml.components.encoders.adalora import AdaLora, adalora_settings, rank_budget
from declml.components.encoders.butterflies import use_plain_butterflies
from declml.components.encoders.lora import Lora, lora_settings
from declml.components.encoders.shared_adapters import Boft, LnTuning, TinyLora, VbLora, Vera
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


Adapter: TypeAlias = (
    Lora
    | AdaLora
    | Ia3
    | Loha
    | Lokr
    | Oft
    | Boft
    | Hra
    | FourierFt
    | C3a
    | WaveFt
    | Vera
    | VbLora
    | TinyLora
    | LnTuning
)

_CLASSES = {
    "ia3": "IA3Config", "loha": "LoHaConfig", "lokr": "LoKrConfig", "oft": "OFTConfig", "hra": "HRAConfig",
    "fourierft": "FourierFTConfig", "c3a": "C3AConfig", "waveft": "WaveFTConfig", "boft": "BOFTConfig",
    "vera": "VeraConfig", "vblora": "VBLoRAConfig", "tinylora": "TinyLoraConfig",
}  # fmt: skip
_OWN = frozenset({"type", "target_modules", "feedforward_modules"})
_TRANSPOSABLE = frozenset({"ia3", "fourierft", "waveft", "boft", "vera", "vblora", "tinylora"})
_PIECES = {"c3a": "block_size", "vblora": "vector_length", "boft": "boft_block_size", "oft": "oft_block_size"}
"""The parameter that must divide the layers' widths."""


def adapter_parameter() -> Any:
    """Return the declaration of ``adapter``."""
    return parameter(
        None, "Trains a few numbers beside the model's weights instead of these: a fraction of the memory."
    )


ADAPTER_RULE = Rule(
    "ignored-unless", "adapter", "trainable", (True,), "An adapter acts only in training, with trainable: true."
)


def add_adapter(model: nn.Module, adapter: Mapping[str, Any]) -> nn.Module | None:
    """Put the adapter into ``model`` and leave nothing else to be trained.

    Returns the part that guides its training (`declml.contracts.Guided`), where the adapter needs one.
    """
    if adapter["type"] == "ln_tuning":
        try:
            _train_layers(model, adapter["target_modules"])
        except ValueError as reason:
            raise _refused(model, adapter, str(reason)) from reason
        return None
    try:
        from peft.mapping import PEFT_TYPE_TO_TUNER_MAPPING  # costs seconds: only where there is an adapter
    except ImportError as reason:
        raise UserProblem(
            "missing-package",
            "An adapter needs the package peft, which is not installed.",
            hint="Install it: pip install 'declml[lora]'.",
        ) from reason
    if adapter["type"] == "boft":
        use_plain_butterflies()
    only_shapes = torch.empty(0).device.type == "meta"
    try:
        # Some fail to draw random numbers where only shapes count.
        with torch.device("cpu" if only_shapes else torch.empty(0).device):
            settings = _settings(model, adapter)
            # What is returned is not needed: the model's layers hold all that belongs to them, shared or not.
            PEFT_TYPE_TO_TUNER_MAPPING[settings.peft_type](model, settings, adapter_name="default")
    except (ValueError, TypeError, AssertionError) as reason:
        raise _refused(model, adapter, str(reason)) from reason
    if only_shapes:
        model.to("meta")
    return rank_budget(model, adapter) if adapter["type"] == "adalora" else None


def _refused(model: nn.Module, adapter: Mapping[str, Any], reason: str) -> UserProblem:
    kind: str = adapter["type"]
    piece = _PIECES.get(kind)
    widths = sorted({width for part in model.modules() if isinstance(part, nn.Linear) for width in part.weight.shape})
    turns = adapter.get("boft_n_butterfly_factor", 1)
    size = adapter[piece] * 2 ** (turns - 1) if piece else 0
    if size and any(width % size for width in widths):
        doubled = f", doubled {turns - 1} times by boft_n_butterfly_factor," if turns > 1 else ""
        return UserProblem(
            "adapter-size",
            f"{piece} of {kind}{doubled} must divide the widths of the layers; got {size}.",
            hint=f"The model's layers have the widths {', '.join(str(each) for each in widths)}, which "
            f"{math.gcd(*widths)} divides.",
        )
    wanted = ", ".join(adapter["target_modules"] or ["null"])
    return UserProblem(
        "adapter-target",
        f"target_modules must be layers of the model that {kind} can change; got {wanted}.",
        hint=f"Among its layers are {', '.join(_some_layers(model))}. The library says: {reason[:200]}",
    )


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
    if kind == "adalora":
        return adalora_settings(adapter, targets or "all-linear", is_transposed=is_transposed)
    if kind == "vblora" and adapter["topk"] > adapter["num_vectors"]:
        raise UserProblem(
            "adapter-size",
            f"topk must be at most num_vectors of vblora; got {adapter['topk']} of {adapter['num_vectors']}.",
            hint="Give a smaller topk.",
        )
    settings = {name: value for name, value in adapter.items() if name not in _OWN}
    if kind == "ia3":
        dense = constants.TRANSFORMERS_MODELS_TO_IA3_FEEDFORWARD_MODULES_MAPPING.get(config.model_type, [])
        settings["feedforward_modules"] = adapter["feedforward_modules"] or [each for each in dense if each in targets]
    if kind in _TRANSPOSABLE:
        settings["fan_in_fan_out"] = is_transposed
    return getattr(peft, _CLASSES[kind])(target_modules=targets or "all-linear", **settings)


def _train_layers(model: nn.Module, names: Sequence[str] | None) -> None:
    """Leave nothing to be trained but the layers whose names end like one of ``names``; null: normalization layers."""
    chosen = [
        part
        for name, part in model.named_modules()
        if ("Norm" in type(part).__name__ if names is None else name.rpartition(".")[2] in names)
    ]
    trained = [weight for part in chosen for weight in part.parameters()]
    if not trained:
        raise ValueError("no layer with weights has such a name")
    model.requires_grad_(False)
    for weight in trained:
        weight.requires_grad_(True)


def _some_layers(model: nn.Module) -> list[str]:
    """Return the last parts of the names of the linear layers, each once."""
    names = (name.rpartition(".")[2] for name, part in model.named_modules() if isinstance(part, nn.Linear))
    return list(dict.fromkeys(names))[:12]
