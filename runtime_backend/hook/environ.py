"""The variables that every call of the real backend needs, as a mapping of changes; None takes a variable away."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..system.files import list_names


def search_variables(
    environ: Mapping[str, str], overlays: Sequence[Path], cmake_prefixes: Sequence[Path]
) -> dict[str, str | None]:
    """Return the variables through which processes started by the real backend find the runtimes.

    Each goes behind what is there: pip's isolation itself lives in PYTHONPATH.
    """
    changes: dict[str, str | None] = {}
    if cmake_prefixes:
        changes["CMAKE_PREFIX_PATH"] = _appended(environ.get("CMAKE_PREFIX_PATH"), cmake_prefixes)
        roots = {name: root for prefix in cmake_prefixes for name, root in _cmake_roots(prefix)}
        changes.update({name: str(root) for name, root in roots.items() if name not in environ})
    if overlays:
        changes["PYTHONPATH"] = _appended(environ.get("PYTHONPATH"), overlays)
    return changes


def bytecode_variables(environ: Mapping[str, str], bytecode: Path) -> dict[str, str | None]:
    """Return the variable that keeps byte code out of the target, which an import through an overlay would write to."""
    return {"PYTHONPYCACHEPREFIX": environ.get("PYTHONPYCACHEPREFIX") or str(bytecode)}


def toolkit_variables(environ: Mapping[str, str], home: Path) -> dict[str, str | None]:
    """Return the PATH on which what asks for ``nvcc`` finds the one of CUDA_HOME."""
    return {"PATH": os.pathsep.join([str(home / "bin"), *filter(None, [environ.get("PATH")])])}


def _cmake_roots(prefix: Path) -> list[tuple[str, Path]]:
    """Return ``Torch_ROOT`` for ``torch/share/cmake/Torch``.

    CMake believes it before its own CMAKE_PREFIX_PATH, in which scikit-build-core puts the site-packages of the build
    interpreter: under pip, that of the target, where the same torch lies at another path.
    """
    root = prefix.parent.parent
    return [(f"{name}_ROOT", root) for name in list_names(prefix) if name.lower() == root.name.lower()]


def build_folder_variables(
    environ: Mapping[str, str], label: str, setuptools_config: Path, scikit_build_dir: str | None, scratch: Path | None
) -> dict[str, str | None]:
    """Return the variables that give each runtime a build folder of its own.

    Objects in a ``build`` folder that is used again are taken as up to date by their time stamps, whatever they were
    compiled against: a known way to ship the wrong ABI (astral-sh/uv#16850).

    :param setuptools_config: a file with :func:`setuptools_config`; distutils reads it after setup.cfg.
    :param scikit_build_dir: the producer's own ``build-dir``.
    :param scratch: where scikit-build-core shall build without one; None: in a fresh folder of its own, which it
        removes, and with it ninja's log.
    """
    changes: dict[str, str | None] = {}
    if "DIST_EXTRA_CONFIG" not in environ:
        changes["DIST_EXTRA_CONFIG"] = str(setuptools_config)
    folder = scratch if scikit_build_dir is None else f"{scikit_build_dir}/{label}"
    if folder is not None and "SKBUILD_BUILD_DIR" not in environ:
        changes["SKBUILD_BUILD_DIR"] = str(folder)
    return changes


def setuptools_config(label: str, *, is_editable: bool) -> str:
    """Return a distutils configuration with a build folder for one runtime.

    An editable build puts its extensions beside the sources, where those of another runtime may lie: always compiled.
    """
    forced = "[build_ext]\nforce = 1\n" if is_editable else ""
    return f"[build]\nbuild_base = build/{label}\n{forced}"


def hook_variables(environ: Mapping[str, str]) -> dict[str, str | None]:
    """Return the removal of the frontend's own variables.

    They say where *we* are loaded from, and would mislead a frontend that the real backend starts.
    """
    prefixes = ("_PYPROJECT_HOOKS_", "PEP517_")
    return {name: None for name in environ if name.startswith(prefixes)}


def _appended(before: str | None, paths: Sequence[Path]) -> str:
    return os.pathsep.join([*([before] if before else []), *(str(path) for path in paths)])
