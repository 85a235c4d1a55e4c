"""Any text is normal input of the checker: half typed, huge, hostile, or no text at all."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tests.schemas.checking import HEAD

from declml_schema.check import check


def test_an_alias_bomb_is_one_problem() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]" for before, name in zip("abcdefg", "bcdefgh", strict=True)
    ]
    result = check("\n".join(lines) + "\n")
    assert [each.code for each in result.problems] == ["alias-budget"]
    assert result.plan is None


HALF_TYPED = [
    HEAD + "trainer: {epochs: 3\n",
    HEAD + "trainer:\n  epochs: [",
    HEAD + "combiner:\n  type",
    "input_features:\n  - name",
    HEAD + "x: *nowhere\n",
]


@pytest.mark.parametrize(
    "text", [*HALF_TYPED, "\x00", "{", "[" * 2000, "a: " * 500, "- " * 900, "? ?", "%", "&a *a", "<<: 3"]
)
def test_no_text_raises(text: str) -> None:
    result = check(text)
    assert result.problems
    assert result.plan is None
    assert isinstance(result.data, dict)
    assert isinstance(result.origins, dict)


def test_every_prefix_of_a_config_is_normal_input() -> None:
    text = HEAD + "trainer: {learning_rate_scheduler: {decay: linear}, optimizer: {type: sgd}}\ncode: [a.py]\n"
    for end in range(0, len(text), 3):
        check(text[:end]).origins  # noqa: B018 - reading it must not raise


def test_bytes_are_as_good_as_text() -> None:
    assert check(HEAD.encode()).problems == []
    assert check(b"\xff\xfe\x00").problems


LONG_CONFIG = (
    "input_features:\n"
    + "".join(
        f"  - name: f{index}\n    type: text\n    encoder:\n      type: lstm\n      num_layers: 2\n"
        if index % 2
        else f"  - name: f{index}\n    type: number\n    preprocessing:"
        "\n      fill_value: 1.5\n      normalization: iq\n"
        for index in range(999)
    )
    + "output_features:\n  - {name: y1, type: binary}\n"
)


def test_a_config_of_5000_lines_has_no_problem() -> None:
    assert LONG_CONFIG.count("\n") >= 4990
    assert check(LONG_CONFIG).problems == []


def test_the_checker_imports_nothing_heavy() -> None:
    program = (
        "import sys; from declml_schema.check import check; check('input_features: [{name: a, type: text}]');"
        "heavy = {'torch', 'numpy', 'pandas', 'polars', 'pydantic', 'jsonschema', 'transformers',"
        # What most checks do without: a plan, and the ways to mend broken text.
        "'declml_schema.make_plan', 'declml_schema.plan', 'declml_schema.repair'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
