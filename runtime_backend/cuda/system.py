"""The system's CUDA toolkit: finding its real folder, and checking it against torch, the compiler and the settings."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from ..errors import CudaError
from ..errors.reasons import reason
from ..installed.identity import Identity
from ..system.files import is_file, read_text
from ..system.printing import printed_by

USUAL = Path("/usr/local/cuda")
"""The last folder in which torch looks."""

KEY = "cuda.toolkit"
_TIMEOUT = 60
_LATEST_GCC = re.compile(r"gcc versions later than (\d+) are not supported")
WAYS_OUT = (
    "Install the toolkit of that CUDA, and set CUDA_HOME to it; or use toolkit = 'wheels', which installs the compilers"
    " of CUDA 13; or install a torch for the toolkit's CUDA."
)


class Toolkit(NamedTuple):
    """A CUDA toolkit."""

    root: Path
    """Its real folder; the nvcc on PATH may be a script that calls it."""
    version: str
    """X.Y, as nvcc reports it."""
    how: str
    """How it was found."""

    @property
    def nvcc(self) -> Path:
        """Path of the compiler."""
        return self.root / "bin" / "nvcc"

    def __str__(self) -> str:
        """Return ``CUDA 13.0 (CUDA_HOME=/opt/cuda: /opt/cuda)``."""
        return f"CUDA {self.version} ({self.how}: {self.root})"


def find_toolkit(environ: Mapping[str, str], usual: Path = USUAL) -> Toolkit:
    """Return the toolkit that torch would use: CUDA_HOME, CUDA_PATH, nvcc on PATH, the usual folder.

    :raises CudaError: if there is none, or it is not a toolkit.
    """
    named = next((name for name in ("CUDA_HOME", "CUDA_PATH") if environ.get(name)), None)
    on_path = shutil.which("nvcc", path=environ.get("PATH", ""))
    if named is not None:
        nvcc, how = Path(environ[named]) / "bin" / "nvcc", f"{named}={environ[named]}"
    elif on_path is not None:
        nvcc, how = Path(on_path), f"nvcc on PATH: {on_path}"
    else:
        nvcc, how = usual / "bin" / "nvcc", str(usual)
    if not is_file(nvcc):
        raise CudaError(
            "no-cuda-toolkit",
            "{key}: found no CUDA toolkit on this system: {how} has no bin/nvcc",
            hint="Install one, or name one, for example CUDA_HOME=/usr/local/cuda-13.0; or use toolkit = 'wheels',"
            " which installs the compilers of CUDA 13.",
            key=KEY,
            how=how,
        )
    version = re.search(r"release (\d+\.\d+)", _ask(nvcc, "--version", environ))
    if version is None:
        raise CudaError(
            "nvcc-not-understood",
            "{key}: found no release in the output of {nvcc} --version ({how})",
            hint=WAYS_OUT,
            key=KEY,
            nvcc=nvcc,
            how=how,
        )
    return Toolkit(root=_true_root(nvcc, environ), version=version.group(1), how=how)


def _true_root(nvcc: Path, environ: Mapping[str, str]) -> Path:
    """Return nvcc's own folder as nvcc reports it; the named file may be a script elsewhere."""
    found = re.search(r"^#\$ TOP=(.+)$", _ask(nvcc, "--dryrun", environ, "x.cu"), re.MULTILINE)
    return nvcc.parent.parent if found is None else Path(os.path.normpath(found.group(1).strip()))


def _ask(program: Path, option: str, environ: Mapping[str, str], *more: str) -> str:
    try:
        return printed_by([str(program), option, *more], environ, _TIMEOUT)
    except (OSError, subprocess.SubprocessError) as error:
        raise CudaError(
            "nvcc-not-understood",
            "{key}: {program} cannot be run: {why}",
            key=KEY,
            program=program,
            why=reason(error, program),
        ) from None


def check_toolkit(toolkit: Toolkit, torch: Identity | None, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield warnings about a toolkit with which a build can proceed.

    :raises CudaError: if a build cannot proceed.
    """
    cuda = None if torch is None else torch.cuda_release
    if cuda is not None and cuda.partition(".")[0] != toolkit.version.partition(".")[0]:
        raise CudaError(
            "cuda-version-differs",
            "{key}: the toolkit is {toolkit}, and torch is for CUDA {cuda} ({torch}): code compiled with one does not"
            " run with the other",
            hint=WAYS_OUT,
            key=KEY,
            toolkit=toolkit,
            cuda=cuda,
            torch=torch,
        )
    if cuda is not None and cuda != toolkit.version:
        yield f"the toolkit is CUDA {toolkit.version} ({toolkit.root}), torch is for {cuda}: this usually works"
    _check_compiler(toolkit, environ)
    _check_architectures(toolkit, environ)


def _check_compiler(toolkit: Toolkit, environ: Mapping[str, str]) -> None:
    """Compare g++ with the version that the toolkit's headers refuse, unless a flag allows it."""
    bound = _LATEST_GCC.search(read_text(toolkit.root / "include" / "crt" / "host_config.h"))
    compiler = shutil.which(environ.get("CXX") or "g++", path=environ.get("PATH", ""))
    flags = f"{environ.get('NVCC_PREPEND_FLAGS', '')} {environ.get('NVCC_APPEND_FLAGS', '')}"
    if bound is None or compiler is None or "-allow-unsupported-compiler" in flags:
        return
    output = _ask(Path(compiler), "--version", environ)
    version = re.match(r"(\d+)[.\d]*", _ask(Path(compiler), "-dumpversion", environ))
    if version and "Free Software Foundation" in output and int(version.group(1)) > int(bound.group(1)):
        raise CudaError(
            "gcc-too-new",
            "{key}: {compiler} is gcc {gcc}, and CUDA {version} ({root}) supports gcc up to {newest}",
            hint="Name an older one: CC=gcc-{newest} CXX=g++-{newest}; or, at your own risk,"
            " NVCC_APPEND_FLAGS=-allow-unsupported-compiler.",
            key=KEY,
            compiler=compiler,
            gcc=version.group(),
            version=toolkit.version,
            root=toolkit.root,
            newest=bound.group(1),
        )


def _check_architectures(toolkit: Toolkit, environ: Mapping[str, str]) -> None:
    wanted = re.findall(r"(\d+)\.(\d[af]?)", environ.get("TORCH_CUDA_ARCH_LIST", ""))
    known = set(re.findall(r"sm_(\w+)", _ask(toolkit.nvcc, "--list-gpu-code", environ))) if wanted else set()
    # Names with a letter are variants of one architecture: nvcc lists some of them.
    unknown = [f"{major}.{minor}" for major, minor in wanted if known and f"{major}{minor.rstrip('af')}" not in known]
    if unknown:
        raise CudaError(
            "architecture-unknown-to-nvcc",
            "{key}: CUDA {version} ({root}) cannot compile for {unknown}; it knows {known}",
            hint="Remove those from the list of architectures, or use another toolkit.",
            key=KEY,
            version=toolkit.version,
            root=toolkit.root,
            unknown=", ".join(unknown),
            known=", ".join(sorted(known)),
        )
