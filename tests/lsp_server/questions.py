"""What an editor asks about a document, as the protocol writes it, and whether answers stay inside the text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

Json: TypeAlias = Any

_LINE_END = re.compile(r"\r\n|\r|\n")
_OPTIONS = {"tabSize": 2, "insertSpaces": True}


class Document:
    """A text as an editor has it: ``encoding`` is the unit in which it counts, ``places`` are where it asks."""

    def __init__(
        self, name: str, text: str, uri: str, *, encoding: str = "utf-16", places: Sequence[Json] = ()
    ) -> None:
        self.name = name
        self.text = text
        self.uri = uri
        self.lines = _LINE_END.split(text)
        self._encoding = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}[encoding]
        self._width = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]
        self.problems: list[Json] = []
        self.places = self._everywhere()

    def units(self, text: str) -> int:
        """Return how long the editor finds a text."""
        return len(text.encode(self._encoding, "surrogatepass")) // self._width

    def place(self, line: int, column: int) -> Json:
        """Return the place before the character ``column`` of a line."""
        return {"line": line, "character": self.units(self.lines[line][:column])}

    @property
    def end(self) -> Json:
        """The place after the last character."""
        return self.place(len(self.lines) - 1, len(self.lines[-1]))

    @property
    def whole(self) -> Json:
        """The range of all of the text."""
        return {"start": self.place(0, 0), "end": self.end}

    def outside(self, method: str, answer: Json) -> list[str]:
        """Return the places in an answer that are not in the text, and semantic tokens that are not."""
        if isinstance(answer, dict) and method.startswith("textDocument/semanticTokens"):
            return self._tokens_outside(answer["data"])
        places = [each for each in _positions(answer, self.uri) if not self._holds(each)]
        return [f"{method} in {self.name}: {each}" for each in places]

    def _everywhere(self) -> list[Json]:
        """Return places inside keys, inside values and at the ends of lines, about a dozen of them."""
        found: list[Json] = []
        for number, line in enumerate(self.lines):
            colons = [each.start() for each in re.finditer(r":(?= |$)", line)]
            found += [self.place(number, max(0, at - 1)) for at in colons[:2]]
            found += [self.place(number, min(len(line), at + 4)) for at in colons[:2]]
            found.append(self.place(number, len(line)))
        return found[:: max(1, len(found) // 12)]

    def _holds(self, position: Json) -> bool:
        number = position["line"]
        return number < len(self.lines) and position["character"] <= self.units(self.lines[number])

    def _tokens_outside(self, data: Sequence[int]) -> list[str]:
        line = column = end = 0
        found: list[str] = []
        for at in range(0, len(data), 5):
            down, right, length = data[at : at + 3]
            line, column = line + down, right if down else column + right
            if down == 0 and column < end:
                found.append(f"a token in {self.name} at {line}:{column} begins inside the one before it")
            end = column + length
            if not self._holds({"line": line, "character": end}) or not length:
                found.append(f"a token in {self.name} at {line}:{column} of length {length}")
        return found


def _positions(value: Json, uri: str) -> Iterator[Json]:
    """Yield every place in an answer that is about this document."""
    if isinstance(value, dict):
        if value.keys() == {"line", "character"}:
            yield value
        elif value.get("uri", uri) == uri and value.get("targetUri", uri) == uri:
            for each in value.values():
                yield from _positions(each, uri)
    elif isinstance(value, list):
        for each in value:
            yield from _positions(each, uri)


Ask: TypeAlias = Callable[[Document], list[Json]]


def _document(**more: Json) -> Ask:
    return lambda document: [{"textDocument": {"uri": document.uri}} | more]


def _places(**more: Json) -> Ask:
    return lambda document: [
        {"textDocument": {"uri": document.uri}, "position": each} | more for each in document.places
    ]


def _whole(**more: Json) -> Ask:
    return lambda document: [{"textDocument": {"uri": document.uri}, "range": document.whole} | more]


def _selections(document: Document) -> list[Json]:
    return [{"textDocument": {"uri": document.uri}, "positions": document.places[:10]}]


def _actions(document: Document) -> list[Json]:
    """Ask as an editor does: at each problem with that problem, at each place, and for everything at once."""
    identifier = {"textDocument": {"uri": document.uri}}
    everything = {"diagnostics": document.problems, "only": ["source.fixAll"]}
    return [
        *(identifier | {"range": each["range"], "context": {"diagnostics": [each]}} for each in document.problems),
        *(identifier | {"range": {"start": at, "end": at}, "context": {"diagnostics": []}} for at in document.places),
        identifier | {"range": document.whole, "context": everything},
    ]


QUESTIONS: dict[str, dict[str, Ask]] = {
    "completionProvider": {"textDocument/completion": _places()},
    "hoverProvider": {"textDocument/hover": _places()},
    "signatureHelpProvider": {"textDocument/signatureHelp": _places()},
    "declarationProvider": {"textDocument/declaration": _places()},
    "definitionProvider": {"textDocument/definition": _places()},
    "typeDefinitionProvider": {"textDocument/typeDefinition": _places()},
    "implementationProvider": {"textDocument/implementation": _places()},
    "referencesProvider": {"textDocument/references": _places(context={"includeDeclaration": True})},
    "documentHighlightProvider": {"textDocument/documentHighlight": _places()},
    "documentSymbolProvider": {"textDocument/documentSymbol": _document()},
    "workspaceSymbolProvider": {"workspace/symbol": lambda _: [{"query": ""}, {"query": "age"}]},
    "codeActionProvider": {"textDocument/codeAction": _actions},
    "codeLensProvider": {"textDocument/codeLens": _document()},
    "documentLinkProvider": {"textDocument/documentLink": _document()},
    "colorProvider": {"textDocument/documentColor": _document()},
    "documentFormattingProvider": {"textDocument/formatting": _document(options=_OPTIONS)},
    "documentRangeFormattingProvider": {"textDocument/rangeFormatting": _whole(options=_OPTIONS)},
    "documentOnTypeFormattingProvider": {"textDocument/onTypeFormatting": _places(ch="\n", options=_OPTIONS)},
    "renameProvider": {
        "textDocument/prepareRename": _places(),
        "textDocument/rename": _places(newName="renamed"),
    },
    "foldingRangeProvider": {"textDocument/foldingRange": _document()},
    "selectionRangeProvider": {"textDocument/selectionRange": _selections},
    "linkedEditingRangeProvider": {"textDocument/linkedEditingRange": _places()},
    "semanticTokensProvider": {
        "textDocument/semanticTokens/full": _document(),
        "textDocument/semanticTokens/range": _whole(),
    },
    "inlayHintProvider": {"textDocument/inlayHint": _whole()},
    "diagnosticProvider": {
        "textDocument/diagnostic": _document(),
        "workspace/diagnostic": lambda _: [
            {"previousResultIds": []},
            {"previousResultIds": [], "partialResultToken": "parts"},
        ],
    },
}
"""What is asked of a server that declares something: by provider, the methods and the parameters for a document."""
NOT_ASKED = {"positionEncoding", "textDocumentSync", "notebookDocumentSync", "workspace", "executeCommandProvider"}
"""What a server declares and no request belongs to; commands have tests of their own."""
METHODS = {method: ask for methods in QUESTIONS.values() for method, ask in methods.items()}
RESOLVED = {
    "textDocument/completion": ("completionProvider", "completionItem/resolve"),
    "textDocument/codeAction": ("codeActionProvider", "codeAction/resolve"),
    "textDocument/codeLens": ("codeLensProvider", "codeLens/resolve"),
    "textDocument/documentLink": ("documentLinkProvider", "documentLink/resolve"),
    "textDocument/inlayHint": ("inlayHintProvider", "inlayHint/resolve"),
    "workspace/symbol": ("workspaceSymbolProvider", "workspaceSymbol/resolve"),
}
"""Which requests have answers that can be filled in later: by what declaration, and by which request."""
