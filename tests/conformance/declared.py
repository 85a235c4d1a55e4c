"""What a client declared, and whether a server's messages use more than that.

`violations` takes a client's capabilities and what the server answered or sent; `wire` judges the types, this file the
optional parts of the protocol (snippets, markdown, related information...). Source: LSP 3.17, "Client capabilities".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, TypeAlias

Json: TypeAlias = Any
Capabilities: TypeAlias = Mapping[str, Any]

_FIRST_KINDS = range(1, 19)
"""The kinds of completion items and symbols that a client without a value set knows (those of LSP 1.0)."""


def violations(capabilities: Capabilities, method: str, message: Json, *, asked: Json = None) -> list[str]:
    """Return what in ``message`` (a result, or the parameters of what the server sent) the client did not declare.

    ``asked`` is what the client sent, where the answer must be held against it: the item of a ``.../resolve``.
    """
    rule = _RULES.get(method)
    if rule is None or message is None:
        return []
    return list(rule(capabilities, message, asked))


def declared(capabilities: Capabilities, path: str) -> Any:
    """Return what the client says at a dotted path, None where it says nothing."""
    value: Any = capabilities
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _flag(capabilities: Capabilities, path: str, used: object, what: str) -> Iterator[str]:
    if used and not declared(capabilities, path):
        yield f"{what} needs the client's {path}"


def _among(capabilities: Capabilities, path: str, used: Collection[Any], otherwise: Collection[Any]) -> Iterator[str]:
    known = declared(capabilities, path)
    for value in dict.fromkeys(used):
        if value not in (known if known is not None else otherwise):
            yield f"{value!r} must be in the client's {path}"


def _initialize(capabilities: Capabilities, result: Json, _: Json) -> Iterator[str]:
    server = result["capabilities"]
    encoding = server.get("positionEncoding", "utf-16")
    yield from _among(capabilities, "general.positionEncodings", [encoding], ["utf-16"])
    for provider, path in (
        ("codeActionProvider", "textDocument.codeAction.codeActionLiteralSupport"),
        ("renameProvider", "textDocument.rename.prepareSupport"),
    ):
        yield from _flag(capabilities, path, isinstance(server.get(provider), dict), f"{provider} with options")


def _completion(capabilities: Capabilities, result: Json, _: Json) -> Iterator[str]:
    if isinstance(result, dict):
        used = result.get("itemDefaults", {})
        yield from _among(capabilities, "textDocument.completion.completionList.itemDefaults", used, [])
    for item in result["items"] if isinstance(result, dict) else result:
        yield from _completion_item(capabilities, item)


def _completion_item(capabilities: Capabilities, item: Json) -> Iterator[str]:
    can = "textDocument.completion.completionItem"
    yield from _flag(capabilities, f"{can}.snippetSupport", item.get("insertTextFormat") == 2, "a snippet")
    yield from _flag(capabilities, f"{can}.commitCharactersSupport", "commitCharacters" in item, "commitCharacters")
    yield from _flag(capabilities, f"{can}.deprecatedSupport", "deprecated" in item, "deprecated")
    yield from _flag(capabilities, f"{can}.preselectSupport", "preselect" in item, "preselect")
    yield from _flag(capabilities, f"{can}.labelDetailsSupport", "labelDetails" in item, "labelDetails")
    two_ranges = "insert" in item.get("textEdit", {})
    yield from _flag(capabilities, f"{can}.insertReplaceSupport", two_ranges, "an edit with two ranges")
    yield from _among(capabilities, f"{can}.tagSupport.valueSet", item.get("tags", []), [])
    yield from _among(capabilities, f"{can}.documentationFormat", _formats(item.get("documentation")), [])
    mode = [item["insertTextMode"]] if "insertTextMode" in item else []
    yield from _among(capabilities, f"{can}.insertTextModeSupport.valueSet", mode, [])
    kind = [item["kind"]] if "kind" in item else []
    yield from _among(capabilities, "textDocument.completion.completionItemKind.valueSet", kind, _FIRST_KINDS)


def _resolved_completion(capabilities: Capabilities, item: Json, asked: Json) -> Iterator[str]:
    yield from _completion_item(capabilities, item)
    lazy = declared(capabilities, "textDocument.completion.completionItem.resolveSupport.properties")
    yield from _filled_in(item, asked, lazy if lazy is not None else ["documentation", "detail"])


def _filled_in(item: Json, asked: Json, allowed: Collection[str]) -> Iterator[str]:
    for name in item.keys() if asked else ():
        if item[name] != asked.get(name) and name not in allowed:
            yield f"{name} must not be resolved late; the client names {', '.join(allowed) or 'nothing'}"


def _hover(capabilities: Capabilities, result: Json, _: Json) -> Iterator[str]:
    yield from _among(capabilities, "textDocument.hover.contentFormat", _formats(result["contents"]), [])


def _formats(content: Json) -> list[str]:
    return [content["kind"]] if isinstance(content, dict) and "kind" in content else []


def _diagnostics(capabilities: Capabilities, found: list[Json]) -> Iterator[str]:
    # A client that pulls and says nothing more is held to what it says of pushed ones: editors read both the same way.
    can = "textDocument.publishDiagnostics"
    for each in found:
        yield from _flag(capabilities, f"{can}.relatedInformation", "relatedInformation" in each, "relatedInformation")
        yield from _flag(capabilities, f"{can}.codeDescriptionSupport", "codeDescription" in each, "codeDescription")
        yield from _flag(capabilities, f"{can}.dataSupport", "data" in each, "data")
        yield from _among(capabilities, f"{can}.tagSupport.valueSet", each.get("tags", []), [])


def _published(capabilities: Capabilities, params: Json, _: Json) -> Iterator[str]:
    # A version may always be sent: versionSupport only says whether the client looks at it.
    yield from _diagnostics(capabilities, params["diagnostics"])


def _pulled(capabilities: Capabilities, report: Json, _: Json) -> Iterator[str]:
    yield from _diagnostics(capabilities, report.get("items", []))
    related = "relatedDocuments" in report
    yield from _flag(capabilities, "textDocument.diagnostic.relatedDocumentSupport", related, "relatedDocuments")


def _pulled_everywhere(capabilities: Capabilities, report: Json, _: Json) -> Iterator[str]:
    for each in report["items"]:
        yield from _diagnostics(capabilities, each.get("items", []))


def _document_symbols(capabilities: Capabilities, result: list[Json], _: Json) -> Iterator[str]:
    can = "textDocument.documentSymbol"
    for each in result:
        whole = f"{can}.hierarchicalDocumentSymbolSupport"
        yield from _flag(capabilities, whole, "location" not in each, "a tree of symbols")
        yield from _among(capabilities, f"{can}.symbolKind.valueSet", [each["kind"]], _FIRST_KINDS)
        yield from _among(capabilities, f"{can}.tagSupport.valueSet", each.get("tags", []), [])
        yield from _document_symbols(capabilities, each.get("children", []), None)


def _workspace_symbols(capabilities: Capabilities, result: list[Json], _: Json) -> Iterator[str]:
    can = "workspace.symbol"
    for each in result:
        yield from _among(capabilities, f"{can}.symbolKind.valueSet", [each["kind"]], _FIRST_KINDS)
        yield from _among(capabilities, f"{can}.tagSupport.valueSet", each.get("tags", []), [])
        lazy = "range" not in each["location"]
        yield from _flag(capabilities, f"{can}.resolveSupport", lazy, "a location without a range")


def _code_actions(capabilities: Capabilities, result: list[Json], _: Json) -> Iterator[str]:
    for each in result:
        if not isinstance(each.get("command"), str):
            yield from _code_action(capabilities, each)


def _code_action(capabilities: Capabilities, action: Json) -> Iterator[str]:
    can = "textDocument.codeAction"
    yield from _flag(capabilities, f"{can}.codeActionLiteralSupport", True, "a code action that is no command")
    for name in ("isPreferred", "disabled", "data"):
        yield from _flag(capabilities, f"{can}.{name}Support", name in action, f"{name} of a code action")
    if not {"edit", "command", "disabled"} & action.keys():
        yield from _among(capabilities, f"{can}.resolveSupport.properties", ["edit"], [])
    yield from _workspace_edit(capabilities, action.get("edit"), None)


def _resolved_action(capabilities: Capabilities, action: Json, asked: Json) -> Iterator[str]:
    yield from _code_action(capabilities, action)
    lazy = declared(capabilities, "textDocument.codeAction.resolveSupport.properties")
    yield from _filled_in(action, asked, lazy or [])


def _applied(capabilities: Capabilities, params: Json, _: Json) -> Iterator[str]:
    yield from _flag(capabilities, "workspace.applyEdit", True, "workspace/applyEdit")
    yield from _workspace_edit(capabilities, params["edit"], None)


def _workspace_edit(capabilities: Capabilities, edit: Json, _: Json) -> Iterator[str]:
    if not edit:
        return
    can = "workspace.workspaceEdit"
    yield from _flag(capabilities, f"{can}.documentChanges", "documentChanges" in edit, "documentChanges")
    noted = "changeAnnotations" in edit
    yield from _flag(capabilities, f"{can}.changeAnnotationSupport", noted, "changeAnnotations")
    operations = [each["kind"] for each in edit.get("documentChanges", []) if "kind" in each]
    yield from _among(capabilities, f"{can}.resourceOperations", operations, [])


def _locations(name: str) -> Callable[[Capabilities, Json, Json], Iterator[str]]:
    def rule(capabilities: Capabilities, result: Json, _: Json) -> Iterator[str]:
        links = isinstance(result, list) and any("targetUri" in each for each in result)
        yield from _flag(capabilities, f"textDocument.{name}.linkSupport", links, "a location link")

    return rule


def _folding(capabilities: Capabilities, result: list[Json], _: Json) -> Iterator[str]:
    can = "textDocument.foldingRange"
    kinds = [each["kind"] for each in result if "kind" in each]
    yield from _among(capabilities, f"{can}.foldingRangeKind.valueSet", kinds, ["comment", "imports", "region"])
    texts = any("collapsedText" in each for each in result)
    yield from _flag(capabilities, f"{can}.foldingRange.collapsedText", texts, "collapsedText")
    limit = declared(capabilities, f"{can}.rangeLimit")
    if limit is not None and len(result) > limit:
        yield f"there must be at most {limit} ranges; got {len(result)}"


def _links(capabilities: Capabilities, result: list[Json], _: Json) -> Iterator[str]:
    tooltips = any("tooltip" in each for each in result)
    yield from _flag(capabilities, "textDocument.documentLink.tooltipSupport", tooltips, "a link's tooltip")


def _hints(capabilities: Capabilities, result: list[Json], _: Json) -> Iterator[str]:
    lazy = any("data" in each and "tooltip" not in each for each in result)
    yield from _flag(capabilities, "textDocument.inlayHint.resolveSupport", lazy, "a hint to be resolved")


def _registered(capabilities: Capabilities, params: Json, _: Json) -> Iterator[str]:
    for each in params["registrations"]:
        part, _, name = each["method"].partition("/")
        if each["method"] == "notebookDocument/sync":
            part, name = "notebookDocument", "synchronization"
        elif part == "textDocument" and name in {"didOpen", "didChange", "didClose", "didSave"}:
            name = "synchronization"
        yield from _flag(capabilities, f"{part}.{name}.dynamicRegistration", True, f"registering {each['method']}")


def _needs(path: str) -> Callable[[Capabilities, Json, Json], Iterator[str]]:
    def rule(capabilities: Capabilities, message: Json, _: Json) -> Iterator[str]:
        yield from _flag(capabilities, path, True, "this message")

    return rule


_RULES: dict[str, Callable[[Capabilities, Json, Json], Iterator[str]]] = {
    "initialize": _initialize,
    "textDocument/completion": _completion,
    "completionItem/resolve": _resolved_completion,
    "textDocument/hover": _hover,
    "textDocument/publishDiagnostics": _published,
    "textDocument/diagnostic": _pulled,
    "workspace/diagnostic": _pulled_everywhere,
    "textDocument/documentSymbol": _document_symbols,
    "workspace/symbol": _workspace_symbols,
    "textDocument/codeAction": _code_actions,
    "codeAction/resolve": _resolved_action,
    "textDocument/rename": _workspace_edit,
    "workspace/applyEdit": _applied,
    "textDocument/definition": _locations("definition"),
    "textDocument/declaration": _locations("declaration"),
    "textDocument/foldingRange": _folding,
    "textDocument/documentLink": _links,
    "textDocument/inlayHint": _hints,
    "client/registerCapability": _registered,
    "window/workDoneProgress/create": _needs("window.workDoneProgress"),
    "window/showDocument": _needs("window.showDocument.support"),
    "workspace/configuration": _needs("workspace.configuration"),
    "workspace/workspaceFolders": _needs("workspace.workspaceFolders"),
    "workspace/codeLens/refresh": _needs("workspace.codeLens.refreshSupport"),
    "workspace/inlayHint/refresh": _needs("workspace.inlayHint.refreshSupport"),
    "workspace/semanticTokens/refresh": _needs("workspace.semanticTokens.refreshSupport"),
    "workspace/diagnostic/refresh": _needs("workspace.diagnostics.refreshSupport"),
}
