"""Asking a web server: with the person's certificates, proxies and credentials, and more than once."""

from __future__ import annotations

import base64
import netrc
import ssl
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException, HTTPResponse
from typing import TypeVar
from urllib.error import HTTPError
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

from .errors import NoAnswer

T = TypeVar("T")

SCHEMES = ("http", "https")

_TIMEOUT = 20
"""Seconds for a connection, and for each part of the answer."""
_ATTEMPTS = 3
BUNDLES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
"""Variables by which frontends are told of certificates."""


def ask(url: str, environ: Mapping[str, str], take: Callable[[HTTPResponse], T], *, accept: str = "*/*") -> T:
    """Return what is taken from a server's answer; a server that fails, or stops in the middle, is asked again.

    :param url: with credentials where it needs some; those of the person's netrc file are used too.
    :param take: called with every answer, from its beginning.
    :raises NoAnswer: in a few words, when there is none.
    """
    request = _request(url, environ, accept)
    opener = build_opener(ProxyHandler(), HTTPSHandler(context=_context(environ)))
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with opener.open(request, timeout=_TIMEOUT) as answer:
                return take(answer)
        except (OSError, HTTPException) as error:
            if isinstance(error, HTTPError):
                error.close()
            is_final = isinstance(error, HTTPError) and error.code < 500  # noqa: PLR2004 - the server knows what it says
            if is_final or attempt == _ATTEMPTS:
                raise NoAnswer(_told(error)) from None
        time.sleep(attempt / 2)
    raise AssertionError  # pragma: no cover - the last attempt returns or raises


def without_credentials(url: str) -> str:
    """Return a URL without the user and the password in it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _request(url: str, environ: Mapping[str, str], accept: str) -> Request:
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES:
        raise NoAnswer(f"found a URL of the scheme {parts.scheme!r}, expected http or https")
    headers = {"Accept": accept, "User-Agent": "runtime-backend"}
    request = Request(without_credentials(url), headers=headers)  # noqa: S310 - http or https
    credentials = _credentials(parts, environ)
    if credentials is not None:
        request.add_unredirected_header("Authorization", f"Basic {credentials}")
    return request


def _told(error: Exception) -> str:
    if isinstance(error, HTTPError):
        return f"HTTP {error.code} {error.reason}"
    return f"no answer: {getattr(error, 'reason', None) or error!r}"


def _context(environ: Mapping[str, str]) -> ssl.SSLContext:
    bundle = next((environ[name] for name in BUNDLES if environ.get(name)), None)
    try:
        return ssl.create_default_context(cafile=bundle)
    except (OSError, ssl.SSLError) as error:
        raise NoAnswer(f"the certificates of {bundle} cannot be read: {error}") from None


def _credentials(parts: SplitResult, environ: Mapping[str, str]) -> str | None:
    """Return the credentials of the URL, or else of the person's netrc file, as HTTP takes them."""
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not user:
        try:
            found = netrc.netrc(environ.get("NETRC")).authenticators(parts.hostname or "")
        except (OSError, netrc.NetrcParseError):
            found = None
        user, password = (found[0], found[2]) if found is not None else ("", "")
    return base64.b64encode(f"{user}:{password}".encode()).decode() if user else None
