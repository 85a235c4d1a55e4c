"""A real HTTP server of one process: it knows etags, dates, statuses and lengths, and counts what it was asked."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Site:
    """What the server gives: bodies by path, where else to look, and how it behaves."""

    bodies: dict[str, bytes] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    tells: str = "etag"  # or "date", or "" for a server that says nothing of its files' versions
    date: str = "Mon, 02 Nov 2026 10:00:00 GMT"
    cut: int = 0
    asked: list[tuple[str, int]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(site: Site) -> Generator[Site]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            site.headers.append(dict(self.headers.items()))
            status = site.statuses.get(path, 302 if path in site.moved else 200 if path in site.bodies else 404)
            body = site.bodies.get(path, b"")
            etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            same = site.tells == "etag" and self.headers.get("If-None-Match") == etag
            same = same or (site.tells == "date" and self.headers.get("If-Modified-Since") == site.date)
            if status == 200 and same:
                status = 304
            site.asked.append((self.path, status))
            self.send_response(status)
            if site.tells == "etag":
                self.send_header("ETag", etag)
            if site.tells == "date":
                self.send_header("Last-Modified", site.date)
            if status == 302:
                self.send_header("Location", site.moved[path])
            if path in site.types:
                self.send_header("Content-Type", site.types[path])
            if status != 200:
                body = b""
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body[: len(body) - site.cut])
            self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
