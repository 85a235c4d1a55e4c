"""The resolved config: every value in force written out, each with where it came from.

What is written is a config again, and means the same plan. The editor shows it as a document, the notebook as a
preview.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from declml_schema.check import CheckResult
from declml_schema.places import entry_at
from declml_schema.plan import NO_CHOICE, Choice, InputFeature, OutputFeature, Plan

_COMMENT_COLUMN = 44
_WIDTH = 10_000  # a value is one line


def resolved_text(result: CheckResult) -> str:
    """Return the resolved config as YAML with a comment per value; an empty text where there is no plan.

    The comments say ``line 12`` for what the text says there, ``defaults`` for what that section says, and ``built
    in`` for the rest.
    """
    if result.plan is None:
        return ""
    lines = [line for key, value in _config(result.plan, result).items() for line in _lines(result, key, value, key, 0)]
    return "\n".join(lines) + "\n"


def _config(plan: Plan, result: CheckResult) -> dict[str, Any]:
    """Return a plan in the shape of a config."""
    preprocessing = {**plan.preprocessing, "split": _choice(plan.split)}
    answer: dict[str, Any] = {
        "name": result.top_level("name"),
        "model_type": plan.model_type,
        "data": dict(plan.data),
        "input_features": [_input(each) for each in plan.inputs],
        "output_features": [_output(each) for each in plan.outputs],
        "combiner": _choice(plan.combiner),
        "preprocessing": preprocessing,
        "trainer": dict(plan.trainer),
        "evaluation": dict(plan.evaluation),
        "code": list(plan.code),
        "kernel": dict(plan.kernel),
        "backend": dict(plan.backend),
    }
    if plan.combiner == NO_CHOICE:
        del answer["combiner"]
    return {key: value for key, value in answer.items() if value not in ({}, [], None)}


def _choice(choice: Choice) -> dict[str, Any]:
    return {"type": choice.type, **choice.parameters}


def _input(feature: InputFeature) -> dict[str, Any]:
    return {
        "name": feature.name,
        "type": feature.type,
        "column": feature.column,
        **({"tied": feature.tied} if feature.tied is not None else {}),
        "preprocessing": dict(feature.preprocessing),
        **({"encoder": _choice(feature.encoder)} if feature.encoder != NO_CHOICE else {}),
    }


def _output(feature: OutputFeature) -> dict[str, Any]:
    return {
        "name": feature.name,
        "type": feature.type,
        "column": feature.column,
        **feature.parameters,
        "preprocessing": dict(feature.preprocessing),
        **({"decoder": _choice(feature.decoder)} if feature.decoder != NO_CHOICE else {}),
        "loss": _choice(feature.loss),
    }


def _lines(result: CheckResult, key: str, value: Any, path: str, depth: int) -> Iterator[str]:
    """Yield the lines of one entry."""
    margin = "  " * depth
    if isinstance(value, Mapping) and value:
        yield f"{margin}{_scalar(key)}:"
        for name, each in value.items():
            yield from _lines(result, name, each, f"{path}.{name}", depth + 1)
    elif isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        yield f"{margin}{_scalar(key)}:"
        for index, each in enumerate(value):
            inner = [
                line
                for name, part in each.items()
                for line in _lines(result, name, part, f"{path}[{index}].{name}", depth + 2)
            ]
            yield f"{margin}  - {inner[0].lstrip()}"
            yield from inner[1:]
    else:
        written = f"{margin}{_scalar(key)}: {_scalar(value)}"
        yield f"{written:<{_COMMENT_COLUMN}}  # {_origin(result, path)}"


def _origin(result: CheckResult, path: str) -> str:
    """Return where a value comes from."""
    entry = entry_at(result.document.root, path)
    if entry is not None:
        return f"line {entry.key.start_line + 1}"
    known = result.origins.get(path)
    if known is None and path.endswith(".type"):
        parameters = [each for name, each in result.origins.items() if name.startswith(path.removesuffix("type"))]
        known = "defaults" if "defaults" in parameters else None
    return known if known in ("defaults", "here") else "built in"


def _scalar(value: Any) -> str:
    """Return a value on one line of YAML."""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=_WIDTH).strip()
    return text.removesuffix("...").strip()
