"""Fetching and parsing one project's page of a package index, in JSON (PEP 691) or HTML (PEP 503)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPResponse
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from ..errors import IndexLookupError, NoAnswer, NoSuchProjectError
from ..formats.jsontext import parse_json
from .http import NotFound, ask
from .links import Link, find_links
from .wanted import IndexFile

_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
_LIMIT = 32 << 20
"""The most bytes of a page; the largest pages of a public index have a few MiB."""


def read_page(index: str, name: str, environ: Mapping[str, str]) -> list[IndexFile]:
    """Return the files that an index lists for a project.

    :param index: its root URL, which may contain credentials.
    :param name: the project's normalised name.
    :raises NoSuchProjectError: if the index has no such page.
    :raises IndexLookupError: if the index does not answer, or the answer is not an index page; has a short reason.
    """
    parts = urlsplit(index)
    url = urlunsplit((parts.scheme, parts.netloc, f"{parts.path.rstrip('/')}/{name}/", "", ""))
    try:
        body, kind, base = ask(url, environ, _take, accept=_ACCEPT)
    except NotFound as failure:
        raise NoSuchProjectError("no-such-project", "{why}", why=str(failure)) from None
    except NoAnswer as failure:
        raise IndexLookupError("index-unusable", "{why}", why=str(failure)) from None
    files = _read_json(body, base) if kind.endswith("+json") else _read_html(body, base)
    if not files and not kind.endswith(("json", "html")):
        expected = "JSON or HTML (PEP 691, PEP 503)"
        raise IndexLookupError(
            "index-unusable",
            "the answer is not an index page: found {kind}, expected {expected}",
            kind=kind,
            expected=expected,
        )
    # Files on the index's host need the index's credentials.
    prefix, _, host = parts.netloc.rpartition("@")
    return [_with_credentials(file, host, prefix) for file in files] if prefix else files


def _take(answer: HTTPResponse) -> tuple[bytes, str, str]:
    """Return (content, content type, URL after redirections)."""
    body = answer.read(_LIMIT + 1)
    if len(body) > _LIMIT:
        raise IndexLookupError("index-unusable", "found a page of more than {limit} bytes", limit=_LIMIT)
    return body, answer.headers.get_content_type(), answer.url


def _with_credentials(file: IndexFile, host: str, credentials: str) -> IndexFile:
    parts = urlsplit(file.url)
    url = urlunsplit(parts._replace(netloc=f"{credentials}@{host}")) if parts.netloc == host else file.url
    return file._replace(url=url)


def _read_json(body: bytes, base: str) -> list[IndexFile]:
    """Return the files of a JSON page, ignoring entries that do not follow PEP 691."""
    try:
        page = parse_json(body)
    except ValueError:
        page = None
    files = page.get("files") if isinstance(page, dict) else None
    if not isinstance(files, list):
        raise IndexLookupError(
            "index-unusable", "the answer is not an index page: found no list 'files', expected one (PEP 691)"
        )
    entries = (_read_entry(entry, base) for entry in files)
    return [entry for entry in entries if entry is not None]


def _read_entry(entry: object, base: str) -> IndexFile | None:
    if not isinstance(entry, dict):
        return None
    name, url, hashes = entry.get("filename"), entry.get("url"), entry.get("hashes")
    sha256 = hashes.get("sha256") if isinstance(hashes, dict) else None
    yanked = entry.get("yanked")
    why = yanked if isinstance(yanked, str) else ""
    if not (isinstance(name, str) and isinstance(url, str)):
        return None
    try:
        where = urljoin(base, url)
    except ValueError:  # an invalid URL
        return None
    sha256 = sha256 if isinstance(sha256, str) else None
    return IndexFile(name=name, url=where, sha256=sha256, yanked=why if yanked else None)


def _read_html(body: bytes, base: str) -> list[IndexFile]:
    """Return the files that an HTML page (PEP 503) links to, ignoring invalid URLs."""
    stated, links = find_links(body.decode("utf-8", errors="replace"))
    files: list[IndexFile] = []
    with suppress(ValueError):
        base = urljoin(base, stated)
    for link in links:
        with suppress(ValueError):
            files.append(_linked(urljoin(base, link.target), link))
    return files


def _linked(url: str, link: Link) -> IndexFile:
    parts = urlsplit(url)
    algorithm, _, digest = parts.fragment.partition("=")
    name = unquote(parts.path.rpartition("/")[2])
    sha256 = digest if algorithm == "sha256" else None
    return IndexFile(name=name, url=urlunsplit(parts._replace(fragment="")), sha256=sha256, yanked=link.yanked)
