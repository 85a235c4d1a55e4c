"""The widget: one script, a state that is made when somebody asks, and the messages of its view."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from declml_jupyter.language_server import specification
from declml_jupyter.widget import STATIC, ViewWidget, module

ROOT = Path(__file__).parents[2]


def test_the_script_is_one_module_with_one_export() -> None:
    script = module()
    assert script.count("export default") == 1
    assert not re.search(r"(?m)^export\s*\{", script)
    assert not re.search(r"(?m)^import\s", script)
    assert "const view = { mountRun: " in script


def test_the_shared_view_is_there_and_brings_its_licence() -> None:
    text = (STATIC / "run.js").read_text(encoding="utf-8")
    assert "mountRun" in text
    assert "uPlot" in text


def test_the_state_is_made_when_somebody_asks() -> None:
    asked: list[int] = []

    def everything() -> list[Mapping[str, Any]]:
        asked.append(1)
        return [{"type": "init"}]

    widget = ViewWidget(everything=everything, on_message=lambda _message: None)
    before = len(asked)
    assert widget.get_state()["opening"] == [{"type": "init"}]
    assert len(asked) == before + 1
    widget.close()


def test_the_extension_of_jupyterlab_is_whole() -> None:
    folder = ROOT / "jupyter_ext" / "declml_jupyter" / "labextension"
    package = json.loads((folder / "package.json").read_text())
    build = package["jupyterlab"]["_build"]
    script = (folder / build["load"]).read_text()
    assert f"window._JUPYTERLAB.{package['name']} =" in script
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert package["version"] == settings["project"]["version"]
    shared = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    assert all((ROOT / source).exists() for source in shared)
    assert f"share/jupyter/labextensions/{package['name']}" in shared.values()


def test_jupyter_lsp_is_told_how_to_start_the_server() -> None:
    found = specification(None)["declml"]
    assert found["version"] == 2
    assert found["argv"][1:] == ["-m", "declml_lsp"]
    assert "yaml" in found["languages"]
