"""Requests to a web server, and the person's data in them."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path

import pytest
from servers import Server, serving
from standins import write

from runtime_backend.errors import NoAnswer
from runtime_backend.index import http
from runtime_backend.index.http import ask

WHEEL = (200, "application/octet-stream", b"a wheel")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Yield a server with a wheel."""
    with serving(monkeypatch) as found:
        found.pages["/t.whl"] = WHEEL
        yield found


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Yield another host's server with the same wheel."""
    with serving(monkeypatch) as found:
        found.pages["/t.whl"] = WHEEL
        yield found


def content(answer: HTTPResponse) -> bytes:
    """Return the whole response."""
    return answer.read()


def basic(credentials: str) -> str:
    """Return the Authorization header for some credentials."""
    return f"Basic {base64.b64encode(credentials.encode()).decode()}"


@pytest.mark.parametrize("credentials", ["jo:secret@", ""], ids=["URL", "netrc"])
def test_credentials_stay_with_their_host(credentials: str, server: Server, mirror: Server, tmp_path: Path) -> None:
    """Credentials are not sent to another host after a redirection."""
    netrc = write(tmp_path / "netrc", "machine 127.0.0.1 login jo password secret\n")
    server.redirections["/t.whl"] = mirror.url("/t.whl").replace("127.0.0.1", "localhost")
    url = server.url("/t.whl", credentials)
    assert b"a wheel" == ask(url, {"NETRC": str(netrc)}, content)
    assert ([("/t.whl", basic("jo:secret"))], [("/t.whl", None)]) == (server.asked, mirror.asked)


def test_user_without_a_password(server: Server, tmp_path: Path) -> None:
    """A user without a password is sent with an empty one, as tokens need."""
    ask(server.url("/t.whl", "token@"), {"NETRC": str(tmp_path / "netrc")}, content)
    assert [("/t.whl", basic("token:"))] == server.asked


def test_headers(server: Server) -> None:
    """A request has the accepted types, by default any, and our name."""
    ask(server.url("/t.whl"), {}, content)
    ask(server.url("/t.whl"), {}, content, accept="text/html")
    assert [("*/*", "runtime-backend"), ("text/html", "runtime-backend")] == server.told


@pytest.mark.parametrize(("status", "count"), [(404, 1), (403, 1), (500, 3), (503, 3)])
def test_answers_that_are_none(status: int, count: int, server: Server) -> None:
    """A failing server gets three requests, a refusing one gets one."""
    server.pages["/t.whl"] = (status, "text/plain", b"")
    with pytest.raises(NoAnswer) as caught:
        ask(server.url("/t.whl"), {}, content)
    assert str(caught.value).startswith(f"HTTP {status} ")
    assert count == len(server.asked)


def test_waits_between_attempts(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second and third attempts wait half a second and a second."""
    server.pages["/t.whl"] = (503, "text/plain", b"")
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    with pytest.raises(NoAnswer):
        ask(server.url("/t.whl"), {}, content)
    assert [0.5, 1.0] == waited


@pytest.mark.usefixtures("server")
def test_server_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that never answers is given up after a time limit."""
    monkeypatch.setattr(http, "_TIMEOUT", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(NoAnswer) as caught:
        ask(f"http://127.0.0.1:{silent.getsockname()[1]}/t.whl", {}, content)
    assert str(caught.value).startswith("no answer: ")
