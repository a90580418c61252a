"""Installed distributions in a list of folders, read as text: names, versions, requirements, files. Nothing is
imported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from packaging.utils import canonicalize_name

from ..formats.headers import Headers, read_headers
from ..system.files import is_file, is_folder, is_there, list_names, read_text

_INFO_SUFFIXES = (".dist-info", ".egg-info")
_FIRST_COMPONENT = r"(?m)^([^/,\n]+)[^\n]*(?:\n\1/[^\n]*)*"
"""The first component of a path, and all following lines with the same one."""


class _Place(NamedTuple):
    """Where an installed distribution is."""

    name: str
    """Normalised (PEP 503)."""
    info: Path
    """Its ``.dist-info`` or ``.egg-info``."""


class Distribution(_Place):
    """One installed distribution."""

    @property
    def site(self) -> Path:
        """The folder that the paths in RECORD are relative to."""
        return self.info.parent

    @cached_property
    def _headers(self) -> Headers:
        text = read_text(self.info / "METADATA") or read_text(self.info / "PKG-INFO")
        if is_file(self.info):
            text = read_text(self.info)
        return read_headers(text)

    @property
    def version(self) -> str:
        """``Version`` in its metadata; the version in the folder's name if the metadata have none."""
        return self._headers.first("Version") or self.info.stem.partition("-")[2]

    @property
    def requires(self) -> tuple[str, ...]:
        """``Requires-Dist``, as written."""
        return tuple(self._headers.every("Requires-Dist"))

    @cached_property
    def record(self) -> str:
        """The text of RECORD; empty if there is none. torch's has 15,000 lines, so it is split only on demand."""
        return read_text(self.info / "RECORD")

    @cached_property
    def content(self) -> list[str]:
        """The lines of RECORD with the hashes of the files that depend on the distribution alone, sorted.

        Left out is what differs between installers: dist-info, scripts, byte code.
        """
        lines = self.record.splitlines()
        return sorted(
            line for line in lines if ",sha256=" in line and ".dist-info/" not in line and not line.startswith("../")
        )

    @property
    def has_hashes(self) -> bool:
        """Whether RECORD has hashes of a package's files; that of an editable install has none."""
        return any("/" in line for line in self.content)

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The paths in RECORD, as written."""
        return tuple(_path_of(line) for line in self.record.split("\n") if line)

    @cached_property
    def top_names(self) -> frozenset[str]:
        """The first components of the paths in RECORD."""
        return frozenset(name.strip('"') for name in re.findall(_FIRST_COMPONENT, self.record))

    @property
    def direct_url(self) -> str:
        """The text of ``direct_url.json`` (PEP 610); empty if there is none."""
        return read_text(self.info / "direct_url.json")


def archive_sha256(info: object) -> str | None:
    """Return the SHA-256 in an ``archive_info`` (PEP 610), of an installed archive or in pip's report.

    pdm and old versions of pip write only the older key: ``hash`` instead of ``hashes``.

    :param info: any JSON; the result is None if it is not a table, or has no such key.
    """
    table = info if isinstance(info, dict) else {}
    hashes, older = table.get("hashes"), table.get("hash")
    found = hashes.get("sha256") if isinstance(hashes, dict) else None
    if isinstance(found, str) and found:
        return found
    return (older.partition("sha256=")[2] if isinstance(older, str) else "") or None


class DistributionIndex:
    """The distributions of a search path by name. A folder is listed once, when it is first needed."""

    def __init__(self, search_path: Sequence[Path]) -> None:
        self.search_path = tuple(search_path)
        self._found: dict[str, Distribution] = {}

    @cached_property
    def _by_name(self) -> dict[str, list[Path]]:
        found: dict[str, list[Path]] = {}
        for folder in dict.fromkeys(self.search_path):
            for name, info in _list_infos(folder):
                found.setdefault(name, []).append(info)
        return found

    def __iter__(self) -> Iterator[Distribution]:
        """Yield the distributions on the path, sorted by name."""
        for name, (info, *_) in sorted(self._by_name.items()):
            yield self._found.setdefault(name, Distribution(name=name, info=info))

    def find(self, name: str) -> Distribution | None:
        """Return the first distribution with that normalised name on the path."""
        infos = self._by_name.get(name)
        if infos and name not in self._found:
            self._found[name] = Distribution(name=name, info=infos[0])
        return self._found.get(name)

    def infos(self, name: str) -> Sequence[Path]:
        """Return every ``.dist-info`` and ``.egg-info`` with that normalised name, in the order of the path."""
        return self._by_name.get(name, [])


def _list_infos(folder: Path) -> Iterator[tuple[str, Path]]:
    for entry in list_names(folder):
        if entry.endswith(_INFO_SUFFIXES):
            project = entry.rpartition(".")[0].partition("-")[0]
            yield canonicalize_name(project), folder / entry


def extend_by_pth(site_dirs: Sequence[Path]) -> tuple[Path, ...]:
    """Return the folders and those that their ``.pth`` files add, by which editable installs are found.

    Lines with an import are code of the target, and are ignored.
    """
    return (*site_dirs, *(path for site in site_dirs for path in _linked_folders(site, (".pth", ".egg-link"))))


def extend_by_links(site_dirs: Sequence[Path]) -> tuple[Path, ...]:
    """Return the folders and those of old editable installs (``.egg-link``), the only ones that uv follows."""
    return (*site_dirs, *(path for site in site_dirs for path in _linked_folders(site, (".egg-link",))))


def _linked_folders(site: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    for entry in list_names(site):
        if entry.endswith(suffixes):
            for line in read_text(site / entry).splitlines():
                folder = site / line.strip()
                if line.strip() and not line.startswith(("import ", "import\t", "#")) and is_folder(folder):
                    yield folder


def locate_imports(distribution: Distribution, search_path: Sequence[Path]) -> dict[str, Path]:
    """Return what the distribution adds to the import path: entry name (``torch``, ``six.py``) -> its path.

    The source is RECORD; for an editable install or one without RECORD, its declared names and the search path.
    """
    entries = {name: distribution.site / name for name in distribution.top_names if _is_import(name)}
    for name in _declared_names(distribution):
        if not any(entry.partition(".")[0] == name for entry in entries):
            entries.update(_search(name, distribution, search_path))
    return {name: path for name, path in sorted(entries.items()) if is_there(path)}


def _is_import(name: str) -> bool:
    """Return whether a name, such as the first component of a path in RECORD, is one of the distribution's imports.

    A name that leads out of the folder is not: ``..``, or an absolute path with a separator or a drive.
    """
    is_name = name not in ("..", ".", "", "__pycache__") and not any(mark in name for mark in "/\\:\0")
    return is_name and not name.endswith((*_INFO_SUFFIXES, ".pth")) and not name.startswith("__editable__")


def _declared_names(distribution: Distribution) -> list[str]:
    # Some files list folders of a namespace, too: nvidia-cusparselt has "nvidia" and "nvidia/cusparselt".
    declared = [name for name in read_text(distribution.info / "top_level.txt").split() if _is_import(name)]
    if declared or any(_is_import(name) for name in distribution.top_names):
        return declared
    return [distribution.name.replace("-", "_")]


def _search(name: str, distribution: Distribution, search_path: Sequence[Path]) -> dict[str, Path]:
    mapped = _editable_mapping(distribution).get(name)
    if mapped is not None:
        module = mapped if mapped.suffix == ".py" else mapped.with_name(f"{mapped.name}.py")
        return {f"{name}.py": module} if is_file(module) else {name: mapped}
    for folder in (distribution.site, *search_path):
        for entry in (name, f"{name}.py"):
            if is_there(folder / entry):
                return {entry: folder / entry}
    return {}


def _editable_mapping(distribution: Distribution) -> dict[str, Path]:
    """Return the mapping in setuptools' editable finder, a module in site-packages with a line ``MAPPING: … = {}``."""
    for path in distribution.files:
        if path.startswith("__editable__") and path.endswith("_finder.py") and "/" not in path:
            for line in read_text(distribution.site / path).splitlines():
                if line.startswith("MAPPING"):
                    return _parse_mapping(line.partition("=")[2].strip())
    return {}


def _parse_mapping(text: str) -> dict[str, Path]:
    import ast  # noqa: PLC0415 - hardly a runtime is editable

    try:
        return {name: Path(place) for name, place in ast.literal_eval(text).items()}
    except (ValueError, SyntaxError, TypeError, AttributeError, RecursionError, MemoryError):  # not a mapping
        return {}


def _path_of(line: str) -> str:
    """Return the path in a line of RECORD, which is CSV: a path with a comma or a quote is quoted."""
    if not line.startswith('"'):
        return line.partition(",")[0]
    return line[1:].rpartition('",')[0].replace('""', '"') or line
