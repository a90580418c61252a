"""Wrappers as files: writing a new pyproject.toml, reading an existing one, and changing it to another source."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name

from ...config import Upstream
from ...config.upstream import read_upstream
from ...errors import CommandError, ConfigError, RuntimeBackendError
from ...formats.parsing import requirement_name
from ...formats.tables import Table
from ...formats.toml import TOMLDecodeError, loads
from ...system.files import is_file, is_there, list_names
from ...upstream.obtaining import is_sdist_of
from ..adopt.adoption import BACKEND, SHIM
from ..adopt.documents import parse, read_pyproject
from .asking import source_table
from .upstream_metadata import Package
from .upstreams import Wanted

FOLDER = Path("wrappers")
ANOTHER = "It is left as it is. Name another folder: runtime-backend wrap REQUIREMENT FOLDER"

_HEAD = "Builds the source below, unmodified, against the torch that will run it. Made by: runtime-backend wrap"
_MANAGED = ("name", "version", "dynamic", "requires-python", "dependencies", "optional-dependencies")
_SOURCE = ("url", "sdist", "git", "sha256", "rev", "subdirectory")


class Wrapper(NamedTuple):
    """An existing wrapper."""

    folder: Path
    text: str
    name: str | None
    version: str | None
    upstream: Upstream

    def __str__(self) -> str:
        """Return the package that it builds: ``torchsort 0.1.10``."""
        return " ".join(filter(None, [self.name, self.version])) or str(self.upstream)

    def is_for(self, wanted: Wanted) -> bool:
        """Return whether it builds the wanted package, in any version."""
        if wanted.name is not None and self.name is not None:
            return canonicalize_name(wanted.name) == canonicalize_name(self.name)
        is_below = wanted.subdirectory in (None, self.upstream.subdirectory)
        return self.upstream.kind == "git" and self.upstream.where == wanted.url and is_below

    def is_of_version(self, wanted: Wanted) -> bool:
        """Return whether it builds the wanted sdist."""
        if wanted.version is None or not self.is_for(wanted):
            return False
        where = self.upstream.where
        file = unquote(urlsplit(where).path).rpartition("/")[2]
        name, equals, version = where.partition("==")
        found = f"{name.strip()}-{version.strip('= ')}.tar.gz" if self.upstream.kind == "sdist" and equals else file
        return self.upstream.kind != "git" and is_sdist_of(found, canonicalize_name(str(wanted.name)), wanted.version)


def find_wrapper(wanted: Wanted, directory: str | None) -> tuple[Path | None, Wrapper | None]:
    """Return the folder for a wrapper, None if the package's name is not known yet, and the existing wrapper.

    :param directory: the folder that the person named.
    :raises CommandError: if the folder contains something else.
    """
    if directory is not None:
        return Path(directory), _read_wrapper(Path(directory))
    there = [FOLDER / name for name in list_names(FOLDER) if is_file(FOLDER / name / "pyproject.toml")]
    found = [wrapper for wrapper in map(_read_silently, there) if wrapper is not None and wrapper.is_for(wanted)]
    if found:
        return found[0].folder, found[0]
    folder = None if wanted.name is None else default_folder(wanted.name)
    return folder, None if folder is None else _read_wrapper(folder)


def default_folder(name: str) -> Path:
    """Return the default folder for a package's wrapper.

    It has no hyphen: pip before 26.2 reads a folder name such as ``torch-scatter`` as the release ``scatter`` of
    ``torch``, and caches its wheel (``_contains_egg_info`` in pip's wheel_builder.py).
    """
    return FOLDER / canonicalize_name(name).replace("-", "_")


def _read_silently(folder: Path) -> Wrapper | None:
    try:
        return _read_wrapper(folder)
    except RuntimeBackendError:  # another package, or a broken wrapper: not the one that is looked for
        return None


def _read_wrapper(folder: Path) -> Wrapper | None:
    path = folder / "pyproject.toml"
    others = [name for name in ("pyproject.toml", "setup.py", "setup.cfg") if is_there(folder / name)]
    if not others:
        if is_there(folder) and not folder.is_dir():
            raise CommandError(
                "wrapper-folder-occupied",
                "{folder}: found a file, expected a folder or nothing",
                hint=ANOTHER,
                folder=folder,
            )
        return None
    text = read_pyproject(folder)
    try:
        document = Table(loads(text), file=str(path))
    except (TOMLDecodeError, RecursionError):
        raise CommandError(
            "wrapper-folder-occupied",
            "{path}: found a file that is not TOML, expected a wrapper or nothing",
            hint=ANOTHER,
            path=path,
        ) from None
    tool, project = document.value("tool"), document.value("project")
    ours = Table(tool if isinstance(tool, dict) else {}, file=str(path), key="tool", problems=document.problems)
    table = ours.table(SHIM)
    upstream = None if table is None else read_upstream(table, folder)
    if document.problems:
        raise ConfigError(document.problems)
    if upstream is None:
        raise CommandError(
            "wrapper-folder-occupied",
            "{path}: found another package, expected a wrapper or nothing",
            hint=ANOTHER,
            path=folder / others[0],
        )
    stated = [project.get(key) for key in ("name", "version")] if isinstance(project, dict) else [None, None]
    name, version = (value if isinstance(value, str) else None for value in stated)
    return Wrapper(folder=folder, text=text, name=name, version=version, upstream=upstream)


def make_text(upstream: Upstream, package: Package) -> str:
    """Return the pyproject.toml of a new wrapper."""
    import tomlkit  # noqa: PLC0415 - the command line's extra

    ours = {"match-runtime": list(package.match_runtime), "source": source_table(upstream, ())}
    document = {
        "build-system": {"requires": [SHIM, *package.build_requires], "build-backend": BACKEND},
        "project": _project(package),
        "tool": {SHIM: {key: value for key, value in ours.items() if value}},
    }
    return f"# {_HEAD}\n{tomlkit.dumps(document)}"


def _project(package: Package) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": package.name,
        "version": package.version,
        "dynamic": list(package.dynamic),
        "requires-python": package.requires_python,
        "dependencies": list(package.dependencies),
        "optional-dependencies": {extra: list(texts) for extra, texts in package.optional_dependencies.items()},
    }
    return {key: value for key, value in values.items() if value}


def update_text(wrapper: Wrapper, upstream: Upstream, package: Package) -> tuple[str, list[str]]:
    """Return the pyproject.toml of a wrapper after its change to another source, and notes for the person.

    Patches, settings and comments stay, and so do build requirements that the person added.
    """
    import tomlkit  # noqa: PLC0415 - the command line's extra

    newline = "\r\n" if "\r\n" in wrapper.text else "\n"
    document: Any = parse(wrapper.text.replace("\r\n", "\n"), wrapper.folder)
    build_system, project = (document.setdefault(key, tomlkit.table()) for key in ("build-system", "project"))
    ours = document["tool"][SHIM]
    requires, kept = [SHIM, *package.build_requires], list[str]()
    if "backend-path" in build_system:  # a vendored copy is not a requirement
        requires = requires[1:]
    names = {*map(requirement_name, requires), SHIM}
    kept = [str(text) for text in build_system.get("requires", []) if requirement_name(str(text)) not in names]
    _set(build_system, "requires", [*requires, *kept])
    name = wrapper.name or package.name  # keeps the person's spelling
    for key, value in {**dict.fromkeys(_MANAGED), **_project(package), "name": name}.items():
        _set(project, key, value)
    for key in _SOURCE:
        _set(ours["source"], key, source_table(upstream, ()).get(key))
    notes = [f"build-system.requires keeps {text!r}, which {package.name} does not require" for text in kept]
    if package.match_runtime:
        _set(ours, "match-runtime", list(package.match_runtime))
    elif "match-runtime" in ours:
        notes.append(f"match-runtime stays {ours['match-runtime'].unwrap()}: {package.name} names no versions of torch")
    return document.as_string().replace("\n", newline), notes


def _set(table: Any, key: str, value: Any) -> None:  # noqa: ANN401 - tomlkit's tables, and what they hold
    """Set a key of a table if its value differs; None removes it."""
    if value is None:
        table.pop(key, None)
    elif key not in table or table[key].unwrap() != value:
        table[key] = value
