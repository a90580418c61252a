"""Obtaining an upstream source: an archive by URL, an sdist by name and version, a git repository at a commit."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..config import Upstream
from ..errors import IndexLookupError, NoAnswer, SourceError
from ..formats.parsing import parse_sdist_name, parse_version
from ..index.downloads import download
from ..index.pages import read_page
from ..store.atomic import unfinished
from ..store.names import digest
from ..system.files import file_digest, is_file
from ..system.printable import without_secrets
from ..system.urls import file_name
from .git import pack_checkout

INDEXES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
MORE_INDEXES = ("UV_INDEX", "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL")
"""Variables that name indexes. These have several, separated by spaces; uv's may have names (``torch=https://…``)."""

_FORMAT = "2: with history and tags"
"""The content of our archives of git repositories."""


def obtain(
    upstream: Upstream, folder: Path, environ: Mapping[str, str], *, is_offline: bool, say: Callable[[str], None]
) -> Path:
    """Return the archive of an upstream source. It is stored in a folder, under a name that identifies it.

    :raises SourceError: if it cannot be obtained, or is not the named source.
    """
    path = archive_path(upstream, folder)
    if is_file(path) and (upstream.sha256 is None or file_digest(path) == upstream.sha256):
        return path
    if is_offline and not upstream.where.startswith("file:"):
        raise SourceError(
            "source-not-in-cache",
            "{upstream}: found nothing in the cache ({path}), and this build is offline",
            hint="Run the same command once with a network; later builds use the cache.",
            upstream=upstream,
            path=path,
        )
    with unfinished(path) as new:
        archive = new
        if upstream.kind == "git":
            say(f"fetching {upstream}, with its tags and submodules")
            new.mkdir()
            archive = new / "packed.tar"
            pack_checkout(upstream, archive, environ, say)
        else:
            _download(upstream, _find_url(upstream, environ), archive, environ, say)
        archive.replace(path)
    return path


def archive_path(upstream: Upstream, folder: Path) -> Path:
    """Return the path of an upstream source's archive, which must be locked while it is fetched and unpacked."""
    return folder / _file_name(upstream)


def _file_name(upstream: Upstream) -> str:
    if upstream.kind == "git":
        address = without_secrets(upstream.where).rstrip("/")
        label = re.sub(r"[^A-Za-z0-9._-]+", "-", address.rpartition("/")[2].removesuffix(".git"))
        # Archives of earlier versions of the shim have no tags, and no format in their names.
        return f"{digest([_FORMAT, upstream.where, str(upstream.rev)])}-{label}.tar"
    last = upstream.where if upstream.kind == "sdist" else unquote(urlsplit(upstream.where).path).rpartition("/")[2]
    return f"{(upstream.sha256 or '')[:16]}-{re.sub(r'[^A-Za-z0-9._+-]+', '-', last)}"


def _download(upstream: Upstream, url: str, path: Path, environ: Mapping[str, str], say: Callable[[str], None]) -> None:
    try:
        download(url, path, environ, say)
    except NoAnswer as failure:
        raise SourceError(
            "source-cannot-be-fetched",
            "{url} cannot be fetched: {failure}",
            hint="Run the same command again when the server can be reached.",
            url=url,
            failure=failure,
        ) from None
    found = file_digest(path)
    if found != upstream.sha256:
        raise SourceError(
            "hash-differs",
            "{url}: found sha256 {found}, expected {sha256} ({origin}.sha256)",
            hint="The file or the hash was changed. Nothing was unpacked.{way_out}",
            way_out=_way_out(upstream),
            url=url,
            found=found,
            sha256=upstream.sha256,
            origin=upstream.origin,
        )


def _way_out(upstream: Upstream) -> str:
    """Return how to change a wrapper to the file that the index has now; empty if there is no wrapper."""
    if upstream.folder is None:
        return ""
    pin = _pin_of(upstream)
    if pin is None:
        return f" If the new file is intended, change sha256 in {upstream.folder / 'pyproject.toml'}."
    command = shlex.join(["runtime-backend", "wrap", pin, str(upstream.folder), "--update"])
    return f" To change the wrapper to the file and the hash of the index: {command}"


def _pin_of(upstream: Upstream) -> str | None:
    """Return ``name==version`` of an archive; None if its name does not have them."""
    if upstream.kind == "sdist":
        return upstream.where
    named = parse_sdist_name(file_name(upstream.where))
    return None if named is None else f"{named[0]}=={named[1]}"


def _find_url(upstream: Upstream, environ: Mapping[str, str]) -> str:
    """Return the URL of an archive; for an sdist, look it up on the indexes that the environment names."""
    if upstream.kind == "url":
        return upstream.where
    requirement = Requirement(upstream.where)
    wanted = canonicalize_name(requirement.name), next(iter(requirement.specifier)).version
    results = []
    for index in _indexes(environ):
        try:
            files = read_page(index, wanted[0], environ)
        except IndexLookupError as error:
            results.append(f"{index}: {error}")
            continue
        for file in files:
            if is_sdist_of(file.name, *wanted) and file.sha256 in (None, upstream.sha256):
                return file.url
        results.append(f"{index}: found {len(files)} files, none of them the sdist with the sha256 {upstream.sha256}")
    names = ", ".join((*INDEXES, *MORE_INDEXES))
    lines = "\n".join(f"  {line}" for line in results) or f"  no variable names one: {names}"
    raise SourceError(
        "no-sdist",
        "{upstream}: found no sdist on any index:\n{lines}",
        hint="Name the file instead: `runtime-backend wrap` writes source = {{ url, sha256 }}.",
        upstream=upstream,
        lines=lines,
    )


def _indexes(environ: Mapping[str, str]) -> list[str]:
    first = next((environ[name] for name in INDEXES if environ.get(name)), None)
    more = [word for name in MORE_INDEXES for word in environ.get(name, "").split()]
    named = [re.sub(r"^[A-Za-z0-9._-]+=", "", word) for word in more]
    return list(dict.fromkeys([*([] if first is None else [first]), *named]))


def is_sdist_of(file: str, name: str, version: str) -> bool:
    """Return whether a file name is that of the sdist of a version."""
    return parse_sdist_name(file) == (name, parse_version(version))
