"""Plain scalars: the core schema of YAML 1.2, and the warning where YAML 1.1 tools read something else."""

from __future__ import annotations

import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from declml_schema.scalars import differs_from_yaml_1_1, resolve_plain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("nULL", "nULL"),
        ("true", True),
        ("FALSE", False),
        ("tRUE", "tRUE"),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("0", 0),
        ("-12", -12),
        ("+12", 12),
        ("017", 17),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b11", "0b11"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("1e-3", 1e-3),
        ("1E5", 1e5),
        ("-.5", -0.5),
        ("2.", 2.0),
        (".", "."),
        ("+", "+"),
        ("-", "-"),
        ("1e", "1e"),
        ("e5", "e5"),
        ("1.2.3", "1.2.3"),
        ("2024-01-01", "2024-01-01"),
        ("-.inf", -math.inf),
        ("+.INF", math.inf),
        ("inf", "inf"),
        ("١٢", "١٢"),  # digits of another script are text
        ("9" * 40, int("9" * 40)),
        ("9" * 6000, "9" * 6000),
        ("0x" + "f" * 9000, "0x" + "f" * 9000),
    ],
)
def test_a_plain_scalar_has_the_value_of_the_core_schema(text: str, value: object) -> None:
    found = resolve_plain(text)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_not_a_number_is_a_float(text: str) -> None:
    found = resolve_plain(text)
    assert isinstance(found, float)
    assert math.isnan(found)


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("no", "text here, false for YAML 1.1 tools"),
        ("YES", "text here, true for YAML 1.1 tools"),
        ("y", "text here, true for YAML 1.1 tools"),
        ("off", "text here, false for YAML 1.1 tools"),
        ("1_000", "text here, the number 1000 for YAML 1.1 tools"),
        ("1:30", "text here, the number 90 for YAML 1.1 tools"),
        ("-1:30:00", "text here, the number -5400 for YAML 1.1 tools"),
        ("0b11", "text here, the number 3 for YAML 1.1 tools"),
        ("017", "the number 17 here, 15 for YAML 1.1 tools"),
        ("0o17", "the number 15 here, text for YAML 1.1 tools"),
        ("08", "the number 8 here, text for YAML 1.1 tools"),
    ],
)
def test_a_scalar_with_two_readings_is_named_with_both(text: str, phrase: str) -> None:
    assert differs_from_yaml_1_1(text) == phrase


@pytest.mark.parametrize(
    "text",
    ["", "1e-3", "1e5", "-1E+3", "2024-01-01", "10:70", "007", "0", "12", "-3.5", "0x1F", ".inf", ".nan", "true", "~",
     "nO", "text", "_1", "1-2", "192.168.0.1", "lstm", "0.7"],
)  # fmt: skip
def test_a_scalar_with_one_reading_is_left_alone(text: str) -> None:
    assert differs_from_yaml_1_1(text) is None


@given(st.text(alphabet="0123456789+-._eExXoOab:yYnNtTfF~", max_size=8))
def test_what_is_not_flagged_reads_the_same_in_pyyaml(text: str) -> None:
    """PyYAML is a YAML 1.1 tool. Left out are floats like ``1e5``, on which we differ on purpose, and odd leftovers."""
    here = resolve_plain(text)
    loader = yaml.SafeLoader("")
    tag = loader.resolve(yaml.ScalarNode, text, (True, False))
    try:
        there = loader.construct_object(yaml.ScalarNode(tag, text))
    except (ValueError, IndexError, yaml.YAMLError):
        return  # PyYAML resolves the scalar and then cannot construct it, such as "0b_" or "1:1:"
    loader.dispose()
    if not isinstance(here, (int, float)) and not isinstance(there, (int, float)):
        return
    if isinstance(here, float) and ("e" in text.lower() or math.isnan(here) or math.isinf(here)):
        return
    same = type(here) is type(there) and here == there
    assert same or here == there or differs_from_yaml_1_1(text) is not None
