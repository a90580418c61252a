"""``runtime-backend wrap``: making a short pyproject.toml that builds an upstream source."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

from packaging.utils import canonicalize_name

from ..config import Upstream
from ..errors import CommandError, SourceError
from ..system.printable import without_secrets
from ..upstream import Depot
from .adopt.documents import write
from .cache import own_cache
from .package.purity import why_pure
from .sources.on_index import Found
from .sources.subdirectories import find_package, with_subdirectory
from .sources.upstream_metadata import Package, check_name, complete, read_package
from .sources.upstreams import Wanted, find_upstream, read_requirement, with_newest
from .sources.wrappers import ANOTHER, Wrapper, default_folder, find_wrapper, make_text, update_text
from .terminal import out, say, show_diff

_KEPT_BY_PIP = re.compile(r"[a-z0-9_.]-[a-z0-9_.!+-]", re.IGNORECASE)
"""Folder names whose wheel pip before 26.2 caches: ``_egg_info_re`` in pip's wheel_builder.py."""

_SECRETS = {
    "git": "the credentials are not stored; every build gets them from git's credential helper or ~/.netrc",
    "sdist": "the index's credentials are not stored; builds read the index from UV_DEFAULT_INDEX or PIP_INDEX_URL",
}
"""Notes about the secrets in a requirement or an index."""


def wrap(requirement: str, directory: str | None, *, index_url: str | None, update: bool) -> int:
    """Make a wrapper, or change the existing one to another version, and return the exit code.

    :raises CommandError: if the requirement is invalid, or the wrapper's folder contains something else.
    :raises SourceError: if there is no such source, or no package in it.
    """
    wanted = read_requirement(requirement)
    folder, wrapper = find_wrapper(wanted, directory)
    if wrapper is not None and not update:
        return _leave(wanted, wrapper, index_url)
    _refuse_other_package(wanted.name, wrapper)
    say(f"looking for {wanted.text}")
    found = find_upstream(wanted, index_url, os.environ)
    upstream, package = _read(wanted, found, wrapper)
    if folder is None:  # only the source contains the name
        folder, wrapper = find_wrapper(wanted._replace(name=package.name), None)
        if wrapper is not None and not update:
            raise _occupied(wanted, wrapper, index_url)
    if package.is_open:
        package = complete(package, upstream, wanted, say)
    name = check_name(package, wanted)
    _refuse_other_package(name, wrapper)
    if found.has_secrets:
        package = package._replace(notes=(*package.notes, _SECRETS[upstream.kind]))
    _write(folder or default_folder(name), wrapper, upstream, package)
    return 0


def _leave(wanted: Wanted, wrapper: Wrapper, index_url: str | None) -> int:
    """Keep a wrapper if it already builds the wanted source: that commit, or the file with the hash of the index."""
    is_same = wrapper.is_of_version(wanted)
    if is_same:
        _compare_with_index(wanted, wrapper, index_url)
    elif wanted.url is not None and wrapper.upstream.where == without_secrets(wanted.url) and wrapper.is_for(wanted):
        is_same = find_upstream(wanted, index_url, os.environ).upstream.rev == wrapper.upstream.rev
    if not is_same:
        raise _occupied(wanted, wrapper, index_url)
    out(f"{wrapper.folder / 'pyproject.toml'} builds {wrapper} already: nothing to change")
    _report_next(wrapper.folder)
    return 0


def _occupied(wanted: Wanted, wrapper: Wrapper, index_url: str | None) -> CommandError:
    found = f"{wrapper.folder / 'pyproject.toml'}: found a wrapper of {wrapper}, expected none"
    if not wrapper.is_for(wanted):
        return CommandError("wrapper-folder-occupied", "{found}", hint=ANOTHER, found=found)
    if wanted.url is None and wanted.version is None:
        wanted = with_newest(wanted, index_url, os.environ)
    return _differing(found, wanted, wrapper, index_url)


def _differing(found: str, wanted: Wanted, wrapper: Wrapper, index_url: str | None) -> CommandError:
    return CommandError(
        "wrapper-exists",
        "{found}",
        hint="To change it to {text}: {command}",
        found=found,
        text=wanted.text,
        command=_update_command(wanted, wrapper, index_url),
    )


