"""Finding the sdist of a version on a package index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urldefrag

from packaging.version import Version

from ...config import Upstream
from ...errors import CommandError, IndexLookupError, NoSuchProjectError, SourceError
from ...formats.parsing import parse_sdist_name, parse_version, parse_wheel_name
from ...index.pages import read_page
from ...index.wanted import IndexFile
from ...system.printable import without_secrets
from ...upstream.obtaining import INDEXES, is_sdist_of

ORIGIN = "the command line"

_DEFAULT = "https://pypi.org/simple/"


class Found(NamedTuple):
    """A source that was found."""

    upstream: Upstream
    """Without secrets, since it is written into a pyproject.toml."""
    environ: Mapping[str, str]
    """The environment variables for fetching it, with the secrets of the requirement or the index."""
    has_secrets: bool
    """Whether the requirement or the index contained secrets."""


def find_on_index(name: str, version: str | None, index_url: str | None, environ: Mapping[str, str]) -> Found:
    """Return the sdist of a version.

    :param index_url: the index; without it, the one that the environment names.
    :raises CommandError: if there is no version.
    :raises SourceError: if there is no such sdist, or it may not be used.
    """
    index, files = _read_index(name, index_url, environ)
    sdists = _sdists(files, name)
    newest = _newest(sdists)
    if version is None:
        raise CommandError(
            "source-without-version",
            "{name!r}: found no version, expected '{name}=={version}'",
            name=name,
            version=newest or "VERSION",
        )
    file = next((file for file in files if is_sdist_of(file.name, name, version)), None)
    if file is None:
        wheels = sum(parse_wheel_name(file.name) == (name, parse_version(version)) for file in files)
        raise SourceError(
            "no-sdist",
            "{index} has no sdist of {name} {version}: found {wheels} wheels of {version}, and {others} sdists of"
            " other versions",
            hint="The newest version with an sdist is {newest}." if newest else "Name its git repository: git+URL@TAG",
            index=index,
            name=name,
            version=version,
            wheels=wheels,
            others=len(sdists),
            newest=newest,
        )
    return _of_file(file, _checked_hash(file, index, newest), index, f"{name}=={version}", environ)


def find_newest(name: str, index_url: str | None, environ: Mapping[str, str]) -> str:
    """Return the newest version with an sdist that is neither yanked nor a pre-release.

    :raises SourceError: if there is none.
    """
    index, files = _read_index(name, index_url, environ)
    newest = _newest(_sdists(files, name))
    if newest is None:
        raise SourceError(
            "no-sdist",
            "{index} has no sdist of {name} that is neither yanked nor a pre-release: found {count} files",
            hint="Name a version: {name}==VERSION, or its git repository: git+URL@TAG",
            index=index,
            name=name,
            count=len(files),
        )
    return newest


def _sdists(files: Sequence[IndexFile], name: str) -> list[tuple[Version, IndexFile]]:
    found = ((parse_sdist_name(file.name), file) for file in files)
    return [(named[1], file) for named, file in found if named is not None and named[0] == name]


def _checked_hash(file: IndexFile, index: str, newest: str | None) -> str:
    """Return the hash of an sdist that may be used.

    :raises SourceError: if it was yanked, or has no hash.
    """
    if file.yanked is not None:
        raise SourceError(
            "sdist-yanked",
            "{file} was yanked{why}",
            hint="The newest version that was not yanked is {newest}." if newest else None,
            file=file.name,
            why=f": {file.yanked}" if file.yanked else "",
            newest=newest,
        )
    if file.sha256 is None:
        raise SourceError(
            "index-unusable",
            "{index}: found no sha256 of {file}, expected one: every build checks the file with it",
            index=index,
            file=file.name,
        )
    return file.sha256


def _of_file(file: IndexFile, sha256: str, index: str, pin: str, environ: Mapping[str, str]) -> Found:
    url = urldefrag(file.url)[0]
    # A URL with a secret is not stored: every build asks the index, and the person's variables contain the secret.
    is_open = without_secrets(url) == url and without_secrets(index) == index
    upstream = Upstream(
        kind="url" if is_open else "sdist",
        where=url if is_open else pin,
        sha256=sha256,
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
        raise SourceError(
            "no-such-project",
            "{index} has no package {name}",
            hint="Name another index: --index-url URL",
            index=index,
            name=name,
        ) from None
    except IndexLookupError as error:
        raise SourceError(
            "index-unusable",
            "{index}: cannot read its list of files of {name}: {error}",
            hint="Check the network and run the same command again, or name another index: --index-url URL",
            index=index,
            name=name,
            error=error,
        ) from None


def _newest(sdists: Sequence[tuple[Version, IndexFile]]) -> str | None:
    versions = [version for version, file in sdists if file.yanked is None and not version.is_prerelease]
    return str(max(versions)) if versions else None
