"""The stage: source, variables, import path and build folder for a call of the real backend."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..config.planned import PlannedVariable
from ..errors import ProvisionError
from ..frontend.caller import Caller
from ..plan import Plan
from ..plan.own_variables import SCRATCH, SETUPTOOLS_CONFIG
from ..provision.overlay import Overlay
from ..real.surroundings import Surroundings
from ..store.cache import open_folder
from ..store.holding import in_use
from .distutils_config import HeldObjects, config_text, find_commands, hold_objects

if TYPE_CHECKING:
    from .keeping import Kept


class Stage(NamedTuple):
    """The surroundings of a call of the real backend."""

    plan: Plan
    """The plan with its build folders; for a wrapper, with the settings of the upstream source."""
    around: Surroundings
    shown: Mapping[Path, Path]
    """The planned paths of overlays and CUDA_HOME -> their paths in this build."""
    kept: Kept | None
    """The environment that is kept for rebuilds of an editable."""


@contextmanager
def set_stage(
    plan: Plan,
    caller: Caller,
    say: Callable[[str], None],
    config_settings: Mapping[str, Any] | None = None,
    *,
    is_probe: bool = False,
) -> Iterator[Stage]:
    """Make the files and variables that the plan lists, until the context ends; this process is not changed.

    For a wrapper, the real backend runs in the folder of the upstream source (PEP 517: hooks run in the source tree).

    :param is_probe: True if only the attributes of the real backend are read: nothing is built.
    """
    with ExitStack() as stack:
        plan = _open_upstream(plan, caller, stack, say)
        is_building = plan.kind == "wheel" and not is_probe
        kept = _hold_environment(plan, stack, say)
        shown = _show_folders(plan, stack, kept, is_building=is_building)
        variables = _variables(plan, config_settings or {}, is_building=is_building)
        objects = hold_objects(plan, caller, stack, say) if is_building else None
        if is_building:
            _prepare_build(plan, variables, stack, shown, objects)
        changes = {
            **_without_hooks(caller.environ),
            **{variable.name: _moved(variable.value or "", shown) for variable in variables},
        }
        if kept is not None:
            changes.update(kept.variables(plan, changes, caller.environ))
        if is_building and "TORCH_CUDA_ARCH_LIST" in changes:
            _warn_of_own_architectures(plan, say)
        folder = changes.get("SKBUILD_BUILD_DIR") or caller.environ.get("SKBUILD_BUILD_DIR")
        folder = folder or _named_folder(config_settings or {})
        yield Stage(
            plan=plan._replace(build_folders=_build_folders(plan, caller, folder)),
            around=_surroundings(plan, caller, changes, shown, kept)._replace(python=_python(kept, objects)),
            shown=shown,
            kept=kept,
        )


def _variables(plan: Plan, config_settings: Mapping[str, Any], *, is_building: bool) -> list[PlannedVariable]:
    """Return the variables to set.

    scikit-build-core prefers its variable to a build folder in the config settings, so ours is left out then.
    """
    is_named = _named_folder(config_settings) is not None
    own = plan.own.every if is_building else plan.own.always
    found = (v for v in own if not (is_named and v.name == "SKBUILD_BUILD_DIR"))
    return [*found, *(variable for variable in plan.variables if variable.value is not None)]


def _without_hooks(environ: Mapping[str, str]) -> dict[str, str | None]:
    """Return the changes that remove the frontend's own variables.

    They name the place from which *we* are loaded, and would mislead a frontend that the real backend starts.
    """
    return {name: None for name in environ if name.startswith(("_PYPROJECT_HOOKS_", "PEP517_"))}


def _prepare_build(
    plan: Plan,
    variables: Sequence[PlannedVariable],
    stack: ExitStack,
    shown: dict[Path, Path],
    objects: HeldObjects | None,
) -> None:
    """Make the files that the variables of a build name: setuptools' configuration, and the compiler cache's script."""
    if any(str(SCRATCH) in (variable.value or "") for variable in variables):
        import tempfile  # noqa: PLC0415 - two hooks of eight need it

        made = tempfile.TemporaryDirectory(prefix="runtime-backend-", ignore_cleanup_errors=True)
        shown[SCRATCH] = folder = Path(stack.enter_context(made))
        is_editable = plan.real_hook == "build_editable"
        objects_folder = None if objects is None else objects.folder
        commands = find_commands(plan.settings.source) if is_editable else []
        text = config_text(plan.build_label or "", objects_folder, commands, is_editable=is_editable)
        (folder / SETUPTOOLS_CONFIG).write_text(text, "utf-8")
    if plan.own.script is None or "CXX" not in {variable.name for variable in plan.own.building}:
        return
    folder = plan.own.script.path.parent.parent
    with suppress(OSError):  # reported when the script is written
        open_folder(folder)
    stack.enter_context(in_use(folder))
    plan.own.script.write()


def _hold_environment(plan: Plan, stack: ExitStack, say: Callable[[str], None]) -> Kept | None:
    """Make the environment of an editable that rebuilds itself, and hold it during the build."""
    if plan.keeping is None or plan.keeping.environment is None:
        return None
    from .keeping import Kept  # noqa: PLC0415 - few builds are of such an editable

    stack.enter_context(plan.keeping.environment.held(plan.settings.source, say))
    return Kept(plan.keeping, plan.keeping.environment)


def _python(kept: Kept | None, objects: HeldObjects | None) -> Path | None:
    """Return the interpreter for the child; None for that of this process."""
    if kept is not None:
        return kept.environment.python
    return None if objects is None else objects.python


def _surroundings(
    plan: Plan, caller: Caller, changes: Mapping[str, str | None], shown: Mapping[Path, Path], kept: Kept | None
) -> Surroundings:
    settings = plan.settings
    return Surroundings(
        changes=changes,
        before=(
            *(str(settings.source / folder) for folder in settings.backend_path),
            *((str(shown[plan.view.path]),) if plan.view and kept is None else ()),
        ),
        behind=(str(shown[plan.overlay.path]),) if plan.overlay else (),
        folder=None if settings.upstream is None else settings.source,
        bytecode=_bytecode(plan, caller),
        moved={} if kept is None else {str(old): str(new) for old, new in kept.folders(plan).items()},
    )


def _bytecode(plan: Plan, caller: Caller) -> str | None:
    """Return our PYTHONPYCACHEPREFIX; None without an overlay, or if the person or the settings set it for all."""
    own = next((variable.value for variable in plan.own.always if variable.name == "PYTHONPYCACHEPREFIX"), None)
    return None if own == caller.environ.get("PYTHONPYCACHEPREFIX") else own


def _show_folders(plan: Plan, stack: ExitStack, kept: Kept | None, *, is_building: bool) -> dict[Path, Path]:
    """Show the overlays and CUDA_HOME; return their planned paths -> their paths in this build."""
    is_lasting = plan.real_hook == "build_editable"
    shown = {} if kept is None else kept.folders(plan)
    if plan.overlay is not None:
        shown[plan.overlay.path] = _show_overlay(plan.overlay, stack, is_lasting=is_lasting, is_building=is_building)
    if plan.view is not None and kept is None:
        shown[plan.view.path] = _show_view(plan.view, stack)
    home = plan.cuda_home
    if home is not None:
        home = home._replace(is_temporary=home.is_temporary and kept is None)
        shown[home.path] = stack.enter_context(home.shown(shown, is_lasting=is_lasting))
    return shown


def _show_overlay(overlay: Overlay, stack: ExitStack, *, is_lasting: bool, is_building: bool) -> Path:
    """Show an overlay; if the cache is not writable, a hook that builds nothing shows it in a temporary folder."""
    try:
        return stack.enter_context(overlay.shown(is_lasting=is_lasting))
    except ProvisionError:
        if is_building:
            raise
        return stack.enter_context(overlay._replace(path=_scratch() / "overlays" / overlay.path.name).shown())


@cache
def _scratch() -> Path:
    """Return a folder that exists until this process ends, because modules may be imported from it."""
    import atexit  # noqa: PLC0415 - rarely needed
    import shutil  # noqa: PLC0415
    import tempfile  # noqa: PLC0415

    folder = Path(tempfile.mkdtemp(prefix="runtime-backend-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _show_view(view: Overlay, stack: ExitStack) -> Path:
    """Show a view; if the cache is not writable, return the folder in the build environment."""
    try:
        return stack.enter_context(view.shown())
    except ProvisionError:
        return next(iter(view.links.targets.values())).parent


def _moved(value: str, shown: Mapping[Path, Path]) -> str:
    """Return a variable's value with the paths of this build instead of the planned ones."""
    for planned, actual in shown.items():
        value = value.replace(str(planned), str(actual)) if planned != actual else value
    return value


