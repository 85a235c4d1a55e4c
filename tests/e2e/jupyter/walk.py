"""Walks through the tutorial in a real JupyterLab: the curve moves, stop works, a reload catches up, the file is whole.

Run by `make e2e-jupyter`. Every step prints what it saw; the first that is wrong ends it. The pictures are to be
looked at: they show what no check can judge.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
from lab import Lab, jupyter_lab
from notebook_page import NotebookPage, browser
from playwright.sync_api import Browser, Locator
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from tables import compare_two, follow_runs, kernel_dies, still_tables

ROOT = Path(__file__).parents[3]
TUTORIAL = ROOT / "jupyter_ext" / "declml_jupyter" / "tutorial.ipynb"
LONG = """\
%%declml train --data people --as long --again {options}
input_features:
  - {{name: age, type: number}}
  - {{name: education, type: category}}
  - {{name: occupation, type: category}}
  - {{name: hours_per_week, type: number}}
output_features:
  - {{name: income, type: category}}
trainer: {{epochs: 3000, early_stop: -1, learning_rate: 0.0003, seed: {seed}}}
"""
"""Trains for minutes: long enough to be watched, stopped and come back to."""


class Walk:
    """One walk: what was seen, and where the pictures go."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.began = time.monotonic()

    def saw(self, what: str, seen: object, **facts: Any) -> None:
        """Print a step; end the walk where it is not as it must be."""
        told = " ".join(f"{name}={value}" for name, value in facts.items())
        print(f"{'ok  ' if seen else 'FAIL'} {time.monotonic() - self.began:6.1f} s  {what}  {told}", flush=True)
        if not seen:
            raise SystemExit(1)


def notebook(folder: Path) -> dict[str, int]:
    """Write the tutorial with cells to be stopped behind it; return where these are."""
    book = nbformat.read(TUTORIAL, as_version=4)
    places: dict[str, int] = {}
    for name, options in (("stopped", ""), ("interrupted", ""), ("background", "--background"), ("reloaded", "")):
        places[name] = len(book.cells)
        book.cells.append(nbformat.v4.new_code_cell(LONG.format(options=options, seed=len(places))))
    for name, text in (("list", "%declml runs"), ("attached", "%load_ext declml\n%declml attach latest")):
        places[name] = len(book.cells)
        book.cells.append(nbformat.v4.new_code_cell(text))
    nbformat.write(book, folder / "tutorial.ipynb")
    return places


def training_cell(folder: Path) -> int:
    """Return the first cell of the tutorial that trains."""
    return cell_of(folder, "%%declml train")


def cell_of(folder: Path, start: str) -> int:
    """Return the first cell whose text begins so."""
    book = nbformat.read(folder / "tutorial.ipynb", as_version=4)
    return next(index for index, each in enumerate(book.cells) if each.source.startswith(start))


def live(cell: Locator) -> Locator:
    """Wait for the curves of a cell's view and return the view. A chart that is not on the screen is not drawn."""
    view = cell.locator(".declml")
    view.locator(".d-tiles").wait_for(timeout=60_000)
    for _ in range(60):
        view.locator(".d-charts").scroll_into_view_if_needed()
        if view.locator("canvas").count():
            break
        cell.page.wait_for_timeout(500)
    view.locator("canvas").first.wait_for(timeout=1000)
    view.locator(".d-tiles").scroll_into_view_if_needed()
    return view


def moves(page: NotebookPage, view: Locator) -> tuple[bool, str, str]:
    """Return whether what a view tells changes, and what it told before and after."""
    before = view.locator(".d-tiles").inner_text()
    for _ in range(50):
        page.page.wait_for_timeout(100)
        after = view.locator(".d-tiles").inner_text()
        if after != before:
            return True, before, after
    return False, before, before


def through_the_tutorial(walk: Walk, lab: Lab, running: Browser, places: dict[str, int]) -> None:
    """Run every cell of the tutorial, in order."""
    context = running.new_context(viewport={"width": 1280, "height": 1000})
    page = NotebookPage(context.new_page(), lab.page("tutorial.ipynb"))
    trains = training_cell(lab.root)
    for index in range(min(places.values())):
        if "jp-CodeCell" not in (page.cell(index).get_attribute("class") or ""):
            continue
        cell = page.run_to_end(index)
        if index == trains:
            pictures = cell.locator("img[src^='data:image/png']")
            try:
                pictures.first.wait_for(timeout=20_000)
            except PlaywrightTimeout:
                page.shot(walk.out / "failed.png", of=cell)
            walk.saw("a training leaves a picture and a table", pictures.count() == 1 and cell.locator("td").count())
            page.shot(walk.out / "2-after-training.png", of=cell.locator(".jp-OutputArea").last)
    walk.saw("the tutorial runs to its end", page.page.locator(".jp-RenderedText[data-mime-type*=stderr]").count() == 0)
    compare_two(walk, page, cell_of(lab.root, "%declml diff"))
    stop_works(walk, page, places)
    interrupt_works(walk, page, places)
    background_comes_back(walk, page, places)
    reload_catches_up(walk, page, places)
    walk.saw("nothing was asked of other servers", not page.foreign, asked=page.foreign[:3])
    walk.saw("no error on the page", not page.errors, errors=page.errors[:3])
    page.save()
    page.page.wait_for_timeout(1500)
    still_tables(walk, page, cell_of(lab.root, "%declml diff"))
    context.close()


