"""Finding the source that a requirement names: the file on a package index, the commit in a git repository."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote, urldefrag

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidName, canonicalize_name

from ...config import Upstream
from ...errors import CommandError, SourceError
from ...upstream.access import split_access
from ...upstream.git import find_commit
from .on_index import ORIGIN, Found, find_newest, find_on_index

_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_GIT = re.compile(r"\s*(?:(?P<name>[^@+:/]*?)\s*@\s*)?git\+(?P<address>.*?)\s*")
_FORMS = "'name==version' or 'git+URL@REVISION'"


class Wanted(NamedTuple):
    """The source that a requirement asks for, from its text only."""

    text: str
    """As the person wrote it."""
    name: str | None
    """None: only the source contains it."""
    version: str | None = None
    """The version of an sdist; None if it is open, and for git."""
    url: str | None = None
    """The address of a git repository; None for an sdist."""
    revision: str = "HEAD"
    subdirectory: str | None = None


def read_requirement(text: str) -> Wanted:
    """Parse a requirement; nothing is looked up.

    :param text: ``name==version``, or ``git+URL@REVISION#subdirectory=FOLDER``, with ``name @`` before it or without.
    :raises CommandError: if it is neither.
    """
    found = _GIT.fullmatch(text)
    if found is not None:
        return _read_git(text, found["name"], found["address"])
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        raise CommandError("source-not-understood", "{text!r}: expected {forms}", text=text, forms=_FORMS) from None
    pins = list(requirement.specifier)
    version = pins[0].version if len(pins) == 1 and pins[0].operator in ("==", "===") else None
    if requirement.url or requirement.extras or requirement.marker or (pins and (version or "*").endswith("*")):
        raise CommandError("source-not-understood", "{text!r}: expected {forms}", text=text, forms=_FORMS)
    return Wanted(text=text, name=requirement.name, version=version)


def _read_git(text: str, name: str | None, address: str) -> Wanted:
    address, fragment = urldefrag(address)
    path = address.partition("://")[2].partition("/")[2]
    url, revision = address, "HEAD"
    if "@" in path:  # an @ before the path ends the user name
        url, _, revision = address.rpartition("@")
    fields = dict(word.partition("=")[::2] for word in fragment.split("&"))
    folder = unquote(fields.get("subdirectory", "")).strip("/")
    if ".." in folder.split("/"):
        raise CommandError(
            "source-not-understood",
            "{text!r}: found subdirectory={folder}, expected a folder inside the repository",
            text=text,
            folder=folder,
        )
    egg = fields.get("egg", "").partition("[")[0]
    named = name or egg or None
    if named is not None and not is_name(named):
        raise CommandError(
            "source-not-understood",
            "{text!r}: found the name {named!r}, expected letters, digits, '-', '_' and '.'",
            text=text,
            named=named,
        )
    return Wanted(
        text=text,
        name=named,
        url=url,
        revision=revision or "HEAD",
        subdirectory=folder or None,
    )


def is_name(text: str) -> bool:
    """Return whether a text is a valid name of a package."""
    try:
        canonicalize_name(text, validate=True)
    except InvalidName:
        return False
    return True


def find_upstream(wanted: Wanted, index_url: str | None, environ: Mapping[str, str]) -> Found:
    """Return the one source that a requirement asks for.

    :raises CommandError: if the requirement has no version.
    :raises SourceError: if there is no such source.
    """
    if wanted.url is None:
        return find_on_index(canonicalize_name(str(wanted.name)), wanted.version, index_url, environ)
    commit = wanted.revision if _COMMIT.fullmatch(wanted.revision) else _find_commit(wanted, environ)
    url, environ = split_access(wanted.url, environ)
    upstream = Upstream(
        kind="git",
        where=url,
        sha256=None,
        rev=commit,
        subdirectory=wanted.subdirectory,
        patches=(),
        origin=ORIGIN,
    )
    return Found(upstream=upstream, environ=environ, has_secrets=url != wanted.url)


def with_newest(wanted: Wanted, index_url: str | None, environ: Mapping[str, str]) -> Wanted:
    """Return a requirement of an sdist with the newest version on the index.

    :raises SourceError: if the index has no sdist, or fails.
    """
    name = str(wanted.name)
    version = find_newest(canonicalize_name(name), index_url, environ)
    return wanted._replace(text=f"{name}=={version}", version=version)


def _find_commit(wanted: Wanted, environ: Mapping[str, str]) -> str:
    commit = find_commit(str(wanted.url), wanted.revision, environ)
    if commit is None:
        raise SourceError(
            "no-such-revision",
            "{url}: found no branch or tag {revision!r}",
            hint="Expected a branch, a tag, or the full hash of a commit (40 digits).",
            url=wanted.url,
            revision=wanted.revision,
        )
    return commit
