"""How dates are written: text in any of the usual forms becomes moments, by Polars expressions over whole columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

from declml.components.features.labels import as_labels
from declml.errors import UserProblem

ISO = "%Y-%m-%d"
FORMS = (
    ISO,
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d %B %Y",
    "%d-%B-%Y",
    "%B %d, %Y",
    "%B %d %Y",
    "%m/%d/%y",
    "%d/%m/%y",
    "%d.%m.%y",
)
"""The forms of a day; a time of day may follow. ``%B`` also reads the short names of months."""

_MOMENT = pl.Datetime("us")
_WHOLE = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f")
_PARTS = (
    r"^\s*(?:[A-Za-z]{3,9},\s+)?(.*?)"  # a weekday, the day
    r"(?:(?:T|,?\s+|^)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*(?:([AaPp])\.?[Mm]\.?)?"  # the time of day
    r"\s*(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?\s*$"  # a time zone, which is left out: the clock on the wall tells more
)
_EPOCH = r"^(\d{9,10})(?:\.\d+)?$|^(\d{10})\d{3}$"  # seconds or milliseconds since 1970
_ISO_TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}"
_YEARS = (1000, 9999)  # `%Y` would also read 20 as the year 20
_SECOND = 1_000_000
_WITH_DAY = ("%d", "%e", "%j", "%D", "%F", "%x", "%v", "%c", "%+", "%s")


def read_moments(column: pl.Series, forms: Sequence[str], datetime_format: str | None) -> pl.Series:
    """Return the moment of each row, ``(row,)`` Datetime without a time zone; null where there is none to be read.

    A column of dates or times is taken as it is, in its own time zone. Text is read in ``datetime_format``, else in the
    first of ``forms`` that fits, with or without a time of day; bare numbers of 9, 10 or 13 digits are seconds or
    milliseconds since 1970.
    """
    if isinstance(column.dtype, pl.Datetime):
        return column.dt.replace_time_zone(None).cast(_MOMENT).alias("moment")
    if column.dtype == pl.Date:
        return column.cast(_MOMENT).alias("moment")
    text = as_labels(column)
    if datetime_format is not None:
        return _read_whole(text, datetime_format).alias("moment")
    moments = pl.Series("moment", [None], dtype=_MOMENT).new_from_index(0, len(text))
    for form in _WHOLE:
        moments = _fill_open(moments, text, lambda rest, form=form: _read_whole(rest, form))
    moments = _fill_open(moments, text, lambda rest: _read_day(rest, forms[0]).cast(_MOMENT))
    return _fill_open(moments, text, lambda rest: _each_once(rest, forms))


def count_forms(column: pl.Series, datetime_format: str | None) -> dict[str, int]:
    """Return how many rows each of `FORMS` reads: 01/02/2020 is January in one column and February in another.

    ISO timestamps are read alike in every case and not counted.
    """
    if datetime_format is not None or column.dtype.is_temporal():
        return {}
    text = as_labels(column).drop_nulls()
    text = text.filter(~text.str.contains(_ISO_TIME))
    timed = text.str.contains(":", literal=True)
    days = pl.concat([text.filter(~timed), text.filter(timed).str.extract(_PARTS, 1)]).alias("day")
    table = days.drop_nulls().value_counts(name="rows")
    counts = {form: int(table.filter(_read_day(table["day"], form).is_not_null())["rows"].sum()) for form in FORMS}
    return {form: rows for form, rows in counts.items() if rows}


def ordered_forms(counts: dict[str, int]) -> list[str]:
    """Return all forms, first the one that reads the most rows, then the others as they stand in `FORMS`."""
    first = max(FORMS, key=lambda form: counts.get(form, 0))
    return [first, *(form for form in FORMS if form != first)]


def _fill_open(moments: pl.Series, text: pl.Series, read: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Return the moments with those that ``read`` finds in the texts that have none yet."""
    places = (moments.is_null() & text.is_not_null()).arg_true()
    return moments.scatter(places, read(text.gather(places))) if len(places) else moments


def _read_whole(text: pl.Series, form: str) -> pl.Series:
    """Return moments of text in one form; a form without a day, such as %Y-%m, means the first one."""
    if not any(directive in form for directive in _WITH_DAY):
        month = any(directive in form for directive in ("%m", "%b", "%B", "%h"))
        text, form = text + (" 01" if month else " 01 01"), form + (" %d" if month else " %m %d")
    if not any(directive in form for directive in ("%H", "%I", "%k", "%l", "%T", "%R", "%r", "%X", "%c", "%+", "%s")):
        return _read_day(text, form).cast(_MOMENT)
    try:
        moments = text.str.strptime(_MOMENT, form, strict=False)
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0].removeprefix("Invalid format string: ")
        raise UserProblem(
            "bad-datetime-format", f"datetime_format must be a form of dates such as %d.%m.%Y; got {form!r}: {reason}"
        ) from error
    return moments.dt.replace_time_zone(None).cast(_MOMENT) if moments.dtype != _MOMENT else moments


def _read_day(text: pl.Series, form: str) -> pl.Series:
    """Return days, ``(row,)`` Date; null where the text is in another form."""
    days = text.str.strptime(pl.Date, form, strict=False)
    years = days.dt.year()
    return days.set(((years < _YEARS[0]) | (years > _YEARS[1])).fill_null(value=False), None)


def _each_once(text: pl.Series, forms: Sequence[str]) -> pl.Series:
    distinct = text.unique()
    return text.replace_strict(distinct, _taken_apart(distinct, forms), return_dtype=_MOMENT)


def _taken_apart(text: pl.Series, forms: Sequence[str]) -> pl.Series:
    """Return moments of texts whose day and time of day are read apart, or which count from 1970."""
    parts = text.str.extract_groups(_PARTS).struct.unnest()
    days = pl.Series("day", [None], dtype=pl.Date).new_from_index(0, len(text))
    for form in forms:
        open_places = days.is_null().arg_true()
        if not len(open_places):
            break
        days = days.scatter(open_places, _read_day(parts["1"].gather(open_places), form))
    hour, minute, second = (pl.col(name).cast(pl.Int64).fill_null(0) for name in "234")
    half = pl.col("5").str.to_lowercase()
    on_clock = pl.when(half.is_null()).then(hour).otherwise(hour % 12 + 12 * (half == "p"))
    right = (hour < 24) & (minute < 60) & (second < 61) & (half.is_null() | hour.is_between(1, 12))
    seconds = pl.when(right).then(on_clock * 3600 + minute * 60 + second.clip(upper_bound=59))
    moment = pl.col("day").cast(_MOMENT) + (seconds * _SECOND).cast(pl.Duration("us"))
    epochs = text.str.extract_groups(_EPOCH).struct.unnest()
    epoch = pl.coalesce("first", "last").cast(pl.Int64) * _SECOND
    table = parts.with_columns(days, epochs["1"].alias("first"), epochs["2"].alias("last"))
    return table.select(moment=pl.coalesce(moment, epoch.cast(_MOMENT)))["moment"]
