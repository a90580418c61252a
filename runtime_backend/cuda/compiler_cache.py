"""Compiler caches: ccache or sccache in front of g++ and nvcc, set up to hit across builds and environments.

A cache hits if nothing that it compares differs between two builds. The paths of torch and CUDA_HOME are stable already
(overlays); this module sets the rest. The person configures where a cache stores its data, and whether it shares them
by redis or S3, in the cache's own variables or files.

Measured: ccache 4.7 with nvcc 13.0 and g++ 12; a hit costs about the import of torch.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ..config.settings import Chosen, CompilerCacheChoice
from ..errors import CudaError
from ..errors.reasons import reason
from ..store.atomic import replacing
from ..store.cache import open_folder, way_out
from ..store.names import digest
from ..system.files import is_file, list_names, read_text

PROGRAMS = ("ccache", "sccache")


class CompilerCache(NamedTuple):
    """A compiler cache, or the choice of none."""

    program: Path | None
    """None: the compilers are called directly."""
    origin: str

    def __str__(self) -> str:
        """Return ``/usr/bin/ccache``, or ``off``."""
        return "off" if self.program is None else str(self.program)


def find_compiler_cache(chosen: Chosen[CompilerCacheChoice] | None, environ: Mapping[str, str]) -> CompilerCache | None:
    """Return the compiler cache; None if none was chosen and none is on PATH.

    :raises CudaError: if the named one is not on PATH.
    """
    wanted = "auto" if chosen is None else chosen.value
    origin = "default" if chosen is None else chosen.origin
    if wanted == "off":
        return CompilerCache(program=None, origin=origin)
    for name in PROGRAMS if wanted == "auto" else (wanted,):
        found = shutil.which(name, path=environ.get("PATH", ""))
        if found is not None:
            return CompilerCache(program=Path(found), origin=origin)
    if wanted == "auto":
        return None
    raise CudaError(
        "no-compiler-cache",
        "cuda.compiler-cache = {wanted!r} ({origin}): found no {wanted} on PATH",
        hint="Install it, or use 'auto', which uses a compiler cache only if there is one.",
        wanted=wanted,
        origin=origin,
    )


class CompilerScript(NamedTuple):
    """A script at a stable path that calls the compiler through the cache."""

    path: Path
    text: str

    def write(self) -> None:
        """Write the script, in one step, unless it is there.

        :raises CudaError: when it cannot be written.
        """
        try:
            if read_text(self.path) != self.text or not os.access(self.path, os.X_OK):
                open_folder(self.path.parent.parent)
                self.path.parent.mkdir(exist_ok=True)
                with replacing(self.path) as new:
                    new.write_text(self.text, "utf-8")
                    new.chmod(0o755)
        except OSError as error:
            raise CudaError(
                "cache-cannot-be-written",
                "cuda.compiler-cache: the script {path} cannot be written: {why}",
                hint="{way_out}",
                path=self.path,
                why=reason(error),
                way_out=way_out(error, "; or use no compiler cache: compiler-cache = 'off'"),
            ) from None


class CacheVariables(NamedTuple):
    """The variables that set up a compiler cache."""

    values: Mapping[str, str]
    script: CompilerScript | None
    """The script that CXX names."""


def plan_compiler_cache(  # noqa: PLR0913 - everything that a compiler cache compares
    found: CompilerCache, environ: Mapping[str, str], *, folder: Path, source: Path, prefix: Path, nvcc: Path | None
) -> CacheVariables:
    """Return the variables that set up a compiler cache, except those that the person has set.

    :param folder: the folder for scripts.
    :param source: the source tree.
    :param prefix: the prefix of the interpreter that builds.
    :param nvcc: the CUDA compiler, if there is one.
    """
    script = None
    if found.program is None:
        # From 2.13 on, torch uses a compiler cache on PATH by itself.
        values = {"TORCH_NO_COMPILER_WRAPPER": "1"}
    else:
        script = _plan_script(found.program, environ, folder)
        values = {**_in_front(found.program, environ, script, nvcc), **_settings(found.program, source, prefix)}
    return CacheVariables({name: value for name, value in values.items() if name not in environ}, script)


def _plan_script(program: Path, environ: Mapping[str, str], folder: Path) -> CompilerScript | None:
    compiler = shutil.which("c++", path=environ.get("PATH", ""))
    if "CXX" in environ or compiler is None:
        return None
    text = f'#!/bin/sh\nexec {shlex.quote(str(program))} {shlex.quote(compiler)} "$@"\n'
    return CompilerScript(path=folder / digest([text]) / Path(compiler).name, text=text)


def _in_front(
    program: Path, environ: Mapping[str, str], script: CompilerScript | None, nvcc: Path | None
) -> dict[str, str]:
    """Return the variables that make torch, distutils and CMake call the cache.

    ``CXX="ccache g++"`` does not work: torch runs it with ``--version``, and gets ccache's version. CC is not set,
    since torch passes it to nvcc as one path.
    """
    words = str(program)
    values = {"CMAKE_C_COMPILER_LAUNCHER": words}
    if "CXX" in environ:  # CMake puts the cache in front of the person's compiler, and so does torch from 2.13 on
        values["CMAKE_CXX_COMPILER_LAUNCHER"] = words
    elif script is not None:
        # Without this variable, torch 2.13 and later would put the cache in front of CXX a second time.
        values |= {"CXX": str(script.path), "TORCH_NO_COMPILER_WRAPPER": "1"}
    if nvcc is not None:
        values |= {
            "PYTORCH_NVCC": f"{shlex.quote(words)} {shlex.quote(str(nvcc))}",
            "CMAKE_CUDA_COMPILER_LAUNCHER": words,
        }
    return values


def _settings(program: Path, source: Path, prefix: Path) -> dict[str, str]:
    """Return the settings with which ccache hits although the folders of each build are new."""
    if program.name != "ccache":
        return {}
    values = {
        # Makes paths in the source tree relative to the compiler's working directory, also those of -g.
        "CCACHE_BASEDIR": str(source),
        "CCACHE_NOHASHDIR": "true",
        # pip unpacks compilers with new modification times.
        "CCACHE_COMPILERCHECK": "content",
    }
    headers = prefix / "include"
    if is_file(prefix / "pyvenv.cfg") and not _has_headers(headers):
        # distutils adds this empty folder of the build environment.
        values["CCACHE_IGNOREOPTIONS"] = f"-I{headers}"
    return values


def _has_headers(folder: Path) -> bool:
    return any(names for _, _, names in os.walk(folder)) if list_names(folder) else False
