"""A process that answers: started when needed, ended when idle, and never trusted to live or to hurry."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.waiting import until

from declml.runs.alive import is_alive
from declml_lsp.child import MOST_CRASHES, Child, Question

ECHO = """
import json, os, sys, time
for line in sys.stdin:
    told = json.loads(line)
    if told["say"] == "die":
        print("about to die", file=sys.stderr)
        os._exit(3)
    if told["say"] == "hang":
        time.sleep(3600)
    if told["say"] == "noise":
        print("no JSON at all"); print('{"id": -1}'); print('[1]')
    if "gate" in told:
        while not os.path.exists(told["gate"]):
            time.sleep(0.01)
    print(json.dumps({"id": told["id"], "heard": told["say"], "pid": os.getpid()}), flush=True)
"""


class Listener:
    """Collects what a child says and logs."""

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.logged: list[str] = []

    def question(self, say: str, **more: Any) -> Question:
        return Question(lambda: {"say": say, **more}, lambda answer: self.answers.append((say, answer)))

    def heard(self) -> list[str]:
        return [say for say, answer in self.answers if answer is not None]


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def child(listener: Listener) -> Iterator[Child]:
    made = Child("the test", [sys.executable, "-c", ECHO], listener.logged.append)
    yield made
    made.close()
    until(lambda: not made.is_running)


def test_it_is_started_by_the_first_question_and_answers_in_order(child: Child, listener: Listener) -> None:
    assert not child.is_running
    for number in range(5):
        child.ask((f"file:{number}", "x"), listener.question(str(number)))
    until(lambda: len(listener.answers) == 5)
    assert listener.heard() == ["0", "1", "2", "3", "4"]
    assert len({answer["pid"] for _, answer in listener.answers}) == 1


def test_of_one_document_only_the_newest_question_waits(child: Child, listener: Listener, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    child.ask(("file:a", "x"), listener.question("first", gate=str(gate)))
    until(lambda: child.is_running)
    for number in range(100):
        child.ask(("file:b", "x"), listener.question(str(number)))
    child.ask(("file:c", "x"), listener.question("closed"))
    child.drop("file:c")
    gate.touch()
    until(lambda: "99" in listener.heard())
    assert listener.heard() == ["first", "99"]


def test_a_question_that_is_no_longer_one_starts_nothing(child: Child, listener: Listener) -> None:
    asked = threading.Event()

    def nothing() -> None:
        asked.set()

    child.ask(("file:a", "x"), Question(nothing, listener.answers.append))
    assert asked.wait(30)
    assert not child.is_running
    assert listener.answers == []


def test_what_is_printed_between_the_answers_is_no_answer(child: Child, listener: Listener) -> None:
    child.ask(("file:a", "x"), listener.question("noise"))
    until(lambda: listener.answers)
    assert listener.heard() == ["noise"]


def test_a_death_costs_one_answer_and_one_line(child: Child, listener: Listener) -> None:
    child.ask(("file:a", "x"), listener.question("die"))
    child.ask(("file:b", "x"), listener.question("well"))
    until(lambda: len(listener.answers) == 2)
    assert listener.answers[0] == ("die", None)
    assert listener.heard() == ["well"]
    (line,) = listener.logged
    assert "about to die" in line


def test_a_process_that_dies_again_and_again_is_left_alone_for_a_while(listener: Listener) -> None:
    child = Child("the test", [sys.executable, "-c", "raise SystemExit('no declml here')"], listener.logged.append)
    for number in range(MOST_CRASHES + 3):
        child.ask((f"file:{number}", "x"), listener.question("hello"))
    until(lambda: len(listener.answers) == MOST_CRASHES + 3)
    child.close()
    assert listener.heard() == []
    assert len(listener.logged) == MOST_CRASHES
    assert "no declml here" in listener.logged[0]
    assert "not asked again for a while" in listener.logged[-1]


def test_a_program_that_is_not_there_is_told(listener: Listener) -> None:
    child = Child("the test", ["/nowhere/python"], listener.logged.append)
    child.ask(("file:a", "x"), listener.question("hello"))
    until(lambda: listener.answers)
    child.close()
    assert "/nowhere/python" in listener.logged[0]


def test_a_question_that_takes_too_long_ends_the_process(listener: Listener) -> None:
    child = Child("the test", [sys.executable, "-c", ECHO], listener.logged.append, answer_seconds=0.5)
    child.ask(("file:a", "x"), listener.question("hang"))
    until(lambda: listener.answers)
    assert listener.answers == [("hang", None)]
    child.ask(("file:a", "x"), listener.question("well"))
    until(lambda: len(listener.answers) == 2)
    child.close()
    assert listener.heard() == ["well"]


def test_an_idle_process_is_ended_and_started_again(listener: Listener) -> None:
    child = Child("the test", [sys.executable, "-c", ECHO], listener.logged.append, idle_seconds=0.2)
    pids: list[int] = []
    for say in ("one", "two"):
        child.ask(("file:a", "x"), listener.question(say))
        until(lambda say=say: say in listener.heard())
        pids.append(listener.answers[-1][1]["pid"])
        until(lambda: not child.is_running and not is_alive(pids[-1]))
    child.close()
    assert pids[0] != pids[1]
    assert listener.logged == []


def test_closing_ends_the_process_at_once_also_while_it_works(listener: Listener) -> None:
    child = Child("the test", [sys.executable, "-c", ECHO], listener.logged.append)
    child.ask(("file:a", "x"), listener.question("one"))
    until(lambda: listener.answers)
    pid = listener.answers[0][1]["pid"]
    child.ask(("file:a", "x"), listener.question("hang"))
    child.close()
    until(lambda: not is_alive(pid))
    child.ask(("file:a", "x"), listener.question("after"))
    until(lambda: not child.is_running)
    assert "after" not in [say for say, _ in listener.answers]


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="there is no such thing here")
def test_it_steps_back_behind_the_editor(child: Child, listener: Listener) -> None:
    child.ask(("file:a", "x"), listener.question("one"))
    until(lambda: listener.answers)
    assert os.getpriority(os.PRIO_PROCESS, listener.answers[0][1]["pid"]) > os.getpriority(os.PRIO_PROCESS, 0)
