"""What can be wrong or odd with a column, in one wording for a training, a plan and an editor.

Each function is given what was counted and returns the finding; none looks at data. ``fatal`` is what keeps a training
from starting.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_LONGEST = 60
"""How much of a value is shown."""
FEW_ROWS = 50
"""Of fewer rows, nobody can say that a category looks like an id."""


class Found(NamedTuple):
    """A finding: the problem's code, the whole sentence without the place, and whether training must not start."""

    code: str
    message: str
    fatal: bool = False
    hint: str = ""


def all_missing(column: str, *, rows: int) -> Found:
    """Return the finding for a column without any value."""
    return Found("all-missing", f"Column '{column}' must have values; got {rows:,} rows, all missing.", fatal=True)


def some_missing(column: str, *, missing: int, rows: int, is_target: bool) -> Found:
    """Return the finding for rows that are left out because they have no value."""
    subject, code = ("Target", "missing-target") if is_target else ("Column", "missing-dropped")
    message = f"{subject} '{column}' has no value in {missing:,} of {rows:,} rows: these rows are left out."
    return Found(code, message)


def constant(column: str, *, value: object) -> Found:
    """Return the finding for a column whose values are all the same."""
    message = f"Column '{column}' should vary; got {value!r} in all rows that have a value."
    return Found("constant-column", message)


def wrong_type(column: str, *, declared: str, holds: str) -> Found:
    """Return the finding for a column whose values the feature type cannot hold; ``holds`` is the column's type."""
    message = f"Column '{column}' is declared {declared} but holds {holds} values."
    return Found("wrong-column-type", message, fatal=True)


def not_numbers(column: str, *, texts: int, rows: int, row: int, text: str) -> Found:
    """Return the finding for a number feature on text; ``row``, from 1, and ``text`` are those of the first."""
    message = (
        f"Column '{column}' is declared number but {texts:,} of {rows:,} rows are text, first at row {row:,}: '{text}'."
    )
    return Found("not-a-number", message, fatal=texts * 2 > rows)


_UNREAD = {"date": "not-a-date", "h3": "not-an-h3-index", "vector": "not-a-vector"}


def not_read(column: str, *, declared: str, count: int, rows: int, row: int, got: str) -> Found:
    """Return the finding for values that are none of the declared type; ``row``, from 1, and ``got`` are the first."""
    shown = got if len(got) <= _LONGEST else got[:_LONGEST] + "..."
    message = (
        f"Column '{column}' is declared {declared} but {count:,} of {rows:,} rows hold none that can be read, first at"
        f" row {row:,}: '{shown}'."
    )
    return Found(_UNREAD[declared], message, fatal=count * 2 > rows)


def wrong_length(column: str, *, count: int, rows: int, row: int, got: int, size: int) -> Found:
    """Return the finding for vectors of another length than ``size``; ``row``, from 1, and ``got`` are the first's."""
    message = (
        f"Column '{column}' must have {size:,} numbers in each vector; got another length in {count:,} of {rows:,}"
        f" rows, first {got:,} at row {row:,}."
    )
    return Found("wrong-length", message, fatal=count * 2 > rows)


def not_shares(column: str, *, count: int, rows: int, row: int, got: str) -> Found:
    """Return the finding for values that are no shares of a whole; ``row``, from 1, and ``got`` are the first's."""
    message = (
        f"Column '{column}' must hold shares: numbers >= 0, not all 0; got others in {count:,} of {rows:,} rows, first"
        f" at row {row:,}: {got}."
    )
    return Found("not-shares", message, fatal=count * 2 > rows)


def not_binary(column: str, *, values: Sequence[str], count: int) -> Found:
    """Return the finding for a binary with more than two values; ``values`` are all of them or some."""
    message = (
        f"Column '{column}' is declared binary and must have two values; got {count:,}: {quoted(values, of=count)}."
    )
    return Found("not-binary", message, fatal=True)


def one_value(column: str, *, value: str, rows: int) -> Found:
    """Return the finding for a binary target that is always the same."""
    return Found(
        "one-class", f"Target '{column}' must have two values; got only '{value}' in {rows:,} rows.", fatal=True
    )


def one_class(column: str, *, label: str, rows: int) -> Found:
    """Return the finding for a category target with a single class."""
    message = f"Target '{column}' must have at least two classes; got only '{label}' in {rows:,} rows."
    return Found("one-class", message, fatal=True)


def is_like_an_id(*, distinct: int, present: int) -> bool:
    """Return whether nearly every row has a label of its own, which nothing can be learned from."""
    return present >= FEW_ROWS and distinct * 10 >= present * 9


def looks_like_id(column: str, *, distinct: int, present: int) -> Found:
    """Return the finding for a category of which `is_like_an_id` is true."""
    message = (
        f"Column '{column}' is declared category but has {distinct:,} different values in {present:,} rows: it looks"
        " like an id."
    )
    return Found("looks-like-id", message)


def equals_target(feature: str, *, column: str, target: str) -> Found:
    """Return the finding for an input whose column has the values of a target's."""
    message = f"Feature '{feature}' must not be the target; column '{column}' holds the same values as '{target}'."
    hint = "A model that is given the answer learns nothing else: remove the feature."
    return Found("feature-equals-target", message, hint=hint)


def imbalance(column: str, *, label: str, rows: int, present: int) -> Found:
    """Return the finding for a target that is nearly always the same label."""
    share = rows / present
    message = f"Target '{column}' is '{label}' in {rows:,} of {present:,} rows ({share:.0%})."
    hint = "A model that always says so is right as often: look at a metric that counts each class alike."
    return Found("class-imbalance", message, hint=hint)


def quoted(values: Sequence[str], *, of: int | None = None, most: int = 3) -> str:
    """Return values in quotes, the first few of many; ``of`` says how many there are beside those given."""
    shown = ", ".join(f"'{value}'" for value in values[:most])
    more = (len(values) if of is None else of) - len(values[:most])
    return f"{shown} and {more:,} more" if more > 0 else shown


def unfit_labels(column: str, *, of: str, count: int, rows: int, row: int, labels: int, tokens: int) -> Found:
    """Return the finding for rows with another number of labels than tokens; the last three are the first such row."""
    verb = "has" if count == 1 else "have"
    message = (
        f"Column '{column}' must have a label for each token of '{of}'; {count:,} of {rows:,} rows {verb} not, first"
        f" row {row:,} with {labels:,} for {tokens:,}: they are left out."
    )
    hint = "Both are cut by the tokenizer of their feature, and at its max_sequence_length."
    return Found("unfit-labels", message, fatal=count * 2 > rows, hint=hint)
