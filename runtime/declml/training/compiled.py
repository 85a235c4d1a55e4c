"""A network's forward and backward compiled by torch.compile, once for a size of batches.

What torch compiles depends on the batch that it sees first, and with several versions on what came before them. A run
that was killed would go on with other bits. So a version is made of one batch that is always the same, and what does
not fit it, such as the last, smaller batch of an epoch, goes through the network as it is.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from declml.contracts import Batch, answers_of
from declml.errors import UserProblem


class Compiled:
    """Answers to batches like `declml.contracts.answers_of`, through compiled code where a batch fits it."""

    def __init__(self, module: nn.Module, device: torch.device) -> None:
        if device.type == "cpu":
            _find_compiler()
        self._module = module
        self._ragged: bool | None = None
        self._call: Callable[..., Any] | None = None

    def answers(self, batch: Batch) -> Mapping[str, Any]:
        """Return what the module answers to a batch, by output."""
        if self._call is None:
            return answers_of(self._module, batch)
        with torch.compiler.set_stance("eager_on_recompile"):
            return self._answers(batch)

    @contextmanager
    def compiling(self, batch: Batch) -> Generator[Callable[[], Mapping[str, Any]]]:
        """Yield a function that answers ``batch`` by a version made for it; its gradients must be taken within.

        A `UserProblem` where torch cannot compile.
        """
        ragged = any(lengths is not None for _, lengths in batch.groups) or any(
            targets.ndim > 1 for targets in batch.targets.values()
        )
        if self._call is None:
            # Texts are as long as the longest of a batch: one version for all lengths.
            self._call = torch.compile(self._module, dynamic=ragged)
        try:
            with _uncached():
                yield lambda: self._answers(batch)
        except Exception as error:
            if not type(error).__module__.startswith(("torch._dynamo", "torch._inductor")):
                raise
            raise _cannot(str(error).strip().splitlines()[0][:300]) from error

    def _answers(self, batch: Batch) -> Mapping[str, Any]:
        assert self._call is not None
        if getattr(self._module, "takes_targets", False):
            return self._call(batch.groups, batch.targets)
        return self._call(batch.groups)


@contextmanager
def _uncached() -> Generator[None]:
    """Compile anew: what torch keeps on disk may have been made of batches of another size, with other bits."""
    import torch._functorch.config as autograd_settings  # here and below: loading them takes seconds
    import torch._inductor.config as settings

    with settings.patch(fx_graph_cache=False), autograd_settings.patch(enable_autograd_cache=False):
        yield


def _find_compiler() -> None:
    name = os.environ.get("CXX") or ("clang++" if sys.platform == "darwin" else "g++")
    if sys.platform != "win32" and shutil.which(name) is None:
        raise _cannot(f"no C++ compiler '{name}' on this machine")


def _cannot(got: str) -> UserProblem:
    return UserProblem(
        "cannot-compile",
        f"compile must find what torch.compile needs on this machine; got {got}.",
        path="trainer.compile",
        hint="Install a C++ compiler (on Linux g++, on macOS by xcode-select --install) or name one in the environment"
        " variable CXX; compile: false trains without.",
    )
