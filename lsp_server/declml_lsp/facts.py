"""What the runtime knows and the editor shows: a data set's profile, a plug-in's words, a model's shapes.

Computed by the runtime in processes of its own (``python -m declml.run.facts``, whose docstring is the protocol) and
read as JSON. Every question is answered at once with what is known; when more becomes known, ``on_news`` is called with
the document's address. Whether files have changed is looked at when something is asked, at most once a second, in the
threads that talk to the processes.
"""

from __future__ import annotations

import hashlib
import json
import sys
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

from declml_lsp.child import Answer, Child, Question
from declml_lsp.memory import Entry, Memory, Stamps, stamps_of
from declml_lsp.section import section
from declml_lsp.settings import Settings
from declml_lsp.snapshot import Snapshot
from declml_schema.problems import Problem, Severity
from declml_schema.vocabulary import Vocabulary, vocabulary

MODULE = "declml.run.facts"
LOOK_SECONDS = 1.0
RETRY_SECONDS = 60.0
"""When a question is asked again that killed its process, or that declml itself could not answer."""
UNFETCHED_SECONDS = 5.0
"""When data are asked for again that nobody had fetched."""
MODEL_PAUSE_SECONDS = 0.5
"""How long a config stays as it is before its model is asked for: each change makes another one."""
_MOST_PROFILES, _MOST_PLUGINS, _MOST_MODELS = 16, 64, 16
_READING = ("source", "format", "separator", "encoding", "null_values", "bad_rows")
"""What of a data section decides how its files are read."""

Json = Mapping[str, Any]


