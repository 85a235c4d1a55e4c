"""A config's plug-ins run where the user has said yes to the folder, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

import declml
from declml.errors import ConfigProblems, UserProblem
from declml.trust import distrust, is_trusted, trust, trusted_folders

from .projects import SMALL_CONFIG, make_project
from .test_plugins import PLUGIN

CONFIG = (
    SMALL_CONFIG.replace("{name: size, type: number}", "{name: size, type: number, encoder: {type: wave, waves: 3}}")
    + "code: ours.py\n"
)


@pytest.fixture(autouse=True)
def _no_trust(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DECLML_TRUST")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))


def test_a_plugin_of_an_untrusted_folder_is_never_run(tmp_path: Path) -> None:
    project = make_project(tmp_path, CONFIG)
    (tmp_path / "ours.py").write_text("from pathlib import Path\nPath(__file__).with_name('ran').touch()\n" + PLUGIN)
    for act in (declml.plan, declml.train):
        with pytest.raises(ConfigProblems) as refused:
            act(project.config, runs=project.runs)
        first = refused.value.problems[0]
        assert (first.code, first.path) == ("untrusted-code", "code[0]")
        assert first.hint == f"Read it, then: declml trust {tmp_path.resolve()}"
    assert declml.check(project.config).problems[0].code == "untrusted-code"
    assert not (tmp_path / "ran").exists()
    trust(tmp_path)
    run = declml.train(project.config, runs=project.runs)
    assert run.status == "finished"
    assert (tmp_path / "ran").exists()
    # The run's own copy lies below the trusted folder; somewhere else it would be somebody's file.
    assert declml.predict(run, project.data).height == 400
    elsewhere = tmp_path.with_name("elsewhere")
    run.path.rename(elsewhere)
    with pytest.raises(UserProblem, match="that you trust"):
        declml.predict(elsewhere, project.data)


def test_a_yes_holds_below_the_folder_and_can_be_taken_back(tmp_path: Path) -> None:
    inside, beside = tmp_path / "a" / "b", tmp_path / "ab"
    inside.mkdir(parents=True)
    beside.mkdir()
    trust(tmp_path / "a")
    assert trusted_folders() == [(tmp_path / "a").resolve()]
    assert is_trusted(inside)
    assert is_trusted(inside / "code.py")
    assert not is_trusted(beside)
    (beside / "link").symlink_to(inside)
    assert is_trusted(beside / "link")
    (inside / "out").symlink_to(beside)
    assert not is_trusted(inside / "out")
    with pytest.raises(UserProblem, match="must be trusted"):
        distrust(inside)
    distrust(tmp_path / "a")
    assert not is_trusted(inside)
