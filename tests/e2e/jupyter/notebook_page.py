"""A notebook in a browser, as a test drives it: cells are run by the application's own commands, not by clicks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, Route, sync_playwright

_READY = """() => window.jupyterapp
    && document.querySelector('.jp-Notebook-ExecutionIndicator[data-status=idle]')"""
_RUN = """async index => {
    const panel = window.jupyterapp.shell.currentWidget;
    await panel.sessionContext.ready; await panel.context.ready;
    panel.content.activeCellIndex = index;
    window.cellsDone = window.cellsDone || {};
    window.cellsDone[index] = false;
    window.jupyterapp.commands.execute('notebook:run-cell').then(() => { window.cellsDone[index] = true; });
}"""
_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
LONG_MS = 120_000


class NotebookPage:
    """One notebook that is open. ``foreign`` are the addresses outside the server that the page asked for."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.foreign: list[str] = []
        self.errors: list[str] = []
        self._server = address.split("/doc/")[0]
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.route("**/*", self._pass_on)
        page.goto(address)
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait for the kernel and the cells."""
        self.page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=LONG_MS)
        self.page.wait_for_function(_READY, timeout=LONG_MS)

    def run(self, index: int) -> Locator:
        """Start the cell at ``index``, counted among all cells, and return it."""
        self.page.evaluate(_RUN, index)
        return self.cell(index)

    def run_to_end(self, index: int) -> Locator:
        """Run a cell and wait for its end."""
        cell = self.run(index)
        self.wait_idle(index)
        return cell

    def cell(self, index: int) -> Locator:
        """Return a cell; the server's settings say that all of them are on the page."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def wait_idle(self, index: int | None = None) -> None:
        """Wait until nothing runs."""
        if index is not None:
            self.page.wait_for_function("index => window.cellsDone[index]", arg=index, timeout=LONG_MS)
        self.page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", timeout=LONG_MS)

    @property
    def kernel(self) -> str | None:
        """What the kernel does: ``idle`` or ``busy``."""
        return self.page.get_attribute(".jp-Notebook-ExecutionIndicator", "data-status")

    def command(self, name: str, **arguments: Any) -> None:
        """Execute a command of the application."""
        self.page.evaluate("([name, args]) => window.jupyterapp.commands.execute(name, args)", [name, arguments])

    def save(self) -> None:
        """Save the notebook."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")

    def shot(self, path: Path, *, of: Locator | None = None) -> None:
        """Take a picture of the page, with a cell in view."""
        if of is not None:
            of.scroll_into_view_if_needed()
        self.page.screenshot(path=path)

    def _pass_on(self, route: Route) -> None:
        url = route.request.url
        if url.startswith((self._server, "data:", "blob:")):
            route.continue_()
        else:
            self.foreign.append(url)
            route.abort()


@contextmanager
def browser(chromium: str) -> Iterator[Any]:
    """Start the system's Chromium without a window."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, headless=True, args=_FLAGS)
        try:
            yield running
        finally:
            running.close()
