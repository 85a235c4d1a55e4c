"""`declml check`: every problem of a config, with its place. Loads neither torch nor any library for data."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from declml.cli.options import set_option
from declml.cli.terminal import say, wants_color
from declml.errors import ConfigProblems, UserProblem
from declml_schema.problems import Problem, has_errors

if TYPE_CHECKING:
    from declml.run.config import Config

_STANDARD_INPUT = "<stdin>"


@click.command(
    epilog="""\b
Examples:
  declml check census.declml.yaml
  declml check *.declml.yaml --format github
  cat census.declml.yaml | declml check -
"""
)
@click.argument("configs", nargs=-1, required=True, metavar="CONFIG...")
@set_option()
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    show_default=True,
    help="How to tell the problems: for people, as JSON, as SARIF for code scanners, or as annotations of GitHub.",
)
def check(
    configs: tuple[str, ...], overrides: tuple[str, ...], format_: Literal["text", "json", "sarif", "github"]
) -> None:
    """Check configs and tell every problem with its line, column and, where there is one, the way out.

    `-` reads a config from standard input. The exit code is 1 when a config has an error; warnings do not count.
    """
    from declml.run.config import parse_overrides
    from declml_schema.report import render

    changes = parse_overrides(overrides)
    problems: list[Problem] = []
    sources: dict[str, str] = {}
    for each in configs:
        found, text, file = _problems_of(each, changes)
        problems += found
        sources[file] = text
    say(render(problems, format=format_, sources=sources, color=wants_color()).removesuffix("\n"))
    if has_errors(problems):
        raise click.exceptions.Exit(1)


def _problems_of(name: str, changes: tuple[tuple[str, object], ...]) -> tuple[list[Problem], str, str]:
    """Return the problems of one config, its text, and its name in messages."""
    from declml.run.config import checked, load_config

    try:
        config = _standard_input() if name == "-" else load_config(Path(name))
        return list(checked(config, changes).problems), config.text, config.file
    except ConfigProblems as error:
        return error.problems, error.source, error.file or name
    except UserProblem as error:
        # One config that cannot be read does not hide what is wrong with the others.
        return [Problem(error.code, error.message, path=error.path, hint=error.hint, file=name)], "", name


def _standard_input() -> Config:
    from declml.run.config import Config
    from declml_schema.document import parse

    # Bytes, so that a wrong encoding is a problem like any other.
    document = parse(sys.stdin.buffer.read())
    return Config(document.text, _STANDARD_INPUT, None, document)
