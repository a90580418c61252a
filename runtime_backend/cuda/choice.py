"""Which toolkit compiles: the system's, or the compilers out of wheels."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Literal, NamedTuple

from ..config.settings import Chosen, ToolkitChoice
from ..errors import CudaError
from ..installed.identity import Identity
from ..provision.fetch import Fetching
from ..system.files import is_file
from .home import CudaHome, stable_path
from .inputs import Workbench
from .system import KEY, Toolkit, check_toolkit, find_toolkit
from .wheels import NAMES, Compilers, check_major, find_compilers, find_kept, requirement_for, root_in

DEFAULT: Chosen[ToolkitChoice] = Chosen(value="match", origin="default")
"""For packages that have a ``cuda`` table."""


class ToolkitPlan(NamedTuple):
    """Which toolkit, and how the real backend gets to see it."""

    kind: Literal["system", "wheels"]
    why: str
    version: str | None = None
    """X.Y; None: not there yet."""
    home: CudaHome | None = None
    """None: the compilers are not there yet."""
    requirements: tuple[str, ...] = ()
    """What ``get_requires_*`` returns for it."""
    fetching: Fetching | None = None
    """What a hook that compiles fetches before it goes on."""
    notes: tuple[str, ...] = ()


def is_without_cuda(torch: Identity | None) -> bool:
    """Return whether torch is known not to be for CUDA; on macOS none is."""
    return sys.platform == "darwin" or (torch is not None and torch.accelerator not in (None, "cuda"))


def choose_toolkit(chosen: Chosen[ToolkitChoice], torch: Identity | None, bench: Workbench) -> ToolkitPlan | None:
    """Return which toolkit compiles; None where that is not known in this hook.

    The person's CUDA_HOME is a choice, too: what it names is checked, and nothing takes its place.

    :raises CudaError: when a build could not go on.
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
                f"{KEY} = 'match': neither does.\n  The system's: {system.message}\n  Wheels: {wheels.message}",
                hint=wheels.hint,
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
    """Return a CUDA_HOME with the mathematical libraries of torch's own wheels."""
    is_passing = bench.is_passing and bench.nvidia is not None and not bench.nvidia.is_relative_to(bench.cache)
    return home._replace(additions=bench.nvidia, is_passing=is_passing)


def _from_wheels(torch: Identity | None, bench: Workbench) -> ToolkitPlan | None:
    if torch is None:
        return None
    if sys.platform != "linux":
        raise CudaError(f"{KEY}: compilers out of wheels are put together on Linux only", hint=None)
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
    return _plan_missing(torch, cuda, bench)


def _plan_missing(torch: Identity, cuda: str | None, bench: Workbench) -> ToolkitPlan:
    """Plan compilers that are not there yet: required when the hook can, else fetched by a build."""
    requirement = requirement_for(torch, cuda)
    is_required = bench.kind == "requirements" and not bench.is_postponed
    if is_required and requirement is not None:
        requirements = (requirement, *_ninja(bench))
        return ToolkitPlan(kind="wheels", why="not there yet: required", requirements=requirements)
    if not (is_required or bench.kind == "wheel"):
        return ToolkitPlan(kind="wheels", why="not there yet, and not needed by this hook")
    if cuda is None or requirement is None:  # a build fetches torch first, and plans again
        return ToolkitPlan(kind="wheels", why="which ones is known when torch is there")
    if bench.plan_fetching is None:
        raise _missing(torch, cuda, requirement, is_kept=bench.isolation == "kept")
    why = "the build environment was made before this was known"
    return ToolkitPlan(kind="wheels", why=why, fetching=bench.plan_fetching(requirement))


def _with_compilers(found: Compilers, torch: Identity, bench: Workbench, *, is_kept: bool) -> ToolkitPlan:
    """Return the plan with compilers that are there; those of a build environment are kept for the next one."""
    toolkit = Toolkit(root=found.root, version=found.version, how="out of wheels")
    notes = tuple(check_toolkit(toolkit, torch, bench.environ))
    root, keeping = found.root, None
    if not is_kept and bench.isolation != "none":
        folder = found.kept_in(bench.cache)
        root, keeping = root_in(folder, found.version), (found, folder)
    path = stable_path(bench.cache, found.version, [str(root), str(bench.site)])
    home = CudaHome(path=path, toolkit=root, kept=keeping, environ=bench.environ)
    where = f"out of wheels, {'kept from an earlier build' if is_kept else 'in the build environment'}: {found.site}"
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
    """Return the requirement for ninja: without it, torch compiles one file after the other."""
    is_there = bench.visible.find("ninja") or shutil.which("ninja", path=bench.environ.get("PATH", ""))
    # What a kept environment has, it has because it was asked for; tox makes it anew when it no longer is.
    return () if is_there and bench.isolation != "kept" else ("ninja",)


def _missing(torch: Identity, cuda: str, requirement: str, *, is_kept: bool) -> CudaError:
    return CudaError(
        f"{KEY}: {', '.join(NAMES)} of CUDA {cuda} are not in this environment, which torch is for ({torch})",
        hint="Remove the build environment that the frontend keeps (hatch env prune; tox --recreate), then run the same"
        " command again."
        if is_kept
        else f"Without build isolation, install them first: pip install ninja '{requirement}'",
    )


def lacking_home(cache: Path) -> Path:
    """Return what CUDA_HOME is where the compilers are not there yet: nothing lies there.

    Without the variable, torch's CUDAExtension raises, and setup.py cannot even tell what it requires.
    """
    return cache / "cuda" / "not-there-yet"
