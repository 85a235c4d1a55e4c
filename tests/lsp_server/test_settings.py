"""Settings as editors send them: what is understood acts, what is not is told, and nothing raises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from declml_lsp.settings import HINTS, Settings, read_settings
from declml_lsp.snapshot import Snapshot
from declml_lsp.text import Text

from .editing import opened


@pytest.mark.parametrize(
    ("value", "settings"),
    [
        (None, Settings()),
        ({}, Settings()),
        ({"severity": {"legacy-spelling": "off"}}, Settings(severity={"legacy-spelling": "off"})),
        ({"inlayHints": False}, Settings(hints=frozenset())),
        ({"inlayHints": {"shapes": False}}, Settings(hints=frozenset(HINTS) - {"shapes"})),
        ({"compare": "head", "runs": "out", "python": "/p"}, Settings(compare="head", runs="out", python="/p")),
        ({"compare": "", "runs": None}, Settings()),
        ({"codeLens": False, "profile": False}, Settings(code_lens=False, profile=False)),
    ],
)
def test_what_is_set_acts(value: Any, settings: Settings) -> None:
    assert read_settings(value) == (settings, [])


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ([], "The settings must be a mapping."),
        ({"severty": {}}, "Unknown setting 'declml.severty'. Known: severity, "),
        ({"severity": {"a": "loud"}}, "declml.severity must use the levels off, hint, "),
        ({"severity": "error"}, "declml.severity must map problem codes to levels."),
        ({"inlayHints": {"colour": True}}, "declml.inlayHints must be true, false, or a mapping of defaults, "),
        ({"profile": "yes"}, "declml.profile must be true or false; got 'yes'."),
        ({"compare": 3}, "declml.compare must be text; got 3."),
    ],
)
def test_what_is_not_understood_is_told_and_leaves_the_rest(value: Any, complaint: str) -> None:
    settings, complaints = read_settings(value if not isinstance(value, dict) else {**value, "runs": "kept"})
    assert len(complaints) == 1
    assert complaints[0].startswith(complaint)
    assert settings == (Settings() if not isinstance(value, dict) else Settings(runs="kept"))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(st.dictionaries(st.sampled_from(["severity", "inlayHints", "compare", "codeLens", "x"]), json_values))
def test_no_settings_raise(value: Any) -> None:
    settings, complaints = read_settings(value)
    assert isinstance(settings, Settings)
    assert all(each.endswith(".") for each in complaints)


def test_the_innermost_folder_decides() -> None:
    session, snapshot = opened("x: 1\n", file=Path("/p/inner/a.declml.yaml"))
    session.folders = [Path("/p"), Path("/p/inner"), Path("/q")]
    session.settings_by_folder = {
        "": Settings(runs="all"),
        "/p": Settings(runs="outer"),
        "/p/inner": Settings(runs="in"),
    }
    assert session.settings(snapshot).runs == "in"
    del session.settings_by_folder["/p/inner"]
    assert session.settings(snapshot).runs == "outer"
    buffer = Snapshot("untitled:a", 1, Text("x"), "x")
    assert session.settings(buffer).runs == "all"
    assert session.settings().runs == "all"
    assert session.settings(Snapshot("file:///z/a", 1, Text("x"), "x", Path("/z/a"))).runs == "all"
