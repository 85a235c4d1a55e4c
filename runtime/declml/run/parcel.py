"""What of a launch must travel to another machine: its data, its plug-ins and its pretrained folders, by content."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from declml.errors import UserProblem
from declml.kernels.channel import Channel
from declml.kernels.travel import OnNotice, send
from declml.pretrained import locate_file, locate_pretrained, relative_to
from declml.run.identity import MODEL_FILES, pretrained_names, word_file_names
from declml.run.launching import Launch
from declml.run.tables import Source

_DATA, _PLUGINS = "data", "plugins"


@dataclass(frozen=True, slots=True)
class Unpacked:
    """Where things lie on the other side. ``dataset`` is None for data that are only there, which ``there`` names.

    ``sides`` and ``origins`` are those of the data, as `declml.run.tables.Source` has them.
    """

    base: str
    dataset: list[str] | None
    there: Any
    plugins: list[str]
    sides: list[int] | None = None
    origins: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def as_json(self) -> dict[str, Any]:
        """Return it as the part of a request that it is."""
        return {
            "base": self.base,
            "dataset": self.dataset,
            "there": self.there,
            "plugins": self.plugins,
            "sides": self.sides,
            "origins": self.origins,
        }


def local_source(launch: Launch) -> Source | None:
    """Return the data as they lie here, or None where they do not: they may lie on the other side."""
    try:
        return launch.source()
    except UserProblem as problem:
        if problem.code == "absent-source":
            return None
        raise


def send_parcel(channel: Channel, launch: Launch, source: Source | None, *, on_notice: OnNotice) -> Unpacked:
    """Send what the other side lacks and return where everything lies there."""
    data = {f"{_DATA}/{index}": path for index, path in enumerate(source.paths)} if source else {}
    plugins = {f"{_PLUGINS}/{index}": path for index, path in enumerate(launch.plugins)}
    pretrained = _pretrained(launch)
    places = send(channel, {**data, **plugins, **pretrained}, on_notice=on_notice)
    # Data and plug-ins are named one by one; only what the plan names by a relative path needs that path there.
    depth = max((_climbs(each) for each in pretrained), default=0)
    staged = channel.call("stage", {"files": {name: places[name] for name in pretrained}, "depth": depth})
    stored = channel.call("stored", {"places": [places[each] for each in (*data, *plugins)]})
    return Unpacked(
        base=str(staged["folder"]),
        dataset=list(stored[: len(data)]) if source else None,
        there=None if source else _named(launch),
        plugins=list(stored[len(data) :]),
        sides=list(source.sides) if source and source.sides is not None else None,
        origins=[dict(each) for each in source.origins] if source else [],
    )


def _named(launch: Launch) -> Any:
    """Return the data that are looked for on the other side, as they were named."""
    data = launch.dataset
    if data is None:
        return launch.plan.data["source"]
    return [os.fspath(each) for each in data] if isinstance(data, list | tuple) else os.fspath(data)


def _pretrained(launch: Launch) -> Mapping[str, Path]:
    """Return the files of each pretrained model that lies here, by the path that leads to them from the config."""
    files: dict[str, Path] = {}
    with relative_to(launch.folder):
        for name in pretrained_names(launch.plan):
            try:
                folder = locate_pretrained(name)
            except UserProblem:
                continue  # it may be there; if it is not, the training says so at the feature that needs it
            if Path(name).expanduser().is_absolute():
                raise UserProblem(
                    "kernel-absolute-path",
                    f"A pretrained folder must be named relative to the config to travel with it; got '{name}'.",
                    hint=f"Write: {os.path.relpath(folder, launch.folder)}",
                )
            for file in sorted(folder.iterdir()):
                if file.is_file() and file.suffix in MODEL_FILES:
                    files[str(PurePosixPath(name) / file.name)] = file
        for name in word_file_names(launch.plan):
            file = locate_file(name)
            if file is None:
                continue  # as above
            if Path(name).expanduser().is_absolute():
                raise UserProblem(
                    "kernel-absolute-path",
                    f"A file of word vectors or tokens must be named relative to the config to travel; got '{name}'.",
                    hint=f"Write: {os.path.relpath(file, launch.folder)}",
                )
            files[str(PurePosixPath(name))] = file
    return files


def _climbs(relative: str) -> int:
    """Return how many folders a relative path goes up at most."""
    height = lowest = 0
    for part in PurePosixPath(relative).parts:
        height += -1 if part == ".." else 1
        lowest = min(lowest, height)
    return -lowest
