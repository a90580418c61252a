"""CUDA_HOME: a toolkit as build tools expect one, put together from what there is.

The compilers out of wheels lack the mathematical libraries, whose headers torch's own include, and so do some toolkits
of systems; the wheels that torch itself needs have them. And wheels name libraries by their version alone, know no
``lib64``, and hold no stub of the driver. What is missing is added, in a folder of links at a stable path::

    <cache>/cuda/cuda-13.0-1f0c…/{bin,include,lib,lib64,nvvm}
    <cache>/cuda/libcuda-77ab….so                                the driver's stub, compiled from the names in cuda.h
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from ..errors import CudaError
from ..errors.reasons import reason
from ..store.atomic import replacing
from ..store.cache import open_folder, way_out
from ..store.holding import exclusively
from ..store.linked import LinkedFolder
from ..store.names import digest
from ..system.files import is_file, is_folder, list_names, read_text
from .wheels import Compilers

_FUNCTION = re.compile(r"\bCUresult\s+CUDAAPI\s+(cu\w+)\s*\(")
_VERSIONED = re.compile(r"(lib.+?\.so)\.\d")


class CudaHome(NamedTuple):
    """CUDA_HOME as planned; :meth:`shown` makes it."""

    path: Path
    """The stable path; the toolkit's own folder where nothing has to be added."""
    toolkit: Path
    """The folder that has the compilers in it."""
    environ: Mapping[str, str]
    additions: Path | None = None
    """torch's ``nvidia`` folder, with the mathematical libraries; None: nothing is added, the toolkit is whole."""
    is_passing: bool = False
    """Whether the additions go with this build."""
    kept: tuple[Compilers, Path] | None = None
    """The compilers to be kept in the cache first, and where: the toolkit's folder is in there."""

    @contextmanager
    def shown(self, moved: Mapping[Path, Path] = MappingProxyType({}), *, is_lasting: bool = False) -> Iterator[Path]:
        """Make it, for this build, and yield where it is.

        :param moved: the stable paths of overlays -> where these are in this build; the additions are in one of them.
        :param is_lasting: whether what is built looks at it when the build is over, too.
        :raises CudaError: when the cache cannot be written to.
        """
        try:
            if self.kept is not None:
                compilers, place = self.kept
                compilers.keep(place)
            folder = self._folder(moved)
        except OSError as error:
            raise _cannot_write(self.path, error) from error
        if folder is None:
            yield self.path
            return
        with folder.shown(lambda error: _cannot_write(self.path, error), is_lasting=is_lasting) as path:
            yield path

    def _folder(self, moved: Mapping[Path, Path]) -> LinkedFolder | None:
        if self.path == self.toolkit:
            return None
        parts = [] if self.additions is None else list(_parts(_actual(self.additions, moved)))
        stub = _make_stub([self.toolkit, *parts], self.path.parent, self.environ)
        targets = merge([self.toolkit, *parts], stub)
        return LinkedFolder(path=self.path, targets=targets, is_passing=self.is_passing)


def _actual(path: Path, moved: Mapping[Path, Path]) -> Path:
    """Return where a path is in this build: a stable path may lead to another environment by then."""
    found = ((planned, actual) for planned, actual in moved.items() if path.is_relative_to(planned))
    return next((actual / path.relative_to(planned) for planned, actual in found), path)


def stable_path(cache: Path, version: str, facts: Sequence[str]) -> Path:
    """Return where a CUDA_HOME lies that is put together from what the facts tell."""
    return cache / "cuda" / f"cuda-{version}-{digest(facts)}"


def _parts(nvidia: Path) -> Iterator[Path]:
    """Yield what is laid out as a toolkit in ``nvidia``: ``cu13``; ``cublas``, ``cudnn`` …, one for each wheel."""
    for name in list_names(nvidia):
        if is_folder(nvidia / name / "include") or is_folder(nvidia / name / "lib"):
            yield nvidia / name


