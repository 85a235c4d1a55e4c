"""Tables that come to life: what a page is told of runs, what follows while one goes on, and what is thinned."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from declml_jupyter.live_table import LiveTable
from declml_jupyter.run_info import MOST_POINTS, short

from .test_digest import metrics, started, step

DECIDES = {"output": "y", "metric": "accuracy", "goal": "maximize"}


def measured(seq: int, *, best: bool = False) -> dict[str, Any]:
    values = {"y": {"accuracy": seq / 1000, "loss": 1.0}, "z": {"loss": 2.0}}
    return {**metrics(seq, seq), "split": "validation", "values": values, "best": best}


def test_a_small_curve_needs_few_points_and_one_metric() -> None:
    events = [started(0), *(step(seq, seq) for seq in range(1, 500)), *(measured(seq) for seq in range(500, 1500))]
    events[777] = measured(777 - 1, best=True)
    told = short(events, DECIDES)
    points = [each for each in told if each["kind"] == "metrics"]
    assert not [each for each in told if each["kind"] == "step"]
    assert MOST_POINTS <= len(points) <= MOST_POINTS + 1
    assert any(each["best"] for each in points), "the best one is kept: its value is shown"
    assert all(list(each["values"]) == ["y"] and list(each["values"]["y"]) == ["accuracy"] for each in points)
    assert [each["seq"] for each in told] == sorted(each["seq"] for each in told)


class Page:
    """Takes what a table's widget sends."""

    def __init__(self, table: LiveTable) -> None:
        self.messages: list[Any] = []
        self._news = threading.Condition()
        self.widget = table._widget
        self.widget.send = self._take  # the only way out, which needs a kernel otherwise

    def _take(self, content: Any, buffers: Any = None) -> None:
        with self._news:
            self.messages += [{**each, "to": content["to"]} for each in content["messages"]]
            self._news.notify_all()

    def say(self, **message: Any) -> None:
        self.widget._handle_custom_msg(message, [])

    def wait(self, until: Callable[[Any], bool]) -> Any:
        with self._news:
            assert self._news.wait_for(lambda: any(map(until, self.messages)), timeout=20), self.messages
            return next(each for each in self.messages if until(each))


def folder(root: Path, name: str, *, status: str, events: int) -> Path:
    path = root / "x" / name
    path.mkdir(parents=True)
    record = {
        "format": 1, "run": name, "experiment": "x", "status": status, "decides": DECIDES, "trigger": "notebook",
        "created": "2026-01-01T00:00:00+00:00", "metrics": {"validation": {"y": {"accuracy": 0.5}}},
        "process": os.getpid(),
    }  # fmt: skip
    (path / "record.json").write_text(json.dumps(record))
    lines = [{**started(0), "run": name}, *(measured(seq) for seq in range(1, events))]
    (path / "events.jsonl").write_text("".join(json.dumps(each) + "\n" for each in lines))
    return path


@pytest.fixture
def closing() -> Iterator[list[LiveTable]]:
    tables: list[LiveTable] = []
    yield tables
    for each in tables:
        each.close()


def compare(paths: Any) -> dict[str, Any]:
    return {"changes": [{"path": "a", "values": ["1" for _ in paths]}], "goals": {}}


def test_nothing_is_told_before_a_page_asks_and_then_everything(tmp_path: Path, closing: list[LiveTable]) -> None:
    paths = [folder(tmp_path, f"000{place}-aa", status="finished", events=5) for place in (1, 2)]
    table = LiveTable(paths, compare=compare, is_list=True)
    closing.append(table)
    page = Page(table)
    assert page.messages == []
    page.say(type="ready")
    last = page.wait(lambda each: each["type"] == "snapshot" and each["run"] == "0002-aa")
    assert [each["type"] for each in page.messages] == ["init", "snapshot", "snapshot"]
    assert [each["run"] for each in page.messages[0]["runs"]] == ["0001-aa", "0002-aa"]
    assert page.messages[0]["runs"][0]["decides"] == DECIDES
    assert last["to"] == "", "it is for the table itself"


def test_runs_that_are_chosen_are_compared_with_whole_curves(tmp_path: Path, closing: list[LiveTable]) -> None:
    paths = [folder(tmp_path, f"000{place}-aa", status="finished", events=200) for place in (1, 2, 3)]
    table = LiveTable(paths, compare=compare, is_list=True)
    closing.append(table)
    page = Page(table)
    page.say(type="overlay", runs=["0003-aa", "0001-aa", "nothing"])
    begun = page.wait(lambda each: each["type"] == "init")
    assert (begun["view"], begun["to"]) == ("compare", "compare")
    assert [each["run"] for each in begun["runs"]] == ["0001-aa", "0003-aa"]
    assert begun["changes"][0]["values"] == ["1", "1"]
    whole = page.wait(lambda each: each["type"] == "snapshot")
    assert len(whole["events"]) == 200


def test_a_run_that_goes_on_is_followed_without_a_gap_until_it_ends(tmp_path: Path, closing: list[LiveTable]) -> None:
    path = folder(tmp_path, "0001-aa", status="running", events=3)
    table = LiveTable([path], compare=compare, is_list=False)
    closing.append(table)
    page = Page(table)
    page.say(type="ready")
    page.wait(lambda each: each["type"] == "snapshot")
    with (path / "events.jsonl").open("a") as file:
        file.writelines(json.dumps(measured(seq)) + "\n" for seq in (3, 4))
    news = page.wait(lambda each: each["type"] == "events")
    assert (news["from_seq"], news["to_seq"], len(news["events"])) == (3, 4, 2)
    record = json.loads((path / "record.json").read_text())
    (path / "record.json").write_text(json.dumps({**record, "status": "finished", "seconds": 2.0}))
    ended = page.wait(lambda each: each["type"] == "state" and each["status"] == "finished")
    assert ended["info"]["seconds"] == 2.0


def test_a_run_that_is_gone_is_told_as_one_that_cannot_be_read(tmp_path: Path, closing: list[LiveTable]) -> None:
    table = LiveTable([tmp_path / "x" / "0009-aa"], compare=compare, is_list=True)
    closing.append(table)
    page = Page(table)
    page.say(type="ready")
    begun = page.wait(lambda each: each["type"] == "init")
    assert begun["runs"][0]["status"] == "unreadable"


def test_only_the_latest_tables_stay_alive(tmp_path: Path) -> None:
    tables = [LiveTable([tmp_path], compare=compare, is_list=True) for _ in range(30)]
    assert tables[0]._closed.is_set()
    assert not tables[-1]._closed.is_set()
    assert sum(not each._closed.is_set() for each in tables) == 8


def test_the_html_of_a_table_is_marked_and_nothing_more(tmp_path: Path, closing: list[LiveTable]) -> None:
    table = LiveTable([tmp_path], compare=compare, is_list=True)
    closing.append(table)
    html = table.around("<table></table>")
    assert html.endswith("><table></table></div>")
    assert "script" not in html
