"""Messages against the meta model of the Language Server Protocol 3.17: what a method's parameters and result must be.

The ``check_...`` functions raise an `AssertionError` that lists every violation; the ``violations_of_...`` functions
return them as sentences such as ``result[0].kind must be one of 1, 2, 3; got 26``. Structures are closed: a property
that the meta model does not know is a violation, for a server that misspells one is silently ignored by every client.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

Json: TypeAlias = Any
Sender: TypeAlias = Literal["client", "server"]

META_MODEL = Path(__file__).parent / "lsp_meta_model" / "meta_model.json"
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_ANY = {"LSPAny", "LSPObject", "LSPArray"}


def check_params(method: str, params: Json, *, sender: Sender | None = None, own: Collection[str] = ()) -> None:
    """Check what a request or a notification carries; ``None`` stands for no parameters.

    With ``sender`` the direction must be right too. ``own`` are private methods: they carry an object or a list.
    """
    _refuse(method, violations_of_params(method, params, sender=sender, own=own))


def check_notification(
    method: str, params: Json, *, sender: Sender | None = "server", own: Collection[str] = ()
) -> None:
    """Check a notification: known as one, by default sent by the server, with the right parameters."""
    known = method in own or _messages()["notifications"].get(method) is not None
    found = [] if known else [f"{method} must be a notification of the protocol"]
    _refuse(method, found or violations_of_params(method, params, sender=sender, own=own))


def check_result(method: str, result: Json, *, partial: bool = False) -> None:
    """Check what answers a request; with ``partial`` one part of an answer that is sent in parts."""
    _refuse(method, violations_of_result(method, result, partial=partial))


def check_message(
    message: Json, *, sender: Sender, answers: Mapping[int | str, str], own: Collection[str] = ()
) -> None:
    """Check a whole JSON-RPC message; ``answers`` maps the ids of the other side's requests to their methods."""
    _refuse(str(message)[:80], violations_of_message(message, sender=sender, answers=answers, own=own))


def violations_of_params(
    method: str, params: Json, *, sender: Sender | None = None, own: Collection[str] = ()
) -> list[str]:
    """Return what is wrong with the parameters of a request or a notification."""
    if method in own:
        right = params is None or isinstance(params, dict | list)
        return [] if right else [f"params must be an object or a list; got {_shown(params)}"]
    message = _messages()["requests"].get(method) or _messages()["notifications"].get(method)
    if message is None:
        return [f"{method} must be a method of the protocol"]
    found: list[str] = []
    if sender is not None and message["messageDirection"] not in {"both", f"{sender}To{_other(sender)}"}:
        found.append(f"{method} must not come from the {sender}")
    declared = message.get("params")
    if declared is None:
        return found if params in (None, {}) else [*found, f"params must be absent; got {_shown(params)}"]
    if params is None:
        return [*found, "params must be given"]
    found += _violations(declared, params, "params")
    return found or list(_beyond_the_type(method, params))


def violations_of_result(method: str, result: Json, *, partial: bool = False) -> list[str]:
    """Return what is wrong with the answer to a request."""
    message = _messages()["requests"].get(method)
    if message is None:
        return [f"{method} must be a request of the protocol"]
    declared = message.get("partialResult" if partial else "result")
    return _violations(declared, result, "result") if declared else [f"{method} must not answer in parts"]


def violations_of_message(
    message: Json, *, sender: Sender, answers: Mapping[int | str, str], own: Collection[str] = ()
) -> list[str]:
    """Return what is wrong with a JSON-RPC message: its envelope, and what it carries."""
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        return ['a message must be an object with "jsonrpc": "2.0"']
    if "method" in message:
        kind = "requests" if "id" in message else "notifications"
        unknown = message["method"] not in own and message["method"] not in _messages()[kind]
        if unknown:
            return [f"{message['method']} must be one of the protocol's {kind}"]
        return violations_of_params(message["method"], message.get("params"), sender=sender, own=own)
    if ("result" in message) == ("error" in message):
        return ["an answer must have a result or an error, and not both"]
    if "error" in message:
        return _violations_of_error(message["error"])
    if message.get("id") not in answers:
        return [f"an answer must name a request; got the id {_shown(message.get('id'))}"]
    return violations_of_result(answers[message["id"]], message["result"])


def violations_of(structure: str, value: Json) -> list[str]:
    """Return what is wrong with a value of a named structure, such as ``ServerCapabilities``."""
    return _violations({"kind": "reference", "name": structure}, value, structure)


