"""One project's page of a package index: fetched, and read as JSON (PEP 691) or HTML (PEP 503)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html.parser import HTMLParser
from http.client import HTTPResponse
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from ..errors import IndexLookupError, NoAnswer
from ..web import ask
from .wanted import IndexFile

_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
_LIMIT = 64 << 20
"""Bytes; the largest pages of a public index have a few MiB."""


def read_page(index: str, name: str, environ: Mapping[str, str]) -> list[IndexFile]:
    """Return the files that an index has of a project.

    :param index: its root, with credentials where it needs some.
    :param name: the project's name, normalised.
    :raises IndexLookupError: in a few words, when the index does not answer, or with no page of an index.
    """
    parts = urlsplit(index)
    url = urlunsplit((parts.scheme, parts.netloc, f"{parts.path.rstrip('/')}/{name}/", "", ""))
    try:
        body, kind, base = ask(url, environ, _take, accept=_ACCEPT)
    except NoAnswer as failure:
        raise IndexLookupError(str(failure)) from None
    files = _read_json(body, base) if kind.endswith("+json") else _read_html(body, base)
    # What lies on the index's own host needs the index's own credentials.
    prefix, _, host = parts.netloc.rpartition("@")
    return [_with_credentials(file, host, prefix) for file in files] if prefix else files


def _take(answer: HTTPResponse) -> tuple[bytes, str, str]:
    """Return (content, content type, URL after redirections)."""
    body = answer.read(_LIMIT + 1)
    if len(body) > _LIMIT:
        raise IndexLookupError(f"a page of more than {_LIMIT} bytes")
    return body, answer.headers.get_content_type(), answer.url


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
