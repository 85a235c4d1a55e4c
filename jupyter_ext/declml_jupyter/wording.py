"""One line about a run: above a picture, below it, and for who listens to the screen."""

from __future__ import annotations

from declml.cli.terminal import duration, number
from declml.runs.folder import Run


def title(run: Run) -> str:
    """Return the id and the experiment of a run, and how it stands."""
    return f"{run.id} of {run.experiment}: {run.status}"


def sentence(run: Run) -> str:
    """Return how a run ended, its deciding metric and how long it took."""
    parts = [f"Run {run.id} of {run.experiment}: {run.status}"]
    if run.reused:
        parts = [f"Nothing changed since run {run.id} of {run.experiment}"]
    seconds = run.record.get("seconds")
    if seconds is not None and not run.reused:
        parts[0] += f" in {duration(float(seconds))}"
    value = run.deciding_value()
    if value is not None:
        parts.append(f"{run.decides.get('output')}.{run.decides.get('metric')} {number(value)}")
    if run.record.get("best_epoch"):
        parts.append(f"best epoch {run.record['best_epoch']}")
    if run.status in {"interrupted", "killed"}:
        parts.append(f"go on with --resume {run.id}")
    return ", ".join(parts)
