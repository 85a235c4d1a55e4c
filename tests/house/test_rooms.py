"""The rooms stand where the architecture says: imports, names and sizes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON_ROOMS = ("schemas/declml_schema", "runtime/declml", "lsp_server/declml_lsp", "jupyter_ext/declml_jupyter")
SOURCES = sorted(file for room in PYTHON_ROOMS for file in (ROOT / room).rglob("*.py"))
TOP_LEVEL = {
    "pyproject.toml", "README.md", "Makefile", "LICENSE", "schemas", "runtime", "lsp_server", "jupyter_ext",
    "vscode-extension", "tests",
}  # fmt: skip
JUNK_NAMES = re.compile(r"(^|_)(utils?|helpers?|common|base|misc|managers?)(_|$)")

LONG_FILES: dict[str, int] = {}
"""Files over the limit, each with the length that it may only fall from."""
LINE_LIMIT = 400
TOO_COMPLEX: dict[str, int] = {}
"""Files with functions that ruff finds too complex or too long, each with their number, which may only fall."""
HEAVY = {"torch", "numpy", "polars", "pandas", "pyarrow", "transformers", "torchmetrics", "sklearn"}
DECLARING = {"boosting_section", "declare", "declared_leaves", "generate", "sections", "trainer_section"}
"""Modules of the schemas that need pydantic: `declml schema write` runs them, a screen never does."""


def tracked() -> list[str]:
    answer = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return answer.stdout.splitlines()


def modules_loaded_by(code: str) -> set[str]:
    answer = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys\n{code}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))",
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return set(answer.stdout.splitlines()[-1].split())


def test_the_import_contracts_hold() -> None:
    answer = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize(
    ("code", "forbidden"),
    [
        (
            "import declml_schema.check, declml_schema.report, declml_schema.vocabulary",
            {"pydantic", "jsonschema", "rich"},
        ),
        ("import declml_schema.check as c; c.check('input_features: []')", {"pydantic", "jsonschema", "rich"}),
        ("import declml.runs, declml.runs.find, declml.runs.index, declml.runs.diff", {"pydantic", "rich"}),
        ("import declml.kernels.local", {"pydantic", "rich"}),
        ("import declml_lsp.server as s; s.build_server()", {"pydantic", "jsonschema", "rich"}),
        ("import declml_lsp.command", {"pygls", "lsprotocol", "yaml"}),
        ("import declml_jupyter.extension", {"pydantic", "anywidget", "ipywidgets", "PIL", "pygls", "matplotlib"}),
        ("import declml", {"pydantic", "rich", "yaml", "click"}),
        ("import declml.cli.main", {"pydantic", "rich", "yaml"}),
    ],
)
def test_light_paths_load_nothing_heavy(code: str, forbidden: set[str]) -> None:
    assert modules_loaded_by(code) & (HEAVY | forbidden) == set()


def modules_of(folder: Path, package: str) -> list[str]:
    return [
        package if file.stem == "__init__" else f"{package}.{file.stem}"
        for file in sorted(folder.glob("*.py"))
        if file.stem not in DECLARING
    ]


EDITOR_MODULES = [
    *modules_of(ROOT / "schemas" / "declml_schema", "declml_schema"),
    *modules_of(ROOT / "runtime" / "declml" / "runs", "declml.runs"),
    *modules_of(ROOT / "runtime" / "declml" / "kernels", "declml.kernels"),
]
"""All that the language server and the notebook may import of the other rooms, but for what declares the language."""


def test_an_editor_can_import_all_it_may_and_check_a_config_without_a_tensor() -> None:
    config = ROOT / "tests" / "conformance" / "multi_output.yaml"
    code = f"import {', '.join(EDITOR_MODULES)}\n"
    code += "from pathlib import Path\n"
    code += f"assert declml_schema.check.check(Path({str(config)!r}).read_bytes()).plan is not None"
    loaded = modules_loaded_by(code)
    assert {"declml", "declml_schema", "yaml"} <= loaded
    assert loaded & (HEAVY | {"pydantic", "jsonschema", "rich", "click", "tensorboard"}) == set()


def test_the_top_level_holds_only_what_belongs_there() -> None:
    names = {name.partition("/")[0] for name in tracked()}
    assert {name for name in names if not name.startswith(".")} <= TOP_LEVEL


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_each_file_says_what_it_is_and_is_no_junk_drawer(file: Path) -> None:
    text = file.read_text()
    assert not JUNK_NAMES.search(file.stem), f"{file.stem} says nothing about what is inside"
    if text.strip():
        assert text.startswith('"""'), "the first line must say what the file is"
    lines = text.count("\n")
    limit = LONG_FILES.get(str(file.relative_to(ROOT)), LINE_LIMIT)
    assert lines <= limit, f"{lines} lines: split it, or give a reason and a number in LONG_FILES"


def test_the_list_of_long_files_only_shrinks() -> None:
    for name, limit in LONG_FILES.items():
        lines = (ROOT / name).read_text().count("\n")
        assert LINE_LIMIT < lines <= limit, f"{name} has {lines} lines now: lower its number or take it off the list"


def test_complexity_only_falls() -> None:
    found = {
        str(file.relative_to(ROOT)): len(re.findall(r"#\s*noqa:[^#]*\b(?:C901|PLR0915)\b", file.read_text()))
        for file in SOURCES
    }
    assert {name: count for name, count in found.items() if count} == TOO_COMPLEX


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_exemption_names_its_rule_and_has_a_reason(file: Path) -> None:
    for number, line in enumerate(file.read_text().splitlines(), 1):
        for kind, form in (
            ("noqa", r"noqa: [A-Z]+\d+(, ?[A-Z]+\d+)*( - .{8,}|$)"),
            ("pyright: ignore", r"pyright: ignore\[\w+(, ?\w+)*\]"),
            ("type: ignore", r"type: ignore\[[\w-]+(, ?[\w-]+)*\]"),
        ):
            if f"# {kind}" in line:
                assert re.search(form, line), f"line {number}: {line.strip()}"
                before = file.read_text().splitlines()[number - 2].strip()
                assert " - " in line or before.startswith("#"), f"line {number} needs a reason: {line.strip()}"


@pytest.mark.parametrize("pattern", [r"except\s*:", r"\bTODO\b|\bFIXME\b|\bXXX\b", r"raise Exception\("])
def test_no_source_holds(pattern: str) -> None:
    guilty = [str(file.relative_to(ROOT)) for file in SOURCES if re.search(pattern, file.read_text())]
    assert guilty == []
