"""Writes `src/events.gen.ts` from the generated schema of a run's events; `--check` fails when the file is stale."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

EXTENSION = Path(__file__).resolve().parents[1]
SCHEMA = EXTENSION.parent / "schemas" / "declml_schema" / "generated" / "events.schema.json"
TYPES = EXTENSION / "src" / "events.gen.ts"

_WORDS = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
    "array": "unknown[]",
    "object": "Record<string, unknown>",
}
_COMMON = ("seq", "time")
# The declarations write the shape of a mapping of metrics into its sentence, and the schema carries the sentence.
_METRICS = "output -> metric -> number"


def render(schema: dict[str, Any]) -> str:
    """Return the file's text: an interface for each kind of event, and their union."""
    kinds = [(each["if"]["properties"]["kind"]["const"], each["then"]) for each in schema["allOf"]]
    parts = [
        "// Written by scripts/write_event_types.py from the schema of a run's events. Do not edit.",
        "",
        "/** A number as the stream writes it. */",
        'export type Figure = number | "nan" | "inf" | "-inf";',
        "",
        "interface EventBase {",
        "  /** The place in the stream, from 0. */",
        "  seq: number;",
        "  /** Seconds since 1970. */",
        "  time: number;",
        "}",
    ]
    for kind, body in kinds:
        parts += ["", f"/** {body['description']} */", f"export interface {_name(kind)} extends EventBase {{"]
        parts.append(f'  kind: "{kind}";')
        for name, field in body["properties"].items():
            if name in _COMMON or name == "kind":
                continue
            optional = "" if name in body.get("required", ()) else "?"
            parts += [f"  /** {field['description']} */", f"  {name}{optional}: {_type(field)};"]
        parts.append("}")
    parts += ["", "/** Any event that this version knows. */", "export type RunEvent ="]
    parts += [f"  | {_name(kind)}{';' if kind == kinds[-1][0] else ''}" for kind, _ in kinds]
    listed = "\n".join(f'  "{kind}",' for kind, _ in kinds)
    parts += ["", "/** The kinds of `RunEvent`. */", f"export const EVENT_KINDS = [\n{listed}\n] as const;", ""]
    return "\n".join(parts)


def main(arguments: list[str]) -> int:
    """Write the file, or hold it against the schema."""
    wanted = render(json.loads(SCHEMA.read_text(encoding="utf-8")))
    if arguments == ["--check"]:
        fresh = TYPES.exists() and TYPES.read_text(encoding="utf-8") == wanted
        sys.stderr.write("" if fresh else f"{TYPES} is stale: run scripts/write_event_types.py.\n")
        return 0 if fresh else 1
    TYPES.write_text(wanted, encoding="utf-8")
    return 0


def _name(kind: str) -> str:
    return "".join(part.capitalize() for part in kind.split("_")) + "Event"


def _type(field: dict[str, Any]) -> str:
    if re.match(_METRICS, field["description"]):
        return "Record<string, Record<string, Figure>>"
    if "anyOf" in field:
        numbers = next(each for each in field["anyOf"] if "type" in each)
        return "Figure | null" if "null" in numbers["type"] else "Figure"
    kinds = field["type"] if isinstance(field["type"], list) else [field["type"]]
    return " | ".join(_WORDS[each] for each in kinds)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
