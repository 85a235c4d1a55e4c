"""One client's session: its documents, settings, and what is known about them. Method handlers read it.

Written to from the event loop only; handlers run in threads of their own and get immutable snapshots.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from lsprotocol import types
from pygls.uris import to_fs_path

from declml.runs.places import experiment_name, experiment_of_file, runs_root
from declml_lsp.config_files import ConfigFiles
from declml_lsp.facts import Facts, columns_of
from declml_lsp.history import History
from declml_lsp.problems import problems_of
from declml_lsp.recognise import cell_config, is_config
from declml_lsp.settings import Settings
from declml_lsp.snapshot import Snapshot
from declml_lsp.text import Text
from declml_lsp.trainings import Trainings
from declml_schema.check import CheckResult
from declml_schema.problems import Problem


class Client(Protocol):
    """What a session asks of its client; safe to call from any thread."""

    def refresh(self, uri: str) -> None:
        """Show anew what depends on more than the document's text: problems, lenses, hints."""
        ...

    def refresh_lenses(self) -> None:
        """Show the lenses anew: a training has got further."""
        ...

    def log(self, message: str) -> None:
        """Write a line into the client's log of the server."""
        ...

    def notify(self, method: str, params: Any) -> None:
        """Send a notification of our own."""
        ...


@dataclass
class Session:
    """Everything that handlers may look at."""

    client: Client
    capabilities: types.ClientCapabilities = field(default_factory=types.ClientCapabilities)
    folders: list[Path] = field(default_factory=list[Path])
    snapshots: dict[str, Snapshot] = field(default_factory=dict[str, Snapshot])
    settings_by_folder: dict[str, Settings] = field(default_factory=dict[str, Settings])
    encoding: str = "utf-16"
    """The unit in which the client counts characters of a line."""
    files: ConfigFiles = field(default_factory=ConfigFiles)
    facts: Facts = field(init=False)
    trainings: Trainings = field(default_factory=Trainings)
    history: History = field(default_factory=History)
    workers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(2, thread_name_prefix="work"))
    """For what commands read from disk; requests about a document have threads of their own."""

    def __post_init__(self) -> None:
        self.facts = Facts(self.client.refresh, settings=self.settings, log=self.client.log)

    def settings(self, snapshot: Snapshot | None = None) -> Settings:
        """Return the settings in force for a document: those of the innermost folder that holds it."""
        return self.settings_at(snapshot.path if snapshot is not None else None)

    def settings_at(self, path: Path | None) -> Settings:
        """Return the settings in force for a file; without one, those outside of all folders."""
        if path is not None:
            for folder in sorted(self.folders, key=lambda each: len(each.parts), reverse=True):
                if path.is_relative_to(folder) and str(folder) in self.settings_by_folder:
                    return self.settings_by_folder[str(folder)]
        return self.settings_by_folder.get("", Settings())

    def checked(self, snapshot: Snapshot) -> CheckResult:
        """Return what the one checker says of a config, with its plug-ins' words and its data's columns where known."""
        return snapshot.check(self.facts.words(snapshot), columns_of(self.facts.profile(snapshot)))

    def problems(self, snapshot: Snapshot) -> list[Problem]:
        """Return everything wrong with a config, in the order of the text: what the checker says, its plug-ins and data
        where they are known, and its last training.
        """
        failures = self.trainings.failures(snapshot.uri, snapshot.root, snapshot.lines)
        return problems_of(snapshot, self.checked(snapshot), self.facts, failures)

    def start_folder(self, snapshot: Snapshot | None = None) -> Path:
        """Return where the search for a document's project begins: the workspace folder around it, or its own."""
        path = snapshot.path if snapshot is not None else None
        around = [folder for folder in self.folders if path is None or path.is_relative_to(folder)]
        if around:
            return max(around, key=lambda each: len(each.parts))
        return snapshot.folder if snapshot is not None else Path.cwd()

    def runs_root(self, snapshot: Snapshot | None = None) -> Path:
        """Return the folder of all runs of a document's project."""
        start = self.start_folder(snapshot)
        named = self.settings(snapshot).runs
        return runs_root(start / named if named else None, start=start)

    def experiment(self, snapshot: Snapshot) -> str:
        """Return the name under which a config's runs are kept."""
        named = self.checked(snapshot).top_level("name")
        if isinstance(named, str) and named:
            return experiment_name(named)
        return experiment_of_file(snapshot.path) if snapshot.path is not None else "experiment"

    def is_current(self, snapshot: Snapshot) -> bool:
        """Return whether a snapshot is still the document's newest."""
        return self.snapshots.get(snapshot.uri) is snapshot

    def supports(self, *path: str) -> bool:
        """Return whether the client declared a capability, such as ``("text_document", "diagnostic")``."""
        here: Any = self.capabilities
        for name in path:
            here = getattr(here, name, None)
            if not here:
                return False
        return True


def snapshot_of(uri: str, version: int | None, text: Text, *, language: str, notebook: str | None) -> Snapshot | None:
    """Return the snapshot of a document, or None for one that is no declml config."""
    path = path_of(notebook or uri)
    if notebook is not None or uri.startswith("vscode-notebook-cell:"):
        config = cell_config(text.source)
        return None if config is None else Snapshot(uri, version, text, config, path, is_cell=True)
    if not is_config(uri, text.source, language=language):
        return None
    return Snapshot(uri, version, text, text.source, path)


def path_of(uri: str) -> Path | None:
    """Return the file of an address, None for a buffer that has none."""
    if not uri.startswith("file:"):
        return None
    name = to_fs_path(uri)
    return Path(name) if name else None
