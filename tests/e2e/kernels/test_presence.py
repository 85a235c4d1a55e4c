"""What is on the other side is told before declml is there, and the same declml can be sent there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

import declml
from declml.errors import UserProblem
from declml.kernels.presence import Presence, install_at, presence_at
from declml.kernels.wheel import build_wheel
from e2e.projects import SMALL_CONFIG, make_project

from .jupyter import JupyterServer, jupyter_server
from .ssh_server import ssh_server

HERE = Path(sysconfig.get_paths()["purelib"])


def bare_python(folder: Path) -> Path:
    """Return an interpreter that has everything that is installed here but declml itself."""
    venv.create(folder, with_pip=True, symlinks=True)
    site = next(folder.glob("lib/python*/site-packages"))
    for each in site.glob("setuptools*"):  # older than what torch wants
        shutil.rmtree(each)
    others = folder / "others"
    others.mkdir()
    for each in HERE.iterdir():
        if "declml" not in each.name and not each.name.startswith(("pip", "__pycache__")):
            (others / each.name).symlink_to(each)
    (site / "others.pth").write_text(f"{others}\n")
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bare_python(tmp_path_factory.mktemp("bare") / "venv")


def add_kernelspec(server: JupyterServer, python: Path) -> str:
    spec = server.folder / "data" / "kernels" / "bare"
    spec.mkdir(parents=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "bare", "language": "python", "env": {"PIP_NO_INDEX": "1"}})
    )
    return f"{server.url}&kernel=bare"


def test_declml_is_offered_sent_and_used(tmp_path: Path, python: Path) -> None:
    project = make_project(tmp_path / "project", SMALL_CONFIG)
    with jupyter_server(tmp_path / "server") as server:
        address = add_kernelspec(server, python)
        found = presence_at(address)
        assert isinstance(found, Presence)
        assert (found.declml, found.source, found.same) == (None, None, False)
        assert found.executable == str(python)
        assert abs(found.clock_seconds) < 5.0
        with pytest.raises(UserProblem, match="must have declml") as caught:
            declml.train(project.config, runs=project.runs, kernel=address)
        assert caught.value.code == "kernel-without-declml"
        assert "declml kernels install" in caught.value.hint
        said: list[str] = []
        assert install_at(address, on_notice=said.append).same
        assert any("Successfully installed declml" in each for each in said)
        assert install_at(address, on_notice=said.append).same
        run = declml.train(project.config, runs=project.runs, kernel=address)
        assert run.status == "finished"
        site = next(python.parents[1].glob("lib/python*/site-packages"))
        with (site / "declml" / "errors.py").open("a") as file:
            file.write("# another one\n")
        with pytest.raises(UserProblem, match="it has another") as caught:
            declml.train(project.config, runs=project.runs, kernel=address, again=True)
        assert caught.value.code == "kernel-other-version"
        assert install_at(address, on_notice=said.append).same


def test_what_an_ssh_reaches_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ssh_server(tmp_path) as ssh:
        monkeypatch.setenv("DECLML_SSH", ssh.command)
        found = presence_at(ssh.address)
    assert found.same
    assert found.executable == sys.executable


def test_the_wheel_is_the_same_each_time_and_installs(tmp_path: Path) -> None:
    name, data = build_wheel()
    assert build_wheel() == (name, data)
    (tmp_path / name).write_bytes(data)
    target = tmp_path / "target"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", target, tmp_path / name],
        check=True,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    assert (target / "declml" / "api.py").read_bytes() == (Path(declml.__file__).parent / "api.py").read_bytes()
