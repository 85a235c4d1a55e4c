"""Messages of the Jupyter protocol as one frame of a WebSocket: ``v1.kernel.websocket.jupyter.org``.

A frame begins with the number of offsets and the offsets, 64 bits each, little-endian. They cut the rest into the
channel's name, four texts of JSON (header, parent header, metadata, content) and the binary buffers. Source: the
documentation of jupyter_server, "WebSocket kernel wire protocols".
"""

from __future__ import annotations

import itertools
import json
import struct
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SUBPROTOCOL = "v1.kernel.websocket.jupyter.org"
_PROTOCOL_VERSION = "5.3"
_TEXTS = 4


class Malformed(ValueError):
    """A frame that is no message."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``parent`` is the id of the message that it answers, or nothing."""

    channel: str
    kind: str
    content: Mapping[str, Any]
    id: str = ""
    parent: str = ""
    buffers: Sequence[bytes] = field(default=(), repr=False)


def pack(message: Message, *, session: str) -> bytes:
    """Return the frame of a message of our own to the kernel."""
    header = {
        "msg_id": message.id,
        "msg_type": message.kind,
        "session": session,
        "username": "declml",
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "version": _PROTOCOL_VERSION,
    }
    parts = [message.channel.encode(), *(_json(each) for each in (header, {}, {}, message.content)), *message.buffers]
    offsets = [8 * (len(parts) + 2)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    return b"".join((struct.pack(f"<{len(offsets) + 1}Q", len(offsets), *offsets), *parts))


def unpack(frame: bytes) -> Message:
    """Return the message of a frame; `Malformed` when it is none."""
    try:
        (count,) = struct.unpack_from("<Q", frame)
        offsets = struct.unpack_from(f"<{count}Q", frame, 8)
        parts = [frame[begin:end] for begin, end in itertools.pairwise(offsets)]
        channel, texts, buffers = parts[0], parts[1 : 1 + _TEXTS], parts[1 + _TEXTS :]
        header, parent, _metadata, content = (json.loads(each) for each in texts)
        return Message(
            channel.decode(), header["msg_type"], content, header["msg_id"], parent.get("msg_id", ""), buffers
        )
    except (struct.error, IndexError, KeyError, TypeError, ValueError, AttributeError, MemoryError) as error:
        raise Malformed(f"got a frame of {len(frame)} bytes that is no message") from error


def new_id() -> str:
    """Return an id that no other message or session has."""
    return uuid.uuid4().hex


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
