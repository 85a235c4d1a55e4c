"""The resolved config is a config again: it means the same plan, and says of each value where it came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from declml_schema.check import check
from declml_schema.resolved import resolved_text

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted([*(ROOT / "tests" / "conformance").glob("*.yaml"), *(ROOT / "runtime").rglob("*.declml.yaml")])

CONFIG = """\
defaults:
  text:
    encoder: {type: lstm, state_size: 32}
input_features:
  - name: title
    type: text
output_features:
  - name: topic
    type: category
trainer:
  epochs: 3
"""


def origin(text: str, line: str) -> str:
    return next(each.rpartition("# ")[2] for each in text.splitlines() if each.strip().startswith(line))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_the_resolved_config_means_the_same_plan(file: Path) -> None:
    result = check(file.read_text(encoding="utf-8"))
    if result.plan is None:
        assert resolved_text(result) == ""
        return
    again = check(resolved_text(result))
    assert again.plan is not None, [problem.message for problem in again.problems]
    assert again.plan.as_json() == result.plan.as_json()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("- name: title", "line 5"),
        ("type: lstm", "defaults"),
        ("state_size: 32", "defaults"),
        ("bidirectional: false", "built in"),
        ("epochs: 3", "line 11"),
        ("batch_size: auto", "built in"),
    ],
)
def test_each_value_says_where_it_came_from(line: str, expected: str) -> None:
    assert origin(resolved_text(check(CONFIG)), line) == expected