def _violations_of_error(error: Json) -> list[str]:
    if not isinstance(error, dict) or not {"code", "message"} <= error.keys() <= {"code", "message", "data"}:
        return [f"error must have a code and a message; got {_shown(error)}"]
    return [
        *_of_base("integer", error["code"], "error.code"),
        *_of_base("string", error["message"], "error.message"),
    ]


# --- types -----------------------------------------------------------------------------------------------------------


def _violations(declared: Json, value: Json, path: str) -> list[str]:
    kind = declared["kind"]
    if kind == "base":
        return _of_base(declared["name"], value, path)
    if kind == "reference":
        return _of_reference(declared["name"], value, path)
    if kind == "or":
        return _of_union(declared["items"], value, path)
    if kind == "array":
        return _of_array(declared["element"], value, path)
    if kind == "literal":
        return _of_properties({each["name"]: each for each in declared["value"]["properties"]}, value, path)
    if kind == "stringLiteral":
        right = value == declared["value"]
        return [] if right else [f"{path} must be {_shown(declared['value'])}; got {_shown(value)}"]
    if kind == "map":
        return _of_map(declared, value, path)
    if kind == "tuple":
        return _of_tuple(declared["items"], value, path)
    # The meta model has one intersection, and only for options of a registration.
    properties = {name: each for item in declared["items"] for name, each in _properties(item["name"]).items()}
    return _of_properties(properties, value, path)


def _of_base(name: str, value: Json, path: str) -> list[str]:
    whole = isinstance(value, int) and not isinstance(value, bool)
    right = {
        "null": value is None,
        "boolean": isinstance(value, bool),
        "string": isinstance(value, str),
        "integer": whole and -(2**31) <= value < 2**31,
        "uinteger": whole and 0 <= value < 2**31,
        "decimal": whole or (isinstance(value, float) and math.isfinite(value)),
        "URI": isinstance(value, str) and _URI.match(value) is not None,
        "DocumentUri": isinstance(value, str) and _URI.match(value) is not None,
        "RegExp": isinstance(value, str),
    }[name]
    return [] if right else [f"{path} must be a {name}; got {_shown(value)}"]


def _of_reference(name: str, value: Json, path: str) -> list[str]:
    if name in _ANY:
        return _of_any(name, value, path)
    if name in _named("typeAliases"):
        return _violations(_named("typeAliases")[name]["type"], value, path)
    enumeration = _named("enumerations").get(name)
    if enumeration is not None:
        found = _of_base(enumeration["type"]["name"], value, path)
        values = [each["value"] for each in enumeration["values"]]
        if found or enumeration.get("supportsCustomValues") or value in values:
            return found
        return [f"{path} must be one of {', '.join(map(str, values))}; got {_shown(value)}"]
    found = _of_properties(_properties(name), value, path)
    rule = _RULES.get(name)
    return found or (rule(value, path) if rule else [])


def _of_any(name: str, value: Json, path: str) -> list[str]:
    wanted = {"LSPObject": dict, "LSPArray": list}.get(name, object)
    if not isinstance(value, wanted):
        return [f"{path} must be an {name}; got {_shown(value)}"]
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        return [f"{path} must be JSON; {error}"]
    return []


def _of_union(items: list[Json], value: Json, path: str) -> list[str]:
    """Return nothing where an item fits, otherwise what is wrong with the nearest one: a match of depth counts."""
    tried = [_violations(item, value, path) for item in items]
    if not all(tried):
        return []
    inside = [found for found in tried if not any(each.startswith(f"{path} must be") for each in found)]
    if inside:
        return min(inside, key=len)
    wanted = " or ".join(dict.fromkeys(_told(item) for item in items))
    return [f"{path} must be {wanted}; got {_shown(value)}"]


def _of_array(element: Json, value: Json, path: str) -> list[str]:
    if not isinstance(value, list):
        return [f"{path} must be a list; got {_shown(value)}"]
    return [found for index, each in enumerate(value) for found in _violations(element, each, f"{path}[{index}]")]


