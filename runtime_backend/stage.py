"""The stage on which the real backend is called: its source, its variables, its import path, its build folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from .cache import bytecode_folder
from .config import settings_of_tree
from .delegate import surroundings
from .distributions import locate_imports
from .environ import build_folder_variables, hook_variables, search_variables, setuptools_config
from .plan import BUILD_HOOKS, Plan
from .target import Caller


@contextmanager
def set_stage(plan: Plan, caller: Caller, say: Callable[[str], None]) -> Iterator[Plan]:
    """Show the real backend, for a while, what the plan says that it sees.

    Yields the plan; that of a wrapper with the settings of the upstream source, whose folder is then the working
    directory (PEP 517: the hooks run in the source tree).
    """
    with ExitStack() as stack:
        plan = _open_upstream(plan, caller, stack, say)
        overlay = None if plan.overlay is None else plan.overlay.show()
        changes = {
            **hook_variables(caller.environ),
            **search_variables(caller.environ, overlay, _cmake_prefixes(plan, overlay), bytecode_folder(plan.cache)),
            **_build_folder(plan, caller, stack),
            **{v.name: v.value for v in plan.variables if v.value is not None},
        }
        before = [str(plan.settings.source / folder) for folder in plan.settings.backend_path]
        stack.enter_context(surroundings(changes, before=before, behind=[str(overlay)] if overlay else []))
        yield plan


def _open_upstream(plan: Plan, caller: Caller, stack: ExitStack, say: Callable[[str], None]) -> Plan:
    upstream = plan.settings.upstream
    if upstream is None:
        return plan
    from .upstream import Depot  # noqa: PLC0415 - few packages are wrappers

    depot = Depot(folder=plan.cache / "sources", environ=caller.environ, is_offline=plan.is_offline, say=say)
    tree = stack.enter_context(depot.tree(upstream))
    stack.callback(os.chdir, os.getcwd())  # noqa: PTH109 - a path, whatever stands in it
    os.chdir(tree)
    return replace(plan, settings=settings_of_tree(plan.settings, tree))


def _build_folder(plan: Plan, caller: Caller, stack: ExitStack) -> Mapping[str, str | None]:
    label = plan.build_label
    if plan.hook not in BUILD_HOOKS or label is None:
        return {}
    import tempfile  # noqa: PLC0415 - two hooks of eight need it

    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="runtime-backend-")))
    path = folder / "setuptools.cfg"
    path.write_text(setuptools_config(label, is_editable=plan.real_hook == "build_editable"), "utf-8")
    return build_folder_variables(caller.environ, label, path, plan.settings.scikit_build_dir)


def _cmake_prefixes(plan: Plan, overlay: Path | None) -> list[Path]:
    """Return the folders that hold the CMake packages of the runtimes, such as ``torch/share/cmake``."""
    roots = [] if overlay is None or plan.overlay is None else [overlay / entry for entry in plan.overlay.links.targets]
    for runtime in plan.runtimes:
        distribution = runtime.outcome.visible_distribution
        if runtime.provision.kind == "present" and distribution is not None:
            roots += locate_imports(distribution, ()).values()
    return [root / "share" / "cmake" for root in roots if (root / "share" / "cmake").is_dir()]