def merge(parts: Sequence[Path], stub: Path | None) -> dict[str, Path]:
    """Return the links for toolkits that are laid over each other; what the first one has goes first.

    :param stub: the driver's, where no part brings one.
    """
    first = parts[0]
    libraries = _overlaid("lib", [_libraries_of(part) for part in parts])
    targets = {
        # nvcc takes bin/.. for its own folder: bin must not be a link itself.
        **_overlaid("bin", [first / "bin"]),
        **_overlaid("include", [part / "include" for part in parts]),
        **libraries,
        **dict(_without_version(libraries)),
        # torch falls back to lib; nvcc.profile and many setup.py say lib64.
        "lib64": Path("lib"),
        **{f"nvvm/{name}": first / "nvvm" / name for name in list_names(first / "nvvm")},
    }
    linker = next((libraries[name] for name in libraries if name.startswith("lib/libnvvm.so")), None)
    if linker is not None and "nvvm/lib64" not in targets:
        # nvlink loads it from there for -dlto, and only by this name.
        targets["nvvm/lib64/libnvvm.so"] = linker
    if stub is not None:
        # nvcc itself adds -L lib64/stubs. A link into a folder that is one itself would be written into the toolkit.
        others = targets.pop("lib/stubs", None)
        targets |= {} if others is None else {f"lib/stubs/{name}": others / name for name in list_names(others)}
        targets["lib/stubs/libcuda.so"] = stub
    return targets


def _libraries_of(part: Path) -> Path:
    return part / "lib64" if is_folder(part / "lib64") else part / "lib"


def _overlaid(name: str, folders: Sequence[Path]) -> dict[str, Path]:
    """Return the links for folders that are laid over each other: a whole folder where only one has it."""
    entries: dict[str, list[Path]] = {}
    for folder in folders:
        for entry in list_names(folder):
            entries.setdefault(entry, []).append(folder / entry)
    targets: dict[str, Path] = {}
    for entry, places in entries.items():
        if len(places) > 1 and is_folder(places[0]):
            targets.update(_overlaid(f"{name}/{entry}", places))
        else:
            targets[f"{name}/{entry}"] = places[0]
    return targets


def _without_version(libraries: Mapping[str, Path]) -> Iterator[tuple[str, Path]]:
    """Yield the names that ``-lcudart`` is looked up by, which wheels do not have."""
    for name, path in libraries.items():
        found = _VERSIONED.match(name.rpartition("/")[2])
        if found is not None and f"lib/{found.group(1)}" not in libraries:
            yield f"lib/{found.group(1)}", path


def _make_stub(parts: Sequence[Path], folder: Path, environ: Mapping[str, str]) -> Path | None:
    """Return a stub of the driver's library, made from the names in cuda.h; None where one is there, or none can be.

    Real names are needed: with ``--as-needed`` and ``--no-undefined`` an empty library does not do.
    """
    if any(is_file(_libraries_of(part) / "stubs" / "libcuda.so") for part in parts):
        return None
    header = next((path for part in parts if is_file(path := part / "include" / "cuda.h")), None)
    names = sorted(set(_FUNCTION.findall(read_text(header)))) if header is not None else []
    # Without a compiler nothing can be built, and whoever tries is told so; metadata need none.
    program = next(filter(None, (_which(name, environ) for name in (environ.get("CC", ""), "cc", "gcc"))), None)
    if not names or program is None:
        return None
    stub = open_folder(folder) / f"libcuda-{digest(names)}.so"
    with exclusively(stub):
        if not is_file(stub):
            _compile(program, "".join(f"int {name}(void) {{ return 999; }}\n" for name in names), stub, environ)
    return stub


def _which(name: str, environ: Mapping[str, str]) -> str | None:
    return shutil.which(name, path=environ.get("PATH", "")) if name else None


def _compile(program: str, source: str, library: Path, environ: Mapping[str, str]) -> None:
    try:
        with replacing(library) as new:
            command = [program, "-shared", "-fPIC", "-w", "-x", "c", "-", "-o", str(new), "-Wl,-soname,libcuda.so.1"]
            subprocess.run(command, input=source.encode(), env=dict(environ), capture_output=True, check=True)  # noqa: S603 - the C compiler that the build will run
    except subprocess.CalledProcessError as error:
        told = error.stderr.decode(errors="replace").strip()
        raise CudaError(f"the stub of the driver's library cannot be compiled by {program}: {told}") from None


def _cannot_write(path: Path, error: OSError) -> CudaError:
    return CudaError(f"CUDA_HOME cannot be put together at {path}: {reason(error)}", hint=way_out(error))
