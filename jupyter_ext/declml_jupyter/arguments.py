"""What may stand behind ``%%declml`` and ``%declml``: commands, their options, and the reading of such a line."""

from __future__ import annotations

import argparse
import difflib
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NoReturn

from declml.errors import UserProblem


@dataclass(frozen=True, slots=True)
class Option:
    """An option: ``value`` names what it takes, empty for a flag."""

    name: str
    value: str
    doc: str
    many: bool = False


_DATA = Option("--data", "NAME", "A table of the notebook (pandas, Polars, Arrow), or a file.")
_SET = Option("--set", "PATH=VALUE", "Another value for one key of the config; may be given several times.", many=True)
_RUNS = Option("--runs", "DIR", "The folder of all runs, instead of the project's.")
_AS = Option("--as", "NAME", "Keep what comes of it under this name.")
_TRAIN = (
    _DATA,
    _SET,
    _AS,
    Option("--background", "", "Go on with the notebook while it trains."),
    Option("--kernel", "NAME", "What trains it: warm, local, a known kernel, a server's URL or ssh://user@host."),
    Option("--experiment", "NAME", "Keep the run under this name."),
    Option("--resume", "RUN", "Go on with a run that did not finish."),
    Option("--again", "", "Train even though a finished run is the same."),
    Option("--plain", "", "Lines of text instead of the live view."),
    _RUNS,
)


@dataclass(frozen=True, slots=True)
class Command:
    """A command: the names of what it is given, its options, and a sentence."""

    doc: str
    operands: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()


CELL_COMMANDS: Mapping[str, Command] = MappingProxyType(
    {
        "train": Command("Train the config below and show it live.", (), _TRAIN),
        "check": Command("Find every mistake in the config below.", (), (_SET,)),
        "plan": Command("Say what training would do, and run nothing.", (), (_DATA, _SET, _RUNS)),
        "profile": Command("Show what is in the data of the config below.", (), (_DATA, _SET)),
        "resolved": Command("Show the config below with every default filled in.", (), (_SET,)),
    }
)
LINE_COMMANDS: Mapping[str, Command] = MappingProxyType(
    {
        "runs": Command(
            "List the runs.",
            (),
            (
                Option("--experiment", "NAME", "Only the runs of this experiment."),
                Option("--limit", "N", "At most so many."),
                _RUNS,
            ),
        ),
        "show": Command("Show one run.", ("run",), (_RUNS,)),
        "diff": Command("Compare two runs.", ("a", "b"), (_RUNS,)),
        "attach": Command(
            "Follow a run that is running, or show one that ended.",
            ("run",),
            (
                _AS,
                Option("--background", "", "Go on with the notebook."),
                Option("--plain", "", "Lines of text."),
                _RUNS,
            ),
        ),
        "stop": Command("Stop a run after its next checkpoint.", ("run",), (Option("--now", "", "At once."), _RUNS)),
        "predict": Command("Predict new rows.", ("run",), (_DATA, _AS, _RUNS)),
        "evaluate": Command("Measure a run on other rows.", ("run",), (_DATA, _AS, _RUNS)),
    }
)


@dataclass(frozen=True, slots=True)
class Arguments:
    """A line that was read. What was not given is empty."""

    command: str
    operands: tuple[str, ...]
    values: Mapping[str, str]
    flags: frozenset[str]
    overrides: tuple[str, ...] = ()

    def value(self, option: str) -> str | None:
        """Return what was given for an option, None where it was not."""
        return self.values.get(option)


class _Reader(argparse.ArgumentParser):
    """argparse, without its exit."""

    def error(self, message: str) -> NoReturn:
        sentence = f"This line must be one that declml knows; got: {message}."
        raise UserProblem("magic-usage", sentence, hint=self.usage or "")


def read_line(line: str, commands: Mapping[str, Command], *, magic: str) -> Arguments:
    """Return what a magic's line asks for; a `UserProblem` with the way out where it is not understood."""
    try:
        words = shlex.split(line, comments=True)
    except ValueError as error:
        raise UserProblem("magic-usage", f"The quotation marks of a line must be closed; got: {line}.") from error
    name, rest = (words[0], words[1:]) if words else ("", [])
    command = commands.get(name)
    if command is None:
        near = difflib.get_close_matches(name, commands, n=1, cutoff=0.5)
        hint = f"Did you mean '{near[0]}'?" if near else ""
        got = f"'{name}'" if name else "nothing"
        raise UserProblem(
            "magic-usage", f"After {magic} must stand one of {', '.join(commands)}; got {got}.", hint=hint
        )
    reader = _Reader(prog=magic, usage=usage(magic, name, command), add_help=False, allow_abbrev=False)
    for operand in command.operands:
        reader.add_argument(operand)
    for option in command.options:
        if not option.value:
            reader.add_argument(option.name, action="store_true")
        else:
            reader.add_argument(option.name, action="append" if option.many else "store")
    found = vars(reader.parse_args(rest))
    given = {option: found[option.name.removeprefix("--")] for option in command.options}
    return Arguments(
        name,
        tuple(found[operand] for operand in command.operands),
        {option.name: value for option, value in given.items() if option.value and not option.many and value},
        frozenset(option.name for option, value in given.items() if not option.value and value),
        tuple(next((value or () for option, value in given.items() if option.many), ())),
    )


def usage(magic: str, name: str, command: Command) -> str:
    """Return how a command is written: ``%declml diff A B [--runs DIR]``."""
    words = [magic, name, *(operand.upper() for operand in command.operands)]
    words += [f"[{option.name}{' ' * bool(option.value)}{option.value}]" for option in command.options]
    return " ".join(words)


def overview() -> str:
    """Return all that there is, a line each."""
    cells = [(f"%%declml {name}", command.doc) for name, command in CELL_COMMANDS.items()]
    lines = [
        (" ".join(["%declml", name, *(each.upper() for each in command.operands)]), command.doc)
        for name, command in LINE_COMMANDS.items()
    ]
    width = max(len(written) for written, _ in cells + lines)
    return "\n".join(f"{written:<{width}}  {doc}" for written, doc in cells + lines)
