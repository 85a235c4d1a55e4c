"""A first config for a table: every column with the feature that it would make, and comments that say why.

Knows a table only by its profile (`declml profile --json`), so it can be read and changed without knowing how data are
read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from declml.data.separators import separator_in, separator_key
from declml.errors import UserProblem

Column = Mapping[str, Any]

_PREDICTABLE = {"number", "category", "binary"}
_STRATA = {"category", "binary"}
_FEWEST_FOR_A_STRATUM = 10
_SMALL = 5_000
_PLAIN = re.compile(r"(?:\.{1,2}/|/)?(?:[A-Za-z_][A-Za-z0-9_./ -]*[A-Za-z0-9_]|[A-Za-z_])")
# Words that some YAML reader takes for something else than text.
_NOT_TEXT = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf", "~"}


def draft(
    profile: Mapping[str, Any], *, name: str, source: str, target: str | None = None, guess: str | None = None
) -> str:
    """Return the text of a config for the table with this profile (`Profile.as_json`).

    ``source`` is the path to write down, ``target`` the column to predict; without it ``guess``, which the comment
    says is one. A table in which nothing can be predicted is a `UserProblem`.
    """
    columns: Sequence[Column] = profile["columns"]
    _refuse_other_separator(columns)
    output = _target(columns, target, guess)
    inputs = [each for each in columns if each is not output and _left_out(each) is None]
    if not inputs:
        raise UserProblem(
            "nothing-to-read",
            f"The table must have a column to predict {output['name']!r} from; got none that a model can read.",
            hint="`declml profile` says why each column is left out.",
        )
    rows = int(profile["rows"])
    lines = [
        f"# Drafted from {_one_line(source)}: {rows:,} rows, {len(columns):,} columns. Mend it before training.",
        f"name: {_text(name)}",
        "",
        "data:",
        f"  source: {_text(source)}",
        "",
        "input_features:",
        *(line for each in inputs for line in _feature(each)),
        *_comments(columns, output),
        "",
        "output_features:",
        *_feature(output, note=_why_target(output, asked=target is not None)),
        "",
        *_split(output, rows),
        "",
        *_combiner(),
        "",
        *_trainer(),
    ]
    return "\n".join(lines) + "\n"


def separator_of(columns: Sequence[Column]) -> str | None:
    """Return what seems to stand between values instead of a comma: the table has one column, whose name has it."""
    return separator_in([str(each["name"]) for each in columns])


def _refuse_other_separator(columns: Sequence[Column]) -> None:
    separator = separator_of(columns)
    if separator is not None:
        raise UserProblem(
            "other-separator",
            f"The table must have a column to predict from; got the one column {_one_line(columns[0]['name'])!r}.",
            hint=f"Save it with commas, or write a config with `data: {{source: FILE, {separator_key(separator)}}}`.",
        )


def _target(columns: Sequence[Column], target: str | None, guess: str | None) -> Column:
    by_name = {str(each["name"]): each for each in columns}
    if target is not None and target not in by_name:
        # Imported here: only a wrong name needs it.
        import difflib

        near = difflib.get_close_matches(target, list(by_name), n=1)
        hint = f"Did you mean '{near[0]}'?" if near else f"The columns are {', '.join(by_name)}."
        raise UserProblem("absent-column", f"--target must be a column of the table; got '{target}'.", hint=hint)
    chosen = by_name.get(target or guess or "")
    if chosen is None:
        raise UserProblem(
            "no-target",
            "The table must have a column that can be predicted; got none that looks like one.",
            hint="Name it with --target COLUMN.",
        )
    if chosen["feature_type"] not in _PREDICTABLE:
        kind = chosen["feature_type"] or "nothing that can be read"
        raise UserProblem(
            "no-target",
            f"The column to predict must be a number, category or binary; got {chosen['name']!r}, which is {kind}.",
        )
    return chosen


def _left_out(column: Column) -> str | None:
    """Return why a column should not be an input, or None."""
    if column["feature_type"] is None:
        return str(column["reason"])
    reasons = [str(each) for each in column["warnings"] if "looks like an id" in each or "the same" in each]
    return reasons[0] if reasons else None


def _feature(column: Column, note: str = "") -> list[str]:
    lines = [f"  - name: {_text(column['name'])}", f"    type: {column['feature_type']}"]
    words = [note or _why(column), *_notes(column)]
    lines[0] = f"{lines[0]:<32}# {'; '.join(words)}"
    return lines


def _why(column: Column) -> str:
    number = column.get("number")
    if column["feature_type"] == "number" and number:
        return f"{short_number(number['min'])} to {short_number(number['max'])}"
    return _one_line(column["reason"])


def _notes(column: Column) -> list[str]:
    rows, missing = int(column["rows"]), int(column["missing"])
    notes: list[str] = []
    if missing:
        share = 100 * missing / rows
        notes.append(f"{'less than 1' if share < 1 else f'{share:.0f}'} % missing")
    if column["feature_type"] == "category" and column.get("number") is None:
        shown = [_one_line(value, 20) for value, _ in list(column["top_values"])[:3]]
        if shown:
            notes.append("mostly " + ", ".join(shown))
    infinite = int((column.get("number") or {}).get("infinite", 0))
    if infinite:
        notes.append(f"{infinite:,} values are infinite")
    return notes


def _comments(columns: Sequence[Column], output: Column) -> list[str]:
    left_out = [(each, _left_out(each)) for each in columns if each is not output]
    return [
        f"  # Left out: {_one_line(each['name'], 60)} ({_one_line(why)})." for each, why in left_out if why is not None
    ]


def _why_target(column: Column, *, asked: bool) -> str:
    kind = {"number": "a number", "category": f"{int(column['distinct']):,} classes", "binary": "two classes"}
    chosen = "predicted as asked" if asked else "a guess: is this what you want to predict?"
    return f"{chosen} ({kind[column['feature_type']]})"


def _split(output: Column, rows: int) -> list[str]:
    counts = [int(count) for _, count in output["top_values"]]
    common = len(counts) == int(output["distinct"]) and min(counts, default=0) >= _FEWEST_FOR_A_STRATUM
    lines = ["preprocessing:", "  split:"]
    if output["feature_type"] in _STRATA and common:
        lines[1] = f"{'  split:':<32}# the same share of each class in training, validation and test"
        lines += ["    type: stratify", f"    column: {_text(output['name'])}"]
    else:
        lines.append("    type: random")
    few = f"{'':<4}# few rows: more of them to measure with" if rows < _SMALL else ""
    return [*lines, f"    probabilities: {'[0.6, 0.2, 0.2]' if rows < _SMALL else '[0.7, 0.1, 0.2]'}{few}"]


def _combiner() -> list[str]:
    """Return the combiner by its name: it is the default, and the first thing that one tries another for."""
    return [f"{'combiner:':<32}# mixes the features: small networks that share their weights", "  type: tabm"]


def _trainer() -> list[str]:
    return ["trainer:", f"{'  epochs: auto':<32}# by the rows; early_stop ends it when it gets no better"]


def _text(value: object) -> str:
    """Return a text as YAML: plain where every reader agrees that it is text, in quotes otherwise."""
    text = str(value)
    plain = _PLAIN.fullmatch(text) is not None and text.lower() not in _NOT_TEXT
    return text if plain else json.dumps(text, ensure_ascii=False)


def _one_line(value: object, longest: int = 80) -> str:
    """Return a text that fits into a comment: no line breaks or other control characters, cut where it is long."""
    text = "".join(each if each.isprintable() else " " for each in str(value)).strip()
    return text if len(text) <= longest else text[: longest - 1] + "…"


def short_number(value: float) -> str:
    """Return a number as a range shows it: whole ones in full, others with four digits that count."""
    whole = float(value).is_integer() and abs(value) < 1e12
    # Without a comma below 10,000, where the number may be a year.
    return (f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.0f}") if whole else f"{value:.4g}"
