"""The plain view: the same lines as the command line prints, for kernels that nobody looks at and for terminals."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import IO, Any, cast

from declml.cli.progress import LineProgress, Progress, progress_for
from declml_jupyter.notebook_run import NotebookRun


class PlainView:
    """Lines while it runs; in a kernel also a picture of the curves at the end."""

    def __init__(self, *, is_kernel: bool) -> None:
        self._is_kernel = is_kernel
        self._progress: Progress = LineProgress(_unhurried()) if is_kernel else progress_for(sys.stdout)

    def take(self, event: Mapping[str, Any]) -> None:
        """Print what one event is worth."""
        self._progress.take(event)

    def notice(self, text: str) -> None:
        """Print one line."""
        self._progress.notice(text)

    def end(self, run: NotebookRun | None, problem: str) -> None:
        """Leave the screen tidy, and show the picture of a run that got as far as having curves."""
        self._progress.close()
        if run is None or not self._is_kernel or problem or run.reused:
            return
        from IPython.display import display

        from declml_jupyter.ending import picture_bundle

        bundle, metadata = picture_bundle(run)
        if "image/png" in bundle:
            display(bundle, raw=True, metadata=metadata)


class QuietView:
    """Nothing: for what goes on in the background where lines would come between those of other cells."""

    def take(self, event: Mapping[str, Any]) -> None:
        """Show nothing."""

    def notice(self, text: str) -> None:
        """Show nothing."""

    def end(self, run: NotebookRun | None, problem: str) -> None:
        """Show nothing."""


class _Unhurried:
    """Standard output that is flushed when the kernel sees fit: an output in the notebook, not one for each line."""

    def write(self, text: str) -> int:
        """Write to what standard output is now."""
        return sys.stdout.write(text)

    def flush(self) -> None:
        """Wait for the kernel's own time."""

    def isatty(self) -> bool:
        """Return that it is no terminal."""
        return False


def _unhurried() -> IO[str]:
    return cast("IO[str]", _Unhurried())
