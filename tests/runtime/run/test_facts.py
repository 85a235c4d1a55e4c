"""The process that tells an editor what the runtime knows: one JSON line in, one JSON line out, whatever happens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from declml import api
from declml_schema.check import check
from declml_schema.vocabulary import vocabulary

CONFIG = """\
data: {source: rows.csv}
input_features:
  - {name: size, type: number, encoder: {type: dense, output_size: 12}}
  - {name: colour, type: category}
output_features:
  - {name: sold, type: binary}
combiner: {type: concat, num_fc_layers: 1, output_size: 8}
"""
PLUGIN = '''
"""An encoder of our own that talks while it is imported and built."""
import os
import sys
from torch import nn
from declml_schema.declare import Component, Parameters, parameter

print("imported")
os.write(1, b"straight to the handle\\\\n")
os.system("echo from a child")
assert sys.stdin.read() == ""


class WaveParameters(Parameters):
    waves: int = parameter(4, "How many sine waves each number becomes; more can follow finer structure.", ge=1)


class Wave(nn.Module):
    def __init__(self, members, *, waves):
        super().__init__()
        print("built")
        if waves == 13:
            sys.exit("no thirteen")
        if waves == 14:
            raise KeyError("fourteen")
        self.line = nn.Linear(1, waves)
        self.widths = [waves] * len(members)


WAVE = Component("encoder", "wave", "Numbers as sine waves.", WaveParameters, features=("number",), build=Wave)
'''
WITH_PLUGIN = CONFIG.replace("{type: dense, output_size: 12}", "{type: wave, waves: 3}") + "code: ours.py\n"


class Talk:
    """A running process and what it was asked first, when nothing but a profile had been wanted of it."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        self.folder = folder
        self.scratch = scratch
        scratch.mkdir()
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "declml.run.facts"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "TMPDIR": str(scratch)},
        )
        # A process that hangs must fail the tests, not stop them.
        self._deadline = threading.Timer(300, self.process.kill)
        self._deadline.start()
        self.at_first = self.ask(act="about")
        self.first_profile = self.ask(act="profile", data={"source": "rows.csv"})
        self.after_profile = self.ask(act="about")

    def ask(self, **request: Any) -> Any:
        folder = {"folder": str(self.folder)} if request.get("act") in {"profile", "words", "model"} else {}
        return self.say(json.dumps({"id": 7, **folder, **request}))

    def say(self, line: str) -> Any:
        self.write(line)
        return self.read()

    def write(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def read(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def end(self) -> int:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        code = self.process.wait(60)
        assert self.process.stdout.read() == b""
        self.process.stdout.close()
        self.cancel()
        return code

    def cancel(self) -> None:
        self._deadline.cancel()


def rows(count: int = 200) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "size": [each * 0.5 for each in range(count)],
            "colour": [("red", "green", "blue")[each % 3] for each in range(count)],
            "sold": [("yes", "no")[each // 2 % 2] for each in range(count)],
            "price": [str(each) if each % 50 != 16 else "forty" for each in range(count)],
            "copy": [("yes", "no")[each // 2 % 2] for each in range(count)],
            "empty": [None] * count,
            "one": [1] * count,
        }
    )


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    folder = tmp_path_factory.mktemp("project")
    (folder / ".declml").mkdir()
    rows().write_csv(folder / "rows.csv")
    (folder / "ours.py").write_text(PLUGIN)
    (folder / "broken.py").write_text("import nothing_of_that_name\n")
    found = Talk(folder, tmp_path_factory.mktemp("scratch") / "tmp")
    yield found
    assert found.end() == 0


def test_a_profile_leaves_torch_out_of_the_process(talk: Talk) -> None:
    assert talk.at_first["result"]["loaded"] == []
    assert talk.at_first["result"]["pid"] == talk.process.pid
    assert talk.after_profile["result"]["loaded"] == ["numpy", "polars"]


def test_a_profile_tells_what_the_command_tells_and_what_an_editor_needs(talk: Talk) -> None:
    result = talk.first_profile["result"]
    columns = {each["name"]: each for each in result["columns"]}
    for expected in json.loads(json.dumps(api.profile(talk.folder / "rows.csv").as_json()))["columns"]:
        assert {key: columns[expected["name"]][key] for key in expected} == expected
    assert result["rows"] == 200 and result["sampled"] is None and result["likely_target"] == "size"
    assert columns["price"]["not_numbers"] == {"count": 4, "row": 17, "text": "forty"}
    assert columns["size"]["not_numbers"] is None
    assert columns["copy"]["same_as"] == ["sold"] and columns["sold"]["same_as"] == ["copy"]
    assert columns["empty"]["all_missing"] and columns["empty"]["missing_share"] == 1.0
    assert columns["one"]["constant"] and columns["one"]["top_share"] == 1.0
    assert columns["size"]["nearly_unique"] and not columns["colour"]["nearly_unique"]
    assert sum(columns["size"]["histogram"]["rows"]) == 200 and len(columns["size"]["histogram"]["edges"]) == 11
    assert dict(columns["colour"]["top"]) == {"red": 67, "green": 67, "blue": 66}


def test_a_profile_is_remembered_until_the_bytes_change(talk: Talk) -> None:
    file = talk.folder / "changing.csv"
    file.write_text("a\n1\n2\n")
    first = talk.ask(act="profile", data={"source": "changing.csv"})["result"]
    assert first["paths"] == [{"path": str(file), "size": 6, "mtime_ns": file.stat().st_mtime_ns}]
    entries = set((talk.folder / ".declml" / "cache" / "profile").glob("*/*"))
    assert talk.ask(act="profile", data={"source": "changing.csv"})["result"] == first
    assert set((talk.folder / ".declml" / "cache" / "profile").glob("*/*")) == entries
    file.write_text("a\n1\n2\n3\n")
    second = talk.ask(act="profile", data={"source": "changing.csv"})["result"]
    assert (first["rows"], second["rows"]) == (2, 3)
    assert first["sha256"] != second["sha256"]


def test_a_damaged_memory_is_made_again(talk: Talk) -> None:
    (talk.folder / "hurt.csv").write_text("a\n1\n2\n")
    before = set((talk.folder / ".declml" / "cache" / "profile").glob("*/*"))
    whole = talk.ask(act="profile", data={"source": "hurt.csv"})
    (entry,) = set((talk.folder / ".declml" / "cache" / "profile").glob("*/*")) - before
    manifest = entry / "manifest.json"
    for damage in (manifest.read_bytes()[:100], manifest.read_bytes().replace(b"2", b"3"), b""):
        manifest.write_bytes(damage)
        assert talk.ask(act="profile", data={"source": "hurt.csv"}) == whole


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"source": "rows.cvs"}, "absent-source"),
        ({"source": 5}, "absent-source"),
        ({"source": ["rows.csv", None]}, "absent-source"),
        ({"source": None}, "missing-source"),
        ({}, "missing-source"),
        ({"source": "rows.csv", "separator": 5}, "bad-data-option"),
        ({"source": "rows.csv", "separator": ";;"}, "bad-separator"),
        ({"source": "rows.csv", "null_values": [1]}, "bad-data-option"),
        ({"source": "rows.csv", "encoding": "klingon"}, "unknown-encoding"),
        ({"source": "ours.py"}, "unknown-format"),
    ],
)
def test_half_typed_data_are_one_problem(talk: Talk, data: dict[str, Any], code: str) -> None:
    answer = talk.ask(act="profile", data=data)
    assert answer["id"] == 7 and answer["problem"]["code"] == code and answer["problem"]["message"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "A line must hold one JSON object; got a broken one"),
        ("[1]", "got a list"),
        ("null", "got a NoneType"),
        ("[" * 100_000, "A line must hold one JSON object"),
        ('{"id": 1}', "act must be one of about, profile, words, model; got None"),
        ('{"id": 1, "act": "profil"}', "got 'profil'"),
        ('{"id": 1, "act": ["about"]}', "act must be one of"),
        ('{"id": 1, "act": "profile", "folder": "/"}', "data of profile must be a dict; got none"),
        ('{"id": 1, "act": "profile", "folder": 1, "data": {}}', "folder of profile must be a str; got a int"),
        ('{"id": 1, "act": "profile", "folder": "x", "data": {}}', "folder must be an absolute path"),
        ('{"id": 1, "act": "about", "folder": "/"}', "got also 'folder'"),
    ],
)
def test_a_line_that_is_no_request_is_answered_and_the_next_one_too(talk: Talk, line: str, said: str) -> None:
    answer = talk.say(line)
    assert answer["problem"]["code"] == "bad-request" and said in answer["problem"]["message"]
    assert answer["id"] == (1 if '"id": 1' in line else None)
    assert talk.ask(act="about")["result"]["pid"] == talk.process.pid


