"""One project's page of a package index: fetched, and read as JSON (PEP 691) or HTML (PEP 503)."""

from __future__ import annotations

import base64
import json
import netrc
import ssl
import time
from collections.abc import Mapping
from html.parser import HTMLParser
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import SplitResult, unquote, urljoin, urlsplit, urlunsplit
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

from ..errors import IndexLookupError
from .wanted import IndexFile

_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
_TIMEOUT = 20
"""Seconds for a connection, and for each part of the answer."""
_ATTEMPTS = 3
_LIMIT = 64 << 20
"""Bytes; the largest pages of a public index have a few MiB."""
_BUNDLES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
"""Variables by which frontends are told of certificates."""


def read_page(index: str, name: str, environ: Mapping[str, str]) -> list[IndexFile]:
    """Return the files that an index has of a project.

    :param index: its root, with credentials where it needs some.
    :param name: the project's name, normalised.
    :raises IndexLookupError: in a few words, when the index does not answer, or with no page of an index.
    """
    parts = urlsplit(index)
    if parts.scheme not in ("http", "https"):
        raise IndexLookupError(f"found a URL of the scheme {parts.scheme!r}, expected http or https")
    credentials = _credentials(parts, environ)
    host = parts.netloc.rpartition("@")[2]
    url = urlunsplit((parts.scheme, host, f"{parts.path.rstrip('/')}/{name}/", "", ""))
    body, kind, base = _fetch(url, credentials, environ)
    files = _read_json(body, base) if kind.endswith("+json") else _read_html(body, base)
    # What lies on the index's own host needs the index's own credentials.
    prefix = parts.netloc.rpartition("@")[0]
    return [_with_credentials(file, host, prefix) for file in files] if prefix else files


def _fetch(url: str, credentials: str | None, environ: Mapping[str, str]) -> tuple[bytes, str, str]:
    """Return (content, content type, URL after redirections); a server that fails is asked again."""
    request = Request(url, headers={"Accept": _ACCEPT, "User-Agent": "runtime-backend"})  # noqa: S310 - http or https
    if credentials is not None:
        request.add_unredirected_header("Authorization", f"Basic {credentials}")
    opener = build_opener(ProxyHandler(), HTTPSHandler(context=_context(environ)))
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with opener.open(request, timeout=_TIMEOUT) as answer:
                body = answer.read(_LIMIT + 1)
                if len(body) > _LIMIT:
                    raise IndexLookupError(f"a page of more than {_LIMIT} bytes")
                return body, answer.headers.get_content_type(), answer.url
        except (OSError, HTTPException) as error:
            is_final = isinstance(error, HTTPError) and error.code < 500  # noqa: PLR2004 - the server knows what it says
            if is_final or attempt == _ATTEMPTS:
                raise IndexLookupError(_told(error)) from None
        time.sleep(attempt / 2)
    raise AssertionError  # pragma: no cover - the last attempt returns or raises


def _told(error: Exception) -> str:
    if isinstance(error, HTTPError):
        return f"HTTP {error.code} {error.reason}"
    return f"no answer: {getattr(error, 'reason', None) or error!r}"


def _context(environ: Mapping[str, str]) -> ssl.SSLContext:
    bundle = next((environ[name] for name in _BUNDLES if environ.get(name)), None)
    try:
        return ssl.create_default_context(cafile=bundle)
    except (OSError, ssl.SSLError) as error:
        raise IndexLookupError(f"the certificates of {bundle} cannot be read: {error}") from None


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


def _with_credentials(file: IndexFile, host: str, credentials: str) -> IndexFile:
    parts = urlsplit(file.url)
    url = urlunsplit(parts._replace(netloc=f"{credentials}@{host}")) if parts.netloc == host else file.url
    return IndexFile(name=file.name, url=url, sha256=file.sha256)


def _read_json(body: bytes, base: str) -> list[IndexFile]:
    try:
        return [
            IndexFile(name=f["filename"], url=urljoin(base, f["url"]), sha256=f.get("hashes", {}).get("sha256"))
            for f in json.loads(body)["files"]
        ]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise IndexLookupError(f"an answer that is no page of an index (PEP 691): {error!r}") from None


def _read_html(body: bytes, base: str) -> list[IndexFile]:
    page = _Page()
    page.feed(body.decode("utf-8", errors="replace"))
    try:
        base = urljoin(base, page.base)
        return [_linked(urljoin(base, link)) for link in page.links]
    except ValueError as error:
        raise IndexLookupError(f"an answer that is no page of an index (PEP 503): {error!r}") from None


def _linked(url: str) -> IndexFile:
    parts = urlsplit(url)
    algorithm, _, digest = parts.fragment.partition("=")
    name = unquote(parts.path.rpartition("/")[2])
    sha256 = digest if algorithm == "sha256" else None
    return IndexFile(name=name, url=urlunsplit(parts._replace(fragment="")), sha256=sha256)


class _Page(HTMLParser):
    """The links of a page, and what they are relative to."""

    def __init__(self) -> None:
        super().__init__()
        self.base = ""
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        target = dict(attrs).get("href")
        if tag == "base" and target and not self.base:
            self.base = target
        elif tag == "a" and target:
            self.links.append(target)
