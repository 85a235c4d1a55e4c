"""Growing selections over the wire."""

from __future__ import annotations

from lsprotocol import types
from pytest_lsp import LanguageClient
from tests.lsp_server.e2e.article import TIED_LINE, open_article, title_width
from tests.lsp_server.e2e.conftest import ONE_LOOP, Editor

pytestmark = ONE_LOOP


def chain(found: types.SelectionRange | None) -> list[types.Range]:
    ranges: list[types.Range] = []
    while found is not None:
        ranges.append(found.range)
        found = found.parent
    return ranges


async def test_a_selection_grows_from_the_value_to_the_whole_text(client: LanguageClient, editor: Editor) -> None:
    places = [types.Position(7, 11), types.Position(TIED_LINE, 12)]
    params = types.SelectionRangeParams(open_article(editor), places)
    first, second = await client.text_document_selection_range_async(params) or ()
    lines = [(each.start.line, each.end.line) for each in chain(first)]
    assert lines[0] == (7, 7)
    assert lines[-1] == (0, 12)
    assert lines == sorted(lines, key=lambda each: each[1] - each[0])
    innermost = chain(second)[0]
    assert (innermost.start, innermost.end) == (
        types.Position(TIED_LINE, 10), types.Position(TIED_LINE, 10 + title_width(client)),
    )  # fmt: skip
