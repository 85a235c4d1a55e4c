"""A warm parent imports once, and whatever becomes of it, a process is started and its end is known."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from declml.kernels.start import Process, environment_of, start
from declml.kernels.warm import WARM_PARENT, Forked, WarmParent
from declml.runs.alive import is_alive

HEAVY = "import os\nWHERE = os.getpid()\nos.environ['OMP_SET_BY_A_LIBRARY'] = 'yes'\n"
SAY = "import heavy, os, sys\nprint(heavy.WHERE, os.getpid(), *sys.argv[1:])\n"
WAIT = "import time\nprint('here')\ntime.sleep(60)\n"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment in which the modules of this test are found."""
    (tmp_path / "heavy.py").write_text(HEAVY)
    return environment_of({"PYTHONPATH": str(tmp_path)})


@pytest.fixture
def parent(environment: dict[str, str]) -> Iterator[WarmParent]:
    parent = WarmParent("heavy", environment=environment)
    environment[WARM_PARENT] = parent.address
    yield parent
    parent.close()


@pytest.fixture
def output(tmp_path: Path) -> Iterator[IO[Any]]:
    with (tmp_path / "output").open("w+b") as file:
        yield file


def run(body: str, output: IO[Any], environment: dict[str, str]) -> Process:
    (Path(environment["PYTHONPATH"]) / "program.py").write_text(body)
    return start("program", "argument", output=output, errors=output, environment=environment)


def read(output: IO[Any]) -> list[str]:
    output.seek(0)
    return output.read().decode().split()


def test_processes_share_what_their_parent_imported(
    parent: WarmParent, environment: dict[str, str], output: IO[Any]
) -> None:
    processes = [run(SAY, output, environment) for _ in range(2)]
    assert [each.wait(30) for each in processes] == [0, 0]
    first, second = (read(output)[start : start + 3] for start in (0, 3))
    assert first[0] == second[0]
    assert {first[1], second[1]} == {str(each.pid) for each in processes}
    assert first[0] not in {first[1], second[1]}
    assert first[2] == "argument"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("raise SystemExit(3)", 3),
        ("raise SystemExit('a sentence')", 1),
        ("1 / 0", 1),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("raise KeyboardInterrupt", -signal.SIGINT),
    ],
)
def test_a_forked_process_ends_like_one_started_anew(
    environment: dict[str, str], output: IO[Any], body: str, code: int
) -> None:
    anew = run(body, output, environment)
    assert anew.wait(30) == code
    parent = WarmParent("heavy", environment=environment)
    forked = run(body, output, {**environment, WARM_PARENT: parent.address})
    assert isinstance(forked, Forked)
    assert forked.wait(30) == code
    parent.close()


def test_what_a_process_left_to_its_end_is_done(
    parent: WarmParent, environment: dict[str, str], output: IO[Any], tmp_path: Path
) -> None:
    body = (
        "import atexit, sys, threading\n"
        "atexit.register(print, 'at exit')\n"
        "started = threading.Event()\n"
        "def late():\n    started.wait(30)\n    print('thread')\n"
        "threading.Thread(target=late).start()\n"
        "sys.stdout.write('buffered ')\n"
        "started.set()\n"
    )
    assert run(body, output, environment).wait(30) == 0
    assert read(output) == ["buffered", "thread", "at", "exit"]


def test_a_process_is_where_its_launcher_is(
    parent: WarmParent, environment: dict[str, str], output: IO[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    body = "import os, sys\nprint(os.getcwd(), os.environ['EXTRA'], repr(sys.stdin.read()))\nprint(*os.environ)\n"
    wanted = {name: value for name, value in environment.items() if name != "HOME"} | {"EXTRA": "é"}
    assert run(body, output, wanted).wait(30) == 0
    assert read(output) == [str(tmp_path / "work"), "é", "''", *wanted]


def test_a_variable_that_is_read_while_importing_starts_a_process_anew(
    parent: WarmParent, environment: dict[str, str], output: IO[Any]
) -> None:
    process = run(SAY, output, {**environment, "OMP_NUM_THREADS": "7"})
    assert isinstance(process, subprocess.Popen)
    assert process.wait(30) == 0
    assert read(output)[0] == read(output)[1]


def test_a_parent_that_cannot_import_costs_nothing(environment: dict[str, str], output: IO[Any]) -> None:
    parent = WarmParent("no_such_module", environment=environment)
    process = run(SAY, output, {**environment, WARM_PARENT: parent.address})
    assert isinstance(process, subprocess.Popen)
    assert process.wait(30) == 0
    parent.close()


def test_after_its_end_a_parent_is_not_asked(environment: dict[str, str], output: IO[Any]) -> None:
    parent = WarmParent("heavy", environment=environment)
    parent.close()
    assert not Path(parent.address).parent.exists()
    process = run(SAY, output, {**environment, WARM_PARENT: parent.address})
    assert isinstance(process, subprocess.Popen)
    assert process.wait(30) == 0


def test_what_a_parent_forked_outlives_it_and_its_end_is_known(environment: dict[str, str], output: IO[Any]) -> None:
    parent = WarmParent("heavy", environment=environment)
    forked = run(WAIT, output, {**environment, WARM_PARENT: parent.address})
    assert isinstance(forked, Forked)
    parent.close()
    assert not forked.ended()
    with pytest.raises(subprocess.TimeoutExpired):
        forked.wait(0.01)
    os.kill(forked.pid, signal.SIGKILL)
    assert forked.wait(30) is None
    assert forked.ended()


def test_a_process_that_is_let_go_leaves_nothing_to_the_garbage_collector(
    environment: dict[str, str], output: IO[Any]
) -> None:
    parent = WarmParent("heavy", environment=environment)
    process = run(WAIT, output, {**environment, WARM_PARENT: parent.address})
    assert isinstance(process, Forked)
    pid = process.pid
    process.let_go()
    del process
    gc.collect()  # what is open still would be a ResourceWarning, which is an error here
    parent.close()
    assert is_alive(pid)
    os.kill(pid, signal.SIGKILL)


def test_a_parent_ends_with_its_owner_and_leaves_nothing() -> None:
    owner = (
        "import os, signal\n"
        "from declml.kernels.warm import WarmParent\n"
        "parent = WarmParent('json', environment=dict(os.environ))\n"
        "print(parent.pid, parent.address, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    answer = subprocess.run([sys.executable, "-c", owner], capture_output=True, text=True, check=False)
    assert answer.returncode == -signal.SIGKILL
    pid, address = answer.stdout.split()
    deadline = time.monotonic() + 30
    while is_alive(int(pid)):
        assert time.monotonic() < deadline
        os.sched_yield()
    assert not Path(address).parent.exists()
