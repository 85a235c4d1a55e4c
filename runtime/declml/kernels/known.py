"""The remote kernels that a user wrote down once, by a name of their own. No token is ever kept with them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from declml.errors import UserProblem
from declml.kernels.choice import Kind, parse_choice
from declml.whole_files import write_whole


@dataclass(frozen=True, slots=True)
class KnownKernel:
    """A remote kernel: the name that ``--kernel`` takes and the address behind it, without a token."""

    name: str
    kind: Kind
    address: str


def known_kernels() -> list[KnownKernel]:
    """Return the kernels that were written down, by name."""
    return [KnownKernel(name, parse_choice(url).kind, url) for name, url in sorted(_read().items())]


def known_kernel(name: str) -> KnownKernel | None:
    """Return the kernel of that name, if it was written down."""
    return next((each for each in known_kernels() if each.name == name), None)


def remember_kernel(name: str, address: str) -> KnownKernel:
    """Write a kernel down; a token in its address is left out. A `UserProblem` for a name that means something else."""
    choice = parse_choice(address)
    if not choice.remote:
        raise UserProblem(
            "kernel-address",
            f"A kernel to remember must be http(s)://HOST:PORT or ssh://USER@HOST; got '{address}'.",
        )
    if parse_choice(name).kind != "spec":
        raise UserProblem("kernel-name", f"A kernel's name must be a word of its own; got '{name}'.")
    parts = urlsplit(address)
    plain = urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
    _write({**_read(), name: plain})
    return KnownKernel(name, choice.kind, plain)


def forget_kernel(name: str) -> None:
    """Strike a kernel out; a `UserProblem` when it was never written down."""
    names = _read()
    if name not in names:
        raise UserProblem(
            "kernel-unknown",
            f"A kernel to forget must have been added; got '{name}'.",
            hint=f"There are {', '.join(sorted(names)) or 'none'}.",
        )
    _write({each: address for each, address in names.items() if each != name})


def _file() -> Path:
    folder = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(folder) / "declml" / "kernels.json"


def _read() -> dict[str, str]:
    try:
        found = json.loads(_file().read_text())
    except (OSError, ValueError):
        return {}
    return {str(name): str(address) for name, address in found.items()} if isinstance(found, dict) else {}


def _write(names: dict[str, str]) -> None:
    path = _file()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(names, indent=2, sort_keys=True) + "\n")
