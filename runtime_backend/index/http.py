"""HTTP requests with the person's certificates, proxies and credentials, and with retries."""

from __future__ import annotations

import base64
import netrc
import ssl
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from typing import TypeVar
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit
from urllib.request import Request

from ..errors import NoAnswer
from ..errors.reasons import reason
from .patience import Deadline, make_opener

T = TypeVar("T")

SCHEMES = ("http", "https")

_TIMEOUT = 20
"""Seconds for a connection, and for each part of the response."""
LONGEST = 60
"""Seconds for a whole response with redirections and retries; or for each :data:`LEAST` bytes of it."""
LEAST = 256 << 10
"""Bytes of a large response that a server must send within :data:`LONGEST`."""
_ATTEMPTS = 3
_PROXY = "Tunnel connection failed: "
"""Start of the only message in which ``http.client`` reports a proxy's response."""
BUNDLES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
"""Variables in which frontends look for certificates."""


class NotFound(NoAnswer):
    """The server has nothing at the URL."""


def ask(  # noqa: PLR0913 - a request has many properties
    url: str,
    environ: Mapping[str, str],
    take: Callable[[HTTPResponse], T],
    *,
    accept: str = "*/*",
    is_large: bool = False,
    patience: float | None = None,
) -> T:
    """Request a URL, and return the result of a function of the response; failed or interrupted requests are repeated.

    :param url: may contain credentials; the person's netrc file is used as well.
    :param take: called with each response, from its beginning.
    :param is_large: whether the time limit applies to each part of the response, instead of the whole.
    :param patience: seconds for a single attempt, if the answer is not needed.
    :raises NotFound: if the server has nothing at the URL.
    :raises NoAnswer: if the request fails in any other way; the message is a short reason.
    """
    request = _request(url, environ, accept)
    deadline = Deadline(patience or LONGEST, renewed_by=LEAST if is_large else None)
    opener = make_opener(deadline, _context(environ))
    attempts = 1 if patience else _ATTEMPTS
    for attempt in range(1, attempts + 1):
        try:
            with opener.open(request, timeout=patience or _TIMEOUT) as answer:
                return take(answer)
        except (OSError, HTTPException, ValueError) as error:  # ValueError: a redirection to an invalid URL
            if isinstance(error, HTTPError):
                error.close()
            is_final = isinstance(error, HTTPError) and error.code < 500  # noqa: PLR2004 - codes below 500 are final
            if is_final or attempt == attempts or deadline.is_over or isinstance(error, ValueError):
                kind = NotFound if isinstance(error, HTTPError) and error.code == HTTPStatus.NOT_FOUND else NoAnswer
                raise kind(_reason(error, deadline)) from None
        time.sleep(attempt / 2)
    raise AssertionError  # pragma: no cover - the last attempt returns or raises


def without_credentials(url: str) -> str:
    """Return a URL without the user and the password in it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _request(url: str, environ: Mapping[str, str], accept: str) -> Request:
    try:
        parts = urlsplit(url)
        if parts.scheme not in SCHEMES:
            raise NoAnswer(f"found a URL of the scheme {parts.scheme!r}, expected http or https")
        headers = {"Accept": accept, "User-Agent": "runtime-backend"}
        request = Request(without_credentials(url), headers=headers)  # noqa: S310 - http or https
        credentials = _credentials(parts, environ)
    except ValueError:
        raise NoAnswer("the URL is not valid") from None
    if credentials is not None:
        request.add_unredirected_header("Authorization", f"Basic {credentials}")
    return request


def _reason(error: OSError | HTTPException | ValueError, deadline: Deadline) -> str:
    if isinstance(error, HTTPError):
        return f"HTTP {error.code} {error.reason}"
    if deadline.is_over:
        return f"no answer: it was not complete after {deadline.seconds:g} seconds"
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, TimeoutError):
        return f"no answer: no data arrived for {min(_TIMEOUT, deadline.seconds):g} seconds"
    if isinstance(cause, OSError):
        text = str(cause)
        return f"no answer: {f'the proxy reports {text[len(_PROXY) :]}' if text.startswith(_PROXY) else reason(cause)}"
    if isinstance(cause, HTTPException):
        return "no answer: the response is not HTTP, or it is incomplete"
    return f"no answer: {cause if isinstance(cause, str) else 'it redirects to an invalid URL'}"


def _context(environ: Mapping[str, str]) -> ssl.SSLContext:
    bundle = next((environ[name] for name in BUNDLES if environ.get(name)), None)
    try:
        return ssl.create_default_context(cafile=bundle)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL
        why = reason(error, bundle) if isinstance(error, OSError) else "no file can have that name"
        raise NoAnswer(f"the certificates of {bundle} cannot be read: {why}") from None


def _credentials(parts: SplitResult, environ: Mapping[str, str]) -> str | None:
    """Return the credentials of the URL, else of the person's netrc file, encoded for HTTP Basic."""
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not user:
        try:
            found = netrc.netrc(environ.get("NETRC")).authenticators(parts.hostname or "")
        except (OSError, netrc.NetrcParseError, ValueError, LookupError):  # missing, invalid, not UTF-8, or truncated
            found = None
        user, password = (found[0], found[2]) if found is not None else ("", "")
    text = f"{user}:{password}".encode("utf-8", errors="surrogateescape")
    return base64.b64encode(text).decode() if user else None