def _open_upstream(plan: Plan, caller: Caller, stack: ExitStack, say: Callable[[str], None]) -> Plan:
    if plan.settings.upstream is None:
        return plan
    from .upstream_tree import open_upstream  # noqa: PLC0415 - few packages are wrappers

    return open_upstream(plan, plan.settings.upstream, caller, stack, say)


def _warn_of_own_architectures(plan: Plan, say: Callable[[str], None]) -> None:
    from ..cuda.setup_flags import find_own_architectures  # noqa: PLC0415 - most packages have no cuda table

    own = find_own_architectures(plan.settings.source)
    if own is not None:
        say(f"warning: the package names architectures itself, so torch ignores TORCH_CUDA_ARCH_LIST: {own}")


def _named_folder(config_settings: Mapping[str, Any]) -> str | None:
    """Return the build folder in the config settings for scikit-build-core."""
    found = (config_settings.get(key) for key in ("skbuild.build-dir", "build-dir"))
    return next((folder for folder in found if isinstance(folder, str)), None)


def _build_folders(plan: Plan, caller: Caller, scikit_build: str | None) -> tuple[Path, ...]:
    """Return the build folders of setuptools and scikit-build-core.

    :param scikit_build: scikit-build-core's setting; the path is cut before the first part with a placeholder.
    """
    label = "" if "DIST_EXTRA_CONFIG" in caller.environ else plan.build_label or ""
    folders = [os.path.join("build", label), scikit_build]  # noqa: PTH118
    parts = ((folder or "").partition("{") for folder in folders)
    stems = [os.path.dirname(stem) if brace else stem for stem, brace, _ in parts]  # noqa: PTH120 - it may end in a slash
    return tuple(plan.settings.source / stem for stem in stems if stem)