class Facts:
    """Asks the runtime and remembers its answers; safe to call from any thread, and never waits."""

    def __init__(
        self,
        on_news: Callable[[str], None],
        *,
        settings: Callable[[Snapshot], Settings] = lambda _snapshot: Settings(),
        log: Callable[[str], None] = lambda _message: None,
    ) -> None:
        self.on_news = on_news
        self._settings = settings
        self._log = log
        self._lock = threading.RLock()
        self._children: dict[tuple[str, str], Child] = {}
        self._profiles = Memory(_MOST_PROFILES)
        self._plugins = Memory(_MOST_PLUGINS)
        self._models = Memory(_MOST_MODELS)
        self._last_models: dict[str, Hashable] = {}

    def words(self, snapshot: Snapshot) -> Vocabulary:
        """Return the words that the config may use: the built-in ones and those of its plug-ins, as far as known."""
        entry = self._plugin_entry(snapshot)
        return vocabulary() if entry is None or entry.value is None else entry.value

    def are_words_known(self, snapshot: Snapshot) -> bool:
        """Return whether `words` are all there will be: false while a plug-in is read for the first time."""
        entry = self._plugin_entry(snapshot)
        return entry is None or entry.answered

    def profile(self, snapshot: Snapshot) -> Json | None:
        """Return the profile of the config's data, None while it is not known.

        It is what the act ``profile`` tells, and ``column_types``: each column's type by its name.
        """
        entry = self._profile_entry(snapshot)
        return entry.value if entry is not None else None

    def model(self, snapshot: Snapshot) -> Json | None:
        """Return the shapes and sizes of the config's model, None while they are not known.

        While those of a changed config are computed, the ones before stand in, with ``stale`` set.
        """
        # Where the user wants no profile, no process of the runtime's is to run beside the editor at all.
        key = self._model_key(snapshot) if self._settings(snapshot).profile else None
        if key is None or snapshot.check(self.words(snapshot), columns_of(self.profile(snapshot))).plan is None:
            return None
        name = _file_name(snapshot)
        message = {"act": "model", "folder": str(snapshot.folder), "config": snapshot.config, "file": name}
        entry = self._entry(self._models, key, snapshot, message, ())
        pause = MODEL_PAUSE_SECONDS if snapshot.uri in self._last_models else 0.0
        self._ask("models", snapshot, entry, _take_model, pause=pause)
        with self._lock:
            last = self._models.get(self._last_models.get(snapshot.uri))
            if entry.answered:
                self._last_models[snapshot.uri] = key
                return entry.value
        return {**last.value, "stale": True} if last is not None and last.value is not None else None

    def known_model(self, snapshot: Snapshot) -> Json | None:
        """Return what `model` does where that is known for this very text, and ask for nothing."""
        key = self._model_key(snapshot)
        with self._lock:
            entry = self._models.get(key) if key is not None else None
            return entry.value if entry is not None else None

    def problems(self, snapshot: Snapshot) -> list[Problem]:
        """Return what the runtime could not read or build, each once, with config paths and without places."""
        key = self._model_key(snapshot)
        with self._lock:
            model = self._models.get(key) if key is not None else None
        entries = (self._plugin_entry(snapshot), self._profile_entry(snapshot), model)
        found = [problem for entry in entries if entry is not None for problem in entry.problems]
        return [*{(each.code, each.message): each for each in reversed(found)}.values()][::-1]

    def files_changed(self, snapshots: Iterable[Snapshot]) -> None:
        """Look at the files behind these documents now: some of them may have changed."""
        with self._lock:
            for entry in (*self._profiles.entries(), *self._plugins.entries()):
                entry.looked = float("-inf")
        for snapshot in snapshots:
            self._plugin_entry(snapshot)
            self._profile_entry(snapshot)

    def forget(self, uri: str) -> None:
        """Ask and tell nothing more for a document that is closed."""
        with self._lock:
            self._last_models.pop(uri, None)
            for memory in (self._profiles, self._plugins, self._models):
                for entry in memory.entries():
                    entry.uris.discard(uri)
            for child in self._children.values():
                child.drop(uri)

    def close(self) -> None:
        """End the processes."""
        with self._lock:
            children = [*self._children.values()]
        for child in children:
            child.close()

    # What is asked.

    def _plugin_entry(self, snapshot: Snapshot) -> Entry | None:
        files = _texts(section(snapshot, "code"))
        if not files:
            return None
        key = (self._python(snapshot), str(snapshot.folder), *files)
        message = {"act": "words", "folder": str(snapshot.folder), "files": files}
        entry = self._entry(self._plugins, key, snapshot, message, files)
        self._ask("data", snapshot, entry, _take_words)
        return entry

    def _profile_entry(self, snapshot: Snapshot) -> Entry | None:
        data = section(snapshot, "data")
        sources = _sources(data.get("source")) if isinstance(data, dict) else []
        if not sources or not self._settings(snapshot).profile:
            return None
        reading = {name: data[name] for name in _READING if data.get(name) is not None}
        key = (self._python(snapshot), str(snapshot.folder), json.dumps(reading, sort_keys=True))
        message = {"act": "profile", "folder": str(snapshot.folder), "data": reading}
        entry = self._entry(self._profiles, key, snapshot, message, sources)
        self._ask("data", snapshot, entry, _take_profile)
        return entry

    def _model_key(self, snapshot: Snapshot) -> Hashable | None:
        """Return what a model depends on; None while its data or plug-ins are being read: there will be news."""
        behind = [each for each in (self._profile_entry(snapshot), self._plugin_entry(snapshot)) if each is not None]
        if not all(entry.answered for entry in behind):
            return None
        text = hashlib.blake2b(snapshot.config.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        stamps = [entry.stamps for entry in behind]
        return (self._python(snapshot), str(snapshot.folder), _file_name(snapshot), text, *stamps)

    def _python(self, snapshot: Snapshot) -> str:
        return self._settings(snapshot).python or sys.executable

    def _entry(
        self, memory: Memory, key: Hashable, snapshot: Snapshot, message: Json, files: list[str] | tuple[()]
    ) -> Entry:
        with self._lock:
            entry = memory.get(key) or memory.put(key, Entry(message, snapshot.folder, files))
            entry.uris.add(snapshot.uri)
            return entry

    def _ask(
        self,
        kind: str,
        snapshot: Snapshot,
        entry: Entry,
        take: Callable[[Entry, Json], None],
        *,
        pause: float = 0.0,
    ) -> None:
        """Have an entry's files looked at, and the runtime asked where they are not as they were."""
        now = time.monotonic()
        with self._lock:
            settled = entry.stamps is not None and not entry.files
            if settled or now - entry.looked < LOOK_SECONDS:
                return
            entry.looked = now
            place = (kind, self._python(snapshot))
            child = self._children.get(place)
            if child is None:
                # -P: a file of somebody's project must not take the place of a module.
                command = [place[1], "-P", "-m", MODULE]
                child = self._children[place] = Child(f"the {kind}", command, self._log)
        seen: list[Stamps] = []

        def message() -> Json | None:
            seen.append(stamps_of(entry.folder, entry.files))
            return None if seen[-1] == entry.stamps else entry.message

        def told(answer: Answer | None) -> None:
            self._take(entry, answer, take, seen[-1])

        child.ask((snapshot.uri, str(entry.message["act"])), Question(message, told, now + pause))

    def _take(self, entry: Entry, answer: Answer | None, take: Callable[[Entry, Json], None], stamps: Stamps) -> None:
        if answer is not None and (problem := answer.get("problem")) and problem["code"] == "internal-error":
            self._log(str(problem["message"]))
            answer = None
        with self._lock:
            if answer is None:
                entry.looked = time.monotonic() + RETRY_SECONDS
            else:
                entry.stamps = stamps
                entry.problems = ()
                take(entry, answer)
                if any(each.code == "not-fetched" for each in entry.problems):
                    # No file of the user's changes when a training fetches it: look again now and then.
                    entry.stamps, entry.looked = None, time.monotonic() + UNFETCHED_SECONDS
            entry.answered = True
            uris = [*entry.uris]
        for uri in uris:
            self.on_news(uri)


def columns_of(profile: Json | None) -> Mapping[str, str] | None:
    """Return the names and types of a profile's columns, None without one; one profile gives one object."""
    return profile["column_types"] if profile is not None else None


def _file_name(snapshot: Snapshot) -> str:
    return snapshot.path.name if snapshot.path is not None else "config.declml.yaml"


def _take_words(entry: Entry, answer: Json) -> None:
    result = answer.get("result")
    if result is None:
        entry.problems = (_problem(answer["problem"], path="code"),)
        return
    words = vocabulary()
    for added in result["components"].values():
        words = words.with_plugins(added)
    entry.value = words
    entry.problems = tuple(_problem(each, path="code") for each in result["problems"])


def _take_profile(entry: Entry, answer: Json) -> None:
    result = answer.get("result")
    if result is None:
        entry.value = None
        entry.problems = (_problem(answer["problem"], path="data.source"),)
        return
    entry.value = {**result, "column_types": {each["name"]: each["dtype"] for each in result["columns"]}}


def _take_model(entry: Entry, answer: Json) -> None:
    entry.value = answer.get("result")
    if entry.value is None:
        entry.problems = (_problem(answer["problem"], path=""),)


def _problem(told: Json, *, path: str) -> Problem:
    code = str(told["code"])
    # What was never fetched is no mistake: a training will fetch it.
    severity = Severity.INFORMATION if code == "not-fetched" else Severity.ERROR
    place, hint = str(told.get("path") or path), str(told.get("hint") or "")
    return Problem(code, str(told["message"]), severity=severity, path=place, hint=hint)


def _sources(source: Any) -> list[str]:
    """Return the files and addresses that a source names: its own, those of each side, or its database."""
    if not isinstance(source, dict):
        return _texts(source)
    named = [source.get(name) for name in ("training", "validation", "test", "database")]
    return [text for each in named if each is not None for text in _texts(each)]


def _texts(value: Any) -> list[str]:
    """Return a text or a list of texts as a list; nothing for anything else, which the checker refuses."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(each, str) and each for each in texts):
        return []
    return texts
