"""Which kernel a user means: ``warm``, ``local``, the name of a kernelspec, a Jupyter server's URL or an ssh target."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from declml.errors import UserProblem

Kind: TypeAlias = Literal["warm", "local", "spec", "server", "ssh"]

KERNEL = "DECLML_KERNEL"
"""The environment variable that says which kernel to use where neither the command nor the config does."""

DEFAULT = "warm"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Choice:
    """A kernel to train on: its kind, and the text that says which one. ``text`` may hold a token: never show it.

    ``asked`` is false where nobody named one and the default is meant.
    """

    kind: Kind
    text: str
    asked: bool = True

    @property
    def remote(self) -> bool:
        """Whether files must travel to it."""
        return self.kind in {"server", "ssh"}


def parse_choice(text: str) -> Choice:
    """Return the kernel that ``text`` means; a `UserProblem` names the ways to say it."""
    text = text.strip()
    if text in {"warm", "local"}:
        return Choice("warm" if text == "warm" else "local", text)
    scheme = urlsplit(text).scheme if "://" in text else ""
    if scheme in {"http", "https"} and urlsplit(text).hostname:
        return Choice("server", text)
    if scheme == "ssh" and urlsplit(text).hostname:
        return Choice("ssh", text)
    if not scheme and _NAME.fullmatch(text):
        return Choice("spec", text)
    shown = text.partition("?")[0]  # a token stands behind it
    raise UserProblem(
        "kernel-unknown",
        f"A kernel must be warm, local, the name of a kernelspec, http(s)://... or ssh://user@host; got '{shown}'.",
        path="kernel.name",
        hint="`declml kernels` lists what there is.",
    )


def choose(asked: str | None, declared: str | None) -> Choice:
    """Return the kernel that is asked for, else the config's, else the one that ``DECLML_KERNEL`` names, else warm."""
    named = asked or declared or os.environ.get(KERNEL)
    return parse_choice(named) if named else Choice("warm", DEFAULT, asked=False)
