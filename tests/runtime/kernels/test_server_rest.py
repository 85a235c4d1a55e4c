"""What a server answers, or whoever stands in its place, is told in one sentence and without the token."""

from __future__ import annotations

import http.server
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from declml.errors import UserProblem
from declml.kernels.channel import ChannelLost
from declml.kernels.server_kernel import server_kernel
from declml.kernels.server_rest import Rest
from declml.kernels.tokens import Server

TOKEN = "a-token-0123456789"


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    status, body = 200, b"{}"
    seen: ClassVar[list[tuple[str, dict[str, str]]]] = []

    def do_GET(self) -> None:
        self.seen.append((self.requestline, dict(self.headers)))
        self.send_response(self.status)
        if self.status == 302:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    do_POST = do_GET

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[http.server.ThreadingHTTPServer]:
    Answers.status, Answers.body, Answers.seen = 200, b"{}", []
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    running.daemon_threads = True
    thread = threading.Thread(target=running.serve_forever, args=(0.01,))
    thread.start()
    yield running
    running.shutdown()
    running.server_close()
    thread.join()


def address(server: http.server.ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


def test_the_token_stands_in_the_header_alone(server: http.server.ThreadingHTTPServer) -> None:
    rest = Rest(Server(address(server), token=TOKEN))
    rest.ask("GET", "/api/kernelspecs")
    rest.ask("POST", "/api/sessions", {"path": "x"})
    rest.close()
    for line, headers in Answers.seen:
        assert TOKEN not in line
        assert headers["Authorization"] == f"token {TOKEN}"
        assert headers["Host"] == address(server).removeprefix("http://")
        assert "Origin" not in headers


@pytest.mark.parametrize("status", [401, 403, 302])
def test_a_refusal_is_a_problem_of_the_token_and_no_redirect_is_followed(
    server: http.server.ThreadingHTTPServer, status: int
) -> None:
    Answers.status = status
    rest = Rest(Server(address(server), token=TOKEN))
    with pytest.raises(UserProblem, match="it refused it") as caught:
        rest.ask("GET", "/api/kernelspecs")
    rest.close()
    assert caught.value.code == "kernel-token"
    assert TOKEN not in f"{caught.value} {caught.value.hint}"
    assert len(Answers.seen) == 1


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"[]", b"{}"])
def test_a_server_of_another_kind_is_told_from_jupyter(server: http.server.ThreadingHTTPServer, body: bytes) -> None:
    Answers.body = body
    with pytest.raises(UserProblem, match="Jupyter server") as caught:
        server_kernel(f"{address(server)}/?token={TOKEN}")
    assert TOKEN not in f"{caught.value} {caught.value.hint}"


def test_nobody_there_is_one_sentence() -> None:
    with pytest.raises(UserProblem, match=r"127\.0\.0\.1:1 must be reachable; got: connection refused") as caught:
        server_kernel(f"http://127.0.0.1:1/?token={TOKEN}")
    assert caught.value.code == "kernel-unreachable"
    rest = Rest(Server("http://127.0.0.1:1", token=TOKEN))
    with pytest.raises(ChannelLost):
        rest.ask("GET", "/api")


def test_a_certificate_that_nobody_signed_is_refused(server: http.server.ThreadingHTTPServer, tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("a certificate of our own needs the program openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [*(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"),
         *("-keyout", key, "-out", certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    # Each connection shakes hands in a thread of its own when it is first read.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.handle_error = lambda *_: None  # the client goes away in the middle, as it should
    with pytest.raises(UserProblem, match="must be valid for that name") as caught:
        server_kernel(f"https://127.0.0.1:{server.server_address[1]}/?token={TOKEN}")
    assert caught.value.code == "kernel-certificate"
    assert Answers.seen == []
