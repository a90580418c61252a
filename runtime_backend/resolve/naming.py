"""Reading the arguments of a command: requirements, folders and archives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..config import is_exact
from ..errors import LockError
from ..formats.parsing import parse_requirement, parse_wheel_name
from ..frontend.installations import Installation
from ..system.files import is_file, is_folder, real_path
from ..system.urls import file_name, url_path
from .package import Package, is_for_here

_EXTRAS = r"^(.*?)(?:\[([^\[\]]*)\])?$"
_EGG = r"(?:^|&)egg=([A-Za-z0-9._-]+)(?:\[([^\[\]]*)\])?"
ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar")
_SDIST = r"(.+)-[^-]+\.(?:tar\.gz|zip|tar\.bz2|tgz)$"


class Named(NamedTuple):
    """A requirement, folder or archive that a command names."""

    requirement: Requirement | None = None
    """None if the argument is a folder, an sdist or a repository."""
    folder: Path | None = None
    project: str | None = None
    """The normalised name; None if the argument does not contain it."""
    extras: frozenset[str] = frozenset()


def read_word(word: str, bases: Iterable[Path]) -> Named:
    """Read an argument as pip and uv do: with the ending of an archive it is a path, even if it is a valid requirement.

    :param bases: the folders to which a path may be relative.
    """
    requirement = parse_requirement(word)
    if requirement is not None and (requirement.url or not word.lower().endswith(ARCHIVES)):
        folder = folder_of(requirement)
        extras = _extras(",".join(requirement.extras))
        return Named(requirement=requirement, folder=folder, project=canonicalize_name(requirement.name), extras=extras)
    wheel = _read_wheel(word, bases)
    if wheel is not None:
        name, extras = canonicalize_name(wheel.name), _extras(",".join(wheel.extras))
        return Named(requirement=wheel, project=name, extras=extras)
    egg = re.search(_EGG, word.partition("#")[2])
    if egg is not None:
        return Named(project=canonicalize_name(egg.group(1)), extras=_extras(egg.group(2)))
    location, extras_text = _split_extras(word.partition("#")[0] if "://" in word else word)
    path = url_path(location) if location.startswith("file:") else location
    folder = next((base / path for base in bases if is_folder(base / path)), None)
    sdist = re.match(_SDIST, Path(path).name)
    project = canonicalize_name(sdist.group(1)) if sdist is not None else None
    return Named(folder=folder, project=project, extras=_extras(extras_text))


def _split_extras(word: str) -> tuple[str, str | None]:
    found = re.match(_EXTRAS, word)
    return (found.group(1), found.group(2)) if found else (word, None)


def _read_wheel(word: str, bases: Iterable[Path]) -> Requirement | None:
    """Return ``NAME[EXTRAS] @ URL`` for the URL or path of a wheel; None for other arguments.

    ``torch-2.7.0-…whl``, ``./torch-2.7.0-…whl[opt]``, ``https://…/torch-2.7.0-…whl?x=1#sha256=…``.
    """
    place, mark, fragment = word.partition("#") if "://" in word else (word, "", "")
    location, extras = _split_extras(place)
    named = parse_wheel_name(file_name(location) if "://" in word else PurePath(location).name)
    if named is None:
        return None
    base = next(iter(bases), Path())
    url = location if "://" in word else (base / location).absolute().as_uri()
    return parse_requirement(f"{named[0]}[{extras or ''}] @ {url}{mark}{fragment}")


def folder_of(requirement: Requirement) -> Path | None:
    """Return the folder in ``name @ file:///…``; None if there is no such folder."""
    url = requirement.url or ""
    path = Path(url_path(url))
    return path if url.startswith("file:") and is_folder(path) else None


def names_package(installation: Installation, package: Package) -> bool:
    """Return whether a command names a package, or may: by an argument without a name, or in an unreadable file."""
    words = [(word, [installation.cwd]) for word in (*installation.words, *installation.editables)]
    return any(_is_package(read_word(*word), package) for word in words) or any(
        _is_package(named, package) for name in installation.files for named in _read_file(installation, name)
    )


def find_exact(installation: Installation, name: str) -> Requirement | None:
    """Return the argument that names one version or one wheel of a runtime; None if there is none.

    :param name: the normalised name of the runtime.
    """
    words = (read_word(word, [installation.cwd]) for word in installation.words)
    lines = (named for file in installation.files for named in _read_file(installation, file))
    found = (named.requirement for named in (*words, *lines) if named.project == name)
    exact = (requirement for requirement in found if requirement is not None and is_exact(requirement))
    return next((requirement for requirement in exact if is_for_here(requirement)), None)


def _is_package(named: Named, package: Package) -> bool:
    if named.folder is not None:
        return real_path(named.folder) == real_path(package.source)
    return named.project is None or named.project == package.name


def _read_file(installation: Installation, name: str) -> Iterator[Named]:
    from ..formats.requirements import read_requirements  # noqa: PLC0415 - slow to import, and most commands name no file

    path = installation.cwd / name
    try:
        found = read_requirements(path, {"PWD": str(installation.cwd)}) if is_file(path) else None
    except LockError:
        found = None
    if found is None:
        yield Named()
        return
    for line in found.lines:
        project = canonicalize_name(line.requirement.name)
        yield Named(requirement=line.requirement, project=project, folder=folder_of(line.requirement))
    for text, file in found.unnamed:
        yield read_word(text, [installation.cwd, file.parent])


def _extras(text: str | None) -> frozenset[str]:
    return frozenset(canonicalize_name(name.strip()) for name in (text or "").split(",") if name.strip())
