"""What this room asks of IPython: the shell's parts that are used, and what kind of front end shows its outputs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, Protocol

VIEW = "DECLML_VIEW"
"""The environment variable that chooses the view: ``widget`` or ``plain``; unset, it is chosen by the front end."""


class Shell(Protocol):
    """The parts of IPython's ``InteractiveShell`` that are used."""

    user_ns: dict[str, Any]
    input_transformers_cleanup: list[Callable[[list[str]], list[str]]]
    display_formatter: Any
    Completer: Any

    def register_magic_function(self, func: Callable[..., Any], magic_kind: str, magic_name: str) -> None:
        """Offer a magic."""
        ...

    def set_custom_exc(self, exc_tuple: tuple[type[BaseException], ...], handler: Callable[..., Any]) -> None:
        """Handle exceptions of these types."""
        ...


def is_kernel(shell: Shell) -> bool:
    """Return whether the shell is that of a kernel, whose outputs are messages; a terminal's is not."""
    return getattr(shell, "kernel", None) is not None


def shows_widgets(shell: Shell) -> bool:
    """Return whether somebody is likely to look at widgets.

    nbclient, papermill and nbconvert run a kernel that nobody looks at: a widget would leave its JavaScript in the
    file and show nothing. A Jupyter server names the session in ``JPY_SESSION_NAME``, VS Code the notebook in the
    namespace. Colab loads widgets of others from elsewhere and only when asked to: it gets the plain view.
    """
    chosen = os.environ.get(VIEW)
    if chosen == "plain" or not is_kernel(shell) or not _has_widgets():
        return False
    if chosen == "widget":
        return True
    if "google.colab" in sys.modules:
        return False
    return bool(os.environ.get("JPY_SESSION_NAME")) or "__vsc_ipynb_file__" in shell.user_ns


def shows_pages(shell: Shell) -> bool:
    """Return whether widgets and HTML outputs stand on one page, as in JupyterLab: a widget may then find its table.

    VS Code shows outputs in frames and starts a widget only where an output asks for one.
    """
    return shows_widgets(shell) and "__vsc_ipynb_file__" not in shell.user_ns


def _has_widgets() -> bool:
    from importlib.util import find_spec

    return find_spec("anywidget") is not None
