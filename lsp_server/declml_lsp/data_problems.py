"""What the data say against a config: each feature held against its column's profile, without reading the data.

The sentences are those of a training (`declml_schema.column_findings`), and so is the severity: what would keep it from
starting is an error. Where the profile cannot be sure, because it saw only a part of the rows or the training sees only
a part, it is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from declml_schema import column_findings
from declml_schema.check import CheckResult
from declml_schema.column_findings import Found
from declml_schema.feature_reading import FeatureReading
from declml_schema.inspection import BAD
from declml_schema.problems import Problem, Related, Severity

Json = Mapping[str, Any]

FOUND_CODES = frozenset(
    {
        "all-missing", "class-imbalance", "constant-column", "feature-equals-target", "looks-like-id",
        "missing-dropped", "missing-target", "not-a-number", "not-binary", "one-class", "wrong-column-type",
    }
)  # fmt: skip
"""What is looked for here; a training looks for more."""
_NO_FEATURE_YET = ("List", "Array", "Struct", "Binary", "Object")
_TIMES = ("Date", "Time", "Duration")
_TRUTHS = frozenset({"1", "true", "yes", "t", "y", "on", "0", "false", "no", "f", "n", "off"})
"""Words of which each is one value in whatever case it is written."""
_SURE = frozenset({"not-binary", "wrong-column-type"})
"""What more rows cannot make right."""
_OF_THE_TYPE = frozenset({"not-a-number", "not-binary", "wrong-column-type", "looks-like-id"})
_IMBALANCED_SHARE = 0.9


def data_problems(result: CheckResult, profile: Json, *, is_whole: bool) -> list[Problem]:
    """Return what is wrong or odd with the columns of a config's features, each at the feature's name.

    ``is_whole`` says whether a training sees all rows of the data.
    """
    columns = {str(each["name"]): each for each in profile["columns"]}
    features = [each for each in result.features if each.name and each.column in columns]
    targets = [each for each in features if each.side == "output"]
    certain = is_whole and profile.get("sampled") is None
    remark = (profile.get("sampled") or {}).get("sentence", "")
    problems: list[Problem] = []
    for feature in features:
        for found in _found(feature, columns[feature.column], targets):
            problems += _placed(feature, found, certain=certain or found.code in _SURE, remark=remark)
    return problems


def _found(feature: FeatureReading, column: Json, targets: Sequence[FeatureReading]) -> Iterator[Found]:
    told = _against_type(feature, column) if feature.type else None
    if told is not None:
        yield told
        if told.fatal:
            return
    yield from _presence(feature, column)
    if feature.side == "input":
        same = column["same_as"]
        for target in targets:
            is_same = target.column == feature.column or target.column in same
            if is_same and not (column["all_missing"] or column["constant"]):
                yield column_findings.equals_target(feature.name, column=feature.column, target=target.column)
    elif feature.type in ("category", "binary"):
        yield from _imbalance(feature, column)


# --- the column against the type -------------------------------------------------------------------------------------


def _against_type(feature: FeatureReading, column: Json) -> Found | None:
    holds = str(column["dtype"])
    if holds.startswith(_NO_FEATURE_YET) or (feature.type == "number" and holds.startswith(_TIMES)):
        return column_findings.wrong_type(feature.column, declared=feature.type, holds=holds)
    check = _CHECKS.get(feature.type)
    return check(feature, column) if check is not None and not column["all_missing"] else None


def _number(feature: FeatureReading, column: Json) -> Found | None:
    wrong = column["not_numbers"]
    if wrong is None or not wrong["count"]:
        return None
    return column_findings.not_numbers(
        feature.column, texts=wrong["count"], rows=column["rows"], row=wrong["row"], text=wrong["text"]
    )


def _binary(feature: FeatureReading, column: Json) -> Found | None:
    labels = {_label(value, column) for value, _rows in column["top_values"]}
    if column["distinct"] > len(column["top_values"]):
        count = column["distinct"]
    else:
        words = {label.lower() if label.lower() in _TRUTHS else label for label in labels}
        count = len(words)
    if count <= 2:
        return None
    return column_findings.not_binary(feature.column, values=sorted(labels), count=count)


def _category(feature: FeatureReading, column: Json) -> Found | None:
    present = column["rows"] - column["missing"]
    if not column_findings.is_like_an_id(distinct=column["distinct"], present=present):
        return None
    return column_findings.looks_like_id(feature.column, distinct=column["distinct"], present=present)


_CHECKS = {"number": _number, "binary": _binary, "category": _category}
_READ_BY_FORM = {"category_distribution", "date", "h3", "vector"}
"""Types of which a profile, which has the values as they are written, cannot say what is read from them."""


# --- its values as such ----------------------------------------------------------------------------------------------


def _presence(feature: FeatureReading, column: Json) -> Iterator[Found]:
    rows, is_target = column["rows"], feature.side == "output"
    texts = (column["not_numbers"] or {}).get("count", 0) if feature.type == "number" else 0
    missing = column["missing"] + texts  # what is no number counts as missing
    if missing == rows:
        if rows:
            yield column_findings.all_missing(feature.column, rows=rows)
        return
    if not missing and not column["constant"]:
        return  # most columns, of which a wide table has thousands
    strategy = feature.preprocessing.value("missing_value_strategy") if feature.type else BAD
    # What cannot be read is missing as well, and only a reading of the form counts it.
    if missing and strategy == "drop_row" and not (is_target and feature.type in _READ_BY_FORM):
        yield column_findings.some_missing(feature.column, missing=missing, rows=rows, is_target=is_target)
    if column["constant"] and rows > 1 and not texts and feature.type not in _READ_BY_FORM:
        value = _label(column["top_values"][0][0], column)
        fills = missing and strategy in ("fill_with_false", "fill_with_true", "fill_with_const")
        if is_target and feature.type == "binary":
            if not fills:
                yield column_findings.one_value(feature.column, value=value, rows=rows)
        elif is_target and (feature.type == "category" or _is_one_item(value, feature)):
            if not fills:
                yield column_findings.one_class(feature.column, label=value, rows=rows)
        else:
            yield column_findings.constant(feature.column, value=_as_read(value, feature))


def _is_one_item(value: str, feature: FeatureReading) -> bool:
    """Return whether every set of a column is one item: a word, where words are the items."""
    return feature.type == "set" and feature.preprocessing.value("tokenizer") == "space" and len(value.split()) == 1


def _imbalance(feature: FeatureReading, column: Json) -> Iterator[Found]:
    present = column["rows"] - column["missing"]
    if present < column_findings.FEW_ROWS or column["constant"] or not column["top_values"]:
        return
    value, rows = column["top_values"][0]
    if rows >= present * _IMBALANCED_SHARE:
        yield column_findings.imbalance(feature.column, label=_label(value, column), rows=rows, present=present)


def _label(value: object, column: Json) -> str:
    """Return a value of the profile as a label: whole numbers of a float column without ``.0``."""
    text = str(value)
    return text.removesuffix(".0") if str(column["dtype"]).startswith("Float") else text


def _as_read(label: str, feature: FeatureReading) -> object:
    try:
        return float(label) if feature.type == "number" else label
    except ValueError:
        return label


# --- findings become problems ----------------------------------------------------------------------------------------


def _placed(feature: FeatureReading, found: Found, *, certain: bool, remark: str) -> Iterator[Problem]:
    node = feature.name_node()
    if node is None:
        return
    severity = Severity.ERROR if found.fatal and certain else Severity.WARNING
    if found.code == "class-imbalance":
        severity = Severity.INFORMATION
    path = f"{feature.side}_features[{feature.name}]"
    yield Problem(
        found.code,
        found.message,
        node.span,
        severity,
        path,
        hint=found.hint or remark,
        related=_related(feature, found),
    )


def _related(feature: FeatureReading, found: Found) -> tuple[Related, ...]:
    related: list[Related] = []
    for key, codes, message in (
        ("type", _OF_THE_TYPE, f"It is declared {feature.type} here."),
        ("column", None, f"It reads the column '{feature.column}'."),
    ):
        place = feature.reading.places.get(key)
        if place is not None and (codes is None or found.code in codes) and place[1].start_line >= 0:
            related.append(Related(place[1].span, message))
    return tuple(related)
