"""What the server asks the client to watch, and the settings that it asks the client for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lsprotocol import types
from pygls.uris import to_fs_path

from declml_lsp.session import Session
from declml_lsp.settings import SECTION

WATCHED = (
    "**/*.{csv,tsv,tab,jsonl,ndjson,parquet,pq}",  # data
    "**/*.{csv,tsv,tab,jsonl,ndjson}.{gz,zst}",
    "**/*.py",  # plug-ins
    "**/record.json",  # runs
)


def registrations(session: Session) -> list[types.Registration]:
    """Return what the client can be asked to tell beyond what it tells by itself; empty where it cannot be asked."""
    asked: list[types.Registration] = []
    if session.supports("workspace", "did_change_watched_files", "dynamic_registration"):
        watchers = [types.FileSystemWatcher(pattern) for pattern in WATCHED]
        options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
        name = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
        asked.append(types.Registration("declml-files", name, options))
    if session.supports("workspace", "did_change_configuration", "dynamic_registration"):
        options = types.DidChangeConfigurationRegistrationOptions(section=SECTION)
        name = types.WORKSPACE_DID_CHANGE_CONFIGURATION
        asked.append(types.Registration("declml-settings", name, options))
    return asked


def paths_of(changes: Sequence[types.FileEvent]) -> list[Path]:
    """Return the files that a client says have changed."""
    names = [to_fs_path(each.uri) for each in changes]
    return [Path(name) for name in names if name]


def folders_of(params: types.InitializeParams) -> list[Path]:
    """Return the workspace folders that a client opens with."""
    named = [folder.uri for folder in params.workspace_folders or ()] or [params.root_uri or ""]
    paths = [to_fs_path(uri) for uri in named if uri]
    return [Path(path) for path in paths if path]


def questions(folders: Sequence[Path]) -> list[types.ConfigurationItem]:
    """Return the questions for the settings of each workspace folder, in their order; of all without a folder."""
    scopes: list[str | None] = [folder.as_uri() for folder in folders] or [None]
    return [types.ConfigurationItem(scope_uri=scope, section=SECTION) for scope in scopes]
