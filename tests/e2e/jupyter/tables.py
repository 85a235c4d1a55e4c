"""The tables of runs in the page: the list is alive while a run goes on, and a comparison is operated by keys."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from notebook_page import NotebookPage
from playwright.sync_api import Locator


class Saw(Protocol):
    """The walk that these steps belong to."""

    out: Path

    def saw(self, what: str, seen: object, **facts: object) -> None:
        """Print a step; end the walk where it is not as it must be."""
        ...


def table_view(cell: Locator) -> Locator:
    """Wait until the table of a cell has come to life, and return its view."""
    view = cell.locator("[data-declml-live] .declml").first
    view.locator("table").first.wait_for(timeout=30_000)
    return view


def compare_two(walk: Saw, page: NotebookPage, index: int) -> None:
    """`%declml diff`: curves in one chart, a table that is operated by keys, and the plain table behind it."""
    cell = page.cell(index)
    cell.scroll_into_view_if_needed()
    view = table_view(cell)
    view.locator(".d-charts").scroll_into_view_if_needed()
    view.locator("canvas").first.wait_for(timeout=20_000)
    static = cell.locator("[data-declml-live] > table")
    is_behind = static.count() and not static.first.is_visible()
    walk.saw("two runs are compared in a view, the plain table behind it", is_behind, tables=static.count())
    before = view.locator("table").first.inner_text()
    view.locator(".d-segment[aria-pressed=true]").first.focus()
    page.page.keyboard.press("Tab")
    page.page.keyboard.press("Enter")
    pressed = view.locator(".d-segment[aria-pressed=true]").first.inner_text()
    walk.saw("a split is chosen by keys", view.locator("table").first.inner_text() != before, split=pressed)
    shots(walk, page, view, "10-compare")


def follow_runs(walk: Saw, page: NotebookPage, index: int) -> None:
    """`%declml runs` while one of them goes on: a small curve a run that moves, and two of them compared by keys."""
    cell = page.run_to_end(index)
    view = table_view(cell)
    rows, sparks = view.locator("tbody tr"), view.locator("svg.d-spark")
    sparks.first.wait_for(timeout=20_000)
    first = rows.first
    before = first.inner_html()
    for _ in range(100):
        page.page.wait_for_timeout(100)
        if first.inner_html() != before:
            break
    is_alive = "Running" in first.inner_text() and first.inner_html() != before
    walk.saw("the list of runs is alive while one of them goes on", is_alive, runs=rows.count(), curves=sparks.count())
    boxes = view.locator("input[type=checkbox]")
    boxes.nth(0).focus()
    for key in ("Space", "Tab", "Space"):
        page.page.keyboard.press(key)
    view.get_by_role("button", name="Compare").focus()
    page.page.keyboard.press("Enter")
    below = cell.locator(".declml-below .d-title")
    below.wait_for(timeout=20_000)
    walk.saw("two of them are chosen and compared by keys", "2 runs" in below.inner_text())
    page.page.wait_for_timeout(1000)
    shots(walk, page, view, "11-runs")


def shots(walk: Saw, page: NotebookPage, view: Locator, name: str) -> None:
    """Take pictures in the light, in the dark and on a narrow page, where nothing may be cut off."""
    view.scroll_into_view_if_needed()
    page.shot(walk.out / f"{name}.png", of=view)
    page.command("apputils:change-theme", theme="JupyterLab Dark")
    page.page.wait_for_selector("body[data-jp-theme-light=false]", state="attached", timeout=20_000)
    page.page.wait_for_timeout(800)
    page.shot(walk.out / f"{name}-dark.png", of=view)
    page.page.set_viewport_size({"width": 500, "height": 1000})
    page.page.wait_for_timeout(1200)
    width = round((view.bounding_box() or {}).get("width", 0))
    over = view.evaluate("element => element.scrollWidth - element.clientWidth")
    walk.saw("nothing of it is cut off on a narrow page", over <= 1 and 0 < width <= 400, width=width)
    page.shot(walk.out / f"{name}-narrow.png", of=view)
    page.page.set_viewport_size({"width": 1280, "height": 1000})
    page.command("apputils:change-theme", theme="JupyterLab Light")
    page.page.wait_for_selector("body[data-jp-theme-light=true]", state="attached", timeout=20_000)


def still_tables(walk: Saw, page: NotebookPage, index: int) -> None:
    """The kernel is gone and the page is opened anew: the plain tables stand there, and nothing tells of a widget."""
    page.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.page.wait_for_timeout(1000)
    page.page.reload()
    page.page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    cell = page.cell(index)
    cell.scroll_into_view_if_needed()
    cell.locator("[data-declml-live] > table").first.wait_for(timeout=30_000)
    page.page.wait_for_timeout(2500)
    text = page.page.locator(".jp-Notebook").inner_text()
    walk.saw(
        "without its kernel the tables are plain and pictures stand",
        "Error displaying widget" not in text and "Loading widget" not in text,
        pictures=page.page.locator(".jp-Notebook img[src^='data:image/png']").count(),
    )


def kernel_dies(walk: Saw, page: NotebookPage, training: int, attaching: int) -> None:
    """The kernel is gone while a run goes on: the page says how to see it, and one line shows it whole and moving."""
    page.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.page.wait_for_timeout(1000)
    page.page.reload()
    page.wait_until_ready()
    cell = page.cell(training)
    cell.scroll_into_view_if_needed()
    cell.get_by_text("%declml attach latest").wait_for(timeout=60_000)
    text = cell.locator(".jp-OutputArea").inner_text()
    walk.saw("a view whose kernel is gone says how to see the run", "Error displaying" not in text)
    cell = page.run_to_end(attaching)
    view = cell.locator(".declml")
    view.locator(".d-tiles").wait_for(timeout=60_000)
    before = view.locator(".d-tiles").inner_text()
    for _ in range(100):
        page.page.wait_for_timeout(100)
        if view.locator(".d-tiles").inner_text() != before:
            break
    walk.saw("another kernel shows it, moving", view.locator(".d-tiles").inner_text() != before)
    page.shot(walk.out / "12-attached-after-kernel.png", of=view)
    view.get_by_role("button", name="Stop").click()
    cell.locator("img[src^='data:image/png']").wait_for(timeout=30_000)
    walk.saw("and its stop button ends it", "interrupted" in cell.locator(".jp-OutputArea").inner_text())
