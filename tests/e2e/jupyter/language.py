"""jupyterlab-lsp with the language server: a config and a ``%%declml`` cell are underlined, explained and completed.

Needs jupyterlab-lsp, and for the cell a language server for Python (python-lsp-server), beside declml.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

import nbformat
from lab import Lab, jupyter_lab
from notebook_page import browser
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

WRONG = """\
input_features:
  - {name: age, tpye: number}
output_features:
  - {name: income, type: category}
"""
ROOT = Path(__file__).parents[3]
_PLACE = """word => {
    const texts = document.createTreeWalker(document.querySelector('.cm-content'), NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const at = texts.currentNode.data.indexOf(word);
        if (at < 0) continue;
        const range = document.createRange();
        range.setStart(texts.currentNode, at);
        range.setEnd(texts.currentNode, at + word.length);
        const box = range.getBoundingClientRect();
        return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    }
}"""
_MARKED = ".cm-lintRange-error, .cm-lintRange-warning"


def marked(page: Page) -> list[str]:
    """Wait for what is underlined and return it."""
    page.wait_for_selector(_MARKED, timeout=60_000)
    page.wait_for_timeout(500)
    return page.locator(_MARKED).all_inner_texts()


def hovered(page: Page, word: str) -> str:
    """Point at a word with the key that jupyterlab-lsp wants held, and return what is said of it."""
    place = page.evaluate(_PLACE, word)
    page.keyboard.down("Control")
    try:
        for attempt in range(60):
            page.mouse.move(place["x"] + attempt % 3, place["y"])
            page.wait_for_timeout(250)
            tooltip = page.locator(".lsp-hover, .lsp-tooltip, .jp-Tooltip").first
            if tooltip.count() and tooltip.inner_text().strip():
                return tooltip.inner_text()
    finally:
        page.keyboard.up("Control")
    return ""


def completed(page: Page, typed: str) -> list[str]:
    """Type at the end of the config and return what Tab offers."""
    page.mouse.move(5, 5)
    page.keyboard.press("Escape")
    page.locator(".cm-content").first.click()
    page.keyboard.press("Control+End")
    page.keyboard.type(typed, delay=40)
    items = page.locator(".jp-Completer .jp-Completer-item")
    for _ in range(20):
        page.keyboard.press("Tab")
        try:
            items.first.wait_for(timeout=3000)
        except PlaywrightTimeout:
            continue
        return items.all_inner_texts()
    return []


def look(page: Page, lab: Lab, document: str, out: Path) -> None:
    """Open a document and see that it is underlined, explained and completed."""
    is_cell = document.endswith("ipynb")
    name = "9-lsp-cell" if is_cell else "8-lsp-file"
    page.goto(lab.page(document))
    page.wait_for_function("() => window.jupyterapp", timeout=120_000)
    page.wait_for_selector(".cm-content", timeout=60_000)
    if is_cell:
        # The first problems are painted when the cell is edited.
        page.wait_for_timeout(6000)
        page.click(".jp-CodeCell .cm-content")
        page.keyboard.press("Control+End")
        page.keyboard.type("trainer: {epochs: 3}\n", delay=40)
    found = marked(page)
    page.screenshot(path=out / f"{name}.png")
    saw(f"{document}: underlined {found}", "tpye" in found, lab)
    told = hovered(page, "output_features")  # jupyterlab-lsp asks of keys, and never of plain values
    page.screenshot(path=out / f"{name}-hover.png")
    saw(f"{document}: said of 'output_features': {told.strip().splitlines()[:3]}", "predicts" in told, lab)
    offered = completed(page, "combiner:\nty" if is_cell else "combiner:\n  ty")
    page.screenshot(path=out / f"{name}-completion.png")
    saw(f"{document}: offered {offered[:4]}", any("type" in each for each in offered), lab)


def saw(what: str, seen: object, lab: Lab) -> None:
    """Print a step; end where it is not as it must be."""
    print(f"{'ok  ' if seen else 'FAIL'} {what}", flush=True)
    if not seen:
        raise SystemExit(lab.log.read_text()[-2000:])


def main() -> None:
    """Open both and look."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=ROOT / "build" / "e2e-jupyter", help="where the pictures go")
    options.add_argument("--chromium", default=shutil.which("chromium") or "chromium")
    given = options.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="declml-lab-") as name:
        folder = Path(name)
        (folder / "census.declml.yaml").write_text(WRONG)
        cell = nbformat.v4.new_code_cell(f"%%declml train --data people\n{WRONG}")
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        language = {"name": "python", "mimetype": "text/x-python", "file_extension": ".py"}
        metadata = {"kernelspec": kernel, "language_info": language}
        nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=metadata), folder / "cell.ipynb")
        with jupyter_lab(folder) as lab, browser(given.chromium) as running:
            page = running.new_page(viewport={"width": 1100, "height": 700})
            for document in ("census.declml.yaml", "cell.ipynb"):
                look(page, lab, document, given.out)


if __name__ == "__main__":
    main()
