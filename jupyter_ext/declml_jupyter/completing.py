"""Tab in a ``%%declml`` cell: what the language server would offer there, from the same engine, without a server.

A front end that has jupyter-lsp gets more than this; this works in every one, in a console and in a terminal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from declml_jupyter.arguments import CELL_COMMANDS, LINE_COMMANDS, Command
from declml_jupyter.shell import Shell

_MOST_ITEMS = 300


class CellCompleter:
    """Completes the cells and lines of one shell."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._engine: Any = None

    def offers(self, text: str, line: int, column: int) -> tuple[str, list[str]] | None:
        """Return what is typed of the word at a place of a cell, and the words that may stand there.

        None for a cell that is none of declml's.
        """
        first = text.partition("\n")[0]
        if line == 0 and first.startswith(("%%declml ", "%declml ")):
            return self._line_offers(first[:column])
        if line == 0 or not first.startswith("%%declml"):
            return None
        return self._config_offers(text, first, line, column)

    def _line_offers(self, typed: str) -> tuple[str, list[str]]:
        is_cell = typed.startswith("%%")
        commands: Mapping[str, Command] = CELL_COMMANDS if is_cell else LINE_COMMANDS
        words = typed.split()[1:]
        fragment = "" if typed[-1:].isspace() else words.pop()
        if not words:
            found = list(commands)
        elif words[-1] == "--data":
            found = [name for name, value in self._shell.user_ns.items() if _is_table(name, value)]
        else:
            command = commands.get(words[0])
            given = {word for word in words if word.startswith("--")}
            options = command.options if command is not None else ()
            found = [each.name for each in options if each.many or each.name not in given]
            if command is not None and command.operands:
                found = [*self._run_names(), *found]
        return fragment, [each for each in found if each.startswith(fragment)]

    def _run_names(self) -> list[str]:
        from declml.runs.find import run_folders
        from declml.runs.places import runs_root
        from declml_jupyter.notebook_run import NotebookRun

        held = [
            name
            for name, value in self._shell.user_ns.items()
            if isinstance(value, NotebookRun) and not name.startswith("_")
        ]
        return [*held, "latest", *(each.name for each in reversed(run_folders(runs_root())))][:_MOST_ITEMS]

    def _config_offers(self, text: str, first: str, line: int, column: int) -> tuple[str, list[str]]:
        if self._engine is None:
            # Imported here: the engine is loaded by whoever presses Tab, and by nobody else.
            from declml_jupyter.engine import Engine

            self._engine = Engine()
        table = None
        words = first.split()
        if "--data" in words[:-1]:
            name = words[words.index("--data") + 1]
            value = self._shell.user_ns.get(name)
            table = value if _is_table(name, value) else None
        return self._engine.offers(text, line, column, table)


def install(shell: Shell) -> None:
    """Let IPython ask for the completions of declml's cells before all others."""
    from IPython.core.completer import SimpleCompletion, context_matcher

    completer = CellCompleter(shell)

    def matcher(context: Any) -> Any:
        found = completer.offers(context.full_text, context.cursor_line, context.cursor_position)
        if found is None:
            return {"completions": [], "suppress": False}
        fragment, words = found
        return {
            "completions": [SimpleCompletion(each, type="declml") for each in words],
            "matched_fragment": fragment,
            "suppress": True,
            "ordered": True,
        }

    declared: Any = context_matcher(identifier="declml", priority=200)
    matchers: list[Any] = shell.Completer.custom_matchers
    matchers[:] = [each for each in matchers if getattr(each, "matcher_identifier", "") != "declml"]
    matchers.append(declared(matcher))


def _is_table(name: str, value: Any) -> bool:
    kind = type(value).__module__.partition(".")[0]
    return kind in {"pandas", "polars", "pyarrow"} and hasattr(value, "columns") and not name.startswith("_")