def _of_map(declared: Json, value: Json, path: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{path} must be an object; got {_shown(value)}"]
    return [
        found
        for key, each in value.items()
        for found in (
            *_violations(declared["key"], key, f"{path} (the key {key!r})"),
            *_violations(declared["value"], each, f"{path}[{key!r}]"),
        )
    ]


def _of_tuple(items: list[Json], value: Json, path: str) -> list[str]:
    if not isinstance(value, list) or len(value) != len(items):
        return [f"{path} must be a list of {len(items)} values; got {_shown(value)}"]
    return [
        found
        for index, (item, each) in enumerate(zip(items, value, strict=True))
        for found in _violations(item, each, f"{path}[{index}]")
    ]


def _of_properties(properties: Mapping[str, Json], value: Json, path: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{path} must be an object; got {_shown(value)}"]
    found = [f"{path}.{name} must be a known property" for name in value.keys() - properties.keys()]
    for name, each in properties.items():
        if name in value:
            found += _violations(each["type"], value[name], f"{path}.{name}")
        elif not each.get("optional"):
            found.append(f"{path}.{name} must be given")
    return sorted(found)


# --- what the types do not say ---------------------------------------------------------------------------------------


def _range_rule(value: Json, path: str) -> list[str]:
    return [] if _order(value["start"]) <= _order(value["end"]) else [f"{path}.end must not be before its start"]


def _symbol_rule(value: Json, path: str) -> list[str]:
    inside = _contains(value["range"], value["selectionRange"])
    return [] if inside else [f"{path}.selectionRange must be inside its range"]


def _selection_rule(value: Json, path: str) -> list[str]:
    inside = "parent" not in value or _contains(value["parent"]["range"], value["range"])
    return [] if inside else [f"{path}.parent must contain its range"]


def _folding_rule(value: Json, path: str) -> list[str]:
    return [] if value["startLine"] <= value["endLine"] else [f"{path}.endLine must not be before its startLine"]


def _tokens_rule(value: Json, path: str) -> list[str]:
    return [] if len(value["data"]) % 5 == 0 else [f"{path}.data must have five numbers for each token"]


_RULES: dict[str, Callable[[Json, str], list[str]]] = {
    "Range": _range_rule,
    "DocumentSymbol": _symbol_rule,
    "SelectionRange": _selection_rule,
    "FoldingRange": _folding_rule,
    "SemanticTokens": _tokens_rule,
}
_PROGRESS = {"begin": "WorkDoneProgressBegin", "report": "WorkDoneProgressReport", "end": "WorkDoneProgressEnd"}


def _beyond_the_type(method: str, params: Json) -> Iterator[str]:
    """Tell what the meta model leaves open: a progress's value, and the options of a registration."""
    if method == "$/progress" and isinstance(params["value"], dict) and "kind" in params["value"]:
        name = _PROGRESS.get(params["value"]["kind"])
        yield from violations_of(name, params["value"]) if name else [f"kind must be one of {', '.join(_PROGRESS)}"]
    if method == "client/registerCapability":
        for index, each in enumerate(params["registrations"]):
            yield from _of_registration(each, f"params.registrations[{index}]")


def _of_registration(registration: Json, path: str) -> list[str]:
    registered = registration["method"]
    known = [*_messages()["requests"].values(), *_messages()["notifications"].values()]
    message = next((each for each in known if registered == each.get("registrationMethod", each["method"])), None)
    if message is None:
        return [f"{path}.method must be a method of the protocol; got {registered!r}"]
    options = message.get("registrationOptions")
    if options is None or "registerOptions" not in registration:
        return []
    return _violations(options, registration["registerOptions"], f"{path}.registerOptions")


def _order(position: Json) -> tuple[int, int]:
    return position["line"], position["character"]


def _contains(outer: Json, inner: Json) -> bool:
    return _order(outer["start"]) <= _order(inner["start"]) and _order(inner["end"]) <= _order(outer["end"])


# --- the meta model --------------------------------------------------------------------------------------------------


@cache
def _model() -> Json:
    return json.loads(META_MODEL.read_text())


@cache
def _messages() -> dict[str, dict[str, Json]]:
    return {kind: {each["method"]: each for each in _model()[kind]} for kind in ("requests", "notifications")}


@cache
def _named(kind: str) -> dict[str, Json]:
    return {each["name"]: each for each in _model()[kind]}


@cache
def _properties(name: str) -> dict[str, Json]:
    """Return the properties of a structure by name, those of what it extends and mixes in included."""
    structure = _named("structures")[name]
    parents = [*structure.get("extends", ()), *structure.get("mixins", ())]
    inherited = {key: each for parent in parents for key, each in _properties(parent["name"]).items()}
    return {**inherited, **{each["name"]: each for each in structure["properties"]}}


def _told(declared: Json) -> str:
    kind = declared["kind"]
    if kind == "array":
        return f"{_told(declared['element'])}[]"
    return str(declared.get("name", declared.get("value", kind))) if kind != "literal" else "an object"


def _other(sender: Sender) -> str:
    return "Server" if sender == "client" else "Client"


def _shown(value: Json) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _refuse(method: str, found: list[str]) -> None:
    assert not found, f"{method}:\n  " + "\n  ".join(found[:20])
