"""The stage on which the real backend is called: its source, its variables, its import path, its build folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..config import settings_of_tree
from ..errors import ProvisionError
from ..frontend.caller import Caller
from ..installed.distributions import locate_imports
from ..plan import BUILD_HOOKS, Plan
from ..provision.overlay import Overlay
from ..real.surroundings import Surroundings
from ..store.cache import bytecode_folder, open_folder
from ..store.holding import in_use
from ..system.files import is_folder
from .environ import (
    build_folder_variables,
    bytecode_variables,
    hook_variables,
    search_variables,
    setuptools_config,
    toolkit_variables,
)

if TYPE_CHECKING:
    from ..cuda import CudaHome


class Stage(NamedTuple):
    """Where the real backend is called."""

    plan: Plan
    """With the build folders; that of a wrapper with the settings of the upstream source."""
    around: Surroundings


@contextmanager
def set_stage(
    plan: Plan,
    caller: Caller,
    say: Callable[[str], None],
    config_settings: Mapping[str, Any] | None = None,
    *,
    is_probe: bool = False,
) -> Iterator[Stage]:
    """Make, for a while, what the plan says that the real backend sees; nothing of this process is changed.

    A wrapper's is called in the folder of the upstream source (PEP 517: the hooks run in the source tree).

    :param is_probe: whether the real backend is only asked what it has: nothing is built, whatever the hook.
    """
    with ExitStack() as stack:
        plan = _open_upstream(plan, caller, stack, say)
        is_building = plan.hook in BUILD_HOOKS and not is_probe
        shown = _show_folders(plan, stack, is_building=is_building)
        overlays = [shown[overlay.path] for overlay in (plan.view, plan.overlay) if overlay is not None]
        named = _named_folder(config_settings or {})
        changes = {
            **hook_variables(caller.environ),
            **search_variables(caller.environ, overlays, _cmake_prefixes(plan, shown)),
            **(bytecode_variables(caller.environ, bytecode_folder(plan.cache)) if plan.overlay else {}),
            **(_build_folder(plan, caller, stack, named) if is_building else {}),
            **_compiling(plan, caller, shown, stack, is_building=is_building),
            **{v.name: _moved(v.value, shown) for v in plan.variables if v.value is not None},
        }
        if is_building and "TORCH_CUDA_ARCH_LIST" in changes:
            _warn_of_own_architectures(plan, say)
        yield Stage(
            plan=plan._replace(build_folders=_build_folders(plan, caller, changes.get("SKBUILD_BUILD_DIR"), named)),
            around=_surroundings(plan, changes, shown),
        )


def _surroundings(plan: Plan, changes: Mapping[str, str | None], shown: Mapping[Path, Path]) -> Surroundings:
    settings = plan.settings
    return Surroundings(
        changes=changes,
        before=(
            *(str(settings.source / folder) for folder in settings.backend_path),
            *((str(shown[plan.view.path]),) if plan.view else ()),
        ),
        behind=(str(shown[plan.overlay.path]),) if plan.overlay else (),
        folder=None if settings.upstream is None else settings.source,
    )


def _show_folders(plan: Plan, stack: ExitStack, *, is_building: bool) -> dict[Path, Path]:
    """Show the overlays and CUDA_HOME; return their stable paths -> where they are in this build."""
    is_lasting = plan.real_hook == "build_editable"
    shown = dict[Path, Path]()
    if plan.overlay is not None:
        shown[plan.overlay.path] = _show_overlay(plan.overlay, stack, is_lasting=is_lasting, is_building=is_building)
    if plan.view is not None:
        shown[plan.view.path] = _show_view(plan.view, stack)
    home = _home(plan)
    if home is not None:
        shown[home.path] = stack.enter_context(home.shown(shown, is_lasting=is_lasting))
    return shown


def _show_overlay(overlay: Overlay, stack: ExitStack, *, is_lasting: bool, is_building: bool) -> Path:
    """Show an overlay; where the cache cannot be written to, a hook that builds nothing has it in another folder."""
    try:
        return stack.enter_context(overlay.shown(is_lasting=is_lasting))
    except ProvisionError:
        if is_building:
            raise
        return stack.enter_context(overlay._replace(path=_scratch() / "overlays" / overlay.path.name).shown())


@cache
def _scratch() -> Path:
    """Return a folder that is there for as long as this process: it may have imported something from it."""
    import atexit  # noqa: PLC0415 - hardly ever needed
    import shutil  # noqa: PLC0415
    import tempfile  # noqa: PLC0415

    folder = Path(tempfile.mkdtemp(prefix="runtime-backend-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _show_view(view: Overlay, stack: ExitStack) -> Path:
    """Show a view; where the cache cannot be written to, the build environment itself will do, at its own path."""
    try:
        return stack.enter_context(view.shown())
    except ProvisionError:
        return next(iter(view.links.targets.values())).parent


def _home(plan: Plan) -> CudaHome | None:
    return None if plan.toolkit is None else plan.toolkit.home


def _moved(value: str, shown: Mapping[Path, Path]) -> str:
    """Return a variable's value with the folders where they are in this build."""
    for planned, actual in shown.items():
        value = value.replace(str(planned), str(actual)) if planned != actual else value
    return value


