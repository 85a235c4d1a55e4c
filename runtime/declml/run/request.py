"""What a training process is asked to do: written by whoever starts it, read by `declml.run.worker`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

NO_SPACE_EXIT = 74
"""The exit code of a training process that could not even write its last event: EX_IOERR of sysexits.h."""

TAKEN_EXIT = 75
"""The exit code of a training process that found another one at work on its run: EX_TEMPFAIL of sysexits.h."""


@dataclass(frozen=True, slots=True)
class Request:
    """One training, in JSON: absolute paths, the hash of the data that was planned with, and the identity it will have.

    ``threads`` and ``device`` repeat those of another run when that run is reproduced; None lets the process choose.
    ``kernel`` is what a person calls the kernel that starts the process. ``warnings`` are the checker's
    problems that keep nothing from running: the stream tells them like any other news. ``sides`` is the side of each
    path where the source gives files for each; ``origins`` says where copies of remote data are from. ``told`` is how
    many bytes of whole events the run had when it was asked for: more of them are those of another process, which was
    asked for the same.
    """

    folder: str
    cache: str
    config_folder: str
    paths: list[str]
    data_sha256: str
    identity: dict[str, str]
    plugins: list[str] = field(default_factory=list[str])
    resume: bool = False
    threads: int | None = None
    device: str | None = None
    trigger: str = "python"
    parent: str | None = None
    kernel: str | None = None
    argv: list[str] = field(default_factory=list[str])
    warnings: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    sides: list[int] | None = None
    origins: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    told: int | None = None
    format: int = 1

    def as_json(self) -> dict[str, Any]:
        """Return the request as JSON data."""
        return asdict(self)

    @staticmethod
    def read(path: Path) -> Request:
        """Return the request that stands in a file."""
        return Request(**json.loads(path.read_text()))
