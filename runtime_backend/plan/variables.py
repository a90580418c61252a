"""The variables for the real backend, as a mapping of changes; None takes a variable away. Nothing is set here."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..config import TEMPLATE_FIELDS, Settings, Variable, fill_template, placeholders
from ..config.planned import PlannedVariable, left
from ..installed.identity import Identity
from ..system.files import list_names

if TYPE_CHECKING:
    from ..cuda import CudaPlan, Workbench


def plan_environ(
    settings: Settings,
    identities: Sequence[Identity],
    sites: Mapping[str, Path],
    environ: Mapping[str, str],
    bench: Workbench | None,
) -> tuple[tuple[PlannedVariable, ...], CudaPlan | None]:
    """Return the variables of the ``env`` table, and those of the ``cuda`` table that the former does not name.

    With them, what the ``cuda`` table comes to, if there is one.

    :param sites: name of a runtime -> the folder that the real backend sees it in.
    :param bench: what a ``cuda`` table is followed with; None: there is none.
    """
    variables = plan_variables(settings.variables, identities, sites, environ)
    if settings.cuda is None or bench is None:
        return variables, None
    from ..cuda import plan_cuda  # noqa: PLC0415 - most packages have no such table

    torch = next((identity for identity in identities if identity.name == "torch"), None)
    named = {variable.name: variable.value or "" for variable in variables}
    found = plan_cuda(settings.cuda, torch, bench._replace(environ={**named, **environ}))
    return (*variables, *(variable for variable in found.variables if variable.name not in named)), found


def plan_variables(
    variables: Sequence[Variable],
    identities: Sequence[Identity],
    sites: Mapping[str, Path],
    environ: Mapping[str, str],
) -> tuple[PlannedVariable, ...]:
    """Return what is set for the real backend: the person's environment wins, unless an entry says ``force``.

    :param sites: name of a runtime -> the folder that the real backend sees it in.
    """
    values = {
        f"{identity.name}.{field}": value for identity in identities for field, value in _fields(identity).items()
    }
    values.update({f"{name}.site": str(folder) for name, folder in sites.items()})
    return tuple(_plan_variable(variable, values, environ) for variable in variables)


def _plan_variable(variable: Variable, values: Mapping[str, str], environ: Mapping[str, str]) -> PlannedVariable:
    value: str | None = None
    unknown = [name for name in placeholders(variable.template) if name not in values]
    if variable.name in environ and not variable.force:
        return left(variable.name, variable.origin)
    if unknown:
        why = f"not set: {', '.join(unknown)} not known before the runtime is there"
    else:
        value = fill_template(variable.template, values)
        why = "set, over the environment's" if variable.name in environ else "set"
    return PlannedVariable(name=variable.name, value=value, origin=variable.origin, why=why)


def _fields(identity: Identity) -> dict[str, str]:
    """Return what ``{torch.<field>}`` stands for; a torch without CUDA has an empty ``cuda``."""
    if identity.reported is None:
        return {}
    facts = (identity.reported, identity.cuda, identity.hip, identity.rocm, identity.xpu, identity.git_version)
    return {field: fact or "" for field, fact in zip(TEMPLATE_FIELDS, facts, strict=False)}


def build_label(identities: Sequence[Identity]) -> str:
    """Return a folder name for what is built against these runtimes, such as ``torch-2.13.0.cpu-5f1c2a90``."""
    facts = [[i.name, i.version, i.reported, i.cuda, i.hip, i.rocm, i.xpu, i.git_version] for i in identities]
    digest = hashlib.sha256(repr(facts).encode()).hexdigest()[:8]
    names = "-".join(f"{identity.name}-{identity.reported or identity.version}" for identity in identities)
    return f"{re.sub(r'[^A-Za-z0-9.-]+', '.', names)}-{digest}"


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
