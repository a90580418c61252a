"""Writing locked build requirements where a frontend reads them, for all packages that it builds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from packaging.utils import canonicalize_name

from ...errors import CommandError
from ...formats.toml import read_document
from ...locks.answer import parse_toml, read_lock
from ...system.files import is_file
from ...system.platforms import Platform
from ..adopt.documents import parse, read_pyproject, with_line_ends, write

FILE = "build-constraints.txt"
"""The file for pip, next to the pyproject.toml."""


class Pin(NamedTuple):
    """One locked build requirement."""

    name: str
    """Normalised (PEP 503)."""
    version: str
    marker: str | None
    """The platforms that it is for (PEP 508); None for all."""
    hashes: tuple[str, ...]
    """Those of its files: ``sha256:9f86…``."""

    @property
    def requirement(self) -> str:
        """The requirement of this version (PEP 508)."""
        return f"{self.name}=={self.version}" + ("" if self.marker is None else f" ; {self.marker}")


def read_pins(lock: Mapping[str, Any]) -> list[Pin]:
    """Return the packages of a lock (PEP 751) that have a version.

    :param lock: as uv or pip wrote it.
    """
    return [_read_pin(package) for package in lock.get("packages", []) if "version" in package]


def _read_pin(package: Mapping[str, Any]) -> Pin:
    found = [file.get("hashes", {}).get("sha256") for file in package.get("wheels", ())]
    return Pin(
        name=canonicalize_name(str(package["name"])),
        version=str(package["version"]),
        marker=package.get("marker"),
        hashes=tuple(sorted({f"sha256:{digest}" for digest in found if digest})),
    )


def read_locked(tree: Path) -> list[str]:
    """Return what the build locks of a project pin: its own lock, and those that it names for packages.

    :raises LockError: if one of them cannot be read.
    """
    ours: Any = read_document(tree / "pyproject.toml").get("tool", {}).get("runtime-backend", {})
    tables = [ours, *ours.get("packages", {}).values()]
    paths = [tree / table["build-lock"] for table in tables if "build-lock" in table]
    pins = (pin for path in paths if is_file(path) for pin in read_pins(parse_toml(read_lock(path), path)))
    return sorted({pin.requirement for pin in pins})


def export_to_uv(tree: Path, pins: Sequence[Pin]) -> Iterator[str]:
    """Write ``tool.uv.build-constraint-dependencies``, with hashes, into the pyproject.toml."""
    import tomlkit  # noqa: PLC0415 - the command line's extra

    entries = tomlkit.array().multiline(multiline=True)
    for pin in pins:
        entry = tomlkit.inline_table()
        entry.update({"requirement": pin.requirement, "hashes": list(pin.hashes)})
        entries.append(entry)
    _edit(tree, ("tool", "uv"), {"build-constraint-dependencies": entries})
    yield f"{tree / 'pyproject.toml'}: tool.uv.build-constraint-dependencies has {len(pins)} pins"
    yield "next: uv lock; `uv sync --require-build-hashes` refuses builds with anything else"


def export_to_pip(tree: Path, pins: Sequence[Pin]) -> Iterator[str]:
    """Write a file of constraints. If one has hashes, pip refuses all that has none (``--require-hashes``)."""
    lines = [" ".join([pin.requirement, *(f"--hash={digest}" for digest in pin.hashes)]) for pin in pins]
    write(tree / FILE, "".join(f"{line}\n" for line in ["# by `runtime-backend lock --export pip`", *lines]))
    yield f"{tree / FILE}: {len(pins)} pins"
    yield f"next: PIP_BUILD_CONSTRAINT={tree / FILE} pip install ..."


def export_to_poetry(tree: Path, pins: Sequence[Pin]) -> Iterator[str]:
    """Write ``tool.poetry.build-constraints`` for the packages that poetry has to build here; it has no hashes.

    :raises CommandError: if there is no lock that lists them.
    """
    built = _built_by_poetry(tree)
    versions = {pin.name: f"=={pin.version}" for pin in pins if pin.marker is None}
    _edit(tree, ("tool", "poetry", "build-constraints"), {name: dict(versions) for name in built})
    where = f"{tree / 'pyproject.toml'}: tool.poetry.build-constraints"
    yield f"{where} has {len(versions)} pins for {', '.join(built) or 'no package'}"
    yield "next: poetry lock"


def _built_by_poetry(tree: Path) -> list[str]:
    path = tree / "poetry.lock"
    if not is_file(path):
        raise CommandError(
            "no-poetry-lock",
            "{path}: found no lock, which lists what poetry builds",
            hint="Make it: poetry lock",
            path=path,
        )
    platform = Platform()
    packages = parse_toml(read_lock(path), path).get("package", [])
    return sorted({canonicalize_name(str(package["name"])) for package in packages if _is_built(package, platform)})


def _is_built(package: Mapping[str, Any], platform: Platform) -> bool:
    """Return whether a locked package has no wheel for this platform."""
    files = [str(file.get("file")) for file in package.get("files", ())]
    return platform.best_wheel((file, file) for file in files if file.endswith(".whl")) is None


def _edit(tree: Path, path: Sequence[str], values: Mapping[str, Any]) -> None:
    """Set keys of a table of the pyproject.toml, with its layout kept."""
    import tomlkit  # noqa: PLC0415 - the command line's extra

    before = read_pyproject(tree)
    document: Any = parse(before.replace("\r\n", "\n"), tree)
    table = document
    for number, name in enumerate(path):
        if name not in table:
            table[name] = tomlkit.table(is_super_table=number < len(path) - 1)
        table = table[name]
    for name, value in values.items():
        table[name] = value
    write(tree / "pyproject.toml", with_line_ends(before, tomlkit.dumps(document)))


EXPORTS: dict[str, Callable[[Path, Sequence[Pin]], Iterator[str]]] = {
    "uv": export_to_uv,
    "pip": export_to_pip,
    "poetry": export_to_poetry,
}
"""Frontend -> the function that writes the pins, and yields lines for the person."""
