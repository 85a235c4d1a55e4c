"""Seeds derived from one root, so that adding a feature reshuffles nothing and every part can be rebuilt alone."""

from __future__ import annotations

import hashlib


def derive_seed(root: int, *names: str | int) -> int:
    """Return the 63-bit seed of the part that ``names`` address: SHA-256 of root and names, the same on every
    machine.
    """
    text = "/".join([str(root), *(str(name) for name in names)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
