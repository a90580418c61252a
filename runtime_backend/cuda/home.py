"""CUDA_HOME: a toolkit in the layout that build tools expect, assembled from its parts.

The compilers from wheels, and some toolkits of systems, lack the mathematical libraries, whose headers torch's headers
include; the wheels that torch requires have them. Also, libraries in wheels have only names with a version, there is no
``lib64``, and no stub of the driver. A folder of links at a stable path adds what is missing::

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
    """A planned CUDA_HOME; :meth:`shown` makes it."""

    path: Path
    """The stable path; the toolkit's own folder if nothing must be added."""
    toolkit: Path
    """The folder that contains the compilers."""
    environ: Mapping[str, str]
    additions: Path | None = None
    """torch's ``nvidia`` folder with the mathematical libraries; None if the toolkit is complete."""
    is_temporary: bool = False
    """Whether the additions are removed after this build."""
    kept: tuple[Compilers, Path] | None = None
    """The compilers to store in the cache first, and the folder for them, which contains ``toolkit``."""

    @contextmanager
    def shown(self, moved: Mapping[Path, Path] = MappingProxyType({}), *, is_lasting: bool = False) -> Iterator[Path]:
        """Make CUDA_HOME for this build, and yield its path.

        :param moved: stable path of an overlay -> its path in this build; an overlay may contain the additions.
        :param is_lasting: whether the result of the build uses it after the build, too.
        :raises CudaError: if the cache cannot be written to.
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
        return LinkedFolder(path=self.path, targets=targets, is_temporary=self.is_temporary)


def _actual(path: Path, moved: Mapping[Path, Path]) -> Path:
    """Return a path as it is in this build: a stable path may lead to another environment by now."""
    found = ((planned, actual) for planned, actual in moved.items() if path.is_relative_to(planned))
    return next((actual / path.relative_to(planned) for planned, actual in found), path)


def stable_path(cache: Path, version: str, facts: Sequence[str]) -> Path:
    """Return the path of a CUDA_HOME that is identified by some facts."""
    return cache / "cuda" / f"cuda-{version}-{digest(facts)}"


def _parts(nvidia: Path) -> Iterator[Path]:
    """Yield the folders in ``nvidia`` with the layout of a toolkit: ``cu13``, or ``cublas``, ``cudnn`` … per wheel."""
    for name in list_names(nvidia):
        if is_folder(nvidia / name / "include") or is_folder(nvidia / name / "lib"):
            yield nvidia / name


def merge(parts: Sequence[Path], stub: Path | None) -> dict[str, Path]:
    """Return the links that merge toolkits; the first one takes precedence.

    :param stub: the stub of the driver's library, if no part has one.
    """
    first = parts[0]
    libraries = _overlaid("lib", [_libraries_of(part) for part in parts])
    targets = {
        # nvcc uses bin/.. as its own folder, so bin must not be a link.
        **_overlaid("bin", [first / "bin"]),
        **_overlaid("include", [part / "include" for part in parts]),
        **libraries,
        **dict(_without_version(libraries)),
        # torch falls back to lib; nvcc.profile and many setup.py use lib64.
        "lib64": Path("lib"),
        **{f"nvvm/{name}": first / "nvvm" / name for name in list_names(first / "nvvm")},
    }
    linker = next((libraries[name] for name in libraries if name.startswith("lib/libnvvm.so")), None)
    if linker is not None and "nvvm/lib64" not in targets:
        # For -dlto, nvlink loads it from this folder, only by this name.
        targets["nvvm/lib64/libnvvm.so"] = linker
    if stub is not None:
        # nvcc itself adds -L lib64/stubs. If lib/stubs were a link, the stub would be written into the toolkit.
        others = targets.pop("lib/stubs", None)
        targets |= {} if others is None else {f"lib/stubs/{name}": others / name for name in list_names(others)}
        targets["lib/stubs/libcuda.so"] = stub
    return targets


def _libraries_of(part: Path) -> Path:
    return part / "lib64" if is_folder(part / "lib64") else part / "lib"


def _overlaid(name: str, folders: Sequence[Path]) -> dict[str, Path]:
    """Return the links that merge folders: one link for a folder that only one of them has."""
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
    """Yield links with the names that ``-lcudart`` looks up, which wheels lack."""
    for name, path in libraries.items():
        found = _VERSIONED.match(name.rpartition("/")[2])
        if found is not None and f"lib/{found.group(1)}" not in libraries:
            yield f"lib/{found.group(1)}", path


def _make_stub(parts: Sequence[Path], folder: Path, environ: Mapping[str, str]) -> Path | None:
    """Make a stub of the driver's library from the names in cuda.h; None if there is one, or none can be made.

    It must define the real names: with ``--as-needed`` and ``--no-undefined``, an empty library is not enough.
    """
    if any(is_file(_libraries_of(part) / "stubs" / "libcuda.so") for part in parts):
        return None
    header = next((path for part in parts if is_file(path := part / "include" / "cuda.h")), None)
    names = sorted(set(_FUNCTION.findall(read_text(header)))) if header is not None else []
    # Without a compiler, no stub is made: a build would fail with its own message, and metadata need none.
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
        output = error.stderr.decode(errors="replace").strip()
        raise CudaError(
            "driver-stub-failed",
            "the stub of the driver's library cannot be compiled with {program}: {output}",
            program=program,
            output=output,
        ) from None


def _cannot_write(path: Path, error: OSError) -> CudaError:
    return CudaError(
        "cache-cannot-be-written",
        "CUDA_HOME cannot be made at {path}: {why}",
        hint="{way_out}",
        path=path,
        why=reason(error),
        way_out=way_out(error),
    )
