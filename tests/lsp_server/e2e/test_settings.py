"""Settings come from where each client keeps them, per folder, and act at once; unknown ones are told in the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.lsp_server.raw_client import RawClient, profile

Json = Any
HEAD = "input_features:\n  - {name: age, type: number}\noutput_features:\n  - {name: income, type: category}\n"
OLDER = HEAD + "training: {epochs: 3}\n"
EDITOR = "visual_studio_code_v1.65.2"


class Settled(RawClient):
    """A client with settings for each folder."""

    def __init__(self, folder: Path, *, capabilities: Json = None, **by_folder: Json) -> None:
        self.by_folder: dict[str, Json] = dict(by_folder)
        super().__init__(capabilities or profile(EDITOR), folder)

    def _answer(self, message: Json) -> Json:
        if message["method"] == "workspace/configuration":
            names = [(each.get("scopeUri") or "").rpartition("/")[2] for each in message["params"]["items"]]
            assert all(each["section"] == "declml" for each in message["params"]["items"])
            return [self.by_folder.get(name, self.by_folder.get("everywhere")) for name in names]
        if message["method"] == "workspace/workspaceFolders":
            return None
        return super()._answer(message)

    def greet(self, folders: list[Path], **more: Json) -> Json:
        named = [{"uri": each.as_uri(), "name": each.name} for each in folders]
        answer = self.request(
            "initialize",
            {"processId": None, "rootUri": None, "capabilities": self.capabilities, "workspaceFolders": named, **more},
        )
        self.notify("initialized", {})
        return answer


def severities(found: list[Json]) -> list[tuple[str, int]]:
    return [(each["code"], each["severity"]) for each in found]


def next_problems(client: RawClient, uri: str, expected: list[tuple[str, int]]) -> None:
    """Wait until a document's problems are the expected ones: a first answer may come before the settings."""
    while severities(client.published(uri)) != expected:
        pass


@pytest.fixture
def served(tmp_path: Path) -> Any:
    made: list[Settled] = []

    def serve(**more: Json) -> Settled:
        made.append(Settled(tmp_path, **more))
        return made[-1]

    yield serve
    for client in made:
        try:
            assert client.stop() == 0, client.complaints
        finally:
            client.kill()


Serve = Callable[..., Settled]


def test_each_folder_has_settings_of_its_own(served: Serve, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("loud", "quiet", "mute")]
    by_folder: Mapping[str, Json] = {
        "loud": {"severity": {"legacy-spelling": "error"}},
        "quiet": {"severity": {"legacy-spelling": "hint"}},
        "mute": {"severity": {"legacy-spelling": "off"}},
    }
    client = served(**by_folder)
    client.greet(folders)
    for folder, expected in zip(folders, ([1], [4], []), strict=True):
        uri = (folder / "config.declml.yaml").as_uri()
        client.open(uri, OLDER)
        next_problems(client, uri, [("legacy-spelling", each) for each in expected])
    inner = tmp_path / "loud" / "inner"
    client.by_folder["inner"] = {"severity": {"legacy-spelling": "information"}}
    event = {"added": [{"uri": inner.as_uri(), "name": "inner"}], "removed": []}
    client.notify("workspace/didChangeWorkspaceFolders", {"event": event})
    uri = (inner / "config.declml.yaml").as_uri()
    client.open(uri, OLDER)
    next_problems(client, uri, [("legacy-spelling", 3)])


def test_a_change_is_fetched_and_acts_on_open_documents(served: Serve, tmp_path: Path) -> None:
    client = served(everywhere={"severity": {}})
    client.greet([tmp_path])
    uri = (tmp_path / "config.declml.yaml").as_uri()
    client.open(uri, OLDER)
    next_problems(client, uri, [("legacy-spelling", 2)])
    client.by_folder["everywhere"] = {"severity": {"legacy-spelling": "error"}}
    client.notify("workspace/didChangeConfiguration", {"settings": None})
    next_problems(client, uri, [("legacy-spelling", 1)])


def test_a_client_that_cannot_be_asked_sends_its_settings(served: Serve, tmp_path: Path) -> None:
    capabilities = profile(EDITOR)
    capabilities["workspace"] = capabilities["workspace"] | {"configuration": False}
    client = served(capabilities=capabilities)
    client.greet([tmp_path], initializationOptions={"severity": {"legacy-spelling": "hint"}})
    uri = (tmp_path / "config.declml.yaml").as_uri()
    client.open(uri, OLDER)
    next_problems(client, uri, [("legacy-spelling", 4)])
    client.notify(
        "workspace/didChangeConfiguration", {"settings": {"declml": {"severity": {"legacy-spelling": "off"}}}}
    )
    next_problems(client, uri, [])


def test_what_is_not_understood_is_told_in_the_log(served: Serve, tmp_path: Path) -> None:
    client = served(everywhere={"severty": {}, "compare": 3, "severity": {"x": "loud"}})
    client.greet([tmp_path])

    def logged(start: str) -> Callable[[Json], bool]:
        return lambda each: each.get("method") == "window/logMessage" and each["params"]["message"].startswith(start)

    client.wait_for(logged("Unknown setting 'declml.severty'."))
    client.wait_for(logged("declml.compare must be text; got 3."))
    client.wait_for(logged("declml.severity must use the levels off, hint, information, warning, error; got x: loud."))


def test_the_server_asks_for_what_it_needs_where_it_may(served: Serve, tmp_path: Path) -> None:
    client = served(everywhere=None)
    client.greet([tmp_path])
    client.wait_for(lambda each: each.get("method") == "client/registerCapability")
    assert set(client.registered) == {"workspace/didChangeWatchedFiles", "workspace/didChangeConfiguration"}
    patterns = [
        each["globPattern"]
        for each in client.registered["workspace/didChangeWatchedFiles"]["registerOptions"]["watchers"]
    ]
    assert any("csv" in each for each in patterns)
    assert "**/*.py" in patterns
