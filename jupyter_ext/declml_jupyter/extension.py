"""Loads the room into a shell: the magics, what a notebook shows, `declml.train` with a view, and Tab completion."""

from __future__ import annotations

from typing import Any

from IPython.core.magic import no_var_expand

import declml
from declml_jupyter.arguments import CELL_COMMANDS, LINE_COMMANDS, overview, read_line
from declml_jupyter.cell_magics import CellCommands
from declml_jupyter.cells import awaited, config_of
from declml_jupyter.completing import install
from declml_jupyter.line_magics import LineCommands
from declml_jupyter.python_train import Train
from declml_jupyter.shell import Shell, is_kernel
from declml_jupyter.showing import register
from declml_jupyter.telling import telling


def load(shell: Shell) -> None:
    """Teach ``shell`` what declml is; loading it again changes nothing."""
    cells, lines = CellCommands(shell), LineCommands(shell)

    @no_var_expand
    def cell_magic(line: str, cell: str) -> Any:
        """Train, check, plan, profile or resolve the config in a cell."""
        with telling():
            arguments = read_line(line, CELL_COMMANDS, magic="%%declml")
            return getattr(cells, arguments.command)(arguments, config_of(cell))

    @no_var_expand
    def line_magic(line: str) -> Any:
        """List, show, compare, follow, stop and use runs."""
        if not line.strip():
            print(overview())  # noqa: T201 - a line's answer
            return None
        with telling():
            arguments = read_line(line, LINE_COMMANDS, magic="%declml")
            return getattr(lines, arguments.command)(arguments)

    shell.register_magic_function(cell_magic, "cell", "declml")
    shell.register_magic_function(line_magic, "line", "declml")
    register(shell)
    install(shell)
    transformers = shell.input_transformers_cleanup
    if is_kernel(shell) and awaited not in transformers:
        transformers.append(awaited)
    # `declml.train` is looked up when it is called: from now on it is the one with a view.
    setattr(declml, "train", Train(shell))  # noqa: B010 - the module offers its own lazily, and has no such attribute
