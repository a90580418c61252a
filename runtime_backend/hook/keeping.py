"""Keeping the build environment of an editable that rebuilds itself, and guarding its imports."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from packaging.utils import canonicalize_name

from ..archives.wheel import read_top_modules
from ..editable.environment import RECORD, KeptEnvironment
from ..editable.guarding import describe, describe_runtime, guard_files, read_guarded
from ..editable.keeping import Keeping, find_keeping, named_folder, with_environment, with_folder
from ..frontend.caller import Caller
from ..plan import Plan
from ..system.files import is_file, is_folder

if TYPE_CHECKING:
    from .stage import Stage

_OF_THIS_BUILD = ("DIST_EXTRA_CONFIG", "SKBUILD_BUILD_DIR", "PATH", "PYTHONPATH", "CMAKE_PREFIX_PATH", "VIRTUAL_ENV")
"""Variables that a rebuild does not need, or that are joined with those of its process."""


def plan_keeping(plan: Plan, caller: Caller, theirs: Mapping[str, Any] | None, say: Callable[[str], None]) -> Plan:
    """Return the plan of a build with the decision on its environment.

    On Windows, nothing is kept: the launchers of scripts contain the path of the frontend's environment.

    :param theirs: the config settings for the real backend.
    """
    if plan.real_hook != "build_editable":
        return plan
    settings, given = plan.settings, theirs or {}
    keeping = find_keeping(settings, plan.cache, caller.environ, given, caller.isolation)
    if keeping is not None and os.name != "posix":
        say(f"note: {keeping.why}, but not on this system: its build environment is not kept, so no import rebuilds it")
    if keeping is None or os.name != "posix":
        return plan
    shown = [] if plan.overlay is None else [plan.overlay.folder.held]
    keeping = with_environment(keeping, caller.sys_path, shown)
    base = named_folder(keeping, settings, caller.environ, given)
    return plan._replace(keeping=with_folder(keeping, base, plan.build_label))


class Kept(NamedTuple):
    """The environment that is kept, in a build."""

    keeping: Keeping
    environment: KeptEnvironment

    def folders(self, plan: Plan) -> dict[Path, Path]:
        """Return the folders of this build -> the same in the environment: it has the runtimes of the view, too."""
        views = [] if plan.view is None else [plan.view.path]
        return dict.fromkeys([*views, *self.environment.sites], self.environment.site)

    def variables(
        self, plan: Plan, changed: Mapping[str, str | None], environ: Mapping[str, str]
    ) -> dict[str, str | None]:
        """Return the variables by which the programs of the environment are found, instead of the frontend's.

        Its interpreter finds the overlay by a ``.pth`` file.

        :param changed: the variables of the build so far.
        """
        folders = [str(self.environment.scripts), *filter(None, [changed.get("PATH", environ.get("PATH"))])]
        found: dict[str, str | None] = {"PATH": os.pathsep.join(folders), **self.keeping.variables}
        if "PYTHONPATH" not in {variable.name for variable in plan.variables}:
            found["PYTHONPATH"] = _own_import_path(self.environment, environ)
        if environ.get("VIRTUAL_ENV"):  # uv activates its build environment, and CMake prefers the activated one
            found["VIRTUAL_ENV"] = str(self.environment.path)
        return found


def _own_import_path(environment: KeptEnvironment, environ: Mapping[str, str]) -> str | None:
    """Return PYTHONPATH without the folders by which pip and pdm isolate a build: the environment has their content."""
    entries = [entry for entry in environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    sites = set(map(str, environment.sites))
    kept = [entry for entry in entries if entry not in sites and not is_file(Path(entry) / "sitecustomize.py")]
    return os.pathsep.join(kept) or None


def make_guard(stage: Stage, kept: Kept, wheel: Path, say: Callable[[str], None]) -> dict[str, bytes]:
    """Return the files of the guard for an editable wheel."""
    plan, environment = stage.plan, kept.environment
    info, modules = read_top_modules(wheel)
    guarded = read_guarded(modules)
    if not (guarded.exact or guarded.top_level):
        say(
            f"warning: {wheel.name} has no loader that this version of runtime-backend can read, so nothing stops an"
            " import that rebuilds it against another runtime: after an upgrade of the runtime, install it again"
        )
        return {}
    data = describe(
        name=canonicalize_name(info.rpartition(".")[0].rpartition("-")[0]),
        info=info,
        source=plan.settings.source,
        environment=environment.path,
        build=_build_folder(kept, plan),
        needed=list(_needed(kept, stage)),
        runtimes=_runtimes(plan),
        guarded=guarded,
        variables=dict(_variables(plan, stage.around.changes)),
        paths=_paths(environment, stage),
    )
    return guard_files(wheel.name.partition("-")[0], data)


def _build_folder(kept: Kept, plan: Plan) -> Path:
    """Return the build folder; a path with a placeholder of scikit-build-core is cut before it."""
    stem, brace, _ = (kept.keeping.folder or "").partition("{")
    return plan.settings.source / (os.path.dirname(stem) if brace else stem)  # noqa: PTH120 - it may end in a slash


def _needed(kept: Kept, stage: Stage) -> Iterator[tuple[Path, str]]:
    """Yield the paths without which a rebuild fails, and what they are."""
    plan = stage.plan
    yield plan.settings.source, "its source folder"
    if is_folder(_build_folder(kept, plan)):
        yield _build_folder(kept, plan), "its build folder"
    yield kept.environment.path / RECORD, "its build environment, which runtime-backend kept,"
    yield kept.environment.python, "the Python of its build environment"
    if plan.overlay is not None:  # a link in it leads to nothing if the runtime was removed, or fetched and cleaned
        modules, overlay = {runtime["module"] for runtime in _runtimes(plan)}, stage.shown[plan.overlay.path]
        entries = [entry for entry in plan.overlay.links.targets if entry.partition(".")[0] in modules]
        yield from ((overlay / entry, "the overlay with its runtime") for entry in entries)
    if plan.cuda_home is not None:
        yield stage.shown[plan.cuda_home.path], "its CUDA_HOME"
    if plan.own.script is not None and is_file(plan.own.script.path):  # it is not written if settings name a compiler
        yield plan.own.script.path, "the script for its compiler cache"


def _runtimes(plan: Plan) -> list[dict[str, Any]]:
    return [
        describe_runtime(runtime.seen_distribution, runtime.identity, runtime.outcome.rule.match)
        for runtime in plan.runtimes
        if runtime.seen_distribution is not None and runtime.identity is not None
    ]


def _variables(plan: Plan, changes: Mapping[str, str | None]) -> Iterator[tuple[str, tuple[str | None, bool]]]:
    """Yield the variables of a rebuild: name, value, and whether it wins over the environment of the process."""
    forced = {variable.name for variable in plan.settings.variables if variable.force}
    for variable in (*plan.own.every, *plan.variables):
        is_needed = variable.name not in _OF_THIS_BUILD and variable.value is not None
        if is_needed:
            yield variable.name, (changes[variable.name], variable.name in forced)
    yield "PYTHONPATH", (changes.get("PYTHONPATH"), True)
    if "VIRTUAL_ENV" in changes:
        yield "VIRTUAL_ENV", (changes["VIRTUAL_ENV"], True)


def _paths(environment: KeptEnvironment, stage: Stage) -> dict[str, tuple[Sequence[str], Sequence[str]]]:
    """Return the folders that a rebuild adds to variables of its process: at the start, and at the end."""
    home = stage.plan.cuda_home
    compilers = [] if home is None else [str(stage.shown[home.path] / "bin")]
    roots = _entries(stage.around.changes.get("CMAKE_PREFIX_PATH"))
    return {"PATH": ([str(environment.scripts), *compilers], []), "CMAKE_PREFIX_PATH": ([], roots)}


def _entries(value: str | None) -> list[str]:
    return [entry for entry in (value or "").split(os.pathsep) if entry]
