"""The edge of the process: what a user did wrong becomes one clear message, what we did wrong one sentence and a log
file.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import click

from declml.cli.terminal import bad, faint, is_terminal, say, wants_color
from declml.errors import ConfigProblems, DeclmlError, UserProblem

PROBLEM, INTERRUPTED = 1, 130


@contextmanager
def boundary(*, debug: bool) -> Generator[None]:
    """Run a command; leave with exit code 1 after telling a problem, with 130 after a Ctrl-C.

    With ``debug`` the trace of an unexpected error is shown instead of being put in a file.
    """
    try:
        yield
    except (click.ClickException, click.exceptions.Exit):
        raise
    except (KeyboardInterrupt, click.Abort):
        say("Interrupted.", err=True)
        _leave(INTERRUPTED)
    except BrokenPipeError:
        raise  # the reader of a pipe went away; click ends quietly
    except ConfigProblems as error:
        tell_problems(error)
        _offer_trust(error)
        _leave(PROBLEM)
    except DeclmlError as error:
        tell_error(error)
        _leave(PROBLEM)
    except Exception as error:  # the process boundary: the trace goes to a file, one sentence to the user
        if debug:
            raise
        _tell_unexpected(error)
        _leave(PROBLEM)


def _offer_trust(error: ConfigProblems) -> None:
    """Ask, where somebody sits at the terminal, whether plug-ins of the config's folder may run; a yes runs anew."""
    if not any(each.code == "untrusted-code" for each in error.problems) or not is_terminal(sys.stdin):
        return
    from declml.trust import trust

    folder = Path(error.file).parent
    if click.confirm(f"Trust {folder.resolve()} and run its plug-ins?", default=False, err=True):
        trust(folder)
        os.execv(sys.executable, [sys.executable, "-P", "-m", "declml.cli.main", *sys.argv[1:]])


def tell_problems(error: ConfigProblems) -> None:
    """Print every problem of a config with its place, as `declml check` does."""
    from declml_schema.report import render

    sources = {error.file: error.source} if error.source else {}
    say(render(error.problems, format="text", sources=sources, color=wants_color(sys.stderr)), err=True)


def tell_error(error: DeclmlError) -> None:
    """Print one sentence and, where there is one, the way out."""
    say(f"{bad('error:')} {error}", err=True)
    if isinstance(error, UserProblem) and error.hint:
        say(f"  {faint('hint:')} {error.hint}", err=True)


def _tell_unexpected(error: Exception) -> None:
    if isinstance(error, OSError) and error.strerror:
        place = f" {error.filename}" if error.filename else ""
        sentence = f"The system refused a file operation{place}: {error.strerror.lower()}."
    else:
        detail = str(error).partition("\n")[0]
        sentence = f"declml itself failed: {type(error).__name__}{': ' + detail if detail else ''}."
    say(f"{bad('error:')} {sentence}", err=True)
    # Imported here: nobody waits for it when all goes well.
    import traceback

    place = _write_trace("".join(traceback.format_exception(error)))
    where = f"The trace is in {place}" if place else "The trace could not be written"
    say(f"  {faint('hint:')} {where}; `declml --debug ...` shows it here.", err=True)


def _write_trace(trace: str) -> Path | None:
    import tempfile
    from datetime import datetime

    name = f"declml-{datetime.now().strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
    text = f"declml {' '.join(sys.argv[1:])}\n\n{trace}"
    for folder in (os.environ.get("XDG_STATE_HOME"), os.environ.get("HOME") and f"{os.environ['HOME']}/.local/state"):
        if folder:
            try:
                path = Path(folder) / "declml" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8", errors="replace")
            except OSError:
                continue
            return path
    try:
        path = Path(tempfile.gettempdir()) / name
        path.write_text(text, encoding="utf-8", errors="replace")
    except OSError:
        return None
    return path


def _leave(code: int) -> NoReturn:
    raise click.exceptions.Exit(code)
