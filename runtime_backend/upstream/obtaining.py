"""Getting an upstream source: an archive by its URL, an sdist by name and version, a git repository at a commit."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_sdist_filename
from packaging.version import Version

from ..config import Upstream
from ..errors import IndexLookupError, NoAnswer, SourceError
from ..index.downloads import digest, download
from ..index.pages import read_page
from ..store.atomic import unfinished
from ..system.files import is_file
from ..system.printable import without_secrets
from .git import pack_checkout

INDEXES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
MORE_INDEXES = ("UV_INDEX", "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL")
"""Variables that name indexes; the latter several, between spaces, uv's with names (``torch=https://…``)."""

_FORMAT = "2: with history and tags"
"""What is kept of a git repository."""


def obtain(
    upstream: Upstream, folder: Path, environ: Mapping[str, str], *, is_offline: bool, say: Callable[[str], None]
) -> Path:
    """Return the archive of an upstream source; it is kept in a folder, under a name that tells what it is.

    :raises SourceError: when it cannot be had, or is not what was named.
    """
    path = archive_path(upstream, folder)
    if is_file(path) and (upstream.sha256 is None or digest(path) == upstream.sha256):
        return path
    if is_offline and not upstream.where.startswith("file:"):
        raise SourceError(
            f"{upstream}: not in the cache ({path}), and not fetched: this build is offline",
            hint="Run the same command once with a network; the source is kept from then on.",
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
    """Return where the archive of an upstream source is kept; to be locked while it is fetched and unpacked."""
    return folder / _file_name(upstream)


def _file_name(upstream: Upstream) -> str:
    if upstream.kind == "git":
        address = without_secrets(upstream.where).rstrip("/")
        label = re.sub(r"[^A-Za-z0-9._-]+", "-", address.rpartition("/")[2].removesuffix(".git"))
        # What earlier versions of the shim kept has no tags: its name has no format.
        facts = f"{_FORMAT}\0{upstream.where}\0{upstream.rev}"
        return f"{hashlib.sha256(facts.encode()).hexdigest()[:16]}-{label}.tar"
    last = upstream.where if upstream.kind == "sdist" else unquote(urlsplit(upstream.where).path).rpartition("/")[2]
    return f"{(upstream.sha256 or '')[:16]}-{re.sub(r'[^A-Za-z0-9._+-]+', '-', last)}"


def _download(upstream: Upstream, url: str, path: Path, environ: Mapping[str, str], say: Callable[[str], None]) -> None:
    try:
        download(url, path, environ, say)
    except NoAnswer as failure:
        raise SourceError(
            f"{url} cannot be fetched: {failure}", hint="Run the same command again when it can be reached."
        ) from None
    found = digest(path)
    if found != upstream.sha256:
        raise SourceError(
            f"{url} is not the file that was named: found sha256 {found}, expected {upstream.sha256}"
            f" ({upstream.origin}.sha256)",
            hint="The file was changed after it was named, or on the way here. Nothing was unpacked. If the change is"
            " right, renew the wrapper: runtime-backend wrap NAME==VERSION --update",
        )


def _find_url(upstream: Upstream, environ: Mapping[str, str]) -> str:
    """Return the URL of an archive; that of an sdist is asked from the indexes that the environment names."""
    if upstream.kind == "url":
        return upstream.where
    requirement = Requirement(upstream.where)
    wanted = canonicalize_name(requirement.name), next(iter(requirement.specifier)).version
    told = []
    for index in _indexes(environ):
        try:
            files = read_page(index, wanted[0], environ)
        except IndexLookupError as error:
            told.append(f"{index}: {error}")
            continue
        for file in files:
            if is_sdist_of(file.name, *wanted) and file.sha256 in (None, upstream.sha256):
                return file.url
        told.append(f"{index}: {len(files)} files, the sdist with the sha256 {upstream.sha256} not among them")
    names = ", ".join((*INDEXES, *MORE_INDEXES))
    lines = "\n".join(f"  {line}" for line in told) or f"  none is named: {names}"
    raise SourceError(
        f"{upstream}: not found on an index:\n{lines}",
        hint="Name the file instead: `runtime-backend wrap` writes source = { url, sha256 }.",
    )


def _indexes(environ: Mapping[str, str]) -> list[str]:
    first = next((environ[name] for name in INDEXES if environ.get(name)), None)
    more = [word for name in MORE_INDEXES for word in environ.get(name, "").split()]
    named = [re.sub(r"^[A-Za-z0-9._-]+=", "", word) for word in more]
    return list(dict.fromkeys([*([] if first is None else [first]), *named]))


def is_sdist_of(file: str, name: str, version: str) -> bool:
    """Return whether a file name is that of an sdist of a version."""
    try:
        found_name, found_version = parse_sdist_filename(file)
        return found_name == name and found_version == Version(version)
    except ValueError:
        return False
