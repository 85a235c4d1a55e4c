"""The validator of messages refuses what is wrong: each case is one mistake in a message that is otherwise right."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest

from conformance import declared, wire

RANGE = {"start": {"line": 0, "character": 1}, "end": {"line": 0, "character": 4}}
SYMBOL = {"name": "trainer", "kind": 19, "range": RANGE, "selectionRange": RANGE, "children": []}
DIAGNOSTIC = {"range": RANGE, "severity": 1, "code": "unknown-key", "source": "declml", "message": "No.", "tags": [1]}
ITEM = {"label": "epochs", "kind": 10, "textEdit": {"range": RANGE, "newText": "epochs: "}, "sortText": "1"}
CELL = {"uri": "file:///a.yaml", "version": 3, "diagnostics": [DIAGNOSTIC]}
SERVER = {
    "capabilities": {
        "positionEncoding": "utf-16",
        "completionProvider": {"triggerCharacters": [":"], "resolveProvider": True},
        "hoverProvider": True,
        "textDocumentSync": {"openClose": True, "change": 2},
    },
    "serverInfo": {"name": "declml"},
}


def altered(value: Any, *path: Any, to: Any = ..., without: bool = False) -> Any:
    """Return a copy of ``value`` with what is at ``path`` replaced, added or left out."""
    answer = json.loads(json.dumps(value))  # no deep copy: it would keep one range that stands in two places
    target = answer
    for step in path[:-1]:
        target = target[step]
    if without:
        del target[path[-1]]
    else:
        target[path[-1]] = to
    return answer


RIGHT_RESULTS = [
    ("initialize", SERVER),
    ("textDocument/hover", None),
    ("textDocument/hover", {"contents": {"kind": "markdown", "value": "x"}, "range": RANGE}),
    ("textDocument/hover", {"contents": ["x", {"language": "yaml", "value": "a: 1"}]}),
    ("textDocument/completion", [ITEM]),
    ("textDocument/completion", {"isIncomplete": False, "items": [ITEM]}),
    ("textDocument/documentSymbol", [SYMBOL]),
    ("textDocument/codeAction", [{"title": "Fix", "command": "declml.fix"}, {"title": "Fix", "kind": "quickfix"}]),
    ("textDocument/diagnostic", {"kind": "full", "items": [DIAGNOSTIC]}),
    ("textDocument/diagnostic", {"kind": "unchanged", "resultId": "1"}),
    ("textDocument/semanticTokens/full", {"data": [0, 0, 4, 1, 0]}),
    ("textDocument/selectionRange", [{"range": RANGE, "parent": {"range": RANGE}}]),
    ("textDocument/inlayHint", [{"position": RANGE["start"], "label": [{"value": "256"}], "kind": 2}]),
    ("textDocument/rename", {"changes": {"file:///a.yaml": [{"range": RANGE, "newText": "x"}]}}),
    ("textDocument/prepareRename", {"range": RANGE, "placeholder": "x"}),
    ("workspace/executeCommand", {"anything": [1, None, "x"]}),
    ("workspace/symbol", [{"name": "x", "kind": 5, "location": {"uri": "file:///a.yaml"}}]),
    ("shutdown", None),
]
WRONG_RESULTS = [
    ("initialize", altered(SERVER, "capabilities", "hoverProvidr", to=True), "hoverProvidr must be a known property"),
    ("initialize", altered(SERVER, "capabilities", "hoverProvider", to="yes"), "boolean or HoverOptions"),
    ("initialize", altered(SERVER, "capabilities", "textDocumentSync", "change", to=7), "change must be one of 0, 1"),
    ("initialize", altered(SERVER, "serverInfo", "name", without=True), "serverInfo.name must be given"),
    ("initialize", None, "result must be an object"),
    ("textDocument/hover", {"contents": {"kind": "html", "value": "x"}}, "contents.kind must be one of"),
    ("textDocument/hover", {"contents": 3}, "result.contents must be"),
    ("textDocument/hover", {"range": RANGE}, "contents must be given"),
    ("textDocument/completion", {"items": [ITEM]}, "isIncomplete must be given"),
    ("textDocument/completion", [altered(ITEM, "kind", to=26)], "result[0].kind must be one of"),
    ("textDocument/completion", [altered(ITEM, "label", without=True)], "result[0].label must be given"),
    ("textDocument/completion", [altered(ITEM, "textEdit", "range", "end", "line", to=-1)], "must be a uinteger"),
    ("textDocument/completion", [altered(ITEM, "textEdit", "range", "end", "line", to=1.5)], "must be a uinteger"),
    ("textDocument/completion", [altered(ITEM, "sortText", to=None)], "sortText must be a string"),
    ("textDocument/documentSymbol", [altered(SYMBOL, "range", "end", "character", to=2)], "must be inside its range"),
    ("textDocument/documentSymbol", [altered(SYMBOL, "range", "end", "character", to=0)], "must not be before"),
    ("textDocument/documentSymbol", [altered(SYMBOL, "children", to=[SYMBOL | {"kind": 0}])], "children[0].kind"),
    ("textDocument/codeAction", [{"kind": "quickfix"}], "title must be given"),
    ("textDocument/diagnostic", {"kind": "full", "items": None}, "items must be a list"),
    ("textDocument/diagnostic", {"kind": "whole", "items": []}, "kind must be"),
    ("textDocument/diagnostic", {"kind": "full", "items": [altered(DIAGNOSTIC, "severity", to=True)]}, "severity"),
    ("textDocument/semanticTokens/full", {"data": [0, 0, 4, 1]}, "five numbers for each token"),
    ("textDocument/semanticTokens/full", {"data": [0, 0, -4, 1, 0]}, "data[2] must be a uinteger"),
    ("textDocument/foldingRange", [{"startLine": 3, "endLine": 2}], "endLine must not be before its startLine"),
    ("textDocument/selectionRange", [{"range": RANGE, "parent": {"range": altered(RANGE, "start", "character", to=2)}}],
     "parent must contain its range"),
    ("textDocument/rename", {"changes": {"a.yaml": []}}, "must be a DocumentUri"),
    ("textDocument/rename", {"changes": {"file:///a": [{"range": RANGE}]}}, "newText must be given"),
    ("workspace/executeCommand", {"set": {1, 2}}, "must be LSPAny"),
    ("workspace/executeCommand", float("nan"), "must be LSPAny"),
    ("shutdown", {}, "must be a null"),
    ("textDocument/hovr", None, "must be a request of the protocol"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "result"), RIGHT_RESULTS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_right_result_passes(method: str, result: Any) -> None:
    assert wire.violations_of_result(method, result) == []
    wire.check_result(method, result)


@pytest.mark.parametrize(
    ("method", "result", "told"), WRONG_RESULTS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_wrong_result_is_told(method: str, result: Any, told: str) -> None:
    found = wire.violations_of_result(method, result)
    assert len(found) == 1
    assert told in found[0]
    with pytest.raises(AssertionError, match="must"):
        wire.check_result(method, result)


def test_every_violation_is_told_at_once() -> None:
    wrong = [altered(ITEM, "kind", to=0), altered(ITEM, "detail", to=1)]
    assert len(wire.violations_of_result("textDocument/completion", {"isIncomplete": 0, "items": wrong})) == 3


def test_notifications_have_a_direction() -> None:
    wire.check_notification("textDocument/publishDiagnostics", CELL)
    wire.check_notification("declml/event", {"kind": "epoch"}, own={"declml/event"})
    wire.check_notification("textDocument/didClose", {"textDocument": {"uri": "file:///a"}}, sender="client")
    wire.check_params("window/workDoneProgress/create", {"token": "a"}, sender="server")
    for method, params in (
        ("textDocument/didClose", {"textDocument": {"uri": "file:///a"}}),
        ("textDocument/publishDiagnostics", altered(CELL, "version", to="3")),
        ("textDocument/publishDiagnostics", altered(CELL, "diagnostics", 0, "message", without=True)),
        ("textDocument/publishDiagnostics", None),
        ("window/workDoneProgress/create", {"token": "a"}),
        ("declml/event", {"kind": "epoch"}),
        ("window/logMessage", {"type": 9, "message": "x"}),
    ):
        with pytest.raises(AssertionError):
            wire.check_notification(method, params)
    with pytest.raises(AssertionError):
        wire.check_notification("declml/event", 3, own={"declml/event"})
    with pytest.raises(AssertionError):
        wire.check_params("window/workDoneProgress/create", {"token": "a"}, sender="client")


def test_progress_and_registrations_are_looked_into() -> None:
    assert not wire.violations_of_params("$/progress", {"token": 1, "value": {"kind": "begin", "title": "Train"}})
    assert wire.violations_of_params("$/progress", {"token": 1, "value": {"kind": "begin"}})
    assert wire.violations_of_params("$/progress", {"token": 1, "value": {"kind": "start"}})
    assert wire.violations_of_params("$/progress", {"token": 1, "value": {"kind": "report", "percentage": "3"}})
    watch = {
        "id": "1",
        "method": "workspace/didChangeWatchedFiles",
        "registerOptions": {"watchers": [{"globPattern": "*"}]},
    }
    assert not wire.violations_of_params("client/registerCapability", {"registrations": [watch]})
    for wrong in (altered(watch, "registerOptions", to={}), altered(watch, "method", to="workspace/didWatch")):
        assert wire.violations_of_params("client/registerCapability", {"registrations": [wrong]})


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ({"jsonrpc": "2.0", "id": 1, "result": None}, ""),
        ({"jsonrpc": "2.0", "id": 1, "error": {"code": -32800, "message": "cancelled"}}, ""),
        ({"jsonrpc": "2.0", "method": "window/logMessage", "params": {"type": 1, "message": "x"}}, ""),
        ({"jsonrpc": "2.0", "id": "a", "method": "workspace/codeLens/refresh"}, ""),
        ({"id": 1, "result": None}, "jsonrpc"),
        ({"jsonrpc": "2.0", "id": 2, "result": None}, "must name a request"),
        ({"jsonrpc": "2.0", "id": 1}, "a result or an error"),
        ({"jsonrpc": "2.0", "id": 1, "result": None, "error": {"code": 1, "message": ""}}, "a result or an error"),
        ({"jsonrpc": "2.0", "id": 1, "error": {"code": "x", "message": ""}}, "error.code must be a integer"),
        ({"jsonrpc": "2.0", "id": 1, "error": {"code": 1}}, "error must have a code"),
        ({"jsonrpc": "2.0", "id": 1, "result": {"contents": 1}}, "result.contents"),
        ({"jsonrpc": "2.0", "id": 3, "method": "window/logMessage", "params": {"type": 1, "message": "x"}}, "requests"),
        ({"jsonrpc": "2.0", "method": "workspace/codeLens/refresh"}, "notifications"),
        ({"jsonrpc": "2.0", "id": "a", "method": "textDocument/hover", "params": {}}, "must not come from the server"),
    ],
)
def test_a_whole_message_is_judged(message: Any, told: str) -> None:
    found = wire.violations_of_message(message, sender="server", answers={1: "textDocument/hover"})
    assert (told in found[0]) if told else not found


def test_the_whole_meta_model_is_understood() -> None:
    model = json.loads(wire.META_MODEL.read_text())
    assert (len(model["requests"]), len(model["notifications"]), len(model["structures"])) == (64, 26, 313)
    for structure in model["structures"]:
        assert wire.violations_of(structure["name"], 3)
        assert wire.violations_of(structure["name"], {"no such property": 1}) or structure["name"] in wire._ANY
    for message in model["requests"]:
        assert isinstance(wire.violations_of_result(message["method"], {"no such property": 1}), list)


PROFILES = sorted(files("pytest_lsp").joinpath("clients").glob("*.json"))  # pyright: ignore[reportAttributeAccessIssue]


WRONG_PROFILES = {
    "neovim_v0.9.1": [
        'ClientCapabilities.textDocument.callHierarchy must be an object; got [{"dynamicRegistration": false}]'
    ]
}


@pytest.mark.parametrize("profile", PROFILES, ids=lambda file: file.stem)
def test_real_clients_speak_the_protocol(profile: Any) -> None:
    capabilities = json.loads(profile.read_text())["capabilities"]
    # Editors send more than this version of the protocol knows; what it knows must be right, but for one old mistake.
    found = [each for each in wire.violations_of("ClientCapabilities", capabilities) if "known property" not in each]
    assert found == WRONG_PROFILES.get(profile.stem, [])


# --- what a client declared ------------------------------------------------------------------------------------------

CAPABLE = {
    "general": {"positionEncodings": ["utf-8", "utf-16"]},
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
    "workspace": {
        "applyEdit": True,
        "codeLens": {"refreshSupport": True},
        "workspaceEdit": {"documentChanges": True},
        "didChangeWatchedFiles": {"dynamicRegistration": True},
    },
    "textDocument": {
        "publishDiagnostics": {"relatedInformation": True, "tagSupport": {"valueSet": [1, 2]}},
        "completion": {
            "completionItem": {
                "snippetSupport": True,
                "documentationFormat": ["markdown"],
                "resolveSupport": {"properties": ["documentation"]},
            },
            "completionItemKind": {"valueSet": list(range(1, 26))},
        },
        "hover": {"contentFormat": ["markdown"]},
        "documentSymbol": {"hierarchicalDocumentSymbolSupport": True, "symbolKind": {"valueSet": list(range(1, 27))}},
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix"]}},
            "isPreferredSupport": True,
            "resolveSupport": {"properties": ["edit"]},
        },
        "definition": {"linkSupport": True},
        "rename": {"prepareSupport": True},
        "documentLink": {"tooltipSupport": True},
    },
}
EDIT = {"documentChanges": [{"textDocument": {"uri": "file:///a", "version": 1}, "edits": []}]}
USES = [
    ("initialize", altered(SERVER, "capabilities", "positionEncoding", to="utf-8")),
    ("initialize", altered(SERVER, "capabilities", "renameProvider", to={"prepareProvider": True})),
    ("initialize", altered(SERVER, "capabilities", "codeActionProvider", to={"resolveProvider": True})),
    ("textDocument/completion", [ITEM | {"insertTextFormat": 2}]),
    ("textDocument/completion", {"isIncomplete": False, "items": [ITEM | {"kind": 20}]}),
    ("textDocument/completion", [ITEM | {"documentation": {"kind": "markdown", "value": "x"}}]),
    ("textDocument/hover", {"contents": {"kind": "markdown", "value": "x"}}),
    ("textDocument/publishDiagnostics", CELL | {"diagnostics": [DIAGNOSTIC]}),
    ("textDocument/diagnostic", {"kind": "full", "items": [DIAGNOSTIC]}),
    ("workspace/diagnostic", {"items": [{"kind": "full", "uri": "file:///a", "version": 1, "items": [DIAGNOSTIC]}]}),
    ("textDocument/documentSymbol", [SYMBOL]),
    ("textDocument/codeAction", [{"title": "x", "isPreferred": True, "command": {"title": "x", "command": "y"}}]),
    ("textDocument/codeAction", [{"title": "x"}]),
    ("textDocument/rename", EDIT),
    ("workspace/applyEdit", {"edit": EDIT}),
    ("textDocument/definition", [{"targetUri": "file:///a", "targetRange": RANGE, "targetSelectionRange": RANGE}]),
    ("textDocument/documentLink", [{"range": RANGE, "tooltip": "x"}]),
    ("client/registerCapability", {"registrations": [{"id": "1", "method": "workspace/didChangeWatchedFiles"}]}),
    ("window/workDoneProgress/create", {"token": "x"}),
    ("window/showDocument", {"uri": "file:///a"}),
    ("workspace/codeLens/refresh", {}),
]


@pytest.mark.parametrize(("method", "message"), USES, ids=lambda value: value if isinstance(value, str) else "")
def test_what_a_client_did_not_declare_is_told(method: str, message: Any) -> None:
    assert declared.violations(CAPABLE, method, message) == []
    found = declared.violations({}, method, message)
    assert found
    assert all("client's" in each for each in found)


def test_a_resolved_item_may_fill_in_only_what_the_client_names() -> None:
    with_text = ITEM | {"documentation": {"kind": "markdown", "value": "x"}}
    assert declared.violations(CAPABLE, "completionItem/resolve", with_text, asked=ITEM) == []
    assert declared.violations(CAPABLE, "completionItem/resolve", ITEM | {"sortText": "2"}, asked=ITEM)
    action = {"title": "x", "kind": "quickfix"}
    assert declared.violations(CAPABLE, "codeAction/resolve", action | {"edit": EDIT}, asked=action) == []
    assert declared.violations(CAPABLE, "codeAction/resolve", action | {"title": "y"}, asked=action)


def test_unused_extras_need_nothing() -> None:
    plain = [{"label": "x"}]
    assert declared.violations({}, "textDocument/completion", plain) == []
    assert declared.violations({}, "textDocument/completion", None) == []
    assert declared.violations({}, "textDocument/hover", {"contents": "plain"}) == []
    assert declared.violations({}, "textDocument/formatting", []) == []