def test_answers_come_in_the_order_of_the_requests(talk: Talk) -> None:
    folder = str(talk.folder)
    requests = [
        {"id": "a", "act": "profile", "folder": folder, "data": {"source": "rows.csv"}},
        {"id": None, "act": "about"},
        {"id": {"any": "thing"}, "act": "words", "folder": folder, "files": []},
        {"id": 4, "act": "nothing"},
    ]
    talk.write("\n\n".join(json.dumps(each) for each in requests))
    assert [talk.read()["id"] for _ in requests] == ["a", None, {"any": "thing"}, 4]


def test_the_words_of_a_plugin_come_by_file_and_a_broken_one_costs_one_problem(talk: Talk) -> None:
    result = talk.ask(act="words", files=["ours.py", "broken.py", "absent.py"])["result"]
    assert list(result["components"]) == ["ours.py"]
    assert [each["name"] for each in result["components"]["ours.py"]["encoder"]] == ["wave"]
    assert [(each["code"], each["path"]) for each in result["problems"]] == [
        ("broken-plugin", "code[1]"),
        ("absent-plugin", "code[2]"),
    ]
    words = vocabulary().with_plugins(result["components"]["ours.py"])
    assert check(WITH_PLUGIN, vocabulary=words).plan is not None


def test_a_model_with_a_plugin_that_prints_is_told_on_one_line(talk: Talk) -> None:
    result = talk.ask(act="model", config=WITH_PLUGIN, file="shop.declml.yaml")["result"]
    assert result["problems"] == [] and result["unknown"] == {}
    assert result["inputs"]["size"]["output"] == ["batch", 3]
    assert result["inputs"]["size"]["parameters"] == {"trainable": 6, "frozen": 0}
    assert result["combiner"]["input"] == ["batch", 3 + 4] and result["combiner"]["output"] == ["batch", 8]
    assert result["outputs"]["sold"]["output"] == ["batch"]
    assert result["parameters"]["trainable"] == 6 + 4 * 4 + (7 * 8 + 8) + (8 + 1)
    assert "torch" in talk.ask(act="about")["result"]["loaded"]


