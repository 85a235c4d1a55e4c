"""The acts of declml as Python functions: what the command line, the notebook and the kernels call.

Every function takes a config as a path, a text or a dict, and data as a path, a glob, a list of paths, a pandas or
Polars frame, an Arrow table, or a mapping of columns. A mistake of the user raises `ConfigProblems` or `UserProblem`,
which hold every problem with its place; nothing else is raised on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from declml.errors import ConfigProblems, UserProblem
from declml.run.config import ConfigLike, Override, checked, load_config, parse_overrides
from declml.run.launching import Launch
from declml.runs.find import find
from declml.runs.places import cache_root, experiment_name, runs_root
from declml_schema.check import CheckResult

if TYPE_CHECKING:
    import polars as pl

    from declml.charts.chart import Picture
    from declml.data.profile import Profile
    from declml.run.apply import Evaluation, Written
    from declml.run.baselines import Baseline
    from declml.run.plan_report import PlanReport
    from declml.run.reproduce import Reproduction
    from declml.run.watching import Screen
    from declml.runs.folder import Run

Overrides: TypeAlias = Sequence[str | Override] | Mapping[str, object]
OnEvent: TypeAlias = Callable[[Mapping[str, Any]], None]
OnNotice: TypeAlias = Callable[[str], None]
Trigger: TypeAlias = Literal["cli", "python", "editor", "notebook", "watch", "reproduce"]


def check(config: ConfigLike, *, overrides: Overrides = ()) -> CheckResult:
    """Return every problem of a config, and its plan when there is no error among them."""
    return checked(load_config(config), parse_overrides(overrides))


def plan(
    config: ConfigLike, *, dataset: Any = None, overrides: Overrides = (), runs: str | Path | None = None
) -> PlanReport:
    """Return what a training would do: the stages with what is cached and why, rows, sizes, and the diff to the last
    run.

    Runs nothing and writes nothing but what reading the data needs, which it throws away.
    """
    from declml.run.plan_report import report

    return report(_launch(config, overrides, dataset, runs))


def train(
    config: ConfigLike,
    *,
    dataset: Any = None,
    overrides: Overrides = (),
    runs: str | Path | None = None,
    resume: str | Path | None = None,
    experiment: str | None = None,
    again: bool = False,
    on_event: OnEvent | None = None,
    on_notice: OnNotice | None = None,
    kernel: str | None = None,
    detach: bool = False,
    trigger: Trigger = "python",
) -> Run:
    """Train a config in a process of its own and return the run.

    ``dataset`` stands in for the config's ``data.source``. ``resume`` names a run of the same plan and data that did
    not end. A finished run of the same plan, data and code is returned at once with ``reused`` set, unless ``again``. A
    `KeyboardInterrupt` stops the training process after its checkpoint and returns the run as ``interrupted``.

    ``kernel`` says what starts the process: ``warm`` (a kernel that stays, so that the next training imports nothing),
    ``local`` (this process), the name of a kernelspec, a Jupyter server's URL or ``ssh://user@host``. Without it the
    config's ``kernel.name`` decides, then ``DECLML_KERNEL``, then ``warm``. ``on_notice`` hears what is no event of the
    run: that a connection was lost and found again. With ``detach`` the run is returned as soon as it trains, with the
    status ``running``; `declml attach` shows it.
    """
    from declml.kernels.choice import choose
    from declml.run.on_kernel import train_on

    launch = replace(_launch(config, overrides, dataset, runs), trigger=trigger)
    if experiment is not None:
        launch = replace(launch, experiment=experiment_name(experiment))
    choice = choose(kernel, launch.plan.kernel.get("name"))
    return train_on(choice, launch, resume=resume, again=again, detach=detach, on_event=on_event, on_notice=on_notice)


def watch(
    config: str | Path,
    *,
    screen: Screen,
    dataset: Any = None,
    overrides: Overrides = (),
    runs: str | Path | None = None,
    kernel: str | None = None,
    poll: bool = False,
) -> None:
    """Train a config file now and after each save of it, its data or its plug-ins, until a `KeyboardInterrupt`.

    ``screen`` is told what happens. A newer save stops the run at work after its checkpoint; one with a mistake does
    not. ``poll`` looks at the files instead of waiting to be told.
    """
    from declml.kernels.choice import choose
    from declml.run.watching import Watch

    def launch() -> Launch:
        return _launch(Path(config), overrides, dataset, runs)

    Watch(Path(config), launch, choice=choose(kernel, None), screen=screen, poll=poll).run()


def evaluate(run: str | Path | Run, data: Any, *, runs: str | Path | None = None) -> Evaluation:
    """Return the metrics of a trained run on new rows, overall and per declared slice, and the confusion of its
    classes.
    """
    from declml.run.apply import evaluate_run

    return evaluate_run(_run(run, runs), data)


def baselines(
    run: str | Path | Run, data: Any, *, runs: str | Path | None = None, on_notice: OnNotice | None = None
) -> list[Baseline]:
    """Return what a linear and a tree model, trained as the run was, reach on the same rows.

    They are trained when first asked for and kept in the run's folder; ``on_notice`` hears of it. An output that
    one of them cannot predict is told in its ``left_out``.
    """
    from declml.run.baselines import baselines_of

    return baselines_of(_run(run, runs), data, tell=on_notice)


def predict(
    run: str | Path | Run, data: Any, *, output: str | Path | None = None, runs: str | Path | None = None
) -> pl.DataFrame:
    """Return a trained run's predictions and probabilities for new rows, in their order.

    With ``output`` they are also written: CSV, Parquet or JSON Lines by the file's ending.
    """
    from declml.run.apply import predict_run
    from declml.run.files import keep_apart

    if output is not None and isinstance(data, str | Path):
        keep_apart(Path(data), Path(output))
    return predict_run(_run(run, runs), data, output=Path(output) if output is not None else None)


def write_predictions(
    run: str | Path | Run, data: Any, *, output: str | Path, runs: str | Path | None = None
) -> Written:
    """Write a trained run's predictions for new rows to ``output``, and return how many rows and which columns.

    The same as `predict` with ``output``, but the table is read, answered and written a piece at a time: its size does
    not matter.
    """
    from declml.run.apply import write_predictions as write
    from declml.run.files import keep_apart

    for each in [data] if isinstance(data, str | Path) else []:
        keep_apart(Path(each), Path(output))
    return write(_run(run, runs), data, Path(output))


def plot(
    run: str | Path | Run,
    *,
    kinds: Sequence[str] | None = None,
    split: str | None = None,
    folder: str | Path | None = None,
    runs: str | Path | None = None,
) -> list[tuple[Path, Picture]]:
    """Draw a run from the files that it kept and return the SVG files with what they show; data lie beside as JSON.

    ``kinds`` are some of `declml.run.pictures.KINDS`, ``split`` says whose answers to draw, and ``folder`` where to
    write: the run's own folder ``plots`` by default.
    """
    from declml.run.pictures import KINDS, pictures_of, write_pictures

    found = _run(run, runs)
    pictures = pictures_of(found, kinds=kinds or KINDS, split=split)
    return write_pictures(pictures, Path(folder) if folder is not None else found.path / "plots")


def reproduce(
    run: str | Path | Run, *, runs: str | Path | None = None, on_event: OnEvent | None = None
) -> Reproduction:
    """Retrain a run from its record and say whether the weights are the same, bit for bit."""
    from declml.run.reproduce import reproduce_run

    return reproduce_run(_run(run, runs), on_event)


def profile(data: Any) -> Profile:
    """Return the columns of a table: types, missing and distinct values, ranges, examples, the feature type to
    declare.
    """
    from declml.data.profile import profile as profile_table
    from declml.run.tables import table_of

    return profile_table(table_of(data))


def _launch(config: ConfigLike, overrides: Overrides, dataset: Any, runs: str | Path | None) -> Launch:
    source = load_config(config)
    result = checked(source, parse_overrides(overrides))
    if result.plan is None:
        raise ConfigProblems(result.problems, source=source.text, file=source.file)
    named = result.data.get("name")
    return Launch(
        config=source,
        plan=result.plan,
        dataset=dataset,
        runs=runs_root(runs, start=source.start),
        cache=cache_root(start=source.start),
        experiment=experiment_name(str(named)) if named else source.stem,
        problems=result.problems,
    )


def _run(run: str | Path | Run, runs: str | Path | None) -> Run:
    from declml.runs.folder import Run as RunType

    if isinstance(run, RunType):
        return run
    if not str(run).strip():
        raise UserProblem(
            "absent-run", "A run must have a name; got an empty text.", hint="`declml runs list` shows them."
        )
    return find(runs_root(runs), str(run))