def _compiling(
    plan: Plan, caller: Caller, shown: Mapping[Path, Path], stack: ExitStack, *, is_building: bool
) -> dict[str, str | None]:
    """Return the variables that put CUDA's compilers on PATH, and a compiler cache in front of all of them."""
    home = _home(plan)
    place = None if home is None else shown[home.path]
    changes = {} if place is None else toolkit_variables(caller.environ, place)
    if plan.compiler_cache is None or not is_building:
        return changes
    from ..cuda import cache_variables  # noqa: PLC0415 - most packages have no cuda table

    planned = {variable.name: variable.value or "" for variable in plan.variables}
    folder = plan.cache / "compilers"
    with suppress(OSError):  # reported when a script has to be written
        open_folder(folder)
    stack.enter_context(in_use(folder))
    found = cache_variables(
        plan.compiler_cache,
        {**planned, **caller.environ},
        folder=folder,
        source=plan.settings.source,
        prefix=caller.prefix,
        nvcc=None if place is None else place / "bin" / "nvcc",
    )
    return {**changes, **found}


def _open_upstream(plan: Plan, caller: Caller, stack: ExitStack, say: Callable[[str], None]) -> Plan:
    upstream = plan.settings.upstream
    if upstream is None:
        return plan
    from ..upstream import Depot  # noqa: PLC0415 - few packages are wrappers

    depot = Depot(folder=plan.cache / "sources", environ=caller.environ, is_offline=plan.is_offline, say=say)
    tree = stack.enter_context(depot.tree(upstream))
    return plan._replace(settings=settings_of_tree(plan.settings, tree))


def _warn_of_own_architectures(plan: Plan, say: Callable[[str], None]) -> None:
    from ..cuda import find_own_architectures  # noqa: PLC0415 - most packages have no cuda table

    own = find_own_architectures(plan.settings.source)
    if own is not None:
        say(f"warning: the package names architectures itself, so torch does not look at TORCH_CUDA_ARCH_LIST: {own}")


def _build_folder(plan: Plan, caller: Caller, stack: ExitStack, named: str | None) -> Mapping[str, str | None]:
    """Return the variables that name the build folders.

    :param named: the one that the call names to scikit-build-core, which would hear a variable first.
    """
    label = plan.build_label
    if label is None:
        return {}
    import tempfile  # noqa: PLC0415 - two hooks of eight need it

    made = tempfile.TemporaryDirectory(prefix="runtime-backend-", ignore_cleanup_errors=True)
    folder = Path(stack.enter_context(made))
    path = folder / "setuptools.cfg"
    is_editable = plan.real_hook == "build_editable"
    path.write_text(setuptools_config(label, is_editable=is_editable), "utf-8")
    if named is not None:
        return build_folder_variables(caller.environ, label, path, None, None)
    # An editable may be built again in its folder, whenever it is imported: not in one that goes.
    scratch = None if is_editable else folder / "scikit-build"
    return build_folder_variables(caller.environ, label, path, plan.settings.scikit_build_dir, scratch)


def _named_folder(config_settings: Mapping[str, Any]) -> str | None:
    """Return the build folder that a call names to scikit-build-core."""
    found = (config_settings.get(key) for key in ("skbuild.build-dir", "build-dir"))
    return next((folder for folder in found if isinstance(folder, str)), None)


def _build_folders(plan: Plan, caller: Caller, ours: str | None, named: str | None) -> tuple[Path, ...]:
    """Return where setuptools and scikit-build-core compile; the latter's up to the first part with a placeholder.

    :param ours: the folder that we name to scikit-build-core.
    """
    label = "" if "DIST_EXTRA_CONFIG" in caller.environ else plan.build_label or ""
    folders = [os.path.join("build", label), ours or caller.environ.get("SKBUILD_BUILD_DIR") or named]  # noqa: PTH118
    parts = ((folder or "").partition("{") for folder in folders)
    stems = [os.path.dirname(stem) if brace else stem for stem, brace, _ in parts]  # noqa: PTH120 - may end in a slash
    return tuple(plan.settings.source / stem for stem in stems if stem)


def _cmake_prefixes(plan: Plan, shown: Mapping[Path, Path]) -> list[Path]:
    """Return the folders that hold the CMake packages of the runtimes, such as ``torch/share/cmake``."""
    overlays = [overlay for overlay in (plan.view, plan.overlay) if overlay is not None]
    roots = [shown[overlay.path] / entry for overlay in overlays for entry in overlay.links.targets]
    for runtime in plan.runtimes if plan.view is None else ():
        distribution = runtime.outcome.visible_distribution
        if runtime.provision.kind == "present" and distribution is not None:
            roots += locate_imports(distribution, ()).values()
    return [root / "share" / "cmake" for root in roots if is_folder(root / "share" / "cmake")]
