"""Messages in and out: whole, bounded, and never in the way of the event loop.

Input is read by a thread of its own, or by the loop's sockets; output waits in an `Outbox`. While too much waits there,
nothing more is taken from the client: one that does not read costs a bounded amount of memory.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from declml.runs.alive import is_alive
from declml_lsp.outbox import Outbox, Send
from declml_lsp.protocol import ConfigProtocol

MOST_MESSAGE_BYTES = 64 << 20
"""A longer message is no config that a person edits."""
MOST_UNREAD_MESSAGES = 64
PARENT_SECONDS = 2.0
"""How often the editor's process is looked for."""
FLUSH_SECONDS = 1.0
HERE = "127.0.0.1"

_LENGTH = re.compile(rb"content-length:[ \t]*(\d{1,12})[ \t]*(?:\r\n|\Z)", re.IGNORECASE)
_FIRST_WORD = b"content-"
_HEADERS_END = b"\r\n\r\n"
_BLOCK_BYTES = 1 << 16


class Frames:
    """Cuts a stream of bytes into the bodies of messages; what is no message is skipped up to the next one."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._length: int | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take more bytes and yield every body that is whole now."""
        self._buffer += data
        while True:
            if self._length is None and not self._headers():
                return
            if self._length is None:
                continue
            if len(self._buffer) < self._length:
                return
            body = bytes(self._buffer[: self._length])
            del self._buffer[: self._length]
            self._length = None
            yield body

    def _headers(self) -> bool:
        """Take one block of headers; return False while it is not whole."""
        end = self._buffer.find(_HEADERS_END)
        if end < 0:
            if len(self._buffer) > _BLOCK_BYTES:  # no headers are as long
                del self._buffer[: -len(_HEADERS_END)]
            return False
        # The last one counts: before it may stand what was left of a broken message.
        found = _LENGTH.findall(bytes(self._buffer[:end]))
        del self._buffer[: end + len(_HEADERS_END)]
        length = int(found[-1]) if found else 0
        self._length = length if 0 < length <= MOST_MESSAGE_BYTES else None
        return True


class _Inbox:
    """Bodies on their way from the thread that reads them to the event loop; the thread waits when too many do."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._bodies: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._free = threading.Semaphore(MOST_UNREAD_MESSAGES)

    async def get(self) -> bytes | None:
        """Return the next body, None after the last."""
        body = await self._bodies.get()
        self._free.release()
        return body

    def read(self, descriptor: int) -> None:
        """Read until the input ends; run in a daemon thread, because nothing can interrupt it."""
        frames = Frames()
        with suppress(RuntimeError):  # the loop has ended, and with it all interest
            while data := _read(descriptor):
                for body in frames.feed(data):
                    self._put(body)
            self._put(None)

    def _put(self, body: bytes | None) -> None:
        self._free.acquire()
        self._loop.call_soon_threadsafe(self._bodies.put_nowait, body)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _BLOCK_BYTES)
    except OSError:
        return b""


# --- the three ways in -----------------------------------------------------------------------------------------------


def serve_stdio(protocol: ConfigProtocol) -> int:
    """Serve over standard input and output until the client leaves; return the exit code."""
    output = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nothing but messages may go to the client

    async def serve() -> int:
        inbox = _Inbox()
        threading.Thread(target=inbox.read, args=(sys.stdin.fileno(),), name="input", daemon=True).start()
        # A thread of its own: a client that does not read blocks it, and nothing else.
        writer = ThreadPoolExecutor(1, thread_name_prefix="output")
        loop = asyncio.get_running_loop()

        async def send(data: bytes) -> None:
            await loop.run_in_executor(writer, _write, output, data)

        return await _converse(protocol, inbox.get, send, headers=True)

    return asyncio.run(serve())


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def serve_tcp(protocol: ConfigProtocol, port: int) -> int:
    """Serve the first client that connects to a port of this machine; return the exit code."""

    async def serve() -> int:
        clients: asyncio.Queue[tuple[bytes, asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                first = await reader.readexactly(len(_FIRST_WORD))
            except (asyncio.IncompleteReadError, ConnectionError) as error:
                first = error.partial if isinstance(error, asyncio.IncompleteReadError) else b""
            # A web page can post a message's text to any port, behind a line of HTTP: it is no client.
            if _FIRST_WORD.startswith(first.lower()):
                await clients.put((first, reader, writer))
            else:
                writer.close()

        async with await asyncio.start_server(connected, HERE, port) as server:
            first, reader, writer = await clients.get()
            server.close()  # one client, as on standard input
            frames = Frames()
            ready = deque(frames.feed(first))

            async def get() -> bytes | None:
                while not ready:
                    data = await reader.read(_BLOCK_BYTES)
                    if not data:
                        return None
                    ready.extend(frames.feed(data))
                return ready.popleft()

            async def send(data: bytes) -> None:
                writer.write(data)
                await writer.drain()

            try:
                return await _converse(protocol, get, send, headers=True)
            finally:
                writer.close()

    return asyncio.run(serve())


_LOCAL_PAGE = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?|vscode-webview://[\w-]+")


def serve_websocket(protocol: ConfigProtocol, port: int) -> int:
    """Serve the first client that connects to a port of this machine by WebSocket; return the exit code."""
    # Imported here: only web clients need it.
    from websockets.asyncio.server import ServerConnection
    from websockets.asyncio.server import serve as listen
    from websockets.exceptions import ConnectionClosed

    async def serve() -> int:
        ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        taken = asyncio.Lock()

        async def connected(socket: ServerConnection) -> None:
            if taken.locked():
                return
            async with taken:

                async def get() -> bytes | None:
                    try:
                        return await socket.recv(decode=False)
                    except ConnectionClosed:
                        return None

                async def send(data: bytes) -> None:
                    try:
                        await socket.send(data.decode())
                    except ConnectionClosed as error:
                        raise ConnectionError from error

                code = await _converse(protocol, get, send, headers=False)
                if not ended.done():
                    ended.set_result(code)

        # A page from elsewhere must not reach a server that can start trainings: a browser says where it is from.
        allowed = [None, _LOCAL_PAGE]
        async with listen(connected, HERE, port, origins=allowed, max_size=MOST_MESSAGE_BYTES):
            return await ended

    return asyncio.run(serve())


# --- one conversation ------------------------------------------------------------------------------------------------


async def _converse(
    protocol: ConfigProtocol, get: Callable[[], Awaitable[bytes | None]], send: Send, *, headers: bool
) -> int:
    """Hand every message to the protocol until the client says so, leaves or dies; return the exit code."""
    outbox = Outbox(headers)
    protocol.begin(outbox)
    tasks = [
        asyncio.create_task(_take(protocol, get)),
        asyncio.create_task(_sending(outbox, send)),
        asyncio.create_task(_watch_parent(protocol)),
        asyncio.create_task(protocol.ended.wait()),
    ]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    with suppress(TimeoutError):
        await asyncio.wait_for(outbox.flush(), FLUSH_SECONDS)
    for task in tasks:
        task.cancel()
    return protocol.exit_code


async def _take(protocol: ConfigProtocol, get: Callable[[], Awaitable[bytes | None]]) -> None:
    while (body := await get()) is not None:
        await protocol.free()
        protocol.receive(body)


async def _sending(outbox: Outbox, send: Send) -> None:
    with suppress(OSError):  # the client is gone: the conversation is over
        await outbox.run(send)


async def _watch_parent(protocol: ConfigProtocol) -> None:
    """End when the editor's process has ended."""
    while protocol.client_process is None or is_alive(protocol.client_process):
        await asyncio.sleep(PARENT_SECONDS)
