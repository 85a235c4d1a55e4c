"""Options and arguments that several commands share, said in one way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import click

Decorator: TypeAlias = Callable[[Callable[..., Any]], Callable[..., Any]]

RUN_HELP = "RUN is an id such as 0012-3fa9, its number 12, the start of an id, `latest`, or the path of a run folder."


def config_argument() -> Decorator:
    """Return the argument CONFIG."""
    return click.argument("config", type=click.Path(dir_okay=False))


def run_argument(name: str = "run") -> Decorator:
    """Return an argument that names a run."""
    return click.argument(name, metavar=name.upper())


def runs_option() -> Decorator:
    """Return the option --runs."""
    return click.option(
        "--runs",
        "runs",
        type=click.Path(file_okay=False),
        metavar="DIR",
        help="The folder of all runs, instead of the project's `runs`.",
    )


def set_option() -> Decorator:
    """Return the option --set."""
    return click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="PATH=VALUE",
        help="Use another value for one key of the config, such as trainer.epochs=3. May be given several times.",
    )


def dataset_option() -> Decorator:
    """Return the option --dataset."""
    return click.option(
        "--dataset",
        metavar="FILE",
        help="The data to use instead of the config's data.source: a file, folder, pattern or URL.",
    )


def kernel_option() -> Decorator:
    """Return the option --kernel."""
    return click.option(
        "--kernel",
        metavar="KERNEL",
        help="Train on this kernel: warm (the default), local, the name of a kernelspec, http(s)://HOST:PORT or "
        "ssh://USER@HOST. `declml kernels` lists them.",
    )


def json_option() -> Decorator:
    """Return the option --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for a program.")
