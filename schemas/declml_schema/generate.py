"""From declarations to the committed files: the vocabulary, the published JSON Schema of a config, and that of events.

Nothing here finds modules: the caller imports the files of the components and hands them over, so that this room never
imports another. The same modules give the same bytes.
"""

from __future__ import annotations

import difflib
import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

from declml_schema import boosting_section, sections, trainer_section
from declml_schema.config_schema import build_config_schema, build_events_schema
from declml_schema.declare import Component, Rule, component_key
from declml_schema.declared_leaves import declared_leaves

Found: TypeAlias = tuple[str, str, Component]
"""A component and where it stands: module, attribute, component."""

GENERATED = Path(__file__).parent / "generated"
RESERVED = frozenset({"type"})
VERSION = 1


def collect(modules: Iterable[ModuleType]) -> list[Found]:
    """Return every component at the top level of ``modules``, each once, ordered by module and attribute.

    A component that one module imports from another counts where its build is defined, else where it is met first.
    """
    found: dict[int, Found] = {}
    for module in sorted(modules, key=lambda each: each.__name__):
        for attribute, value in sorted(vars(module).items()):
            if isinstance(value, Component) and (id(value) not in found or _home(value) == module.__name__):
                found[id(value)] = (module.__name__, attribute, value)
    return sorted(found.values(), key=lambda each: each[:2])


def _home(component: Component) -> str | None:
    return getattr(component.build, "__module__", None)


def section_components() -> list[Found]:
    """Return the fixed sections of a config, which this package declares itself."""
    listed = [(sections.__name__, "SECTIONS", each) for each in sections.SECTIONS]
    trainers = (trainer_section, boosting_section)
    return [*listed, *((module.__name__, "SECTION", module.SECTION) for module in trainers)]


def build_vocabulary(found: Sequence[Found]) -> dict[str, Any]:
    """Return the vocabulary of ``found`` as JSON data; see `declml_schema.vocabulary` for its form.

    Raises `ValueError` where two components claim one name or a parameter has no sentence: a programmer's mistake.
    """
    owners: dict[tuple[str, ...], str] = {}
    kinds: dict[str, list[dict[str, Any]]] = {}
    for module, attribute, component in found:
        for key in component_key(component):
            place = f"{module}.{attribute}"
            if key in owners:
                raise ValueError(f"{' '.join(key)} must be declared once; it is in {owners[key]} and in {place}")
            owners[key] = place
        kinds.setdefault(component.kind, []).append(component_json(module, attribute, component))
    for entries in kinds.values():
        entries.sort(key=lambda each: (each["name"], each["features"]))
    return {"version": VERSION, "components": dict(sorted(kinds.items()))}


def component_json(module: str, attribute: str, component: Component) -> dict[str, Any]:
    """Return one component as it stands in the vocabulary; plug-ins take the same form."""
    properties, required = declared_leaves(component.parameters)
    taken = RESERVED.intersection(properties) - ({"type"} if component.kind == "section" else set())
    if taken:
        raise ValueError(f"{module}.{attribute} must not declare a parameter called {sorted(taken)[0]!r}")
    answer: dict[str, Any] = {
        "name": component.name,
        "features": sorted(component.features),
        "module": module,
        "attribute": attribute,
        "doc": component.doc,
        "properties": properties,
        "required": required,
        "rules": [_rule_json(rule, properties) for rule in component.rules],
        "facts": _plain(component.facts),
    }
    if component.preprocessing is not None:
        leaves, needed = declared_leaves(component.preprocessing)
        answer["preprocessing"] = {
            "properties": leaves,
            "required": needed,
            "rules": [_rule_json(rule, leaves) for rule in component.preprocessing_rules],
        }
    return answer


def _rule_json(rule: Rule, properties: Mapping[str, Any]) -> dict[str, Any]:
    for name in filter(None, (rule.parameter, rule.other, rule.or_given)):
        if name not in properties:
            raise ValueError(f"the rule {rule} must name declared parameters; {name!r} is none")
    answer: dict[str, Any] = {"kind": rule.kind, "parameter": rule.parameter}
    if rule.other:
        answer["other"] = rule.other
    if rule.values:
        answer["values"] = list(rule.values)
    if rule.or_given:
        answer["or_given"] = rule.or_given
    if rule.doc:
        answer["doc"] = rule.doc
    return answer


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def generated_texts(modules: Iterable[ModuleType]) -> dict[str, str]:
    """Return the text of every generated file, by its name."""
    vocabulary = build_vocabulary([*section_components(), *collect(modules)])
    return {
        "vocabulary.json": _compact_text(vocabulary),
        "config.schema.json": _readable_text(build_config_schema(vocabulary)),
        "events.schema.json": _readable_text(build_events_schema()),
    }


def _readable_text(value: Any) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _compact_text(vocabulary: Mapping[str, Any]) -> str:
    """Return the vocabulary with one component a line: small to load, and a change shows as one line of a diff.

    Parameters keep the order of their declaration: that is the order in which completion and reference pages show them.
    """
    kinds: list[str] = []
    for kind, entries in vocabulary["components"].items():
        lines = ",\n".join(json.dumps(each, separators=(",", ":"), ensure_ascii=False) for each in entries)
        kinds.append(f"{json.dumps(kind)}:[\n{lines}\n]")
    return f'{{"version":{vocabulary["version"]},"components":{{\n' + ",\n".join(kinds) + "\n}}\n"


def write(modules: Iterable[ModuleType], directory: Path = GENERATED) -> list[Path]:
    """Write the generated files into ``directory``, each by rename; return those whose text changed."""
    directory.mkdir(parents=True, exist_ok=True)
    changed: list[Path] = []
    for name, text in generated_texts(modules).items():
        path = directory / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=directory, delete=False) as file:
            file.write(text)
        Path(file.name).chmod(0o644)
        Path(file.name).replace(path)
        changed.append(path)
    return changed


def check_fresh(modules: Iterable[ModuleType], directory: Path = GENERATED) -> list[str]:
    """Return a unified diff for every generated file that is not what ``modules`` declare; no diff is good news."""
    diffs: list[str] = []
    for name, text in generated_texts(modules).items():
        path = directory / name
        there = path.read_text(encoding="utf-8") if path.is_file() else ""
        if there != text:
            lines = difflib.unified_diff(
                there.splitlines(), text.splitlines(), f"{name} (committed)", f"{name} (declared)", lineterm=""
            )
            diffs.append("\n".join(lines))
    return diffs
