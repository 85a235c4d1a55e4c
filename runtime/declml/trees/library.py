"""LightGBM, loaded when it is first needed: it is an extra, and importing it costs a second."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from declml.errors import UserProblem

Said = Callable[[str, str], None]
"""Take a line of LightGBM's: its level and its text."""


def lightgbm() -> Any:
    """Return the module; one that is not installed is a `UserProblem`."""
    try:
        import lightgbm as module  # an extra: whoever trains no trees need not have it
    except ImportError as error:
        raise UserProblem(
            "missing-package",
            "model_type: gbm must have the package lightgbm; got none.",
            path="model_type",
            hint="Install it with: pip install 'declml[gbm]'",
        ) from error
    except OSError as error:  # a shared library that it needs is not there
        raise UserProblem(
            "missing-package", f"The package lightgbm must be loadable; got: {error}.", path="model_type"
        ) from error
    return module


@contextmanager
def refusals_told() -> Generator[None]:
    """Tell what LightGBM refuses as a `UserProblem`."""
    error_type: type[Exception] = lightgbm().basic.LightGBMError
    try:
        yield
    except error_type as error:
        raise UserProblem(
            "trees-refused",
            f"LightGBM must be able to train with this trainer section; got: {str(error).rstrip('.')}.",
            path="trainer",
        ) from error


class _Lines:
    """A logger as LightGBM wants one."""

    def __init__(self, said: Said) -> None:
        self._said = said

    def info(self, text: str) -> None:
        if text.strip():
            self._said("info", text.strip())

    def warning(self, text: str) -> None:
        if text.strip():
            self._said("warning", text.strip())


def listen(said: Said) -> None:
    """Let LightGBM say its lines to ``said`` instead of to the terminal; for the whole process."""
    lightgbm().register_logger(_Lines(said))
