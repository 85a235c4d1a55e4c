"""The one text and the one hash of a JSON value: what every cache key and identity is made of."""

from __future__ import annotations

import hashlib
import json


def canonical_json(value: object) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces. Equal values give equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def content_hash(value: object) -> str:
    """Return the SHA-256 of a JSON value, in hex."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()