def a_kernel_dies(walk: Walk, lab: Lab, running: Browser, places: dict[str, int]) -> None:
    """The last part, with a copy of the notebook: what it leaves is no part of the file that is looked at."""
    shutil.copy(lab.root / "tutorial.ipynb", lab.root / "dies.ipynb")
    context = running.new_context(viewport={"width": 1280, "height": 1000})
    page = NotebookPage(context.new_page(), lab.page("dies.ipynb"))
    for index in range(training_cell(lab.root)):
        if "jp-CodeCell" in (page.cell(index).get_attribute("class") or ""):
            page.run_to_end(index)
    cell = page.run_to_end(places["background"])
    live(cell)
    page.save()
    page.page.wait_for_timeout(1000)
    kernel_dies(walk, page, places["background"], places["attached"])
    context.close()


def stop_works(walk: Walk, page: NotebookPage, places: dict[str, int]) -> None:
    """The curve moves while the cell runs, and the stop button of the view ends it."""
    cell = page.run(places["stopped"])
    view = live(cell)
    seen, _, after = moves(page, view)
    walk.saw("the view moves while the cell runs", seen and page.kernel == "busy", kernel=page.kernel, now=repr(after))
    page.page.wait_for_timeout(2500)
    page.shot(walk.out / "1-live.png", of=view)
    narrow_and_dark(walk, page, view)
    began = time.monotonic()
    view.get_by_role("button", name="Stop").click()
    cell.locator("img[src^='data:image/png']").wait_for(timeout=20_000)
    page.wait_idle(places["stopped"])
    text = cell.locator(".jp-OutputArea").inner_text()
    walk.saw(
        "the stop button ends it and leaves a picture",
        "interrupted" in text and "Traceback" not in text,
        seconds=round(time.monotonic() - began, 1),
    )
    page.shot(walk.out / "3-stopped.png", of=cell.locator(".jp-OutputArea").last)


def narrow_and_dark(walk: Walk, page: NotebookPage, view: Locator) -> None:
    """Show the same view in the dark and on a narrow screen."""
    page.command("apputils:change-theme", theme="JupyterLab Dark")
    page.page.wait_for_selector("body[data-jp-theme-light=false]", state="attached", timeout=20_000)
    page.page.wait_for_timeout(800)
    walk.saw("the view follows a dark theme", view.get_attribute("data-scheme") == "dark")
    page.shot(walk.out / "1-live-dark.png", of=view)
    page.page.set_viewport_size({"width": 560, "height": 1000})
    page.page.wait_for_timeout(1200)
    box = view.bounding_box() or {}
    inner = view.evaluate("element => element.scrollWidth - element.clientWidth")
    walk.saw("nothing is cut off on a narrow page", inner <= 1, width=round(box.get("width", 0)))
    page.shot(walk.out / "1-live-narrow.png", of=view)
    page.page.set_viewport_size({"width": 1280, "height": 1000})
    page.command("apputils:change-theme", theme="JupyterLab Light")
    page.page.wait_for_selector("body[data-jp-theme-light=true]", state="attached", timeout=20_000)


def interrupt_works(walk: Walk, page: NotebookPage, places: dict[str, int]) -> None:
    """The kernel's own interrupt ends a training as its stop button does."""
    cell = page.run(places["interrupted"])
    live(cell)
    page.page.wait_for_timeout(1000)
    page.command("notebook:interrupt-kernel")
    cell.locator("img[src^='data:image/png']").wait_for(timeout=20_000)
    page.wait_idle(places["interrupted"])
    text = cell.locator(".jp-OutputArea").inner_text()
    walk.saw("the kernel's interrupt ends it too", "interrupted" in text and "Traceback" not in text)


