"""The WebSocket to one kernel of a Jupyter server, which comes back by itself when it is lost.

One session id for the life of the client: a server that finds it again says what was said while the connection was
gone. Knows messages and nothing of what they mean.
"""

from __future__ import annotations

import contextlib
import logging
import random
import socket
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import quote

from declml.errors import UserProblem
from declml.kernels.channel import ChannelLost
from declml.kernels.jupyter_messages import SUBPROTOCOL, Malformed, Message, new_id, pack, unpack
from declml.kernels.server_rest import token_problem
from declml.kernels.tokens import Server

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

_OPEN_SECONDS = 15.0
_READY_SECONDS, _ASK_AGAIN_SECONDS = 60.0, 0.3
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 4.0
_REFUSED = frozenset({401, 403})
_GONE = 404
_SILENT = logging.getLogger("declml.kernels.socket")
_SILENT.disabled = True  # a WebSocket library's log of debugging shows headers


class KernelSocket:
    """Frames to and from one kernel. ``take`` hears every message, ``on_state`` that it was lost and is back.

    ``find`` returns the id of a kernel in the place of one that the server no longer knows. ``generation`` rises with
    each loss, of the connection or of the kernel behind it: what was asked before may never be answered.
    """

    def __init__(
        self,
        server: Server,
        kernel_id: str,
        *,
        find: Callable[[], str],
        take: Callable[[Message], None],
        on_state: Callable[[str], None],
    ) -> None:
        self._server, self._take, self._on_state = server, take, on_state
        self.session = new_id()
        self.generation = 0
        self.kernel_id, self._find = kernel_id, find
        self._connection: ClientConnection | None = None
        self._open = threading.Event()
        self._closed = threading.Event()
        self._failed: UserProblem | None = None
        self._sending = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=f"kernel {server.label}", daemon=True)
        self._thread.start()

    @property
    def up(self) -> bool:
        """Whether it is connected."""
        return self._open.is_set()

    @property
    def failed(self) -> bool:
        """Whether the server refuses us, so that it will not come back."""
        return self._failed is not None

    def send(self, message: Message, seconds: float) -> int:
        """Send one message when the connection is there, and return the generation that it was sent in.

        `ChannelLost` when it is not there within ``seconds``; a `UserProblem` when the server refuses us.
        """
        deadline = time.monotonic() + seconds
        frame = pack(message, session=self.session)
        while True:
            if not self._open.wait(max(0.0, deadline - time.monotonic())) or self._closed.is_set():
                raise ChannelLost(f"The server {self._server.label} must be reachable; it is not.")
            if self._failed is not None:
                raise self._failed
            with self._sending:
                connection, generation = self._connection, self.generation
                if connection is None:
                    continue
                # Lost while sending: the reader notices too, and opens it anew.
                with contextlib.suppress(OSError, self._closed_error()):
                    connection.send(frame)
            return generation

    def kernel_restarted(self) -> None:
        """Note that the kernel is another one now."""
        self.generation += 1

    def kernel_dead(self) -> None:
        """Have a kernel that its server has given up take its place: returns at once, and asks in a thread."""
        again = threading.Thread(target=self.look_for_kernel, name=f"kernel {self._server.label}", daemon=True)
        again.start()

    def look_for_kernel(self) -> None:
        """Connect to the kernel that the server has for us now: another one, where somebody has ended ours."""
        # A server that cannot be asked now is asked again: the beat goes on, and the next connection too.
        with contextlib.suppress(ChannelLost, UserProblem):
            found = self._find()
            if found != self.kernel_id:
                self.kernel_id = found
                self.generation += 1
                if self._connection is not None:
                    with contextlib.suppress(OSError):
                        self._connection.close()

    def close(self) -> None:
        """Close it for good."""
        self._closed.set()
        connection = self._connection
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.close()
        self._open.set()

    def _run(self) -> None:
        pause, was_up = _FIRST_PAUSE, False
        while not self._closed.is_set():
            with contextlib.ExitStack() as stack:
                try:
                    connection = self._connect(stack)
                except UserProblem as problem:
                    self._fail(problem)
                    return
                except ChannelLost:
                    connection = None
                if connection is not None and self._shake_hands(connection):
                    self._connection = connection
                    self._open.set()
                    if was_up:
                        self._on_state("connected again")
                    pause, was_up = _FIRST_PAUSE, True
                    self._listen(connection)
                    self._lost()
                    continue
                if connection is not None:
                    self.look_for_kernel()  # it may be one that the server has given up
            # Not all clients of a server that comes back at once.
            self._closed.wait(pause * (0.75 + random.random() / 2))
            pause = min(pause * 2, _LONGEST_PAUSE)
        self._open.set()

    def _lost(self) -> None:
        self._open.clear()
        with self._sending:
            self._connection = None
            self.generation += 1
        if not self._closed.is_set():
            self._on_state("reconnecting")

    def _shake_hands(self, connection: ClientConnection) -> bool:
        """Ask until the kernel itself has answered: what is sent before a server has reached it, is thrown away.

        On the control channel, which answers also while the kernel is busy.
        """
        deadline = time.monotonic() + _READY_SECONDS
        asked: set[str] = set()
        with contextlib.suppress(OSError, self._closed_error()):
            while time.monotonic() < deadline and not self._closed.is_set():
                question = Message("control", "kernel_info_request", {}, new_id())
                asked.add(question.id)
                connection.send(pack(question, session=self.session))
                until = time.monotonic() + _ASK_AGAIN_SECONDS
                while (left := until - time.monotonic()) > 0:
                    _acknowledge_at_once(connection)
                    try:
                        frame = connection.recv(left)
                    except TimeoutError:
                        break
                    if isinstance(frame, bytes):
                        with contextlib.suppress(Malformed):
                            message = unpack(frame)
                            if message.parent in asked and message.channel == "control":
                                return True
                            self._take(message)
        return False

    def _listen(self, connection: ClientConnection) -> None:
        with contextlib.suppress(OSError, self._closed_error()):
            _acknowledge_at_once(connection)
            for frame in connection:
                _acknowledge_at_once(connection)
                if isinstance(frame, bytes):
                    with contextlib.suppress(Malformed):  # of another version of the protocol: not for us
                        self._take(unpack(frame))

    def _connect(self, stack: contextlib.ExitStack) -> ClientConnection:
        # Imported here: whoever trains on this machine needs none of it.
        from websockets.exceptions import InvalidStatus, WebSocketException
        from websockets.sync.client import connect
        from websockets.typing import Subprotocol

        try:
            # "http" and "https" become "ws" and "wss".
            kernel = f"ws{self._server.url.removeprefix('http')}/api/kernels/{quote(self.kernel_id)}"
            opened = connect(
                f"{kernel}/channels?session_id={self.session}",
                additional_headers=self._server.headers,
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                open_timeout=_OPEN_SECONDS,
                close_timeout=1.0,
                max_size=None,
                compression=None,
                proxy=None,
                logger=_SILENT,
            )
            return stack.enter_context(opened)
        except InvalidStatus as error:
            status = error.response.status_code
            if status in _REFUSED:
                raise token_problem(self._server, status) from None
            if status == _GONE:
                # The server was started anew, or somebody shut the kernel down: another one takes its place.
                self.kernel_id = self._find()
            raise ChannelLost(f"The server {self._server.label} answered {status}.") from None
        except (OSError, WebSocketException) as error:
            raise ChannelLost(f"The server {self._server.label} must be reachable.") from error

    def _fail(self, problem: UserProblem) -> None:
        self._failed = problem
        self._open.set()  # wakes who waits, who then reads why

    @staticmethod
    def _closed_error() -> type[Exception]:
        from websockets.exceptions import ConnectionClosed

        return ConnectionClosed


def _acknowledge_at_once(connection: ClientConnection) -> None:
    """Have the system confirm what was received now: servers hold back a small message until the one before it is
    confirmed, which takes 40 ms otherwise. The system forgets this wish after each time.
    """
    if hasattr(socket, "TCP_QUICKACK"):
        with contextlib.suppress(OSError):
            connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
