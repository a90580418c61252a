"""A web server on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest


class Server(ThreadingHTTPServer):
    """Answers each path with (status, content type, body)."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages: dict[str, tuple[int, str, bytes]] = {}
        self.redirections: dict[str, str] = {}
        """Path -> the URL of a redirection."""
        self.asked: list[tuple[str, str | None]] = []
        self.needed: str | None = None
        """The required Authorization header."""
        self.told: list[tuple[str | None, str | None]] = []
        """The headers Accept and User-Agent of each request."""

    def url(self, path: str = "/simple", credentials: str = "") -> str:
        """Return an address."""
        return f"http://{credentials}127.0.0.1:{self.server_port}{path}"

    def html(self, text: str, path: str = "/simple/torch/") -> None:
        """Serve an HTML page."""
        self.pages[path] = (200, "text/html", text.encode())

    def json(self, files: object, path: str = "/simple/torch/") -> None:
        """Serve a JSON page."""
        name = path.strip("/").rpartition("/")[2]
        body = json.dumps({"meta": {"api-version": "1.1"}, "name": name, "versions": [], "files": files}).encode()
        self.pages[path] = (200, "application/vnd.pypi.simple.v1+json", body)


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["Authorization"]))
        self.server.told.append((self.headers["Accept"], self.headers["User-Agent"]))
        is_refused = self.server.needed not in (None, self.headers["Authorization"])
        refusal = (401, "text/plain", b"") if is_refused else (404, "text/plain", b"")
        status, kind, body = refusal if is_refused else self.server.pages.get(self.path, refusal)
        elsewhere = None if is_refused else self.server.redirections.get(self.path)
        self.send_response(status if elsewhere is None else 302)
        if elsewhere is not None:
            self.send_header("Location", elsewhere)
        if is_refused:
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Yield a server; nothing waits between two attempts."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Server() as found:
        Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield found
        found.shutdown()
