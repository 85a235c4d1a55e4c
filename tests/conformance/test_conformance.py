"""Configs in the style of Ludwig's documentation: each is valid, or says only that something is not built yet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from declml_schema.check import check
from declml_schema.generate import GENERATED
from declml_schema.plan import Plan
from declml_schema.problems import Severity

CONFIGS = sorted(Path(__file__).parent.glob("*.yaml"))
PLANNED = {"image_planned", "llm_planned"}
OLDER = {"older_spelling"}


def test_there_are_fifteen_configs() -> None:
    assert len(CONFIGS) >= 15


@pytest.mark.parametrize("file", CONFIGS, ids=lambda file: file.stem)
def test_a_documented_config_is_valid_or_only_not_built_yet(file: Path) -> None:
    result = check(file.read_text())
    errors = {each.code for each in result.problems if each.severity is Severity.ERROR}
    assert errors == ({"not-built-yet"} if file.stem in PLANNED else set())
    warnings = {each.code for each in result.problems if each.severity is Severity.WARNING}
    assert warnings == ({"legacy-spelling"} if file.stem in OLDER else set())


@pytest.mark.parametrize("file", CONFIGS, ids=lambda file: file.stem)
def test_the_published_schema_says_the_same(file: Path) -> None:
    schema = Draft202012Validator(json.loads((GENERATED / "config.schema.json").read_text()))
    valid = file.stem not in PLANNED | OLDER
    assert schema.is_valid(check(file.read_text()).data) == valid


@pytest.mark.parametrize("file", [each for each in CONFIGS if each.stem not in PLANNED], ids=lambda file: file.stem)
def test_a_plan_survives_json(file: Path) -> None:
    plan = check(file.read_text()).plan
    assert plan is not None
    again = Plan.from_json(json.loads(json.dumps(plan.as_json())))
    assert again.as_json() == plan.as_json()
    assert again.identity == plan.identity
