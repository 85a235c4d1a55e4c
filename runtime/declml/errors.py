"""The errors of the runtime, all in one tree.

DeclmlError
├── UserProblem      the config or the data is wrong: one sentence with a place and a way out, never a traceback
├── ConfigProblems   a config has errors: all of them, each with a place
├── CacheCorrupt     a cache entry is not what was written; whoever asked rebuilds it
└── RunNotFound      no run answers to that name
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from declml_schema.problems import Problem


class DeclmlError(Exception):
    """Base of every error that declml raises on purpose."""


class UserProblem(DeclmlError):
    """Something that the user can mend. ``code`` is a problem's code, ``path`` the config path it belongs to, if
    any.
    """

    def __init__(self, code: str, message: str, *, path: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path = path
        self.hint = hint


class ConfigProblems(DeclmlError):
    """A config that cannot run. ``problems`` are all of them, warnings included; ``source`` is the text they are
    places in.
    """

    def __init__(self, problems: Sequence[Problem], *, source: str = "", file: str = "") -> None:
        errors = [each for each in problems if each.severity == "error"]
        first = errors[0].message if errors else "the config has problems"
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        super().__init__(f"{first}{more}")
        self.problems = list(problems)
        self.source = source
        self.file = file


class CacheCorrupt(DeclmlError):
    """A cache entry's files do not match its manifest."""


class RunNotFound(DeclmlError):
    """No run, or more than one, answers to a name."""
