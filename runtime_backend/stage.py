"""The stage on which the real backend is called: its variables, its import path, its build folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .cache import bytecode_folder
from .delegate import surroundings
from .distributions import locate_imports
from .environ import build_folder_variables, hook_variables, search_variables, setuptools_config
from .plan import BUILD_HOOKS, Plan
from .target import Caller


@contextmanager
def set_stage(plan: Plan, caller: Caller) -> Iterator[None]:
    """Show the real backend, for a while, what the plan says that it sees."""
    with ExitStack() as stack:
        overlay = None if plan.overlay is None else plan.overlay.show()
        changes = {
            **hook_variables(caller.environ),
            **search_variables(caller.environ, overlay, _cmake_prefixes(plan, overlay), bytecode_folder(plan.cache)),
            **_build_folder(plan, caller, stack),
            **{v.name: v.value for v in plan.variables if v.value is not None},
        }
        before = [str(plan.settings.source / folder) for folder in plan.settings.backend_path]
        stack.enter_context(surroundings(changes, before=before, behind=[str(overlay)] if overlay else []))
        yield


def _build_folder(plan: Plan, caller: Caller, stack: ExitStack) -> Mapping[str, str | None]:
    label = plan.build_label
    if plan.hook not in BUILD_HOOKS or label is None:
        return {}
    import tempfile  # noqa: PLC0415 - two hooks of eight need it

    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="runtime-backend-")))
    path = folder / "setuptools.cfg"
    path.write_text(setuptools_config(label, is_editable=plan.hook == "build_editable"), "utf-8")
    return build_folder_variables(caller.environ, label, path, plan.settings.scikit_build_dir)


def _cmake_prefixes(plan: Plan, overlay: Path | None) -> list[Path]:
    """Return the folders that hold the CMake packages of the runtimes, such as ``torch/share/cmake``."""
    roots = [] if overlay is None or plan.overlay is None else [overlay / entry for entry in plan.overlay.links.targets]
    for runtime in plan.runtimes:
        distribution = runtime.outcome.visible_distribution
        if runtime.provision.kind == "present" and distribution is not None:
            roots += locate_imports(distribution, ()).values()
    return [root / "share" / "cmake" for root in roots if (root / "share" / "cmake").is_dir()]
