"""Variables that no setting names, by which the real backend and its child processes find the runtimes.

Their paths are planned ones: those of overlays are stable paths in the cache, and :data:`SCRATCH` stands for a folder
that a build makes. The stage replaces them by the paths of the build.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..config.planned import PlannedVariable
from ..store.cache import bytecode_folder
from ..system.files import is_folder, list_names

if TYPE_CHECKING:
    from ..cuda.compiler_cache import CompilerScript
    from ..frontend.caller import Caller
    from . import Plan

SCRATCH = Path(os.path.abspath(os.sep)) / "runtime-backend-scratch"  # noqa: PTH100 - only a name
"""A placeholder for the temporary folder of a build."""
SETUPTOOLS_CONFIG = "setuptools.cfg"
"""The file in that folder that sets setuptools' build folder."""

_ORIGIN = "runtime-backend"


class OwnVariables(NamedTuple):
    """The variables that we set in one hook call."""

    always: tuple[PlannedVariable, ...] = ()
    building: tuple[PlannedVariable, ...] = ()
    """Those of a build."""
    script: CompilerScript | None = None
    """The script that CXX names. A build writes it first."""

    @property
    def every(self) -> tuple[PlannedVariable, ...]:
        """All of them."""
        return (*self.always, *self.building)


def plan_own_variables(plan: Plan, caller: Caller) -> OwnVariables:
    """Return the variables that we set; those of the person's environment win.

    Those for a build are planned in hooks that build, and for the command line, which explains a build. For a wrapper
    they depend on the upstream source, and are planned when the source is unpacked.
    """
    always = _planned(_search(plan, caller.environ), plan)
    is_opened = plan.settings.upstream is None or plan.settings.is_opened
    if not is_opened or (caller.is_hook and plan.kind != "wheel"):
        return OwnVariables(always=always)
    building = dict(_build_folders(plan, caller.environ))
    script = None
    if plan.compiler_cache is not None:
        from ..cuda.compiler_cache import plan_compiler_cache  # noqa: PLC0415 - most packages have no cuda table

        planned = {variable.name: variable.value or "" for variable in plan.variables}
        found = plan_compiler_cache(
            plan.compiler_cache,
            {**planned, **caller.environ},
            folder=plan.cache / "compilers",
            source=plan.settings.source,
            prefix=caller.prefix,
            nvcc=None if plan.cuda_home is None else plan.cuda_home.path / "bin" / "nvcc",
        )
        building.update({name: (value, "so that the compiler cache hits") for name, value in found.values.items()})
        script = found.script
    return OwnVariables(always=always, building=_planned(building, plan), script=script)


def _planned(values: Mapping[str, tuple[str, str]], plan: Plan) -> tuple[PlannedVariable, ...]:
    """Return variables from name -> (value, why), without those that the settings set."""
    named = {variable.name for variable in plan.variables if variable.value is not None}
    return tuple(
        PlannedVariable(name=name, value=value, origin=_ORIGIN, why=why)
        for name, (value, why) in values.items()
        if name not in named
    )


def _search(plan: Plan, environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return the variables by which child processes of the real backend find the runtimes.

    Paths are appended, because PYTHONPATH contains pip's own isolation.
    """
    found: dict[str, tuple[str, str]] = {}
    prefixes = dict(_cmake_prefixes(plan))
    if prefixes:
        value = _appended(environ.get("CMAKE_PREFIX_PATH"), list(prefixes))
        found["CMAKE_PREFIX_PATH"] = value, "so that CMake finds the runtimes"
        roots = {name: root for prefix, place in prefixes.items() for name, root in cmake_roots(prefix, place)}
        found.update({n: (str(root), "as CMAKE_PREFIX_PATH") for n, root in roots.items() if n not in environ})
    if plan.overlays:
        value = _appended(environ.get("PYTHONPATH"), [overlay.path for overlay in plan.overlays])
        found["PYTHONPATH"] = value, "so that child processes import the runtimes"
    if plan.overlay is not None:
        # An import through an overlay would write byte code into the target.
        value = environ.get("PYTHONPYCACHEPREFIX") or str(bytecode_folder(plan.cache))
        found["PYTHONPYCACHEPREFIX"] = value, "so that no byte code goes into the target"
    if plan.cuda_home is not None:
        value = os.pathsep.join([str(plan.cuda_home.path / "bin"), *filter(None, [environ.get("PATH")])])
        found["PATH"] = value, "so that nvcc is that of CUDA_HOME"
    return found


def _cmake_prefixes(plan: Plan) -> Iterator[tuple[Path, Path]]:
    """Yield (planned path, present path) of each folder with CMake packages of a runtime (``torch/share/cmake``)."""
    roots = [(overlay.path / entry, path) for overlay in plan.overlays for entry, path in overlay.links.targets.items()]
    for runtime in plan.runtimes if plan.view is None else ():
        distribution = runtime.outcome.visible_distribution
        if runtime.provision.kind == "present" and distribution is not None:
            from ..installed.distributions import locate_imports  # noqa: PLC0415 - rarely needed

            roots += [(path, path) for path in locate_imports(distribution, ()).values()]
    for root, now in roots:
        if is_folder(now / "share" / "cmake"):
            yield root / "share" / "cmake", now / "share" / "cmake"


def cmake_roots(prefix: Path, place: Path) -> list[tuple[str, Path]]:
    """Return ``Torch_ROOT`` for ``torch/share/cmake/Torch``.

    CMake prefers it to CMAKE_PREFIX_PATH, to which scikit-build-core adds the site-packages of the build interpreter:
    under pip, those of the target, which contain the same torch at another path.

    :param prefix: the path of ``torch/share/cmake`` for the real backend.
    :param place: the present path of the same folder.
    """
    root = prefix.parent.parent
    return [(f"{name}_ROOT", root) for name in list_names(place) if name.lower() == root.name.lower()]


def _build_folders(plan: Plan, environ: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield the variables that set a separate build folder for each runtime.

    Build tools reuse the objects in a ``build`` folder by their time stamps alone, even if they were compiled against
    another runtime: a known way to ship the wrong ABI (astral-sh/uv#16850).
    """
    label = plan.build_label
    if label is None:
        return
    why = "a build folder for each runtime"
    if "DIST_EXTRA_CONFIG" not in environ:  # distutils reads it after setup.cfg
        yield "DIST_EXTRA_CONFIG", (str(SCRATCH / SETUPTOOLS_CONFIG), why)
    own = plan.settings.scikit_build_dir
    # An import may rebuild an editable in its folder, so the folder must not be temporary. Without a setting,
    # scikit-build-core builds in a temporary folder that it removes, together with ninja's log.
    scratch = None if plan.real_hook == "build_editable" else str(SCRATCH / "scikit-build")
    folder = scratch if own is None else f"{own}/{label}"
    if folder is not None and "SKBUILD_BUILD_DIR" not in environ:
        yield "SKBUILD_BUILD_DIR", (folder, why)


def _appended(before: str | None, paths: Sequence[Path]) -> str:
    return os.pathsep.join([*([before] if before else []), *(str(path) for path in paths)])
