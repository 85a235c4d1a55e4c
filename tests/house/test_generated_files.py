"""Invariant 10: the committed schemas are what the components declare, and nothing else generated is committed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from declml.cli.schema_write import component_modules
from declml_schema.generate import GENERATED, check_fresh, generated_texts

ROOT = Path(__file__).parents[2]


def tracked() -> set[str]:
    answer = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(answer.stdout.splitlines())


def test_the_committed_schemas_are_what_the_components_declare() -> None:
    stale = check_fresh(component_modules())
    assert not stale, "stale: run `declml schema write`\n" + "\n".join(each[:2000] for each in stale)


def test_a_changed_and_an_absent_file_are_told_with_a_diff(tmp_path: Path) -> None:
    modules = component_modules()
    texts = generated_texts(modules)
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert check_fresh(modules, tmp_path) == []
    changed = texts["config.schema.json"].replace('"minimum": 1', '"minimum": 2', 1)
    (tmp_path / "config.schema.json").write_text(changed, encoding="utf-8")
    (tmp_path / "events.schema.json").unlink()
    diffs = "\n".join(check_fresh(modules, tmp_path))
    assert '"minimum": 2' in diffs
    assert "events.schema.json (declared)" in diffs
    assert "vocabulary.json" not in diffs


@pytest.mark.parametrize("name", sorted(generated_texts([])))
def test_a_generated_file_is_committed_so_that_the_package_has_it(name: str) -> None:
    assert str((GENERATED / name).relative_to(ROOT)) in tracked()


def test_no_other_generated_file_is_committed() -> None:
    folder = str(GENERATED.relative_to(ROOT))
    assert {Path(name).name for name in tracked() if name.startswith(f"{folder}/")} == set(generated_texts([]))
    # Reference pages are made by `declml schema docs`; a committed copy would go stale unseen.
    assert [name for name in tracked() if name.startswith(("docs/", "reference/"))] == []
