"""Same plan, same bits: torch's switches for deterministic operations."""

from __future__ import annotations

import os
from typing import Any

import torch

from declml.seeds import derive_seed

__all__ = ["derive_seed", "describe_determinism", "make_deterministic"]


def make_deterministic(device: torch.device) -> None:
    """Let torch use only operations that give the same bits each time; one that has no such form warns instead.

    For CUDA this must come before the first operation there, since cuBLAS reads its setting once.
    """
    if device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.backends.cudnn.benchmark = False
        torch.backends.cudnn.deterministic = True
    # Filling fresh memory with nan would cost a pass over it and changes no result of ours.
    setattr(torch.utils.deterministic, "fill_uninitialized_memory", False)  # noqa: B010 - unknown to torch's type stubs
    # torch.use_deterministic_algorithms also imports torch._inductor, which takes seconds.
    torch._C._set_deterministic_algorithms(True, warn_only=True)  # pyright: ignore[reportPrivateUsage] - see above


def describe_determinism() -> dict[str, Any]:
    """Return the switches that bits depend on, for the record of a run: JSON data."""
    return {
        "deterministic_algorithms": torch.are_deterministic_algorithms_enabled(),
        "cudnn_benchmark": bool(torch.backends.cudnn.benchmark),
        "cudnn_deterministic": bool(torch.backends.cudnn.deterministic),
        "cublas_workspace": os.environ.get("CUBLAS_WORKSPACE_CONFIG", ""),
        "float32_matmul_precision": torch.get_float32_matmul_precision(),
        "threads": torch.get_num_threads(),
        "torch": str(torch.__version__),
    }
