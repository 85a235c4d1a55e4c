"""Frames of a Jupyter WebSocket are those that the server itself makes and reads."""

from __future__ import annotations

import pytest

from declml.kernels.jupyter_messages import Malformed, Message, pack, unpack

MESSAGE = Message("shell", "execute_request", {"code": "é = 1"}, "an-id", buffers=[b"", b"\0\1\2", b"x" * 1000])


def test_a_frame_is_what_jupyter_server_reads() -> None:
    pytest.importorskip("jupyter_server")
    from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1, serialize_msg_to_ws_v1

    frame = pack(MESSAGE, session="a-session")
    channel, parts = deserialize_msg_from_ws_v1(frame)
    assert (channel, [bytes(each) for each in parts[4:]]) == ("shell", MESSAGE.buffers)
    assert serialize_msg_to_ws_v1([bytes(each) for each in parts], channel) == frame


def test_a_frame_is_read_as_it_was_packed() -> None:
    assert unpack(pack(MESSAGE, session="a-session")) == MESSAGE


@pytest.mark.parametrize(
    "frame", [b"", b"\0" * 7, b"\xff" * 8, b"\xff" * 64, b"\3" + b"\0" * 40, b"hello, this is text"]
)
def test_what_is_no_frame_is_said_to_be_none(frame: bytes) -> None:
    with pytest.raises(Malformed):
        unpack(frame)


def test_every_cut_of_a_frame_is_read_or_refused() -> None:
    frame = pack(MESSAGE, session="a-session")
    for length in range(0, len(frame), 7):
        try:
            unpack(frame[:length])
        except Malformed:
            continue
