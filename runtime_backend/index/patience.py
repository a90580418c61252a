"""A time limit for a whole response: a server that sends a byte now and then would block a build forever."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from io import BufferedReader, RawIOBase
from socket import socket
from ssl import SSLContext
from typing import Any
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
)


class Deadline:
    """The time by which a response must be complete.

    :param seconds: the time from now.
    :param renewed_by: number of received bytes that restarts the time; None: it is never restarted.
    """

    def __init__(self, seconds: float, *, renewed_by: int | None = None) -> None:
        self.seconds = seconds
        self._renewed_by = renewed_by
        self._read = 0
        self._until = time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self._until

    def left(self) -> float:
        """Return the remaining seconds.

        :raises TimeoutError: if the time is over.
        """
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time limit is over")
        return left

    def count(self, size: int) -> None:
        """Count received bytes."""
        self._read += size
        if self._renewed_by is not None and self._read >= self._renewed_by:
            self._read, self._until = 0, time.monotonic() + self.seconds


def make_opener(deadline: Deadline, context: SSLContext) -> OpenerDirector:
    """Return an opener of HTTP and HTTPS URLs, redirections included, with a time limit."""
    opener = OpenerDirector()
    for handler in (
        ProxyHandler(),
        UnknownHandler(),
        _Plain(deadline),
        _Secure(deadline, context),
        HTTPDefaultErrorHandler(),
        _Redirecting(),
        HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


class _Plain(HTTPHandler):
    def __init__(self, deadline: Deadline) -> None:
        super().__init__()
        self._deadline = deadline

    def http_open(self, request: Request) -> HTTPResponse:
        return self.do_open(_connecting(HTTPConnection, self._deadline), request)


class _Secure(HTTPSHandler):
    def __init__(self, deadline: Deadline, context: SSLContext) -> None:
        super().__init__(context=context)
        self._deadline = deadline
        self._own_context = context

    def https_open(self, request: Request) -> HTTPResponse:
        return self.do_open(_connecting(HTTPSConnection, self._deadline), request, context=self._own_context)


class _Redirecting(HTTPRedirectHandler):
    """Also closes a response that redirects to an invalid URL: urllib leaves it open."""

    def http_error_302(self, req: Request, fp: Any, code: int, msg: str, headers: Any) -> Any:  # noqa: ANN401 - urllib's
        try:
            return super().http_error_302(req, fp, code, msg, headers)
        except ValueError:
            fp.close()
            raise

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def _connecting(kind: type[HTTPConnection], deadline: Deadline) -> Any:  # noqa: ANN401 - typeshed asks for a protocol
    def connect(host: str, **more: Any) -> HTTPConnection:  # noqa: ANN401 - as urllib calls it
        connection = kind(host, **more)
        make: Callable[..., HTTPResponse] = partial(_Answer, deadline)
        vars(connection)["response_class"] = make  # also reads a proxy's response to CONNECT
        return connection

    return connect


class _Answer(HTTPResponse):
    """A response whose head and body are read within the time limit."""

    def __init__(self, deadline: Deadline, sock: socket, *rest: Any, **more: Any) -> None:  # noqa: ANN401 - http.client's
        super().__init__(sock, *rest, **more)
        self.fp = BufferedReader(_Reader(self.fp.detach(), sock, deadline))


class _Reader(RawIOBase):
    """Reads a socket, and waits at most for the remaining time."""

    def __init__(self, raw: RawIOBase, sock: socket, deadline: Deadline) -> None:
        super().__init__()
        self._raw = raw
        self._sock = sock
        self._deadline = deadline
        self._usual = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - any writable buffer
        left = self._deadline.left()
        self._sock.settimeout(left if self._usual is None else min(left, self._usual))
        size: int | None = self._raw.readinto(buffer)
        self._deadline.count(size or 0)
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()
