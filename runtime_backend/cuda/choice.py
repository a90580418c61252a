"""Choosing the toolkit that compiles: the system's, or the compilers from wheels."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Literal, NamedTuple

from ..config.settings import Chosen, ToolkitChoice
from ..errors import RENEW_ENVIRONMENT, CudaError
from ..installed.identity import Identity
from ..provision.fetch import Fetching
from ..system.files import is_file
from .home import CudaHome, stable_path
from .inputs import Workbench
from .system import KEY, Toolkit, check_toolkit, find_toolkit
from .wheels import NAMES, Compilers, check_major, find_compilers, find_kept, requirement_for, root_in

DEFAULT: Chosen[ToolkitChoice] = Chosen(value="match", origin="default")
"""The default of packages that have a ``cuda`` table."""


class ToolkitPlan(NamedTuple):
    """The toolkit, and how it is shown to the real backend."""

    kind: Literal["system", "wheels"]
    why: str
    version: str | None = None
    """X.Y; None if the compilers are not installed yet."""
    home: CudaHome | None = None
    """None if the compilers are not installed yet."""
    requirements: tuple[str, ...] = ()
    """The requirements that ``get_requires_*`` returns."""
    fetching: Fetching | None = None
    """The fetch to run first in a hook that compiles."""
    notes: tuple[str, ...] = ()


def is_without_cuda(torch: Identity | None) -> bool:
    """Return whether torch is known not to use CUDA; on macOS it never does."""
    return sys.platform == "darwin" or (torch is not None and torch.accelerator not in (None, "cuda"))


def choose_toolkit(chosen: Chosen[ToolkitChoice], torch: Identity | None, bench: Workbench) -> ToolkitPlan | None:
    """Return the toolkit that compiles; None if it is not known in this hook.

    If the person has set CUDA_HOME, that toolkit is checked and never replaced.

    :raises CudaError: if a build cannot proceed.
    """
    if chosen.value == "system" or bench.environ.get("CUDA_HOME"):
        return _from_system(torch, bench)
    if chosen.value == "wheels":
        return _from_wheels(torch, bench)
    try:
        return _from_system(torch, bench)
    except CudaError as system:
        try:
            plan = _from_wheels(torch, bench)
            return plan and plan._replace(why=f"{plan.why}; not the system's: {system.message}")
        except CudaError as wheels:
            raise CudaError(
                "no-cuda-toolkit",
                "{key} = 'match': found no matching toolkit.\n  System: {system}\n  Wheels: {wheels}",
                hint=None if wheels.hint is None else "{way_out}",
                key=KEY,
                system=system.message,
                wheels=wheels.message,
                way_out=wheels.hint,
            ) from None


def _from_system(torch: Identity | None, bench: Workbench) -> ToolkitPlan:
    toolkit = find_toolkit(bench.environ)
    notes = tuple(check_toolkit(toolkit, torch, bench.environ))
    home = CudaHome(path=toolkit.root, toolkit=toolkit.root, environ=bench.environ)
    if bench.nvidia is not None and not is_file(toolkit.root / "include" / "cusparse.h"):
        facts = [str(toolkit.root), str(bench.site)]
        home = _completed(home._replace(path=stable_path(bench.cache, toolkit.version, facts)), bench)
    return ToolkitPlan(kind="system", why=str(toolkit), version=toolkit.version, home=home, notes=notes)


def _completed(home: CudaHome, bench: Workbench) -> CudaHome:
    """Add the mathematical libraries of torch's own wheels to a CUDA_HOME."""
    is_temporary = bench.is_temporary and bench.nvidia is not None and not bench.nvidia.is_relative_to(bench.cache)
    return home._replace(additions=bench.nvidia, is_temporary=is_temporary)