def test_a_part_that_cannot_be_built_is_a_problem_beside_the_others(talk: Talk) -> None:
    result = talk.ask(act="model", config=WITH_PLUGIN.replace("waves: 3", "waves: 14"), file="x")["result"]
    (problem,) = result["problems"]
    assert (problem["code"], problem["path"]) == ("broken-component", "input_features[size].encoder")
    assert "KeyError: 'fourteen'" in problem["message"]
    assert result["inputs"]["size"]["output"] is None and result["inputs"]["colour"]["output"] == ["batch", 4]
    assert result["parameters"] is None and result["known_parameters"] == 16


def test_a_plugin_that_ends_its_process_does_not_end_this_one(talk: Talk) -> None:
    answer = talk.ask(act="model", config=WITH_PLUGIN.replace("waves: 3", "waves: 13"), file="x")
    assert answer["problem"]["code"] == "internal-error" and "no thirteen" in answer["problem"]["message"]
    assert talk.ask(act="about")["result"]["pid"] == talk.process.pid


@pytest.mark.parametrize(
    ("config", "code", "errors"),
    [
        ("", "empty-config", 1),
        (CONFIG.replace("num_fc_layers", "num_fc_layer").replace("type: binary", "type: binry"), "unknown-type", 2),
        (CONFIG + "code: broken.py\n", "broken-plugin", 1),
        ("\ud800", "not-text", 1),
    ],
)
def test_a_config_with_errors_is_a_problem(talk: Talk, config: str, code: str, errors: int) -> None:
    problem = talk.ask(act="model", config=config, file="shop.declml.yaml")["problem"]
    assert (problem["code"], problem["errors"]) == (code, errors)


def test_nothing_is_written_beside_the_cache_of_the_project(talk: Talk) -> None:
    assert talk.ask(act="model", config=CONFIG, file="shop.declml.yaml")["result"]["unknown"] == {}
    assert {each.name for each in (talk.folder / ".declml" / "cache").iterdir()} <= {
        "profile", "plugins", "hashes.sqlite",
    }  # fmt: skip
    assert not list(talk.folder.glob("**/__pycache__"))


def test_the_end_of_the_input_ends_the_process_and_its_scratch_folder(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a\n1\n")
    talk = Talk(tmp_path, tmp_path / "tmp")
    assert len(list(talk.scratch.iterdir())) == 1
    assert talk.end() == 0
    assert list(talk.scratch.iterdir()) == []


def test_a_reader_that_goes_away_ends_the_process(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a\n1\n")
    talk = Talk(tmp_path, tmp_path / "tmp")
    assert talk.process.stdout is not None and talk.process.stdin is not None
    talk.process.stdout.close()
    talk.write('{"id": 1, "act": "about"}')
    assert talk.process.wait(60) == 0
    assert list(talk.scratch.iterdir()) == []
    talk.process.stdin.close()
    talk.cancel()
