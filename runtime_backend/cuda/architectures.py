"""The architectures to compile for: those in the settings, or those of the GPUs in this machine."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ..errors import CudaError
from ..system.files import read_text

_SUPPORTED = re.compile(r"^[ \t]*supported_arches = (\[[^\]]{0,2000}\])", re.MULTILINE)
_QUOTED = re.compile(r"['\"](\d{1,4}\.\d{1,4}[a-z]*)['\"]")
_CAPABILITY = re.compile(r"\d{1,4}\.\d{1,4}")
_DIGITS = 9
"""At most this many digits in a GPU's number."""
_TIMEOUT = 30
"""Seconds for nvidia-smi, which may have to load the driver."""


class Architectures(NamedTuple):
    """The architectures in the syntax of torch and of CMake."""

    torch: str
    """For TORCH_CUDA_ARCH_LIST: ``9.0;8.6+PTX``."""
    cmake: str | None
    """For CUDAARCHS: ``90-real;86``; None if the list has a name, which CMake does not know."""
    why: str


def decide_architectures(
    wanted: str,
    environ: Mapping[str, str],
    site: Path | None,
    *,
    list_gpus: Callable[[Mapping[str, str]], Sequence[str]] | None = None,
) -> Architectures:
    """Return the architectures to compile for.

    :param wanted: ``auto``, or a list in torch's syntax.
    :param site: the folder that contains torch; None if torch is not installed yet.
    :param list_gpus: returns the capabilities of the visible GPUs; default: by NVML or nvidia-smi.
    :raises CudaError: if no GPU is visible, or torch cannot build for a wanted architecture.
    """
    supported = _supported(site)
    if wanted != "auto":
        words = wanted.split(";")
        _check(words, supported)
        return Architectures(torch=wanted, cmake=_for_cmake(words), why="set")
    found = (list_gpus or list_capabilities)(environ)
    if not found:
        raise CudaError(
            "no-gpu",
            "cuda.arch-list = 'auto': found no visible GPU with NVML or nvidia-smi, expected one",
            hint="Name the architectures: arch-list = '9.0' in [tool.runtime-backend.cuda], or for one call"
            " TORCH_CUDA_ARCH_LIST=9.0.",
        )
    words = sorted({_clamped(word, supported) for word in found}, key=_number)
    # As torch does: later GPUs compile the PTX.
    words[-1] += "+PTX"
    return Architectures(torch=";".join(words), cmake=_for_cmake(words), why=f"set: the GPUs here ({', '.join(found)})")


def _supported(site: Path | None) -> list[str]:
    """Return the architectures that this torch can build for, read from its source; empty if it does not list them."""
    text = "" if site is None else read_text(site / "torch" / "utils" / "cpp_extension.py")
    found = _SUPPORTED.search(text)
    return [] if found is None else _QUOTED.findall(found.group(1))


def _check(words: Sequence[str], supported: Sequence[str]) -> None:
    plain = (word.removesuffix("+PTX") for word in words if word[0].isdigit())
    unknown = [word for word in plain if supported and word not in supported]
    if unknown:
        raise CudaError(
            "architecture-unknown-to-torch",
            "cuda.arch-list: this torch cannot build for {unknown}; it knows {supported}",
            hint="Use one of those, with '+PTX' for later GPUs, or a later torch.",
            unknown=", ".join(unknown),
            supported=", ".join(supported),
        )


def _number(word: str) -> tuple[int, int]:
    major, _, minor = re.sub(r"[^0-9.]", "", word).partition(".")
    return int(major), int(minor or 0)


def _clamped(word: str, supported: Sequence[str]) -> str:
    """Return a capability; the latest that this torch knows if the GPU is newer."""
    latest = max((name for name in supported if name[-1].isdigit()), key=_number, default=word)
    return min(word, latest, key=_number)


def _for_cmake(words: Sequence[str]) -> str | None:
    if not all(word[0].isdigit() for word in words):
        return None
    # CMake: 90 is machine code and PTX, 90-real is machine code alone.
    numbers = (word.removesuffix("+PTX").replace(".", "") for word in words)
    return ";".join(f"{n}{'' if w.endswith('+PTX') else '-real'}" for n, w in zip(numbers, words, strict=True))


def list_capabilities(environ: Mapping[str, str]) -> list[str]:
    """Return the compute capabilities of the GPUs that CUDA would see, without importing torch.

    CUDA numbers GPUs by speed, the driver by their PCI position. Unless CUDA_DEVICE_ORDER is PCI_BUS_ID, a number in
    CUDA_VISIBLE_DEVICES is therefore ambiguous, and all GPUs count.
    """
    visible = environ.get("CUDA_VISIBLE_DEVICES")
    gpus = _by_nvml() or _by_smi(environ)
    if visible is None or not gpus:
        return [capability for _, capability in gpus]
    names = [name.strip() for name in visible.split(",")]
    if not names[0] or names[0] == "-1":
        return []
    if all(name.isdecimal() and len(name) <= _DIGITS for name in names):
        is_by_place = environ.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID"
        return [gpus[int(n)][1] for n in names if int(n) < len(gpus)] if is_by_place else [c for _, c in gpus]
    return [capability for uuid, capability in gpus if any(uuid.startswith(name) for name in names)]


def _by_nvml() -> list[tuple[str, str]]:
    try:
        import pynvml  # noqa: PLC0415 - it may not be installed
    except ModuleNotFoundError:
        return []
    found = []
    try:
        pynvml.nvmlInit()
        for index in range(pynvml.nvmlDeviceGetCount()):
            handle = pynvml.nvmlDeviceGetHandleByIndex(index)
            major, minor = pynvml.nvmlDeviceGetCudaComputeCapability(handle)
            found.append((str(pynvml.nvmlDeviceGetUUID(handle)), f"{major}.{minor}"))
        pynvml.nvmlShutdown()
    except pynvml.NVMLError:  # no driver: nvidia-smi will fail as well
        return []
    return found


def _by_smi(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    program = shutil.which("nvidia-smi", path=environ.get("PATH"))
    if program is None:
        return []
    command = [program, "--query-gpu=uuid,compute_cap", "--format=csv,noheader"]
    try:
        done = subprocess.run(  # noqa: S603 - the driver's own
            command, capture_output=True, encoding="utf-8", errors="replace", timeout=_TIMEOUT, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return []
    rows = (line.partition(", ") for line in done.stdout.splitlines())
    # An old driver does not know the capability, and prints "[N/A]".
    return [(uuid, capability.strip()) for uuid, _, capability in rows if _CAPABILITY.fullmatch(capability.strip())]
