"""Finding the source that a requirement names: the file on a package index, the commit in a git repository."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import unquote, urldefrag

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidName, canonicalize_name, parse_sdist_filename
from packaging.version import Version

from ...config import Upstream
from ...errors import CommandError, IndexLookupError, NoSuchProjectError, SourceError
from ...formats.parsing import parse_version, parse_wheel_name
from ...index.pages import read_page
from ...index.wanted import IndexFile
from ...system.printable import without_secrets
from ...upstream.access import split_access
from ...upstream.git import find_commit
from ...upstream.obtaining import INDEXES, is_sdist_of

ORIGIN = "the command line"

_DEFAULT = "https://pypi.org/simple/"

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
        raise CommandError(f"{text!r}: expected {_FORMS}") from None
    pins = list(requirement.specifier)
    version = pins[0].version if len(pins) == 1 and pins[0].operator in ("==", "===") else None
    if requirement.url or requirement.extras or requirement.marker or (pins and (version or "*").endswith("*")):
        raise CommandError(f"{text!r}: expected {_FORMS}")
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
        raise CommandError(f"{text!r}: found subdirectory={folder}, expected a folder inside the repository")
    egg = fields.get("egg", "").partition("[")[0]
    named = name or egg or None
    if named is not None and not is_name(named):
        raise CommandError(f"{text!r}: found the name {named!r}, expected letters, digits, '-', '_' and '.'")
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


class Found(NamedTuple):
    """A source that was found."""

    upstream: Upstream
    """Without secrets, since it is written into a pyproject.toml."""
    environ: Mapping[str, str]
    """The environment variables for fetching it, with the secrets of the requirement or the index."""
    has_secrets: bool
    """Whether the requirement or the index contained secrets."""


def find_upstream(wanted: Wanted, index_url: str | None, environ: Mapping[str, str]) -> Found:
    """Return the one source that a requirement asks for.

    :raises CommandError: if the requirement has no version.
    :raises SourceError: if there is no such source.
    """
    if wanted.url is None:
        return _find_on_index(canonicalize_name(str(wanted.name)), wanted.version, index_url, environ)
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


def _find_commit(wanted: Wanted, environ: Mapping[str, str]) -> str:
    commit = find_commit(str(wanted.url), wanted.revision, environ)
    if commit is None:
        raise SourceError(
            f"{wanted.url}: found no branch or tag {wanted.revision!r}",
            hint="Expected a branch, a tag, or the full hash of a commit (40 digits).",
        )
    return commit


def _find_on_index(name: str, version: str | None, index_url: str | None, environ: Mapping[str, str]) -> Found:
    index, files = _read_index(name, index_url, environ)
    sdists = [(version_of, file) for file in files if (version_of := _sdist_version(file.name, name)) is not None]
    newest = _newest(sdists)
    if version is None:
        raise CommandError(f"{name!r}: found no version, expected '{name}=={newest or 'VERSION'}'")
    found = [file for file in files if is_sdist_of(file.name, name, version)]
    if not found:
        wheels = sum(parse_wheel_name(file.name) == (name, parse_version(version)) for file in files)
        raise SourceError(
            f"{index} has no sdist of {name} {version}: found {wheels} wheels of {version}, and {len(sdists)} sdists of"
            " other versions",
            hint=f"The newest version with an sdist is {newest}." if newest else "Name its git repository: git+URL@TAG",
        )
    file = found[0]
    if file.yanked is not None:
        raise SourceError(
            f"{file.name} was yanked{f': {file.yanked}' if file.yanked else ''}",
            hint=f"The newest version that was not yanked is {newest}." if newest else None,
        )
    if file.sha256 is None:
        what = f"{index}: found no sha256 of {file.name}, expected one: every build checks the file with it"
        raise SourceError(what)
    url = urldefrag(file.url)[0]
    # A URL with a secret is not stored: every build asks the index, and the person's variables contain the secret.
    is_open = without_secrets(url) == url and without_secrets(index) == index
    upstream = Upstream(
        kind="url" if is_open else "sdist",
        where=url if is_open else f"{name}=={version}",
        sha256=file.sha256,
        rev=None,
        subdirectory=None,
        patches=(),
        origin=ORIGIN,
    )
    return Found(upstream=upstream, environ={**environ, INDEXES[0]: index}, has_secrets=not is_open)


def _read_index(name: str, index_url: str | None, environ: Mapping[str, str]) -> tuple[str, Sequence[IndexFile]]:
    named = (environ[variable] for variable in INDEXES if environ.get(variable))
    index = index_url or next(named, None) or _DEFAULT
    try:
        return index, read_page(index, name, environ)
    except NoSuchProjectError:
        raise SourceError(f"{index} has no package {name}", hint="Name another index: --index-url URL") from None
    except IndexLookupError as error:
        raise SourceError(
            f"{index}: cannot read its list of files of {name}: {error}",
            hint="Check the network and run the same command again, or name another index: --index-url URL",
        ) from None


def _sdist_version(file: str, name: str) -> Version | None:
    """Return the version of an sdist; None for any other file."""
    try:
        found, version = parse_sdist_filename(file)
    except ValueError:
        return None
    return version if found == name else None


def _newest(sdists: Sequence[tuple[Version, IndexFile]]) -> str | None:
    versions = [version for version, file in sdists if file.yanked is None and not version.is_prerelease]
    return str(max(versions)) if versions else None
