"""From a checked config to a training process: find the data, see whether the answer is there already, start,
follow.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from declml.data.cache import content_hash_of_files
from declml.data.pins import News, quiet
from declml.errors import ConfigProblems, DeclmlError, UserProblem
from declml.kernels.channel import Channel
from declml.kernels.local import Launched, Outcome, attach, follow, interrupt, launch, whole_size
from declml.run.config import Config, place_problem, told_problem
from declml.run.files import storage_problem
from declml.run.folder import RunFolder, create_run
from declml.run.identity import identity_of
from declml.run.lock import holder, require_free, taken_problem
from declml.run.record import command_line, plugin_hashes
from declml.run.request import NO_SPACE_EXIT, TAKEN_EXIT, Request
from declml.run.tables import Source, source_of
from declml.runs.changes import plan_changes
from declml.runs.find import find
from declml.runs.folder import Run, open_run
from declml.runs.tensorboard import TensorBoardMirror
from declml_schema.plan import Plan
from declml_schema.problems import Problem, Severity

OnEvent: TypeAlias = Callable[[Mapping[str, Any]], None]
OnStop: TypeAlias = Callable[[bool], object]

_BEGIN_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Launch:
    """A valid config, the data to train it on, and where runs and caches live."""

    config: Config
    plan: Plan
    dataset: Any
    runs: Path
    cache: Path
    experiment: str
    problems: Sequence[Problem] = ()
    trigger: str = "python"
    parent: str | None = None
    threads: int | None = None
    device: str | None = None
    base: Path | None = None
    kept_plugins: tuple[Path, ...] | None = None
    kernel: Callable[[], Channel | None] | None = None
    on_notice: News = quiet
    sides: tuple[int, ...] | None = None

    @property
    def folder(self) -> Path:
        """The folder that relative paths start from: the config's, or ``base`` where the config lies elsewhere now."""
        return self.base or self.config.folder

    @property
    def plugins(self) -> list[Path]:
        """The plug-in files, absolute: those beside the config, or the copies that a run kept."""
        if self.kept_plugins is not None:
            return list(self.kept_plugins)
        return [self.folder / each for each in self.plan.code]

    def plugin_hashes(self) -> dict[str, str]:
        """Return the SHA-256 of each plug-in by its name in the config."""
        return plugin_hashes(self.plan.code, self.plugins)

    def source(self) -> Source:
        """Find the data: paths and the hash of their bytes."""
        found = source_of(self.dataset, self.plan.data, folder=self.folder, cache=self.cache, news=self.on_notice)
        # Files that travelled are named one by one: whoever sent them knows whose side they are on.
        return found if self.sides is None else replace(found, sides=self.sides)

    def identity(self, source: Source, plugins: Mapping[str, str]) -> dict[str, str]:
        """Return the identities of the run that this launch asks for."""
        return identity_of(self.plan, source, plugins, folder=self.folder, memo=self.cache / "hashes.sqlite")


@dataclass(frozen=True, slots=True)
class Started:
    """A training process and its run folder; ``process`` is None when a finished run already is the answer."""

    folder: RunFolder
    process: Launched | None
    config: Config


