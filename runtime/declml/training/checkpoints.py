"""What a training must remember to go on bit for bit: one file for the latest state and one for the best weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from declml.contracts import Optimizer
from declml.errors import UserProblem
from declml.training.random_state import random_state, restore_random_state
from declml.training.tensor_file import TensorFile, read_state, read_tensors, write_tensors

LATEST = "latest.safetensors"
BEST = "best.safetensors"
_WEIGHT, _OPTIMIZER, _RANDOM = "weight.", "optimizer.", "random."


def all_weights(module: nn.Module) -> dict[str, Tensor]:
    """Return parameters and kept buffers by name, live, each tensor once even where it has several names."""
    seen: set[int] = set()
    weights: dict[str, Tensor] = {}
    for name, tensor in module.state_dict(keep_vars=True).items():
        if isinstance(tensor, Tensor) and id(tensor) not in seen:
            seen.add(id(tensor))
            weights[name] = tensor
    return weights


def changing_weights(module: nn.Module) -> dict[str, Tensor]:
    """Return what training can change: all but the parameters that ask for no gradient."""
    frozen = {id(parameter) for parameter in module.parameters() if not parameter.requires_grad}
    return {name: tensor for name, tensor in all_weights(module).items() if id(tensor) not in frozen}


def device_of(module: nn.Module) -> torch.device:
    """Return where the weights of ``module`` live; the CPU where it has none."""
    return next((weight.device for weight in module.parameters()), torch.device("cpu"))


@torch.no_grad()
def put_weights(module: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Copy ``tensors`` into the weights of the same names. Raises `UserProblem` where one does not fit."""
    weights = all_weights(module)
    for name, tensor in tensors.items():
        if name not in weights or weights[name].shape != tensor.shape:
            there = f"the shape {tuple(weights[name].shape)}" if name in weights else "no such weight"
            raise does_not_fit(f"the weight '{name}' of shape {tuple(tensor.shape)}, where the model has {there}")
        weights[name].copy_(tensor)


def does_not_fit(what: str) -> UserProblem:
    """Return the problem of a checkpoint that belongs to another training."""
    return UserProblem(
        "checkpoint-does-not-fit",
        f"A checkpoint must belong to the model that is trained; got {what}.",
        hint="Train from the start, or resume with the config that the run began with.",
    )


def save_latest(folder: Path, module: nn.Module, optimizer: Optimizer, state: Mapping[str, Any]) -> None:
    """Write the state to go on from: changing weights, optimizer, random number generators, and ``state``, JSON data.

    Frozen weights are left out: they are in the best weights' file, and in the module before training begins.
    """
    tensors = {
        **{_WEIGHT + name: tensor for name, tensor in changing_weights(module).items()},
        **{_OPTIMIZER + name: tensor for name, tensor in optimizer.state().items()},
        **{_RANDOM + name: tensor for name, tensor in random_state(device_of(module)).items()},
    }
    write_tensors(folder / LATEST, tensors, {**state, "optimizer": optimizer.implementation})


def load_latest(folder: Path, module: nn.Module, optimizer: Optimizer) -> Mapping[str, Any]:
    """Put the state of `save_latest` back and return the JSON part. Raises `UserProblem` when the file is unfit."""
    held = read_tensors(folder / LATEST)
    before = held.state.get("optimizer")
    if before != optimizer.implementation:
        # Their bits differ, so the run would no longer be the one that was begun.
        raise does_not_fit(
            f"one written with the optimizer '{before}', where this machine has '{optimizer.implementation}'"
        )
    weights = _part(held, _WEIGHT)
    missing = sorted(changing_weights(module).keys() - weights.keys())
    if missing:
        raise does_not_fit(f"one without the weight '{missing[0]}'")
    put_weights(module, weights)
    try:
        optimizer.load(_part(held, _OPTIMIZER))
    except (KeyError, RuntimeError, ValueError) as error:
        raise does_not_fit(f"an optimizer state that is not this model's: {error}") from error
    restore_random_state(_part(held, _RANDOM), device_of(module))
    return held.state


def save_best(folder: Path, module: nn.Module, kept: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
    """Write all weights of ``module``, those in ``kept`` (by name) in place of the present ones, with ``state``."""
    write_tensors(folder / BEST, {**all_weights(module), **kept}, state)


def load_best(folder: Path, module: nn.Module) -> Mapping[str, Any]:
    """Put the best weights in force and return the state written with them."""
    held = read_tensors(folder / BEST)
    put_weights(module, held.tensors)
    return held.state


def latest_step(folder: Path) -> int | None:
    """Return the optimizer steps in the latest checkpoint of ``folder``, None where there is no checkpoint."""
    path = folder / LATEST
    return int(read_state(path)["step"]) if path.exists() else None


def _part(held: TensorFile, prefix: str) -> dict[str, Tensor]:
    return {name[len(prefix) :]: tensor for name, tensor in held.tensors.items() if name.startswith(prefix)}
