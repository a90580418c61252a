"""Finding the source that a requirement names: the file on a package index, the commit in a git repository."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urldefrag

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from ..config import Upstream
from ..errors import ConfigError, SourceError
from ..printable import without_secrets
from ..reasons import reason
from ..upstream.access import split_access
from ..upstream.getting import INDEXES, is_sdist_of
from ..upstream.git import find_commit
from ..web import BUNDLES

if TYPE_CHECKING:
    from pypi_simple import DistributionPackage

ORIGIN = "the command line"

_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


class Found(NamedTuple):
    """The source that a requirement names."""

    upstream: Upstream
    """Without secrets: it is written into a pyproject.toml."""
    name: str | None
    """The package's name, if the requirement says it."""
    environ: Mapping[str, str]
    """The variables, with the secrets that the requirement or the index came with: the source is fetched with them."""
    has_secrets: bool
    """Whether there were any."""


def find_upstream(text: str, index_url: str | None, environ: Mapping[str, str]) -> Found:
    """Return the one source that a requirement names.

    :param text: ``name==version``, or ``git+URL@REVISION#subdirectory=FOLDER``, with ``name @`` before it or without.
    :raises ConfigError: when it is neither.
    :raises SourceError: when there is no such source.
    """
    name, url = _split(text)
    if url.startswith("git+"):
        return _find_in_git(name, url.removeprefix("git+"), environ)
    requirement = _parse(text)
    pins = list(requirement.specifier)
    version = pins[0].version if len(pins) == 1 and pins[0].operator in ("==", "===") else None
    if requirement.url or requirement.extras or requirement.marker or (pins and version is None):
        raise ConfigError([f"{text!r}: expected 'name==version' or 'git+URL@REVISION'"])
    return _find_on_index(requirement.name, version, index_url, environ)


def _split(text: str) -> tuple[str | None, str]:
    name, at, url = text.partition(" @ ")
    return (name.strip(), url.strip()) if at else (None, text.strip())


def _parse(text: str) -> Requirement:
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        raise ConfigError([f"{text!r}: expected 'name==version' or 'git+URL@REVISION': {reason(error)}"]) from None


def _find_in_git(name: str | None, text: str, environ: Mapping[str, str]) -> Found:
    address, fragment = urldefrag(text)
    path = address.partition("://")[2].partition("/")[2]
    url, revision = address, "HEAD"
    if "@" in path:  # one further ahead is the user's
        url, _, revision = address.rpartition("@")
    clean, environ = split_access(url, environ)
    has_secrets, url = clean != url, clean
    commit = revision if _COMMIT.fullmatch(revision) else find_commit(url, revision, environ)
    if commit is None:
        raise SourceError(
            f"{url} has no branch or tag {revision!r}",
            hint="Expected one of those, or the full hash of a commit (40 digits).",
        )
    folders = [word.removeprefix("subdirectory=") for word in fragment.split("&") if word.startswith("subdirectory=")]
    upstream = Upstream(
        kind="git",
        where=url,
        sha256=None,
        rev=commit,
        subdirectory=folders[0] if folders else None,
        patches=(),
        origin=ORIGIN,
    )
    return Found(upstream=upstream, name=name, environ=environ, has_secrets=has_secrets)


def _find_on_index(written: str, version: str | None, index_url: str | None, environ: Mapping[str, str]) -> Found:
    name = canonicalize_name(written)
    index, files = _read_index(name, index_url, environ)
    sdists = [file for file in files if file.package_type == "sdist"]
    newest = _newest(sdists)
    if version is None:
        raise ConfigError([f"{name!r}: found no version, expected '{name}=={newest or 'VERSION'}'"])
    found = [file for file in files if is_sdist_of(file.filename, name, version)]
    if not found:
        wheels = sum(file.version == version for file in files)
        raise SourceError(
            f"{index} has no sdist of {name} {version}, but {wheels} wheels of it and {len(sdists)} sdists of others",
            hint=f"The newest with an sdist is {newest}." if newest else "Name its git repository: git+URL@TAG.",
        )
    file = found[0]
    if file.is_yanked:
        raise SourceError(
            f"{file.filename} was yanked{f': {file.yanked_reason}' if file.yanked_reason else ''}",
            hint=f"The newest that was not is {newest}." if newest else None,
        )
    if "sha256" not in file.digests:
        raise SourceError(f"{index} tells no sha256 of {file.filename}, and nothing is built without one")
    url = urldefrag(file.url)[0]
    # What needs a secret is asked of the index at every build, where the person's own variables have the secret.
    is_open = without_secrets(url) == url and without_secrets(index) == index
    upstream = Upstream(
        kind="url" if is_open else "sdist",
        where=url if is_open else f"{name}=={version}",
        sha256=file.digests["sha256"],
        rev=None,
        subdirectory=None,
        patches=(),
        origin=ORIGIN,
    )
    return Found(upstream=upstream, name=written, environ={**environ, INDEXES[0]: index}, has_secrets=not is_open)


def _read_index(
    name: str, index_url: str | None, environ: Mapping[str, str]
) -> tuple[str, Sequence[DistributionPackage]]:
    import pypi_simple  # noqa: PLC0415 - the command line's extra
    import requests  # noqa: PLC0415 - pypi-simple's own

    named = (environ[variable] for variable in INDEXES if environ.get(variable))
    index = index_url or next(named, None) or pypi_simple.PYPI_SIMPLE_ENDPOINT
    with pypi_simple.PyPISimple(index) as client:
        client.s.verify = next((environ[variable] for variable in BUNDLES if environ.get(variable)), True)
        try:
            return index, client.get_project_page(name).packages
        except pypi_simple.NoSuchProjectError:
            raise SourceError(f"{index} has no {name}", hint="Name another index: --index-url URL.") from None
        except (requests.RequestException, pypi_simple.UnsupportedContentTypeError) as error:
            raise SourceError(
                f"{index} cannot be asked: {_why(error)}",
                hint="Run it again with a network, or name another index: --index-url.",
            ) from None


def _why(error: BaseException) -> str:
    """Return what is at the bottom of a failed request: requests wraps urllib3's error around the system's."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"HTTP {response.status_code} {response.reason}"
    deeper = error.__cause__ or error.__context__
    return reason(error) if deeper is None else _why(deeper)


def _newest(sdists: Sequence[DistributionPackage]) -> str | None:
    versions = []
    for file in sdists:
        try:
            version = Version(file.version or "")
        except InvalidVersion:
            continue
        if not file.is_yanked and not version.is_prerelease:
            versions.append(version)
    return str(max(versions)) if versions else None
