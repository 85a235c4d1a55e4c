"""A project with runs in it, written through the product's own record format, and facts that need no process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lsprotocol import types
from tests.lsp_server.editing import QuietClient
from tests.runtime.runs.builder import write_run

from declml.runs.folder import Run
from declml_lsp.facts import Facts
from declml_lsp.session import Session
from declml_lsp.settings import Settings
from declml_lsp.snapshot import Snapshot
from declml_lsp.text import Text
from declml_schema.check import check

MARKDOWN = types.ClientCapabilities(
    text_document=types.TextDocumentClientCapabilities(
        hover=types.HoverClientCapabilities(content_format=[types.MarkupKind.Markdown])
    )
)


class KnownFacts(Facts):
    """What the runtime would tell, known from the start: no process is asked."""

    def __init__(self, *, profile: Mapping[str, Any] | None = None, model: Mapping[str, Any] | None = None) -> None:
        super().__init__(lambda _uri: None, settings=lambda _snapshot: Settings(), log=lambda _line: None)
        self.known_profile = {"column_types": None, **profile} if profile is not None else None
        self.known_model = model

    def profile(self, snapshot: Snapshot) -> Mapping[str, Any] | None:
        return self.known_profile

    def model(self, snapshot: Snapshot) -> Mapping[str, Any] | None:
        return self.known_model


class PastProject:
    """A project on the disk whose config is open in an editor."""

    def __init__(self, root: Path, *, name: str = "census.declml.yaml") -> None:
        self.root = root
        self.file = root / name
        (root / ".declml").mkdir(parents=True, exist_ok=True)

    def run(self, number: int, text: str, value: float | None = 0.8, **record: Any) -> Run:
        """Write the folder of a run of ``text`` whose accuracy on the validation split was ``value``."""
        plan = check(text).plan
        assert plan is not None, check(text).problems
        metrics = {} if value is None else {"validation": {"income": {"accuracy": value}}}
        experiment = record.pop("experiment", "census")
        return write_run(
            self.root / "runs",
            f"{number:04d}-{number:04x}",
            **{
                "experiment": experiment,
                "plan": plan,
                "config": text,
                "metrics": metrics,
                "decides": {"output": "income", "metric": "accuracy", "goal": "maximize"},
                **record,
            },
        )

    def open(
        self,
        text: str,
        *,
        settings: Settings | None = None,
        profile: Mapping[str, Any] | None = None,
        model: Mapping[str, Any] | None = None,
        capabilities: types.ClientCapabilities = MARKDOWN,
    ) -> tuple[Session, Snapshot]:
        """Return a session with the config open."""
        session = Session(QuietClient(), capabilities=capabilities)
        session.facts = KnownFacts(profile=profile, model=model)
        session.settings_by_folder[""] = settings or Settings()
        snapshot = Snapshot(self.file.as_uri(), 1, Text(text), text, self.file)
        session.snapshots[snapshot.uri] = snapshot
        return session, snapshot

    def change(self, session: Session, text: str) -> Snapshot:
        """Return the next version of the open config."""
        before = session.snapshots[self.file.as_uri()]
        after = Snapshot(before.uri, (before.version or 0) + 1, Text(text), text, self.file)
        session.snapshots[before.uri] = after
        return after
