"""What a plug-in declares is asked once and remembered by what decides it, and a damaged memory costs one question."""

from __future__ import annotations

from pathlib import Path

import pytest

from declml.run.config import checked, load_config
from declml.run.plugins import plugin_words

PLUGIN = '''"""A metric that notes each time it is read."""
from pathlib import Path
from declml_schema.declare import Component

with Path({note!r}).open("a") as file:
    file.write("read ")
METRIC = Component("metric", "missed", "The share of rows that were missed.", features=("binary",), build=lambda: None)
'''


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    file = tmp_path / "project" / "ours.py"
    file.parent.mkdir()
    file.write_text(PLUGIN.format(note=str(tmp_path / "note")))
    return file


def times_read(plugin: Path) -> int:
    return len((plugin.parent.parent / "note").read_text().split())


def test_a_plugin_is_read_once_and_again_when_its_memory_is_damaged(plugin: Path, tmp_path: Path) -> None:
    for _ in range(2):
        words, problems = plugin_words([plugin], cache=tmp_path / "cache")
        assert problems == []
        assert words.find("metric", "missed", "binary") is not None
    assert times_read(plugin) == 1
    kept = [each for each in (tmp_path / "cache").rglob("*") if each.is_file()]
    other_word = kept[0].read_bytes().replace(b"missed", b"missef")
    for content in (b"", b"{", b"[]", b'{"words": 3}', b"\xff\xfe", other_word):
        before = times_read(plugin)
        for each in kept:
            each.write_bytes(content)
        words, problems = plugin_words([plugin], cache=tmp_path / "cache")
        assert problems == []
        assert words.find("metric", "missed", "binary") is not None
        assert times_read(plugin) == before + 1


def test_the_name_of_the_file_belongs_to_what_is_remembered(plugin: Path, tmp_path: Path) -> None:
    other = plugin.with_name("theirs.py")
    other.write_text(plugin.read_text())
    for file in (plugin, other):
        words, _ = plugin_words([file], cache=tmp_path / "cache")
        place = words.location("metric", "binary", "missed")
        assert place is not None
        assert place[0] == f"plugin:{file.name}"


def test_a_config_is_checked_with_the_cache_that_its_training_uses(
    plugin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (plugin.parent / "config.yaml").write_text("code: ours.py\n")
    (plugin.parent / ".declml").mkdir()
    (tmp_path / ".declml").mkdir()
    monkeypatch.delenv("DECLML_CACHE", raising=False)
    monkeypatch.chdir(tmp_path)
    config = load_config("project/config.yaml")
    checked(config)
    assert config.start == tmp_path
    assert (tmp_path / ".declml" / "cache" / "plugins").is_dir()
    assert not (plugin.parent / ".declml" / "cache").exists()


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(plugin: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder would stand")
    for times in (1, 2):
        words, problems = plugin_words([plugin], cache=tmp_path / "cache")
        assert problems == []
        assert words.find("metric", "missed", "binary") is not None
        assert times_read(plugin) == times
