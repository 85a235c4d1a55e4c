"""What a plain (unquoted) YAML scalar is: the core schema of YAML 1.2, and where YAML 1.1 tools read it differently.

Source: YAML 1.2.2, section 10.3.2 (core schema); yaml.org/type for YAML 1.1.
"""

from __future__ import annotations

import re

_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_OLD_TRUE = frozenset({"y", "Y", "yes", "Yes", "YES", "on", "On", "ON"})
_OLD_FALSE = frozenset({"n", "N", "no", "No", "NO", "off", "Off", "OFF"})
_NUMBER_STARTS = frozenset("0123456789+-.")
MAX_DIGITS = 1000  # Python refuses to print integers of more than 4,300 digits; no config means one

_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_INFINITY = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z")
_NOT_A_NUMBER = frozenset({".nan", ".NaN", ".NAN"})
_OCTAL = re.compile(r"0o[0-7]+\Z")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+\Z")

_OLD_BINARY = re.compile(r"[-+]?0b[01_]+\Z")
_OLD_OCTAL = re.compile(r"[-+]?0[0-7_]+\Z")
_OLD_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9_]*)\Z")
_OLD_HEXADECIMAL = re.compile(r"[-+]?0x[0-9a-fA-F_]+\Z")
_OLD_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?\Z")
_OLD_FLOAT = re.compile(r"[-+]?(?:[0-9][0-9_]*)?\.[0-9_]*(?:[eE][-+][0-9]+)?\Z")


def resolve_plain(text: str) -> str | int | float | bool | None:
    """Return the value of a plain scalar. ``1e-3`` is a number, ``no`` and ``2024-01-01`` are text, ``017`` is 17."""
    if text[:1] not in _NUMBER_STARTS:
        return _WORDS.get(text, text)
    return _number(text)


def _number(text: str) -> str | int | float | None:
    if not text:
        return None
    if len(text) > MAX_DIGITS:
        return text
    if _INTEGER.match(text):
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    if text[0] == "0" and _OCTAL.match(text):
        return int(text[2:], 8)
    if text[0] == "0" and _HEXADECIMAL.match(text):
        return int(text[2:], 16)
    if _INFINITY.match(text):
        return float("-inf") if text[0] == "-" else float("inf")
    return float("nan") if text in _NOT_A_NUMBER else text


def differs_from_yaml_1_1(text: str) -> str | None:
    """Return how a plain scalar's readings differ, such as ``text here, false for YAML 1.1 tools``; None if they agree.

    ``1e-3`` and dates are left out on purpose: the first is what everyone means, the second stays text in every config.
    """
    if text in _OLD_TRUE:
        return "text here, true for YAML 1.1 tools"
    if text in _OLD_FALSE:
        return "text here, false for YAML 1.1 tools"
    if text[:1] not in _NUMBER_STARTS or not text or len(text) > MAX_DIGITS:
        return None
    here, there = _number(text), _old_number(text)
    if isinstance(here, str):
        return None if there is None else f"text here, the number {there} for YAML 1.1 tools"
    if there is None:
        old_text = isinstance(here, int) and (text[:2] == "0o" or text.lstrip("+-")[:1] == "0")
        return f"the number {here} here, text for YAML 1.1 tools" if old_text else None
    return None if here == there else f"the number {here} here, {there} for YAML 1.1 tools"


def _old_number(text: str) -> int | float | None:
    """Return the number that YAML 1.1 sees in ``text``, None when it sees none (or infinity, on which both agree)."""
    sign, digits = (-1, text[1:]) if text[0] == "-" else (1, text.removeprefix("+"))
    digits = digits.replace("_", "")
    if _OLD_SEXAGESIMAL.match(text):
        total: int | float = 0
        for part in digits.split(":"):
            total = total * 60 + (float(part) if "." in part else int(part))
        return sign * total
    for pattern, base in ((_OLD_BINARY, 2), (_OLD_OCTAL, 8), (_OLD_HEXADECIMAL, 16), (_OLD_DECIMAL, 10)):
        if pattern.match(text):
            bare = digits[2:] if base in (2, 16) else digits
            return sign * int(bare, base) if bare else None
    if _OLD_FLOAT.match(text) and digits.strip(".") and digits[:1] in _NUMBER_STARTS:
        return _float(sign, digits)
    return None


def _float(sign: int, digits: str) -> float | None:
    try:
        return sign * float(digits)
    except ValueError:  # such as ".e+3", which the old pattern lets through
        return None
