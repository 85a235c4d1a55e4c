"""Following a run that somebody else started: another notebook, a terminal, an editor, or a kernel that is gone."""

from __future__ import annotations

import contextvars
import threading
from contextlib import suppress

from declml.errors import DeclmlError
from declml.run.attaching import attach_run, stop_run
from declml.runs.folder import Run
from declml_jupyter.live_view import View
from declml_jupyter.notebook_run import NotebookRun
from declml_jupyter.shell import Shell, is_kernel, shows_widgets
from declml_jupyter.telling import text_of
from declml_jupyter.views import view_for


def attach(shell: Shell, run: Run, *, background: bool = False, is_plain: bool = False) -> NotebookRun:
    """Show a run from its first event on and follow it until it ends; one that ended is shown as it is.

    Where there are widgets the cell is over at once, so that the stop button of the view works. Elsewhere a Ctrl-C ends
    the following, not the run.
    """
    answer = NotebookRun(run.path)
    if run.status != "running":
        if is_kernel(shell):
            _show_picture(answer)
        return answer
    background = background or (not is_plain and shows_widgets(shell))
    stopping = _Stopping(run)
    view = view_for(
        shell, root=run.path.parent.parent, on_stop=stopping.ask, is_plain=is_plain, is_background=background
    )
    stopping.view = view
    if background:
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(_follow, run, view), name="declml attach", daemon=True).start()
    else:
        _follow(run, view)
    return answer


class _Stopping:
    """Stops a run when it is asked to, from a thread of its own: a button must not wait for the end."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._is_asked = False
        self.view: View | None = None

    def ask(self, now: bool) -> None:  # noqa: FBT001 - the button's own word
        """Ask; a second time, the run is ended at once."""
        threading.Thread(target=self._stop, args=(now or self._is_asked,), name="declml stop", daemon=True).start()
        self._is_asked = True

    def _stop(self, now: bool) -> None:  # noqa: FBT001 - the button's own word
        with suppress(DeclmlError):  # it has just ended: the view tells that
            stop_run(self._run, now=now, on_notice=self._notice)

    def _notice(self, text: str) -> None:
        if self.view is not None:
            self.view.notice(text)


def _follow(run: Run, view: View) -> None:
    shown = NotebookRun(run.path)
    problem = ""
    try:
        attach_run(run, view.take, view.notice)
    except KeyboardInterrupt:
        problem = "No longer followed; the run goes on."
    except DeclmlError as error:
        problem = text_of(error)
    view.end(shown, problem)


def _show_picture(run: NotebookRun) -> None:
    from IPython.display import display

    from declml_jupyter.ending import picture_bundle

    bundle, metadata = picture_bundle(run)
    if "image/png" in bundle:
        display(bundle, raw=True, metadata=metadata)
