"""ROCm's architectures: those in the settings, or those of the GPUs in this machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..config import Chosen
from ..config.planned import PlannedVariable, left
from ..errors import CudaError

VARIABLE = "PYTORCH_ROCM_ARCH"
"""The variable that torch and its CMake files read. CMake's own HIP language has none (4.4): it asks the GPUs."""

USUAL = Path("/opt/rocm")
"""The last folder in which torch looks for ROCm."""

_PROGRAM = "rocm_agent_enumerator"
_NAME = re.compile(r"gfx[0-9a-f]{3,4}")
_CPU = "gfx000"
_TIMEOUT = 30
"""Seconds for a program that may have to load the driver."""


def without_rocm(words: str) -> str:
    """Return a list of architectures without ROCm's."""
    return ";".join(word for word in words.split(";") if not _is_rocm(word))


def _is_rocm(word: str) -> bool:
    return word.startswith("gfx")


def plan_rocm(chosen: Chosen[str], environ: Mapping[str, str], usual: Path = USUAL) -> PlannedVariable:
    """Return the plan for the variable with a torch for ROCm.

    A list without architectures of ROCm is not an error: torch chooses then. Early versions compile for every
    architecture that torch itself was built for, later ones (2.12) for the visible GPUs.

    :raises CudaError: for ``auto`` on a machine without a GPU.
    """
    if VARIABLE in environ:
        return left(VARIABLE, chosen.origin)
    if chosen.value == "auto":
        found = list_names(environ, usual)
        if not found:
            raise CudaError(
                "no-gpu",
                "cuda.arch-list = 'auto': found no visible GPU with {program}, expected one",
                hint="Name the architectures: arch-list = 'gfx90a' in [tool.runtime-backend.cuda], or for one call"
                " {variable}=gfx90a.",
                program=_PROGRAM,
                variable=VARIABLE,
            )
        value, why = ";".join(found), f"set: the GPUs here ({', '.join(found)})"
    else:
        value = ";".join(word for word in chosen.value.split(";") if _is_rocm(word))
        why = "set" if value else "not set: the list is not for ROCm; torch chooses"
    return PlannedVariable(name=VARIABLE, value=value or None, origin=chosen.origin, why=why)


def list_names(environ: Mapping[str, str], usual: Path = USUAL) -> Sequence[str]:
    """Return the architectures of this machine's GPUs without duplicates, without importing torch.

    The program prints a line per agent, such as ``gfx90a`` or ``gfx90a:sramecc+:xnack-``, and ``gfx000`` for a CPU.
    Features are dropped, as in torch and CMake: code without them runs with any.
    """
    roots = [environ.get("ROCM_HOME"), environ.get("ROCM_PATH"), str(usual)]
    folders = [environ.get("PATH"), *(os.path.join(root, "bin") for root in roots if root)]  # noqa: PTH118 - parts of a PATH
    program = shutil.which(_PROGRAM, path=os.pathsep.join(folder for folder in folders if folder))
    if program is None:
        return []
    try:
        done = subprocess.run(  # noqa: S603 - ROCm's own
            [program],
            env=dict(environ),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_TIMEOUT,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    names = {line.strip().partition(":")[0] for line in done.stdout.splitlines()}
    return sorted(name for name in names - {_CPU} if _NAME.fullmatch(name))
