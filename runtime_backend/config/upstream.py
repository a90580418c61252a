"""Reading the ``source`` table of a wrapper, and the settings in the upstream source."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..errors import ConfigError, FileError, SourceError
from ..formats.parsing import parse_requirement
from ..formats.tables import Table
from ..formats.toml import read_document
from ..store.names import SHA256
from ..system.files import is_file
from .producer import read_backend, read_backend_path
from .settings import Chosen, Settings, Upstream, UpstreamKind

_KINDS: tuple[UpstreamKind, ...] = ("url", "sdist", "git")
_COMMIT = r"[0-9a-f]{40}([0-9a-f]{24})?"


def read_upstream(table: Table, folder: Path) -> Upstream | None:
    """Return the upstream source in the ``source`` table; None if there is no such table.

    :param table: ``[tool.runtime-backend]``.
    :param folder: the wrapper's folder, to which patches are relative.
    """
    inner = table.table("source")
    if inner is None:
        return None
    for name in ("build-backend", "backend-path"):
        table.refuse(name, "no such key: the pyproject.toml of the source sets it")
    kinds = [kind for kind in _KINDS if kind in inner]
    values = {kind: inner.string(kind) for kind in _KINDS}
    kind = kinds[0] if kinds else "url"
    if len(kinds) != 1:
        table.report("source", " and ".join(kinds) or "none of url, sdist, git", "exactly one of url, sdist, git")
    for other in _KINDS if len(kinds) == 1 else ():
        if other != kind:
            inner.refuse(other, f"only {kind!r}")
    upstream = Upstream(
        kind=kind,
        where=values[kind] or "",
        sha256=_read_digest(inner, "sha256", SHA256, is_demanded=kind != "git"),
        rev=_read_digest(inner, "rev", _COMMIT, is_demanded=kind == "git"),
        subdirectory=_read_subdirectory(inner),
        patches=tuple(_read_patches(inner, folder)),
        origin=f"{inner.file}: {inner.key}",
        folder=folder,
    )
    if kind == "sdist" and upstream.where:
        _check_sdist(inner, upstream.where)
    inner.close()
    return upstream


def _read_digest(table: Table, name: str, pattern: str, *, is_demanded: bool) -> str | None:
    if not is_demanded:
        table.refuse(name, "no such key: it is for another kind of source")
        return None
    found = table.string(name)
    what = "64 hexadecimal digits" if name == "sha256" else "the full hash of a commit, since a tag or branch may move"
    if found is None and name not in table:
        table.report(name, "nothing", what)
    elif found is not None and not re.fullmatch(pattern, found):
        table.report(name, f"the string {found!r}", what)
    return found


def _read_subdirectory(table: Table) -> str | None:
    found = table.string("subdirectory")
    if found is not None and (Path(found).is_absolute() or ".." in Path(found).parts):
        table.report("subdirectory", f"the string {found!r}", "a folder inside the source")
    return found


def _read_patches(table: Table, folder: Path) -> list[Path]:
    paths = []
    for index, text in enumerate(table.strings("patches") or []):
        path = Path(os.path.normpath(folder / text))
        if not path.is_relative_to(folder) or not is_file(path):
            table.report(f"patches[{index}]", f"the string {text!r}", f"a file in {folder}")
        paths.append(path)
    return paths


def _check_sdist(table: Table, text: str) -> None:
    requirement = parse_requirement(text)
    pins = [] if requirement is None else [item.operator for item in requirement.specifier]
    if requirement is None or pins not in (["=="], ["==="]) or requirement.extras or requirement.marker:
        table.report("sdist", f"the string {text!r}", "'name==version'")


def settings_of_tree(settings: Settings, tree: Path) -> Settings:
    """Return the settings for building the upstream source, with the real backend in its own pyproject.toml.

    If the source declares this shim itself, the real backend is in its ``[tool.runtime-backend]``. All other settings
    are the wrapper's.

    :param tree: the unpacked source.
    :raises SourceError: if its pyproject.toml cannot be read.
    """
    document = _read_document(tree)
    build_system = document.table("build-system") or Table({}, file=document.file, key="build-system")
    requires = build_system.strings("requires")
    own = (build_system.string("build-backend") or "").partition(".")[0] == "runtime_backend"
    tool = document.table("tool") or Table({}, file=document.file)
    table = (tool.table("runtime-backend") or Table({}, file=document.file)) if own else build_system
    scikit_build = tool.value("scikit-build")
    build_dir = scikit_build.get("build-dir") if isinstance(scikit_build, dict) else None
    backend, paths = read_backend(table), read_backend_path(table, tree)
    if document.problems:
        raise SourceError("source-settings", "{problems}", problems=str(ConfigError(document.problems)))
    return settings._replace(
        source=tree,
        real_backend=Chosen(value=backend.value, origin=f"the source's {backend.origin}"),
        backend_path=tuple(paths),
        scikit_build_dir=build_dir if isinstance(build_dir, str) and build_dir else None,
        requires=tuple(["setuptools"] if requires is None else requires),  # the default in PEP 518
        is_opened=True,
    )


def _read_document(tree: Path) -> Table:
    path = tree / "pyproject.toml"
    problems: list[str] = []
    if not is_file(path):
        return Table({}, file="pyproject.toml", problems=problems)
    try:
        return Table(read_document(path), file="pyproject.toml", problems=problems)
    except FileError as error:
        raise SourceError("source-settings", "the source cannot be built: {message}", message=error.message) from None
