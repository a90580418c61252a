"""The real torch, installed once: an environment in the stock, and what the tests build against it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

from .stock import REPOSITORY, locked, work_folder
from .workplace import Target, Workplace

_LIGHT = """
#include <Python.h>
#include <c10/macros/Macros.h>

PyMODINIT_FUNC PyInit__C() {
  static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_C", nullptr, C10_LIKELY(true) ? -1 : 0};
  PyObject* module = PyModule_Create(&definition);
  PyModule_AddStringConstant(module, "BUILT_FOR", OP_BUILT_FOR);
  return module;
}
"""

VERSION = "2.13.0"
"""The one that the tests were made with; the machine of the project has it as a CPU build for Python 3.11."""


ONLINE: dict[str, Any] = {
    **dict.fromkeys(("PIP_NO_INDEX", "UV_OFFLINE")),
    **{name: os.environ.get(name) for name in ("PIP_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "PIP_CERT")},
}
"""The variables of a workplace that may ask the index of whoever runs the tests."""


def make_real_target() -> Target:
    """Return an environment with pip and the real torch; it is made once, since torch takes half a minute.

    :raises subprocess.CalledProcessError: when torch cannot be had.
    """
    prefix = work_folder() / f"torch-{VERSION}-py{sys.version_info[0]}{sys.version_info[1]}"
    target = Target(prefix=prefix, version=f"{sys.version_info[0]}.{sys.version_info[1]}")
    whole = prefix / "whole"
    with locked(work_folder()):
        if not whole.exists():
            venv.create(prefix, with_pip=True, clear=True)
            # setuptools: torch needs 77 or newer, and so do the packages that are built without isolation.
            # Without bytecode, which takes three quarters of the time; a test looks for what is written to torch/utils.
            _pip(target, "install", "--no-compile", f"torch=={VERSION}", "setuptools>=77", "wheel", "ninja")
            subprocess.run([target.python, "-m", "compileall", "-q", target.site / "torch" / "utils"], check=True)
            whole.touch()
    return target


def download_source(target: Target, requirement: str) -> Path:
    """Return the unpacked source of a package on the registry, downloaded once.

    pip asks a package for its metadata even to download it: hence without isolation, beside torch.
    """
    folder = work_folder() / "sources" / requirement.replace("==", "-")
    with locked(work_folder()):
        if not folder.exists():
            unfinished = folder.with_name(f".{folder.name}")
            options = ("--no-deps", "--no-binary=:all:", "--no-build-isolation")
            _pip(target, "download", *options, f"--dest={unfinished}", requirement)
            (sdist,) = unfinished.glob("*.tar.gz")
            subprocess.run(["tar", "-xzf", str(sdist), "-C", str(unfinished), "--strip-components=1"], check=True)
            sdist.unlink()
            unfinished.rename(folder)
    return folder


def _pip(target: Target, *words: str) -> None:
    subprocess.run([str(target.python), "-m", "pip", *words, "--quiet"], check=True, cwd=REPOSITORY)


def own_target(place: Workplace, real: Target, *requirements: str) -> Target:
    """Return a copy of the environment with the real torch, which takes no room, and what the op needs in it."""
    prefix = place.folder / "target"
    shutil.copytree(real.prefix, prefix, symlinks=True, copy_function=_link)
    target = Target(prefix=prefix, version=real.version)
    # A test without isolation may have put the shim into the shared one.
    place.run(target.python, "-m", "pip", "uninstall", "--quiet", "--yes", "runtime-backend")
    if requirements:
        place.run(target.python, "-m", "pip", "install", "--quiet", *requirements, **ONLINE)
    return target


def _link(source: str, place: str) -> None:
    """Give a file another name, or copy it where that cannot be."""
    try:
        os.link(source, place, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, place, follow_symlinks=False)


def lighten(package: Path) -> None:
    """Let ``op_setuptools`` compile a module with one small header of torch, in place of its op: seven seconds less."""
    (package / "csrc" / "axpy.cpp").write_text(_LIGHT, "utf-8")
    init = "import torch  # noqa: F401\n\nfrom ._C import BUILT_FOR  # noqa: F401\n"
    (package / "op_setuptools" / "__init__.py").write_text(init, "utf-8")


def without_nvcc(place: Workplace) -> str:
    """Return the person's PATH without a CUDA compiler: with one, and a torch for CPUs, some packages fail."""
    entries = place.environ()["PATH"].split(os.pathsep)
    return os.pathsep.join(entry for entry in entries if not (Path(entry) / "nvcc").exists())
