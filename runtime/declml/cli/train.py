"""`declml train`: train a config in a process of its own and show it."""

from __future__ import annotations

import shlex
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Literal, TypeAlias

import click

from declml.cli.options import config_argument, dataset_option, kernel_option, runs_option, set_option
from declml.cli.terminal import duration, faint, good, heading, say

if TYPE_CHECKING:
    from declml.runs.folder import Run

_INTERRUPTED = 130
Trigger: TypeAlias = Literal["cli", "editor", "watch"]
TRIGGERS = ("cli", "editor", "watch")


@click.command(
    epilog="""\b
Examples:
  declml train census.declml.yaml
  declml train census.declml.yaml --set trainer.epochs=3 --set trainer.learning_rate=0.01
  declml train ludwig.yaml --dataset people.csv
  declml train census.declml.yaml --resume latest
  declml train census.declml.yaml --kernel python3
  declml train census.declml.yaml --kernel https://host:8888
  declml train census.declml.yaml --detach
  declml train census.declml.yaml --json > events.jsonl

Ctrl-C stops after writing a checkpoint; a second one stops at once. The exit code is 0 when training finished, 1 for a
problem and 130 when it was interrupted.
"""
)
@config_argument()
@dataset_option()
@set_option()
@runs_option()
@click.option("--resume", metavar="RUN", help="Go on with a run of the same config and data that did not finish.")
@click.option("--experiment", metavar="NAME", help="Keep the run under this name instead of the config's.")
@click.option(
    "--again", is_flag=True, help="Train even though a finished run of the same config, data and code is there."
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print every event and problem, and the result, as JSON lines for a program.",
)
@kernel_option()
@click.option("--detach", is_flag=True, help="Return as soon as it trains; `declml attach` shows it later.")
@click.option("--trigger", type=click.Choice(TRIGGERS), default="cli", hidden=True, help="Who asks; for the record.")
def train(
    config: str,
    dataset: str | None,
    overrides: tuple[str, ...],
    runs: str | None,
    resume: str | None,
    experiment: str | None,
    again: bool,
    as_json: bool,
    kernel: str | None,
    detach: bool,
    trigger: Trigger,
) -> None:
    """Train the model that CONFIG describes.

    What did not change since an earlier run is reused; when nothing changed, nothing runs. The end shows the metrics
    and the folder of the run.
    """
    from declml import api
    from declml.cli.event_lines import EventLines
    from declml.cli.progress import progress_for
    from declml.errors import UserProblem

    program = EventLines() if as_json else None
    progress = program or progress_for(sys.stdout)
    try:
        with program.telling_problems() if program is not None else nullcontext():
            run = api.train(
                config,
                dataset=dataset,
                overrides=overrides,
                runs=runs,
                resume=resume,
                experiment=experiment,
                again=again,
                on_event=progress.take,
                on_notice=progress.notice,
                kernel=kernel,
                detach=detach,
                trigger=trigger,
            )
    except UserProblem as error:
        if error.code == "run-killed":
            # Its hint is the command that goes on, which must say what this one did.
            error.hint += _options(dataset=dataset, runs=runs, overrides=overrides)
        raise
    finally:
        progress.close()
    if program is not None:
        program.result(run)
    elif run.status == "finished":
        say(summary(run))
    elif detach and run.status == "running":
        say(f"Training run {heading(run.id)}{_where(run)}.")
        say(f"Show it  declml attach {run.id}")
        say(f"Stop it  declml stop {run.id}")
    else:
        options = _options(dataset=dataset, runs=runs, overrides=overrides)
        say(f"Interrupted. Go on with: declml train {shlex.quote(config)}{options} --resume {run.id}")
    if run.status != "finished" and not (detach and run.status == "running"):
        raise click.exceptions.Exit(_INTERRUPTED)


def _where(run: Run) -> str:
    """Return where a run trains, as the end of a sentence."""
    return f" on {run.record['kernel']}" if run.record.get("kernel") else ""


def summary(run: Run) -> str:
    """Return the end of a training: what came of it, where it lies, what to do next."""
    from declml.cli.results import metrics_table

    record = run.record
    if run.reused:
        first = (
            f"{good('Nothing changed')} since run {heading(run.id)}, so there is nothing to do. --again trains anyway."
        )
    else:
        best = f", best epoch {record['best_epoch']}" if record.get("best_epoch") else ""
        first = f"{good('Finished')} run {heading(run.id)} in {duration(record.get('seconds'))}{best}."
    shown = {split: run.metrics[split] for split in ("validation", "test") if split in run.metrics} or run.metrics
    lines = [first, "", metrics_table(shown, run.decides)]
    if run.decides:
        lines.append(faint("* picks the best epoch"))
    lines += ["", f"Folder   {run.path}", f"Next     declml evaluate {run.id} --data FILE"]
    lines += [f"         declml predict {run.id} --data FILE --output predictions.csv"]
    earlier = _earlier(run)
    if earlier:
        lines.append(f"         declml runs diff {earlier} {run.id}")
    return "\n".join(lines)


def _earlier(run: Run) -> str | None:
    """Return the last finished run of the same experiment before this one."""
    from declml.runs.index import list_runs

    rows = list_runs(run.path.parent.parent, experiment=run.experiment, status="finished")
    ids = [each.id for each in rows]
    return next((name for name in ids[ids.index(run.id) + 1 :]), None) if run.id in ids else None


def _options(*, dataset: str | None, runs: str | None, overrides: tuple[str, ...]) -> str:
    """Return the options that a run must be resumed with, as they are typed."""
    words: list[str] = []
    for name, value in (("--dataset", dataset), ("--runs", runs)):
        if value is not None:
            words += [name, value]
    for each in overrides:
        words += ["--set", each]
    return f" {shlex.join(words)}" if words else ""
