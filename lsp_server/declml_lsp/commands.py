"""The commands that an editor may call: train, stop, resume, plan, runs, compare, profile, the resolved config.

Each takes the document's address first and answers with JSON. What takes long runs in a child process; what the user
got wrong is one message, never an error of the protocol.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, TypeAlias

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from declml.errors import DeclmlError
from declml.runs.diff import diff
from declml.runs.find import find
from declml.runs.index import list_runs
from declml_lsp.progress_bar import ProgressBar
from declml_lsp.session import Session
from declml_lsp.snapshot import Snapshot
from declml_lsp.trainings import Event, Training
from declml_schema.resolved import resolved_text
from declml_schema.vocabulary import vocabulary

EVENT = "declml/event"
"""The notification that carries a run's events: ``uri``, ``run``, and the ``event`` as it stands in the stream."""
TRAINING = "declml/training"
"""The notification that tells where a training stands whenever that changes for a person."""
RESOLVED_SCHEME = "declml-resolved"
PLAN_SECONDS = 300.0
PROFILE_SECONDS = 120.0

Answer: TypeAlias = dict[str, Any]
_SHOWN_KINDS = ("run_started", "training_started", "metrics", "run_finished", "notice", "result")


class Commands:
    """The commands of one client."""

    def __init__(self, server: LanguageServer, session: Session) -> None:
        self._server = server
        self._session = session
        self._following: set[asyncio.Task[None]] = set()

    def table(self) -> Mapping[str, Callable[..., Awaitable[Any]]]:
        """Return every command by its name."""
        return {
            "declml.train": self.train,
            "declml.stop": self.stop,
            "declml.resume": self.resume,
            "declml.plan": self.plan,
            "declml.runs": self.runs,
            "declml.compare": self.compare,
            "declml.profile": self.profile,
            "declml.resolvedConfig": self.resolved_config,
        }

    async def train(self, uri: str, options: Mapping[str, Any] | None = None) -> Answer:
        """Train a config and answer once it has begun; events follow as notifications.

        ``options`` may hold ``set`` (config path -> value), ``again``, ``dataset``, ``resume`` (a run) and ``kernel``
        (a name).
        """
        snapshot, problem = self._on_disk(uri)
        if snapshot is None or snapshot.path is None:
            return self._refuse(problem)
        earlier = self._session.trainings.get(uri)
        if earlier is not None and not earlier.ended:
            return self._refuse(f"'{snapshot.path.name}' is being trained already; stop that training first.")
        training = Training(uri, list(snapshot.lines))
        command = [*self._declml(snapshot), "train", str(snapshot.path), "--json", "--trigger", "editor"]
        try:
            await self._session.trainings.start(
                training, [*command, *self._runs_option(snapshot), *_options(options or {})],
                folder=self._session.start_folder(snapshot),
            )  # fmt: skip
        except OSError as error:
            return self._refuse(f"The training could not be started with '{command[0]}': {error.strerror}.")
        task = asyncio.ensure_future(self._follow(training, snapshot.path.name))
        self._following.add(task)
        task.add_done_callback(self._following.discard)
        return training.as_json()

    async def stop(self, uri: str) -> Answer:
        """Ask a training to stop after a checkpoint; asked again, end it at once."""
        stopped = self._session.trainings.stop(uri)
        self._session.client.refresh(uri)
        return {"stopped": stopped}

    async def resume(self, uri: str, run: str | None = None) -> Answer:
        """Go on with a run that did not finish: ``run``, or the newest one of the config's experiment."""
        snapshot, problem = self._on_disk(uri)
        if snapshot is None:
            return self._refuse(problem)
        if run is None:
            rows = await self._in_thread(lambda: list_runs(self._session.runs_root(snapshot)))
            experiment = self._session.experiment(snapshot)
            open_ended = [each for each in rows if each.status in ("interrupted", "killed", "failed")]
            run = next((each.id for each in open_ended if each.experiment == experiment), None)
        if run is None:
            return self._refuse("There is no interrupted run to go on with.")
        return await self.train(uri, {"resume": run})

    async def plan(self, uri: str) -> Answer:
        """Return what a training would do, as `declml plan --json` tells it."""
        snapshot, problem = self._on_disk(uri)
        if snapshot is None:
            return self._refuse(problem)
        return await self._ask(snapshot, ["plan", str(snapshot.path), "--json", *self._runs_option(snapshot)])

    async def runs(self, uri: str = "") -> Answer:
        """Return the runs of a config's experiment, or of the whole project without a document; newest first."""
        snapshot = self._session.snapshots.get(uri)
        root = self._session.runs_root(snapshot)
        experiment = self._session.experiment(snapshot) if snapshot is not None else None
        rows = await self._in_thread(lambda: list_runs(root, experiment=experiment))
        return {"root": str(root), "runs": [each.as_json() for each in rows]}

    async def compare(self, uri: str, before: str = "", after: str = "") -> Answer:
        """Return what differs between two runs, or, without the second, between a run and the config as typed.

        Of two runs, ``goals`` says of each metric whether more or less of it is better.
        """
        snapshot = self._session.snapshots.get(uri)
        root = self._session.runs_root(snapshot)
        try:
            if before and after:
                goals = _goals()
                found = await self._in_thread(lambda: diff(find(root, before), find(root, after), goals=goals))
                return {**found.as_json(), "goals": goals}
            if snapshot is None:
                return self._refuse("There is no config open to compare with.")
            return await self._in_thread(lambda: self._session.history.comparison(self._session, snapshot, before))
        except DeclmlError as error:
            return self._refuse(str(error))

    async def profile(self, uri: str) -> Answer:
        """Return the profile of the config's data; waits for it while it is being computed."""
        snapshot = self._session.snapshots.get(uri)
        if snapshot is None:
            return self._refuse("There is no config open.")
        deadline = asyncio.get_running_loop().time() + PROFILE_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            found = await self._in_thread(lambda: self._session.facts.profile(snapshot))
            if found is not None:
                return dict(found)
            await asyncio.sleep(0.1)
        return self._refuse("The data could not be profiled; data.source must name a file that can be read.")

    async def resolved_config(self, uri: str) -> Answer:
        """Return every value in force and where it came from, as a YAML document, and an address for it."""
        snapshot = self._session.snapshots.get(uri)
        if snapshot is None:
            return self._refuse("There is no config open.")
        text = await self._in_thread(lambda: resolved_text(self._session.checked(snapshot)))
        if not text:
            return self._refuse("The config has errors; a config that cannot run has no resolved form.")
        name = snapshot.path.name if snapshot.path is not None else "config"
        return {"uri": f"{RESOLVED_SCHEME}:{name}?{uri}", "languageId": "yaml", "text": text}

    # What they share.

    async def _follow(self, training: Training, name: str) -> None:
        """Tell a training's events to the client, with a progress bar where it can show one, and what came of it."""
        bar = ProgressBar(self._server, f"Training {name}", lambda: self._session.trainings.stop(training.uri))
        if self._session.supports("window", "work_done_progress"):
            bar.open()

        def take(event: Event) -> None:
            self._session.client.notify(EVENT, {"uri": training.uri, "run": training.run, "event": dict(event)})
            bar.report(training.sentence(), training.share)
            if event.get("kind") in _SHOWN_KINDS:
                self._session.client.notify(TRAINING, training.as_json())
                self._session.client.refresh_lenses()

        await self._session.trainings.follow(training, take)
        bar.close(_outcome(training))
        self._session.client.notify(TRAINING, training.as_json())
        self._session.client.refresh(training.uri)
        kind = types.MessageType.Error if training.status in ("failed", "killed") else types.MessageType.Info
        self._server.window_show_message(types.ShowMessageParams(kind, _outcome(training)))

    def _on_disk(self, uri: str) -> tuple[Snapshot | None, str]:
        """Return a document whose text is the file's, else None and what is in the way."""
        snapshot = self._session.snapshots.get(uri)
        if snapshot is None:
            return None, "There is no declml config open at that address."
        if snapshot.is_cell:
            return None, "A notebook's cell is trained by running it."
        if snapshot.path is None:
            return None, "The config must be saved to a file first."
        try:
            written = snapshot.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None, f"'{snapshot.path.name}' must be a file that can be read; save the config first."
        if written.split() != snapshot.text.source.split():
            return None, f"'{snapshot.path.name}' has changes that are not saved yet; save it first."
        return snapshot, ""

    def _refuse(self, message: str) -> Answer:
        self._server.window_show_message(types.ShowMessageParams(types.MessageType.Warning, message))
        return {"problem": message}

    def _declml(self, snapshot: Snapshot) -> list[str]:
        # -P: a file in the project that is called like a module of Python's must not take that module's place.
        return [self._session.settings(snapshot).python or sys.executable, "-P", "-m", "declml.cli.main"]

    def _runs_option(self, snapshot: Snapshot) -> list[str]:
        runs = self._session.settings(snapshot).runs
        return ["--runs", str(self._session.runs_root(snapshot))] if runs else []

    async def _ask(self, snapshot: Snapshot, words: list[str]) -> Answer:
        """Run a command that answers with JSON."""
        process = await asyncio.create_subprocess_exec(
            *self._declml(snapshot),
            *words,
            cwd=self._session.start_folder(snapshot),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            said, complaint = await asyncio.wait_for(process.communicate(), PLAN_SECONDS)
        except (TimeoutError, asyncio.CancelledError):
            with suppress(ProcessLookupError):
                process.kill()
            raise
        try:
            return dict(json.loads(said))
        except ValueError:
            return self._refuse(complaint.decode(errors="replace").strip() or "declml gave no answer.")

    async def _in_thread(self, act: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._session.workers, act)


def _options(options: Mapping[str, Any]) -> list[str]:
    """Return the options of a training as the command line takes them."""
    words: list[str] = []
    for path, value in dict(options.get("set") or {}).items():
        words += ["--set", f"{path}={json.dumps(value)}"]
    for name in ("dataset", "resume", "kernel"):
        if options.get(name):
            words += [f"--{name}", str(options[name])]
    return [*words, "--again"] if options.get("again") else words


def _goals() -> dict[str, str]:
    return {word.name: str(word.facts["goal"]) for word in vocabulary().words("metric") if "goal" in word.facts}


def _outcome(training: Training) -> str:
    """Return what came of a training, in one sentence."""
    run = f"run {training.run}" if training.run else "the training"
    if training.status == "finished" and training.reused:
        return f"Nothing changed since {run}: there was nothing to do."
    if training.status == "finished":
        best = f" with {training.metric} {training.best:.4g}" if training.best is not None else ""
        return f"Finished {run}{best}."
    if training.status == "interrupted":
        return f"Stopped {run} after a checkpoint; it can be resumed."
    return f"{run.capitalize()} failed: {training.message.partition(chr(10))[0]}"