def identical_run(runs: Path, identity: str) -> Run | None:
    """Return the newest finished and untouched run of that identity."""
    records = sorted(runs.glob("*/*/record.json"), key=lambda each: each.parent.name, reverse=True)
    for record in records:
        with contextlib.suppress(UserProblem):
            run = open_run(record.parent)
            same = (run.record.get("identity") or {}).get("run") == identity
            if same and run.status == "finished" and not run.taint():
                return run
    return None


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a training process is to do; ``request`` is None when a finished run already is the answer."""

    folder: RunFolder
    request: Request | None


def prepare_run(
    launch_: Launch, *, resume: str | Path | None = None, again: bool = False, run: str | None = None
) -> Prepared:
    """Find the data and make the run's folder for a launch, or find the one that ``resume`` names. ``run`` is the new
    run's id where somebody else has numbered it.
    """
    source = launch_.source()
    check_pin(launch_, source)
    identity = launch_.identity(source, launch_.plugin_hashes())
    if resume is not None:
        folder = _resumable(launch_, str(resume), identity)
    else:
        same = None if again else identical_run(launch_.runs, identity["run"])
        if same is not None:
            return Prepared(RunFolder(same.path), None)
        folder = create_run(
            launch_.runs, launch_.experiment, identity=identity["run"], config=launch_.config.text,
            plan=launch_.plan.as_json(), run=run,
        )  # fmt: skip
    request = Request(
        folder=str(folder.path),
        cache=str(launch_.cache),
        config_folder=str(launch_.folder),
        paths=[str(each) for each in source.paths],
        data_sha256=source.sha256,
        identity=identity,
        plugins=[str(each) for each in launch_.plugins],
        resume=resume is not None,
        threads=launch_.threads,
        device=launch_.device,
        trigger=launch_.trigger,
        parent=launch_.parent,
        argv=command_line(),
        warnings=[problem.as_json() for problem in (*launch_.problems, *source_warnings(launch_.config, source))],
        sides=None if source.sides is None else list(source.sides),
        origins=[dict(each) for each in source.origins],
        told=whole_size(folder.events),
    )
    return Prepared(folder, request)


def start_run(launch_: Launch, *, resume: str | Path | None = None, again: bool = False) -> Started:
    """Start the training process for a launch, or go on with the run that ``resume`` names."""
    prepared = prepare_run(launch_, resume=resume, again=again)
    folder = prepared.folder
    if prepared.request is None:
        return Started(folder, None, launch_.config)
    # Asked for only now: where a finished run is the answer, no kernel is needed.
    kernel = launch_.kernel() if launch_.kernel is not None else None
    request = replace(prepared.request, kernel=kernel.label if kernel is not None else None)
    try:
        process = launch(request.as_json(), folder=folder.path, read_to=request.told or 0, kernel=kernel)
    except OSError as error:
        raise storage_problem(error, folder.path) from error
    return Started(folder, process, launch_.config)


def begun_run(started: Started) -> Run:
    """Return the run of a training process as soon as it is at work; one that cannot train raises its problem."""
    process = started.process
    while process is not None and not process.ended():
        with contextlib.suppress(UserProblem):
            run = open_run(started.folder.path)
            if run.record.get("process") == process.pid or (process.doubtful and run.status == "running"):
                _let_go(process)
                return run
        time.sleep(_BEGIN_SECONDS)
    # It ended already, or there was nothing to do: whatever it said is told as to one who stayed.
    return follow_run(started)


def follow_run(started: Started, on_event: OnEvent | None = None, stop: OnStop | None = None) -> Run:
    """Follow a training process to its end and return the run; a failed one raises its problem.

    A `KeyboardInterrupt` asks the process to stop after a checkpoint; a second one ends it at once. ``stop`` does that
    for a process of another machine: it hears whether it is the second one.
    """
    process = started.process
    if process is None:
        return replace(open_run(started.folder.path), reused=True)
    problems: list[Mapping[str, Any]] = []
    mirror = TensorBoardMirror(started.folder.path)

    def take(event: Mapping[str, Any]) -> None:
        if event["kind"] == "problem":
            problems.append(event["problem"])
        mirror.take(event)
        if on_event is not None:
            on_event(event)

    asked = False
    try:
        while True:
            try:
                outcome = follow(started.folder.events, process, take)
                if outcome.exit_code != TAKEN_EXIT or not process.doubtful or outcome.status != "killed":
                    break
                process = _twin(started.folder, process)
            except KeyboardInterrupt:
                if stop is not None:
                    stop(asked)
                else:
                    interrupt(process.pid, again=asked)
                asked = True
    finally:
        mirror.close()
        _let_go(process)
    if outcome.exit_code == TAKEN_EXIT and not process.doubtful:
        raise taken_problem(started.folder)
    if outcome.status in {"finished", "interrupted"}:
        return open_run(started.folder.path)
    raise _failure(started, outcome, problems)


def _let_go(process: Launched) -> None:
    """Hold on no longer to a process that nobody follows any more."""
    if process.process is not None:
        process.process.let_go()


def _failure(started: Started, outcome: Outcome, problems: Sequence[Mapping[str, Any]]) -> DeclmlError:
    """Return what to tell of a process that did not finish; ``problems`` are those that its events told."""
    if outcome.exit_code == NO_SPACE_EXIT:
        return UserProblem(
            "disk-full", f"There must be room on the disk for {started.folder.path}; got none left.",
            hint="Free some space and go on with --resume, or choose another place with --runs.",
        )  # fmt: skip
    if outcome.status == "failed" and problems:
        return ConfigProblems(
            [told_problem(each, started.config) for each in problems if each["severity"] == "error"],
            source=started.config.text,
            file=started.config.file,
        )
    return UserProblem(
        "run-killed",
        outcome.message,
        hint=f"Go on with: declml train {started.config.file} --resume {started.folder.id}",
    )


def _twin(folder: RunFolder, ours: Launched) -> Launched:
    """Return the process that a dying kernel had started for the same, in whose favour ours has ended."""
    process = holder(folder) or open_run(folder.path).record.get("process")
    if not isinstance(process, int):
        raise taken_problem(folder)
    return attach(process, folder=folder.path, read_to=ours.read_to)


def check_pin(launch_: Launch, source: Source) -> None:
    """Refuse data that are not those that the config pins: by one hash of all bytes, or one per file."""
    pin = launch_.plan.data.get("sha256")
    if not pin or launch_.dataset is not None:
        return
    config = launch_.config
    expected = {"": pin} if isinstance(pin, str) else dict(pin)
    problems: list[Problem] = []
    for name, digest in expected.items():
        files = [path for path in source.paths if not name or path == config.folder / name]
        files = files or [path for path in source.paths if path.name == Path(name).name]
        found = content_hash_of_files(files, launch_.cache / "hashes.sqlite") if files else "no such file"
        if found != digest:
            problem = UserProblem(
                "data-changed",
                f"data.sha256 must be the hash of the data; got {digest[:12]}..., but {name or 'the data'} has"
                f" {found[:12]}...",
                path="data.sha256",
                hint=f"If the change is meant, write: sha256: {found}",
            )
            problems.append(place_problem(config.text, problem, file=config.file))
    if problems:
        raise ConfigProblems(problems, source=config.text, file=config.file)


def source_warnings(config: Config, source: Source) -> list[Problem]:
    """Return what there is to know of how the data were fetched, at its place in the config."""
    told = [Problem(each.code, each.message, severity=Severity.WARNING, path="data.source") for each in source.findings]
    return [place_problem(config.text, each, file=config.file) for each in told]


def _resumable(launch_: Launch, name: str, identity: Mapping[str, str]) -> RunFolder:
    run = find(launch_.runs, name)
    if run.status == "finished":
        raise UserProblem("run-finished", f"A run to resume must not have ended; got {run.id}, which finished.")
    if run.status == "running":
        raise UserProblem(
            "run-running",
            f"A run to resume must not be running; got {run.id}, which process {run.record.get('process')} trains.",
        )
    require_free(RunFolder(run.path))
    theirs = run.record.get("identity") or {}
    parts = {"plan": "plan", "data": "data", "code": "plug-in code", "pretrained": "pretrained model"}
    for part, what in parts.items():
        if theirs and theirs.get(part) != identity.get(part):
            changed = plan_changes(run.plan_values, launch_.plan.as_json()) if part == "plan" else []
            listed = f": {', '.join(each.path for each in changed[:5])}" if changed else ""
            raise UserProblem(
                "resume-mismatch",
                f"A run must be resumed with the {what} that it began with; got another{listed}.",
                hint=f"Train anew without --resume, or use the config as it was: {run.path / 'config.yaml'}",
            )
    return RunFolder(run.path)