def _update_command(wanted: Wanted, wrapper: Wrapper, index_url: str | None) -> str:
    index = [] if index_url is None else ["--index-url", index_url]
    return shlex.join(["runtime-backend", "wrap", wanted.text, str(wrapper.folder), "--update", *index])


def _compare_with_index(wanted: Wanted, wrapper: Wrapper, index_url: str | None) -> None:
    """Compare the hash and the URL of a wrapper with those of the index.

    :raises CommandError: if the hash differs; another URL of the same file is a note, and so is a failing index.
    """
    try:
        there = find_upstream(wanted, index_url, os.environ).upstream
    except SourceError as failure:
        say(f"note: the wrapper was not compared with the index: {failure.message}")
        return
    ours = wrapper.upstream
    if ours.sha256 != there.sha256:
        path = wrapper.folder / "pyproject.toml"
        found = f"{path}: found sha256 {ours.sha256} of {wanted.text}, expected {there.sha256} of the index"
        raise _differing(found, wanted, wrapper, index_url)
    if ours.kind == there.kind == "url" and ours.where != there.where:
        command = _update_command(wanted, wrapper, index_url)
        say(f"note: the index has the file at {there.where}; to change the wrapper to that URL: {command}")


def _refuse_other_package(name: str | None, wrapper: Wrapper | None) -> None:
    if wrapper is None or None in (name, wrapper.name):
        return
    if canonicalize_name(str(name)) != canonicalize_name(str(wrapper.name)):
        path = wrapper.folder / "pyproject.toml"
        raise CommandError(
            "wrapper-folder-occupied",
            "{path}: found a wrapper of {wrapper}, expected one of {name}",
            hint=ANOTHER,
            path=path,
            wrapper=wrapper,
            name=name,
        )


def _read(wanted: Wanted, found: Found, wrapper: Wrapper | None) -> tuple[Upstream, Package]:
    """Return the source with its package's folder, and the package's metadata after the wrapper's patches."""
    depot = Depot(folder=own_cache() / "sources", environ=found.environ, is_offline=False, say=say)
    patches = () if wrapper is None else tuple(patch.absolute() for patch in wrapper.upstream.patches)
    with depot.tree(found.upstream._replace(patches=patches, subdirectory=None)) as tree:
        inner = find_package(tree, wanted)
        place = tree / (inner or "")
        package, why = read_package(place, wanted.name), why_pure(place)
    notes = [] if inner == wanted.subdirectory else [f"the package is in the folder {inner} of its source"]
    if why is not None:
        direct = shlex.join(["pip", "install", with_subdirectory(wanted, inner)])
        notes.append(f"{why}: if it is not built against torch, it needs no wrapper: {direct}")
    package = package._replace(notes=(*notes, *package.notes))
    return found.upstream._replace(patches=patches, subdirectory=inner), package


def _write(folder: Path, wrapper: Wrapper | None, upstream: Upstream, package: Package) -> None:
    path, notes = folder / "pyproject.toml", list(package.notes)
    if wrapper is None:
        text = make_text(upstream, package)
    else:
        text, more = update_text(wrapper, upstream, package)
        notes += more
        show_diff(str(path), wrapper.text, text)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(
            "wrapper-folder-occupied",
            "{folder}: cannot be made: {strerror}",
            hint=ANOTHER,
            folder=folder,
            strerror=error.strerror,
        ) from None
    write(path, text)
    if _KEPT_BY_PIP.search(folder.absolute().name):
        notes.append(f"pip before 26.2 caches the wheel of a folder with a hyphen in its name: rename {folder}")
    for note in notes:
        say(f"note: {note}")
    label = f"{path} builds {package.name} {package.version or ''}".rstrip()
    if wrapper is not None and text == wrapper.text:
        label += " already: nothing to change"
    out(label)
    _report_next(folder, is_new=wrapper is None)


def _report_next(folder: Path, *, is_new: bool = True) -> None:
    shown = shlex.quote(str(folder) if folder.is_absolute() else f"./{folder.as_posix()}")
    # Without --no-workspace, uv makes the project a workspace, and the wrapper its member.
    out(f"next: pip install {shown}, or: {f'uv add --no-workspace {shown}' if is_new else 'uv sync'}")