def background_comes_back(walk: Walk, page: NotebookPage, places: dict[str, int]) -> None:
    """A run in the background: the cell is over, a reload brings the view back, whole and moving; stop works."""
    index = places["background"]
    cell = page.run(index)
    live(cell)
    page.wait_idle(index)
    page.page.wait_for_timeout(1000)
    page.save()
    page.page.wait_for_timeout(800)
    page.page.reload()
    page.wait_until_ready()
    cell = page.cell(index)
    cell.scroll_into_view_if_needed()
    view = live(cell)
    seen, _, after = moves(page, view)
    walk.saw("after a reload a run in the background is back and moves", seen, now=repr(after))
    page.shot(walk.out / "4-background-after-reload.png", of=view)
    follow_runs(walk, page, places["list"])
    view.get_by_role("button", name="Stop").click()
    picture_in_place(walk, cell)


def reload_catches_up(walk: Walk, page: NotebookPage, places: dict[str, int]) -> None:
    """The page is reloaded while the cell runs: the view comes back, whole and moving."""
    index = places["reloaded"]
    cell = page.run(index)
    live(cell)
    page.page.wait_for_timeout(1500)
    page.save()
    page.page.wait_for_timeout(800)
    page.page.reload()
    page.page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    cell = page.cell(index)
    cell.scroll_into_view_if_needed()
    view = live(cell)
    seen, _, after = moves(page, view)
    walk.saw("after a reload mid-run the view is back and moves", seen, now=repr(after))
    page.shot(walk.out / "5-after-reload.png", of=view)
    view.get_by_role("button", name="Stop").click()
    page.page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", timeout=30_000)
    picture_in_place(walk, cell)
    page.shot(walk.out / "6-reloaded-and-stopped.png", of=cell.locator(".jp-OutputArea").last)


def picture_in_place(walk: Walk, cell: Locator) -> None:
    """A view that was stopped on a page that was loaded anew: the same picture stands there as on any other."""
    cell.locator("img[src^='data:image/png']").wait_for(timeout=20_000)
    text = cell.locator(".jp-OutputArea").inner_text()
    walk.saw(
        "its stop button works after the reload and leaves the picture",
        cell.locator(".declml").count() == 0 and "interrupted" in text,
    )


def the_file_is_whole(walk: Walk, folder: Path) -> None:
    """The saved file shows pictures and tables to whoever reads it without a kernel."""
    book = nbformat.read(folder / "tutorial.ipynb", as_version=4)
    text = json.dumps(book.cells)
    trains = next(each for each in book.cells if each.source.startswith("%%declml train"))
    kinds = [set(each.get("data", {})) for each in trains.outputs]
    walk.saw("the saved training has a picture and a table", any("image/png" in each for each in kinds))
    everywhere = [kind for each in book.cells for output in each.get("outputs", []) for kind in output.get("data", {})]
    walk.saw("and no cell a widget, also of those that a reload came between", "widget" not in " ".join(everywhere))
    walk.saw("no script is in the file", "mountRun" not in text and "application/javascript" not in text)
    walk.saw("no state of widgets is in the file", "widgets" not in book.metadata)
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "tutorial.ipynb"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    page = (folder / "tutorial.html").read_text()
    walk.saw("nbconvert shows the picture and the table", "data:image/png" in page and "<td" in page)
    shutil.copy(folder / "tutorial.html", walk.out / "tutorial.html")


def the_page_is_whole(walk: Walk, running: Browser) -> None:
    """Take a picture of what nbconvert made."""
    page = running.new_page(viewport={"width": 1100, "height": 1400})
    page.goto((walk.out / "tutorial.html").as_uri(), wait_until="domcontentloaded")
    picture = page.locator("img[src^='data:image/png']").first
    picture.scroll_into_view_if_needed()
    wide = picture.evaluate("image => image.naturalWidth")
    page.screenshot(path=walk.out / "7-nbconvert.png")
    walk.saw("the picture of the converted page is drawn", wide > 0, width=wide)


def main() -> None:
    """Walk."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=ROOT / "build" / "e2e-jupyter", help="where the pictures go")
    options.add_argument("--chromium", default=shutil.which("chromium") or "chromium")
    given = options.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    walk = Walk(given.out.absolute())
    with tempfile.TemporaryDirectory(prefix="declml-lab-") as name:
        folder = Path(name)
        places = notebook(folder)
        with jupyter_lab(folder) as lab, browser(given.chromium) as running:
            through_the_tutorial(walk, lab, running, places)
            the_file_is_whole(walk, folder)
            the_page_is_whole(walk, running)
            a_kernel_dies(walk, lab, running, places)
    print(f"All as it must be. Pictures: {walk.out}")


if __name__ == "__main__":
    main()
