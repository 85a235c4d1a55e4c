"""jupyterlab-lsp with the language server: a config file and a ``%%declml`` cell are underlined where they are wrong.

Needs jupyterlab-lsp and a language server for Python (python-lsp-server) beside declml; `walk.py` needs neither.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

import nbformat
from lab import jupyter_lab
from notebook_page import browser
from playwright.sync_api import Page

WRONG = """\
input_features:
  - {name: age, tpye: number}
output_features:
  - {name: income, type: category}
"""
_MARKED = ".cm-lintRange-error, .cm-lintRange-warning"


def marked(page: Page) -> list[str]:
    """Wait for what is underlined and return it."""
    page.wait_for_selector(_MARKED, timeout=60_000)
    page.wait_for_timeout(500)
    return page.locator(_MARKED).all_inner_texts()


def main() -> None:
    """Open both and look."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, required=True, help="where the pictures go")
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
            for document, picture in (("census.declml.yaml", "8-lsp-file.png"), ("cell.ipynb", "9-lsp-cell.png")):
                page.goto(lab.page(document))
                page.wait_for_function("() => window.jupyterapp", timeout=120_000)
                if document.endswith("ipynb"):
                    # The first problems are painted when the cell is edited.
                    page.wait_for_timeout(6000)
                    page.click(".jp-CodeCell .cm-content")
                    page.keyboard.press("Control+End")
                    page.keyboard.type("trainer: {epochs: 3}\n", delay=40)
                found = marked(page)
                page.screenshot(path=given.out / picture)
                print(f"{'ok  ' if 'tpye' in found else 'FAIL'} {document}: underlined {found}", flush=True)
                if "tpye" not in found:
                    raise SystemExit(f"the key must be underlined\n{lab.log.read_text()[-2000:]}")


if __name__ == "__main__":
    main()
