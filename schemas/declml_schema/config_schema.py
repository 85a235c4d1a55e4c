"""The published JSON Schema (2020-12) of a config, made from the vocabulary, and that of a run's events.

A component is chosen by ``if/then`` on its name and never by a bare ``oneOf``: under ``oneOf`` every validator
answers "not valid under any of the given schemas", under ``if/then`` it names the parameter that is wrong. What no
JSON Schema can say (references, sums, a default type set elsewhere in the config) travels as ``x-rules`` and is the
checker's alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from declml_schema.events import KINDS
from declml_schema.planned import (
    Names,
    planned_components,
    planned_keys,
    planned_parameters,
    planned_preprocessing,
)

Schema: TypeAlias = dict[str, Any]
Entry: TypeAlias = Mapping[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SECTION_KEYS = ("data", "preprocessing", "trainer", "evaluation", "kernel")
"""The keys of the top level whose value is the section of that name."""


def build_config_schema(vocabulary: Mapping[str, Any]) -> Schema:
    """Return the schema of a whole config."""
    return _ConfigSchema(vocabulary["components"]).build()


class _ConfigSchema:
    """Collects the definitions while the schema of a config is put together."""

    def __init__(self, components: Mapping[str, Sequence[Entry]]) -> None:
        self._components = components
        self._sections = {entry["name"]: entry for entry in components.get("section", ())}
        self._definitions: dict[str, Schema] = {}

    def build(self) -> Schema:
        config = self._sections["config"]
        properties = self._properties(config["properties"], default_types=config["facts"].get("default_types", {}))
        properties |= _asking_for_nothing(planned_keys("config"), properties)
        for name in SECTION_KEYS:
            if name != "trainer":
                properties[name] = self._reference(f"section.{name}", self._section(name), properties[name])
        by_name = [value for each in properties["backend"].pop("anyOf") for value in each.get("enum", ())]
        properties["backend"] |= {
            "if": {"type": "object"},
            "then": self._reference("section.backend", self._section("backend"), {}),
            "else": {"enum": [*by_name, None]},
        }
        for key, side in (("input_features", "input"), ("output_features", "output")):
            item = self._reference(f"{side}_feature", self._feature(side), {})
            properties[key] = {**properties[key], "items": item}
        properties["defaults"] = {**properties["defaults"], **self._defaults()}
        return {
            "$schema": DIALECT,
            "title": "A declml config",
            "description": config["doc"],
            **_closed(properties, config["required"], config["rules"], "object"),
            **_all_of(self._trainers(config)),
            "$defs": self._definitions,
        }

    def _trainers(self, config: Entry) -> list[Schema]:
        """Return what says which section `trainer` is, by model type; without one it is that of the default."""
        branches: list[Schema] = []
        default = config["properties"]["model_type"]["default"]
        for model_type, name in config["facts"]["trainers"].items():
            trainer = self._reference(f"section.{name}", self._section(name), {})
            same: Schema = {"properties": {"model_type": {"const": model_type}}}
            condition = same if model_type == default else {**same, "required": ["model_type"]}
            branches.append({"if": condition, "then": {"properties": {"trainer": trainer}}})
        return branches

    def _section(self, name: str) -> Schema:
        entry = self._sections[name]
        properties = self._properties(entry["properties"], default_types=entry["facts"].get("default_types", {}))
        properties |= _asking_for_nothing(planned_keys(name), properties)
        return {"description": entry["doc"], **_closed(properties, entry["required"], entry["rules"])}

    def _feature(self, side: str) -> Schema:
        entries = self._components.get(side, ())
        shared = self._sections[f"{side}_feature"]
        for entry in entries:
            self._definitions[f"{side}.{entry['name']}"] = self._typed_feature(side, entry)
        return {
            "type": "object",
            "required": shared["required"],
            "properties": {"type": {"enum": [entry["name"] for entry in entries]}},
            **_all_of([_when("type", entry["name"], f"{side}.{entry['name']}") for entry in entries]),
        }

    def _typed_feature(self, side: str, entry: Entry) -> Schema:
        name = entry["name"]
        shared = self._sections[f"{side}_feature"]
        defaults = {kind: entry["facts"].get(f"default_{kind}") for kind in ("encoder", "decoder", "loss")}
        leaves = {**shared["properties"], **entry["properties"]}
        properties = self._properties(leaves, feature=name, default_types=defaults)
        properties["type"] = {"enum": [name], "description": entry["doc"]}
        properties |= _asking_for_nothing(planned_components(side).get(name, {}), properties)
        if "preprocessing" in entry:
            properties["preprocessing"] = self._reference(
                f"{side}.{name}.preprocessing",
                _preprocessing(name, entry["preprocessing"]),
                properties["preprocessing"],
            )
        required = [*shared["required"], *entry["required"]]
        return {"description": entry["doc"], **_closed(properties, required, entry["rules"], "object")}

    def _defaults(self) -> Schema:
        types: dict[str, Schema] = {}
        names = sorted({entry["name"] for side in ("input", "output") for entry in self._components.get(side, ())})
        for name in names:
            sides = [e for side in ("input", "output") for e in self._components.get(side, ()) if e["name"] == name]
            leaves: dict[str, Any] = {}
            properties: dict[str, Schema] = {}
            for entry in sides:
                leaves |= {
                    key: value
                    for key, value in entry.get("preprocessing", {}).get("properties", {}).items()
                    if key not in leaves
                }
                for kind in ("encoder", "decoder", "loss"):
                    default = entry["facts"].get(f"default_{kind}")
                    if default is not None:
                        properties[kind] = self._choice(kind, name, default)
            leaves |= _asking_for_nothing(planned_preprocessing(name), leaves)
            properties["preprocessing"] = _closed(self._properties(leaves), (), ())
            types[name] = _closed(properties, (), ())
        return _closed(types, (), ())

    def _properties(
        self,
        leaves: Mapping[str, Schema],
        *,
        feature: str | None = None,
        default_types: Mapping[str, str | None] | None = None,
    ) -> dict[str, Schema]:
        answer: dict[str, Schema] = {}
        for name, leaf in leaves.items():
            if "x-choice" in leaf and leaf["x-choice"] != "schedule":
                of = leaf.get("x-feature", feature)
                chosen = self._choice(leaf["x-choice"], of, (default_types or {}).get(name))
                described = {
                    key: value for key, value in leaf.items() if key in ("description", "x-common", "x-choice")
                }
                answer[name] = {**described, **chosen}
            elif name == "learning_rate_scheduler":
                answer[name] = self._reference("learning_rate_scheduler", self._scheduler(leaf), leaf)
            else:
                answer[name] = dict(leaf)
        return answer

    def _choice(self, kind: str, feature: str | None, default: str | None) -> Schema:
        """Return a reference to the definition of "a component of this kind, for this feature type"."""
        scope = f"{kind}.{feature}" if feature else kind
        if scope not in self._definitions:
            entries = [e for e in self._components.get(kind, ()) if not e["features"] or feature in e["features"]]
            names = [entry["name"] for entry in entries]
            self._definitions[scope] = {}  # holds the place: a component may hold a choice of its own kind
            for entry in entries:
                inner = entry["facts"].get("default_types", {})
                properties = self._properties(entry["properties"], feature=feature, default_types=inner)
                properties["type"] = {"enum": [entry["name"]], "description": entry["doc"]}
                properties |= _asking_for_nothing(planned_parameters(kind, entry["name"], feature), properties)
                body = _closed(properties, entry["required"], entry["rules"], "object")
                self._definitions[f"{scope}.{entry['name']}"] = {"description": entry["doc"], **body}
            branches = [_when("type", name, f"{scope}.{name}") for name in names]
            if default in names:
                untyped = self._untyped(kind, feature) or default
                branches.append(
                    {
                        "if": {"type": "object", "not": {"required": ["type"]}},
                        "then": {"$ref": f"#/$defs/{scope}.{untyped}"},
                    }
                )
                type_leaf: Schema = {"enum": names, "default": default}
            else:
                type_leaf = {"enum": names}
            # A mapping without a type is only refused where no default says which component is meant.
            needed: Schema = {} if default in names else {"required": ["type"]}
            self._definitions[scope] = {
                "type": ["object", "null"],
                "properties": {"type": type_leaf},
                **_all_of(branches),
                **needed,
            }
        return {"$ref": f"#/$defs/{scope}"}

    def _untyped(self, kind: str, feature: str | None) -> str | None:
        """Return the component that parameters without a type are of, where it is not the default one."""
        types = (each for each in self._components.get("input", ()) if each["name"] == feature)
        return next((each["facts"].get(f"untyped_{kind}") for each in types), None)

    def _scheduler(self, leaf: Schema) -> Schema:
        schedules = self._components.get("schedule", ())
        names = [entry["name"] for entry in schedules]
        own = {**leaf["properties"], "decay": {**leaf["properties"]["decay"], "enum": [*names, None]}}
        own["decay"].pop("type", None)
        # A rendered config of Ludwig's has the defaults of every schedule, whichever was chosen.
        own |= _asking_for_nothing(planned_keys("schedule"), own)
        for entry in schedules:
            body = _closed({**own, **entry["properties"]}, entry["required"], entry["rules"])
            self._definitions[f"schedule.{entry['name']}"] = {"description": entry["doc"], **body}
        self._definitions["schedule.constant_rate"] = _closed(own, (), ())
        without = {
            "type": "object",
            "anyOf": [{"not": {"required": ["decay"]}}, {"properties": {"decay": {"type": "null"}}}],
        }
        return {
            "type": ["object", "null"],
            "properties": {"decay": own["decay"]},
            "allOf": [
                *(_when("decay", name, f"schedule.{name}") for name in names),
                {"if": without, "then": {"$ref": "#/$defs/schedule.constant_rate"}},
            ],
        }

    def _reference(self, name: str, definition: Schema, leaf: Mapping[str, Any]) -> Schema:
        self._definitions[name] = definition
        described = {key: value for key, value in leaf.items() if key in ("description", "x-common", "default")}
        return {**described, "$ref": f"#/$defs/{name}"}


def _preprocessing(feature: str, entry: Entry) -> Schema:
    properties = dict(entry["properties"])
    properties |= _asking_for_nothing(planned_preprocessing(feature), properties)
    return _closed(properties, entry["required"], entry["rules"])


def _asking_for_nothing(planned: Names, built: Mapping[str, Any]) -> dict[str, Schema]:
    """Return the names that are not built yet, each with the values that it may have all the same."""
    return {name: {"enum": list(values)} for name, values in planned.items() if values and name not in built}


def _closed(properties: Mapping[str, Any], required: Sequence[str], rules: Sequence[Any], *types: str) -> Schema:
    answer: Schema = {
        "type": types[0] if types else ["object", "null"],
        "properties": dict(properties),
        "additionalProperties": False,
    }
    if required:
        answer["required"] = list(required)
    if rules:
        answer["x-rules"] = list(rules)
    return answer


def _all_of(branches: list[Schema]) -> Schema:
    return {"allOf": branches} if branches else {}  # JSON Schema has no empty ``allOf``


def _when(key: str, name: str, definition: str) -> Schema:
    return {
        "if": {"type": "object", "properties": {key: {"const": name}}, "required": [key]},
        "then": {"$ref": f"#/$defs/{definition}"},
    }


def build_events_schema() -> Schema:
    """Return the schema of a line of ``events.jsonl``: a known kind has its fields; other kinds and fields may come."""
    branches: list[Schema] = []
    for kind in KINDS.values():
        fields: dict[str, Schema] = {
            name: {"type": types.split("|") if "|" in types else types, "description": doc}
            for name, (types, doc) in kind.fields.items()
        }
        for field in fields.values():
            if "number" in field["type"]:
                # Numbers that are not finite are written as text.
                field["anyOf"] = [{"type": field.pop("type")}, {"enum": ["nan", "inf", "-inf"]}]
        branches.append(
            {
                "if": {"properties": {"kind": {"const": kind.name}}, "required": ["kind"]},
                "then": {"description": kind.doc, "properties": fields, "required": sorted(fields)},
            }
        )
    return {
        "$schema": DIALECT,
        "title": "An event of a declml run",
        "type": "object",
        "properties": {"kind": {"type": "string", "examples": sorted(KINDS)}},
        "required": ["kind"],
        "allOf": branches,
    }
