"""How a cell tells what is wrong: the problem with its place, never a traceback; the cell counts as failed."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from declml.errors import ConfigProblems, DeclmlError, UserProblem
from declml_schema.report import render


class CellProblem(Exception):
    """What a cell could not do. IPython shows its text alone; Run All and nbclient stop there as at any error."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def _render_traceback_(self) -> list[str]:
        return self.text.splitlines()


@contextmanager
def telling() -> Generator[None]:
    """Turn what a user did wrong into a `CellProblem`."""
    try:
        yield
    except DeclmlError as error:
        raise CellProblem(text_of(error, color=True)) from None


def text_of(error: DeclmlError, *, color: bool = False) -> str:
    """Return a problem as `declml check` prints it, or one sentence with the way out."""
    if isinstance(error, ConfigProblems):
        sources = {error.file: error.source} if error.source else {}
        return render(error.problems, format="text", sources=sources, color=color)
    bold, reset = ("\x1b[1;31m", "\x1b[0m") if color else ("", "")
    hint = f"\n  hint: {error.hint}" if isinstance(error, UserProblem) and error.hint else ""
    return f"{bold}error:{reset} {error}{hint}"
