"""What tests of names that are not built share: a plain config, what is said of one, and the published schema."""

from __future__ import annotations

import json
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from declml_schema.check import check
from declml_schema.generate import GENERATED
from declml_schema.vocabulary import vocabulary

SCHEMA = Draft202012Validator(json.loads((GENERATED / "config.schema.json").read_text()))
WORDS = vocabulary()
PLAIN: dict[str, Any] = {
    "input_features": [{"name": "a", "type": "number"}],
    "output_features": [{"name": "b", "type": "binary"}],
}


def said(config: dict[str, Any]) -> list[tuple[str, str]]:
    """Return code and path of everything but a hint about older spellings."""
    return [(each.code, each.path) for each in check(yaml.safe_dump(config, sort_keys=False)).problems]
