"""What a wheel depends on outside its source tree: the interpreter, the compilers, and the C library."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from ..errors import NoAnswer
from ..store.names import digest
from ..system.files import is_file, list_names, read_text
from ..system.printing import printed_by

_TIMEOUT = 20
"""Seconds for a compiler to print its version."""
_NVCC = "nvcc.exe" if os.name == "nt" else "nvcc"
_LAUNCHERS = ("ccache", "sccache", "distcc")
_FLAGS = ("CC", "CXX", "CFLAGS", "CCSHARED", "LDSHARED", "LDCXXSHARED", "AR", "ARFLAGS")
"""What setuptools takes from the interpreter: one that was compiled with ``-march=native`` compiles modules so, too."""
_HEADERS = ("/usr/include", "/usr/local/include", "/usr/lib/pkgconfig", "/usr/share/pkgconfig", "/usr/local/lib")


def describe_python() -> dict[str, str | None]:
    """Return what decides which interpreters can load a compiled module of this one."""
    flags = " ".join(str(sysconfig.get_config_var(name) or "") for name in _FLAGS)
    return {
        "implementation": sys.implementation.cache_tag,
        "abi": sysconfig.get_config_var("EXT_SUFFIX"),
        "platform": sysconfig.get_platform(),
        "flags": " ".join(flags.replace(sys.base_prefix, "{prefix}").split()),
    }


def describe_libc() -> str | None:
    """Return the C library and its version: ``glibc 2.36``; None if the system does not say."""
    with suppress(AttributeError, ValueError, OSError):
        return os.confstr("CS_GNU_LIBC_VERSION")
    musl = next((name for name in list_names(Path("/lib")) if name.startswith("ld-musl-")), None)
    return None if musl is None else digest(_stat(Path("/lib") / musl))


def describe_compilers(environ: Mapping[str, str]) -> list[str]:
    """Return the first line that each compiler of C and C++ prints about its version, sorted.

    :param environ: the variables of the build.
    :raises NoAnswer: if a variable names a compiler that is not found, or on Windows, if the variables do not name the
        version of Visual Studio's compiler.
    """
    if os.name == "nt":  # pragma: no cover - Windows
        if not environ.get("VCToolsVersion"):
            raise NoAnswer("the version of the compiler is not known outside the prompt of Visual Studio")
        return [f"cl {environ['VCToolsVersion']}"]
    programs = {_identity(found): found for found in _find_compilers(environ)}
    return sorted({_first_line(program, environ) for program in programs.values()})


def _identity(program: str) -> str:
    """Return what a program is, without links, unless it is a launcher, which calls the compiler of the link's name."""
    place = os.path.realpath(program)
    return program if os.path.basename(place) in _LAUNCHERS else place  # noqa: PTH119 - text is enough


def _find_compilers(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the compilers that may be called: those in variables, else those of the interpreter and the usual ones."""
    for name, usual in (("CC", ("cc", "gcc")), ("CXX", ("c++", "g++"))):
        own = environ.get(name)
        words = [own] if own else [str(sysconfig.get_config_var(name) or ""), *usual]
        for text in words:
            found = shutil.which(_program(text), path=environ.get("PATH", os.defpath))
            if found is not None:
                yield found
            elif own:
                raise NoAnswer(f"{name}={own} names no compiler that is found")


def _program(text: str) -> str:
    """Return the compiler of a command, behind a launcher."""
    try:
        words = shlex.split(text)
    except ValueError:  # a quotation mark is not closed
        words = text.split()
    while words and os.path.basename(words[0]) in _LAUNCHERS:  # noqa: PTH119 - it may be no path
        words.pop(0)
    return words[0] if words else ""


def _first_line(program: str, environ: Mapping[str, str]) -> str:
    line = _ask(program, environ).partition("\n")[0]
    return re.sub(r"^\S+", lambda found: os.path.basename(found.group()), line)  # noqa: PTH119 - gcc prints how it was called


def _ask(program: str, environ: Mapping[str, str]) -> str:
    """Return what a compiler prints about its version."""
    try:
        return printed_by([program, "--version"], environ, _TIMEOUT).strip()
    except (OSError, subprocess.SubprocessError):
        raise NoAnswer(f"{program} does not print its version") from None


def describe_toolkit(environ: Mapping[str, str], usual: Path) -> str | None:
    """Return the CUDA toolkits that a build may find, with the versions of all their parts; None if there is none.

    :param usual: the folder where torch looks last.
    """
    on_path = shutil.which("nvcc", path=environ.get("PATH", os.defpath))
    roots = [Path(environ[name]) for name in ("CUDA_HOME", "CUDA_PATH") if environ.get(name)]
    named = [shutil.which(name, path=environ.get("PATH", os.defpath)) for name in [environ.get("CUDACXX")] if name]
    roots += [Path(os.path.realpath(program)).parent.parent for program in (*named, on_path) if program is not None]
    found = [root for root in roots if is_file(root / "bin" / _NVCC)]
    if not found and is_file(usual / "bin" / _NVCC):
        found = [usual]
    return ", ".join(dict.fromkeys(_describe_toolkit(root, environ) for root in found)) or None


def _describe_toolkit(root: Path, environ: Mapping[str, str]) -> str:
    parts = read_text(root / "version.json")
    return digest([parts]) if parts else _ask(str(root / "bin" / _NVCC), environ).rpartition("\n")[2]


def describe_rocm(environ: Mapping[str, str]) -> str | None:
    """Return the version of ROCm that a build would find; None if there is none."""
    root = environ.get("ROCM_HOME") or environ.get("ROCM_PATH") or "/opt/rocm"
    return read_text(Path(root) / ".info" / "version").strip() or None


def describe_processor() -> str:
    """Return a digest of the features of this machine's processor.

    :raises NoAnswer: if the system does not list them.
    """
    found = re.search(r"(?m)^(?:flags|Features)\s*:\s*(.+)$", read_text(Path("/proc/cpuinfo")))
    if found is None:
        raise NoAnswer("the build may compile for this machine's processor, whose features are not known")
    return digest(sorted(found.group(1).split()))


def describe_headers() -> str:
    """Return a digest of the headers and libraries that the system has, by names, and for files by sizes and times.

    A package may leave a part out if a library is missing. After the library was installed, a local wheel without that
    part must not be found again. Between machines they differ, so the key does not contain this. The time of a file is
    that of its package, but the time of a folder is that of the installation.
    """
    triple = sysconfig.get_config_var("MULTIARCH") or ""
    folders = [*_HEADERS, f"/usr/include/{triple}", f"/usr/lib/{triple}/pkgconfig"]
    places = [Path(folder, name) for folder in folders for name in list_names(Path(folder))]
    return digest([" ".join([str(place), *(_stat(place) if is_file(place) else [])]) for place in places])


def _stat(path: Path) -> list[str]:
    found = path.stat()
    return [str(found.st_size), str(found.st_mtime_ns)]
