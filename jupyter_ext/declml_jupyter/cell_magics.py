"""The commands of ``%%declml``: each takes the line's arguments and the cell's config."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from declml import api
from declml.errors import ConfigProblems, UserProblem
from declml.run.config import Config, Override, checked, parse_overrides
from declml_jupyter.arguments import Arguments
from declml_jupyter.frames import named
from declml_jupyter.notebook_run import NotebookRun
from declml_jupyter.shell import Shell, is_kernel
from declml_jupyter.telling import telling
from declml_jupyter.training import Job, Training
from declml_jupyter.views import view_for
from declml_schema.check import CheckResult
from declml_schema.report import render


class CellCommands:
    """What a cell can ask for."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def train(self, arguments: Arguments, config: Config) -> NotebookRun | Awaitable[NotebookRun]:
        """Train; in a kernel the answer is to be awaited, unless it is asked for in the background."""
        job = self._job(arguments, config)
        self._checked(config, arguments)  # what is wrong is told before anything is shown
        background = "--background" in arguments.flags
        awaited = not background and is_kernel(self._shell)
        training = start(
            self._shell,
            job,
            name=arguments.value("--as"),
            background=background,
            is_plain="--plain" in arguments.flags,
            is_awaited=awaited,
        )
        if background:
            training.begin()
            run = NotebookRun(None, training=training)
            _keep(self._shell, arguments.value("--as"), run)
            return run
        return _told(training) if awaited else training.here()

    def check(self, arguments: Arguments, config: Config) -> None:
        """Print every mistake."""
        result = checked(config, self._overrides(arguments))
        print(_report(result, config))  # noqa: T201 - a cell's answer

    def plan(self, arguments: Arguments, config: Config) -> Any:
        """Return what training would do."""
        self._checked(config, arguments)
        return api.plan(
            config,
            dataset=self._data(arguments),
            overrides=self._overrides(arguments),
            runs=arguments.value("--runs"),
        )

    def profile(self, arguments: Arguments, config: Config) -> Any:
        """Return what is in the data."""
        data = self._data(arguments)
        if data is None:
            source = checked(config, self._overrides(arguments)).data.get("data")
            data = source.get("source") if isinstance(source, dict) else None
        if data is None:
            raise UserProblem(
                "missing-source",
                "A profile must have data; got a config without data.source.",
                hint="%%declml profile --data NAME takes a table of this notebook, or a file.",
            )
        return api.profile(data)

    def resolved(self, arguments: Arguments, config: Config) -> None:
        """Print the config with every default filled in, and where each value comes from."""
        from declml_schema.resolved import resolved_text

        print(resolved_text(self._checked(config, arguments)).rstrip())  # noqa: T201 - a cell's answer

    def _checked(self, config: Config, arguments: Arguments) -> CheckResult:
        result = checked(config, self._overrides(arguments))
        if result.plan is None:
            raise ConfigProblems(result.problems, source=config.text, file=config.file)
        return result

    def _job(self, arguments: Arguments, config: Config) -> Job:
        return Job(
            config,
            dataset=self._data(arguments),
            overrides=self._overrides(arguments),
            runs=arguments.value("--runs"),
            resume=arguments.value("--resume"),
            experiment=arguments.value("--experiment"),
            again="--again" in arguments.flags,
            kernel=arguments.value("--kernel"),
        )

    def _data(self, arguments: Arguments) -> Any:
        name = arguments.value("--data")
        return None if name is None else named(name, self._shell.user_ns)

    def _overrides(self, arguments: Arguments) -> tuple[Override, ...]:
        return parse_overrides(arguments.overrides)


def start(
    shell: Shell,
    job: Job,
    *,
    name: str | None,
    background: bool = False,
    is_plain: bool = False,
    is_awaited: bool = False,
) -> Training:
    """Return a training whose view is on the screen; `Training.begin`, ``here`` or ``awaited`` runs it.

    Its run is kept under ``name`` in the notebook when it is over.
    """
    stoppers: list[Training] = []
    view = view_for(
        shell,
        root=job.root,
        on_stop=lambda now: stoppers[0].stop(now=now),
        is_plain=is_plain,
        is_background=background,
        is_awaited=is_awaited,
    )
    training = Training(job, view, on_end=lambda run: None if background else _keep(shell, name, run))
    stoppers.append(training)
    return training


async def _told(training: Training) -> NotebookRun:
    """Wait for a training; what went wrong is told as text."""
    with telling():
        return await training.awaited()


def _keep(shell: Shell, name: str | None, run: NotebookRun) -> None:
    if name is not None:
        if not name.isidentifier():
            raise UserProblem("magic-usage", f"--as must be a name of Python; got '{name}'.")
        shell.user_ns[name] = run


def _report(result: CheckResult, config: Config) -> str:
    return render(result.problems, format="text", sources={config.file: config.text}, color=True)
