"""Asks the client to ask anew: once for many reasons, and never while an earlier question is still open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from declml_lsp.session import Session

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer

ANSWER_SECONDS = 30.0
"""A client that has not answered by then is asked again all the same."""

LENSES = "code_lens"
_KINDS: dict[str, Callable[[LanguageServer], Any]] = {
    LENSES: lambda client: client.workspace_code_lens_refresh_async(None),
    "inlay_hint": lambda client: client.workspace_inlay_hint_refresh_async(None),
    "semantic_tokens": lambda client: client.workspace_semantic_tokens_refresh_async(None),
    "diagnostics": lambda client: client.workspace_diagnostic_refresh_async(None),
}


class Refresher:
    """One task at most; what is wanted meanwhile is asked when the client has answered."""

    def __init__(self, client: LanguageServer, session: Session) -> None:
        self._client = client
        self._session = session
        self._wanted: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    def ask(self, *kinds: str) -> None:
        """Ask for some kinds (`LENSES`), or for all, as far as the client knows how to; from the event loop only."""
        able = (kind for kind in kinds or _KINDS if self._session.supports("workspace", kind, "refresh_support"))
        self._wanted.update(able)
        if self._wanted and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        try:
            while self._wanted:
                await asyncio.sleep(0)  # reasons come in swarms
                asked, self._wanted = self._wanted, set()
                answers = [asyncio.ensure_future(_KINDS[kind](self._client)) for kind in sorted(asked)]
                await asyncio.wait(answers, timeout=ANSWER_SECONDS)
                for answer in answers:
                    answer.cancel()
                    if answer.done() and not answer.cancelled():
                        answer.exception()  # a client that refuses is free to
        finally:
            self._task = None
