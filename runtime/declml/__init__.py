"""declml: declare what you want to predict in a YAML config; declml figures out the how.

The acts of the command line as functions: `check`, `plan`, `train`, `evaluate`, `predict`, `plot`, `reproduce`,
`profile`.
They are loaded when first used, so that ``import declml`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from declml.api import check, evaluate, plan, plot, predict, profile, reproduce, train

__version__ = "0.1.0"
__all__ = ["check", "evaluate", "plan", "plot", "predict", "profile", "reproduce", "train"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("declml.api"), name)
    raise AttributeError(f"module 'declml' has no attribute {name!r}")


def load_ipython_extension(shell: Any) -> None:
    """Make a notebook understand ``%%declml`` cells: what ``%load_ext declml`` calls.

    The notebook's part is found by its entry point: this package imports nothing of the rooms above it.
    """
    # Imported here: only a notebook asks for it.
    from importlib.metadata import entry_points

    for found in entry_points(group="declml.notebook", name="extension"):
        found.load()(shell)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
