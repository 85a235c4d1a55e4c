"""Where tensors live: picks the device that a config asks for, or says which ones there are."""

from __future__ import annotations

import re

import torch

from declml.errors import UserProblem


def pick_device(name: str = "auto") -> torch.device:
    """Return the device of that name: ``auto`` (a GPU where there is one), ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.

    Raises `UserProblem` naming the devices of this machine when it is not among them.
    """
    there = available_devices()
    if name == "auto":
        return torch.device(next((each for each in there if each != "cpu"), "cpu"))
    if re.fullmatch(r"cpu|mps|cuda(:\d+)?", name) and (name if name != "cuda" else "cuda:0") in there:
        return torch.device(there[there.index("cuda:0")] if name == "cuda" else name)
    raise UserProblem(
        "device-absent",
        f"trainer.device must be a device of this machine; got '{name}'.",
        path="trainer.device",
        hint=f"This machine has {', '.join(there)}; 'auto' picks the fastest, and --kernel trains on another machine.",
    )


def available_devices() -> list[str]:
    """Return the devices of this machine, the fastest first: ``cuda:0``, ..., ``mps``, ``cpu``."""
    devices = [f"cuda:{index}" for index in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    if torch.backends.mps.is_available():
        devices.append("mps")
    return [*devices, "cpu"]


def device_name(device: torch.device) -> str:
    """Return what the device calls itself, with the driver's version of CUDA; empty for a CPU."""
    if device.type != "cuda":
        return ""
    return f"{torch.cuda.get_device_name(device)}, CUDA {torch.version.cuda}"