def _from_wheels(torch: Identity | None, bench: Workbench) -> ToolkitPlan | None:
    if torch is None:
        return None
    if sys.platform != "linux":
        raise CudaError("no-compiler-wheels", "{key}: compilers from wheels are supported on Linux only", key=KEY)
    cuda = torch.cuda_release
    check_major(torch, cuda)
    visible = (
        None if bench.kind == "requirements" and bench.isolation == "kept" else find_compilers(bench.visible, cuda)
    )
    if visible is not None:
        return _with_compilers(visible, torch, bench, is_kept=False)
    kept = None if cuda is None else find_kept(bench.cache, cuda)
    if kept is not None:
        return _with_compilers(kept, torch, bench, is_kept=True)
    return _obtain(torch, cuda, bench)


def _obtain(torch: Identity, cuda: str | None, bench: Workbench) -> ToolkitPlan:
    """Return the plan to obtain compilers that are not installed yet: require them, or let a build fetch them."""
    requirement = requirement_for(torch, cuda)
    is_required = bench.kind == "requirements" and not bench.is_postponed
    if is_required and requirement is not None:
        requirements = (requirement, *_ninja(bench))
        return ToolkitPlan(kind="wheels", why="not installed yet: required", requirements=requirements)
    if not (is_required or bench.kind == "wheel"):
        return ToolkitPlan(kind="wheels", why="not installed yet, and not needed by this hook")
    if cuda is None or requirement is None:  # a build fetches torch first, and plans again
        return ToolkitPlan(kind="wheels", why="the version is known once torch is installed")
    if bench.plan_fetching is None:
        raise _missing(torch, cuda, requirement, is_kept=bench.isolation == "kept")
    why = "the build environment was made before this was known"
    return ToolkitPlan(kind="wheels", why=why, fetching=bench.plan_fetching(requirement))


def _with_compilers(found: Compilers, torch: Identity, bench: Workbench, *, is_kept: bool) -> ToolkitPlan:
    """Return the plan for installed compilers; those of a build environment are stored for the next one."""
    toolkit = Toolkit(root=found.root, version=found.version, how="from wheels")
    notes = tuple(check_toolkit(toolkit, torch, bench.environ))
    root, keeping = found.root, None
    if not is_kept and bench.isolation != "none":
        folder = found.kept_in(bench.cache)
        root, keeping = root_in(folder, found.version), (found, folder)
    path = stable_path(bench.cache, found.version, [str(root), str(bench.site)])
    home = CudaHome(path=path, toolkit=root, kept=keeping, environ=bench.environ)
    where = f"from wheels, {'stored by an earlier build' if is_kept else 'in the build environment'}: {found.site}"
    why = f"CUDA {found.version} ({where})"
    requirements = _ninja(bench) if bench.kind == "requirements" and not bench.is_postponed else ()
    return ToolkitPlan(
        kind="wheels",
        why=why,
        version=found.version,
        home=_completed(home, bench),
        requirements=requirements,
        notes=notes,
    )


def _ninja(bench: Workbench) -> tuple[str, ...]:
    """Return the requirement for ninja: without it, torch compiles one file at a time."""
    is_there = bench.visible.find("ninja") or shutil.which("ninja", path=bench.environ.get("PATH", ""))
    # In a kept environment, ninja is required even if installed: tox recreates an environment if requirements change.
    return () if is_there and bench.isolation != "kept" else ("ninja",)


def _missing(torch: Identity, cuda: str, requirement: str, *, is_kept: bool) -> CudaError:
    return CudaError(
        "compiler-wheels-missing",
        "{key}: this environment lacks {names} of CUDA {cuda}, which torch is for ({torch})",
        hint=(
            RENEW_ENVIRONMENT
            if is_kept
            else "Without build isolation, install them first: pip install ninja '{requirement}'"
        ),
        key=KEY,
        names=", ".join(NAMES),
        cuda=cuda,
        torch=torch,
        requirement=requirement,
    )


def lacking_home(cache: Path) -> Path:
    """Return the value of CUDA_HOME while the compilers are not installed: a path that does not exist.

    Without the variable, torch's CUDAExtension raises an exception, and setup.py cannot even report its requirements.
    """
    return cache / "cuda" / "not-there-yet"
