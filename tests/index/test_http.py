"""HTTP requests to servers with invalid or endless responses."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from pathlib import Path
from threading import Thread

import pytest

from runtime_backend.errors import NoAnswer
from runtime_backend.index import http
from runtime_backend.index.downloads import download
from runtime_backend.index.http import ask
from runtime_backend.index.patience import Deadline

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ignore the machine's proxies, and do not wait between attempts."""
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(http, "_ATTEMPTS", 1)


@contextmanager
def answering(*parts: bytes, pause: float = 0.0) -> Iterator[str]:
    """Yield the address of a server that sends these parts, with a pause after each, until the client is gone."""

    def serve() -> None:
        try:
            while True:
                connection, _ = server.accept()
                with connection:
                    connection.recv(1 << 16)
                    for part in parts:
                        connection.sendall(part)
                        time.sleep(pause)
        except OSError:
            return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/x"
        server.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def body(answer: HTTPResponse) -> bytes:
    """Return the whole response."""
    return answer.read()


def refusal(url: str) -> str:
    """Return the reason of a failed request."""
    with pytest.raises(NoAnswer) as caught:
        ask(url, {"NETRC": "/no/netrc"}, body)
    return str(caught.value)


@pytest.mark.parametrize(
    "parts",
    [
        [b"H"] * 400,
        [b"HTTP/1.1 200 OK\r\n", *[b"A: b\r\n"] * 90, *[b"x"] * 400],
        [HEAD % 500, *[b"x"] * 400],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"1\r\nx\r\n"] * 400],
    ],
    ids=["status", "head", "body", "chunks"],
)
def test_dripping_server(parts: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow response has a time limit for the whole, at every stage."""
    monkeypatch.setattr(http, "LONGEST", 0.5)
    with answering(*parts, pause=0.05) as url:
        start = time.monotonic()
        assert "no answer: it was not complete after 0.5 seconds" == refusal(url)
        assert time.monotonic() - start < 5


def test_silent_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that sends nothing is reported."""
    monkeypatch.setattr(http, "_TIMEOUT", 0.2)
    with answering(b"", pause=3) as url:
        assert "no answer: no data arrived for 0.2 seconds" == refusal(url)


def test_large_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A download may take long while it progresses; a dripping one may not."""
    monkeypatch.setattr(http, "LONGEST", 0.8)
    monkeypatch.setattr(http, "LEAST", 100)
    block = b"x" * 200
    with answering(HEAD % 2000, *[block] * 10, pause=0.1) as url:
        download(url, tmp_path / "x", {}, lambda _: None)
    assert block * 10 == (tmp_path / "x").read_bytes()
    with answering(HEAD % 2000, *[b"x"] * 100, pause=0.1) as url, pytest.raises(NoAnswer, match=r"after 0.8 seconds"):
        download(url, tmp_path / "x", {}, lambda _: None)


@pytest.mark.parametrize("size", [b"abc", b"-1", b"9" * 5000, "\u0661".encode(), b""])
def test_size_that_is_none(size: bytes, tmp_path: Path) -> None:
    """An invalid announced size is ignored."""
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: " + size + b"\r\n\r\nhello") as url:
        download(url, tmp_path / "x", {}, lambda _: None)
    assert b"hello" == (tmp_path / "x").read_bytes()


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("http://[::1/x", "no answer: it redirects to an invalid URL"),
        ("http://h\udcff/", "no answer: it redirects to an invalid URL"),
        ("http://" + "x" * 70 + ".example/", "no answer: "),
        ("ftp://127.0.0.1/x", "no answer: unknown url type: ftp"),
        ("file:///etc/passwd", "HTTP 302 "),
        ("/again", "HTTP 302 "),
    ],
)
def test_redirections(location: str, told: str) -> None:
    """A redirection to an invalid URL, to another scheme, or in a circle fails."""
    head = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    with answering(head.encode("latin-1", errors="replace")) as url:
        assert refusal(url).startswith(told if "\udcff" not in location else "no answer: ")


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0\r\n", b"HTTP/1.1 999999 x\r\n\r\n", HEAD % 9 + b"x"])
def test_no_http(answer: bytes) -> None:
    """A response that is not HTTP, or truncated, fails."""
    with answering(answer) as url:
        assert refusal(url).startswith("no answer: ")


@pytest.mark.parametrize("url", ["http://[x/", "http://[::1", "https://a\u2100b/"])
def test_no_url(url: str, tmp_path: Path) -> None:
    """An invalid URL is not requested."""
    assert "the URL is not valid" == refusal(url)
    with pytest.raises(NoAnswer, match="the URL is not valid"):
        download(url, tmp_path / "x", {}, lambda _: None)


@pytest.mark.parametrize("url", ["file:///dev/zero", "file:///no/file", "file://[x/", "file:///a%00b"])
def test_no_file(url: str, tmp_path: Path) -> None:
    """A device, which may be endless, and a missing file are not copied."""
    with pytest.raises(NoAnswer, match=r"found no file|the URL is not valid"):
        download(url, tmp_path / "x", {}, lambda _: None)


def test_netrc_that_is_none(tmp_path: Path) -> None:
    """An unreadable netrc file gives no credentials, and no failure."""
    (tmp_path / "netrc").write_bytes(b"machine \xff\xfe login")
    with answering(HEAD % 2 + b"ok") as url:
        assert b"ok" == ask(url, {"NETRC": str(tmp_path / "netrc")}, body)


def test_certificates_that_are_none() -> None:
    """A file of certificates with an impossible name is reported."""
    with pytest.raises(NoAnswer, match="cannot be read: no file can have that name"):
        ask("https://127.0.0.1/", {"SSL_CERT_FILE": "a\0b"}, body)


def test_secure_server_that_is_none() -> None:
    """A server that does not speak TLS fails."""
    with answering(HEAD % 2 + b"ok") as url:
        assert refusal(url.replace("http:", "https:")).startswith("no answer: ")


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """If a download cannot be written, the path is reported."""
    (tmp_path / "x").write_text("")
    with pytest.raises(NoAnswer, match=r"/no/y: No such file or directory$"):
        download((tmp_path / "x").as_uri(), tmp_path / "no/y", {}, lambda _: None)


def test_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deadline ends after its time; a renewed one restarts after enough bytes."""
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    fixed, renewed = Deadline(10), Deadline(10, renewed_by=5)
    for deadline in (fixed, renewed):
        deadline.count(3)
        now[0] += 4
        deadline.count(3)
        now[0] -= 4
    now[0] += 12
    assert (True, False, 2) == (fixed.is_over, renewed.is_over, renewed.left())
    with pytest.raises(TimeoutError):
        fixed.left()
