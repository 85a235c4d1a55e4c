"""A column of the data: how much of it is there, its range or its most frequent values, and a picture of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from declml_lsp.hovering.ink import clipped, figure, padded
from declml_lsp.hovering.look import Look

_STEPS = " ▁▂▃▄▅▆▇█"
_PARTS = "▏▎▍▌▋▊▉█"
_BARS = 5
_BAR_WIDTH = 16
_NAME_WIDTH = 20
_SHOWN = 3

Json = Mapping[str, Any]


def column_parts(look: Look, name: str, *, feature_type: str = "") -> list[str]:
    """Return what is known of a column; nothing while its data are not read."""
    profile = look.profile
    column = column_of(profile, name)
    if profile is None or column is None:
        return []
    ink = look.ink
    parts = [ink.items([line for line in (_size(column), _spread(column)) if line])]
    picture = _picture(column, feature_type)
    if picture:
        parts.append(ink.block(picture))
    else:
        examples = [ink.code(clipped(str(each), 40)) for each in column.get("examples") or ()]
        if examples:
            parts.append(f"For example {', '.join(examples[:_SHOWN])}.")
    sampled = profile.get("sampled")
    if isinstance(sampled, Mapping) and sampled.get("sentence"):
        parts.append(str(sampled["sentence"]))
    return parts


def column_of(profile: Json | None, name: str) -> Json | None:
    """Return the facts of one column, None where they are not known."""
    columns: Sequence[Json] = (profile or {}).get("columns") or ()
    return next((column for column in columns if column.get("name") == name), None)


def _size(column: Json) -> str:
    rows, missing = int(column.get("rows") or 0), int(column.get("missing") or 0)
    gone = f"{missing:,} missing ({_percent(missing, rows)})" if missing else "none missing"
    return f"{column.get('dtype', 'Column')} · {rows:,} rows · {gone} · {int(column.get('distinct') or 0):,} different"


def _spread(column: Json) -> str:
    number, text = column.get("number"), column.get("text")
    if isinstance(number, Mapping):
        quantiles = number.get("quantiles") or {}
        middle = ""
        if "0.25" in quantiles and "0.75" in quantiles:
            middle = f", half of them from {figure(quantiles['0.25'])} to {figure(quantiles['0.75'])}"
        span = f"from {figure(number['min'])} to {figure(number['max'])}, mean {figure(number['mean'])}{middle}"
        return f"{span[0].upper()}{span[1:]}"
    if isinstance(text, Mapping) and text.get("max_words", 0) > 1:
        return f"{figure(text['mean_words'])} words on average, {int(text['max_words']):,} at most"
    return ""


def _picture(column: Json, feature_type: str) -> list[str]:
    number = column.get("number")
    if isinstance(number, Mapping) and feature_type in ("number", ""):
        edges: Sequence[float] = number.get("histogram_edges") or []
        rows: Sequence[int] = number.get("histogram_rows") or []
        if len(rows) > 1 and len(edges) == len(rows) + 1:
            return histogram(rows, figure(edges[0]), figure(edges[-1]))
    top = [(str(value), int(count)) for value, count in column.get("top_values") or column.get("top") or ()]
    if not top or top[0][1] < 2 or feature_type == "text":
        return []
    present = int(column.get("rows") or 0) - int(column.get("missing") or 0)
    lines = bars(top[:_BARS], present)
    rest = int(column.get("distinct") or 0) - len(top[:_BARS])
    if rest > 0:
        others = present - sum(count for _, count in top[:_BARS])
        lines.append(f"{rest:,} more{'' if others <= 0 else f', {_percent(others, present)} of the rows'}")
    return lines


def histogram(rows: Sequence[int], low: str, high: str) -> list[str]:
    """Return bars side by side, one letter each, and a line with the range below."""
    most = max(rows)
    levels = [0 if not count else max(1, round(8 * count / most)) for count in rows]
    wide = max(len(rows), len(low) + len(high) + 1)
    line = "".join(_STEPS[level] for level in levels).rstrip()
    return [line, f"{low}{high.rjust(wide - len(low))}"]


def bars(values: Sequence[tuple[str, int]], total: int) -> list[str]:
    """Return a bar per value, aligned, with its rows and share."""
    names = [clipped(name, _NAME_WIDTH) or "(empty)" for name, _ in values]
    wide = max((len(padded(name, 0)) for name in names), default=0)
    most = max(count for _, count in values)
    counts = [f"{count:,}" for _, count in values]
    return [
        f"{padded(name, wide)}  {padded(_bar(value[1], most), _BAR_WIDTH)}  "
        f"{count.rjust(max(map(len, counts)))}  {_percent(value[1], total).rjust(6)}"
        for name, value, count in zip(names, values, counts, strict=True)
    ]


def _bar(count: int, most: int) -> str:
    eighths = max(1, round(8 * _BAR_WIDTH * count / most)) if count else 0
    whole, part = divmod(eighths, 8)
    return "█" * whole + (_PARTS[part - 1] if part else "")


def _percent(part: int, whole: int) -> str:
    if not whole:
        return "0 %"
    share = 100 * part / whole
    return f"{share:.0f} %" if share >= 10 or not part else f"{share:.1f} %" if share >= 0.05 else "< 0.1 %"
