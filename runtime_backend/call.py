"""One hook call, from the settings to the stamped wheel."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from .cache import bytecode_folder, prune_bytecode
from .config import load_settings, split_config_settings
from .delegate import exit_code, find_hook, load_backend, print_failure, surroundings
from .distributions import locate_imports
from .environ import build_folder_variables, hook_variables, search_variables, setuptools_config
from .errors import BackendError, RuntimeBackendError
from .plan import BUILD_HOOKS, Plan, make_plan
from .report import describe_plan, describe_stamp, short_story
from .target import Caller, find_start


class HookCall:
    """One call of one hook.

    :param hook: its name in PEP 517 or PEP 660.
    :param say: where lines for the person go.
    """

    def __init__(self, hook: str, caller: Caller, say: Callable[[str], None]) -> None:
        self.hook = hook
        self._caller = caller
        self._say = say
        self._planned: Plan | None = None

    def attribute(self, name: str) -> Any:  # noqa: ANN401 - whatever the real backend has under that name
        """Return an attribute of the real backend; None when it has no such one.

        Asked before the call, when the config settings are not known yet.
        """
        plan = self._plan({})
        with self._surroundings(plan), self._story(plan):
            return getattr(self._load(plan), name, None)

    def requirements(self, config_settings: Mapping[str, Any] | None) -> list[str]:
        """Return what the real backend requires, and the runtimes that have to be installed for it.

        A real backend that runs setup.py here may need the runtime which it is about to get: its failure says nothing
        then, and ``build_*`` will say it again if it is another one.
        """
        ours, theirs = split_config_settings(config_settings)
        plan = self._plan(ours)
        with self._surroundings(plan):
            try:
                hook = find_hook(self._load(plan), self.hook)
                found = [] if hook is None else list(hook(theirs))
            except RuntimeBackendError:
                raise
            except (Exception, SystemExit) as error:
                if not _lacks_runtime(plan):
                    raise
                self._say(
                    f"{self.hook}: the real backend cannot answer before it has {_names(plan)}: {_summary(error)}"
                )
                found = []
        return [*_without_runtimes(found, plan), *plan.requirements]

    def run(self, folder: str, config_settings: Mapping[str, Any] | None, *rest: str | None) -> str:
        """Call a hook that makes something, and return the name of what it made.

        :param folder: where it goes.
        :param rest: what the hook takes beyond these.
        :raises RuntimeBackendError: before anything is built, when the runtime is not the right one.
        """
        ours, theirs = split_config_settings(config_settings)
        plan = self._plan(ours)
        if self.hook in BUILD_HOOKS and plan.refusal is not None:
            raise plan.refusal
        with self._surroundings(plan):
            with self._story(plan):
                backend = self._load(plan)
            hook = find_hook(backend, self.hook)
            if hook is None:
                raise BackendError(f"{plan.settings.real_backend.value} has no {self.hook}, which PEP 517 demands")
            with self._story(plan, getattr(backend, "UnsupportedOperation", ())):
                made: str = hook(folder, theirs, *rest)
        if self.hook in BUILD_HOOKS:
            self._finish(plan, Path(folder) / made)
        if self.hook in BUILD_HOOKS and plan.overlay is not None:
            prune_bytecode(plan.cache, self._passing_folders(), plan.overlay.path.parent)
        return made

    def _plan(self, ours: Mapping[str, Any]) -> Plan:
        if self._planned is None or ours:
            self._planned = self._make_plan(ours)
        return self._planned

    def _make_plan(self, ours: Mapping[str, Any]) -> Plan:
        caller = self._caller
        settings = load_settings(caller.cwd, start=find_start(caller), config_settings=ours, environ=caller.environ)
        plan = make_plan(self.hook, settings, self._caller)
        for note in plan.notes:
            self._say(f"note: {note}")
        if settings.log is not None:
            _append(settings.log.value, json.dumps(describe_plan(plan)))
        return plan

    def _load(self, plan: Plan) -> Any:  # noqa: ANN401 - a backend is any object
        settings = plan.settings
        return load_backend(settings.real_backend.value, settings.backend_path, settings.source)

    @contextmanager
    def _surroundings(self, plan: Plan) -> Iterator[None]:
        with ExitStack() as stack:
            overlay = None if plan.overlay is None else plan.overlay.show()
            environ = self._caller.environ
            changes = {
                **hook_variables(environ),
                **search_variables(environ, overlay, _cmake_prefixes(plan, overlay), bytecode_folder(plan.cache)),
                **self._build_folder(plan, stack),
                **{v.name: v.value for v in plan.variables if v.value is not None},
            }
            before = [str(plan.settings.source / folder) for folder in plan.settings.backend_path]
            stack.enter_context(surroundings(changes, before=before, behind=[str(overlay)] if overlay else []))
            yield

    def _build_folder(self, plan: Plan, stack: ExitStack) -> Mapping[str, str | None]:
        label = plan.build_label
        if self.hook not in BUILD_HOOKS or label is None:
            return {}
        import tempfile  # noqa: PLC0415 - two hooks of eight need it

        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="runtime-backend-")))
        path = folder / "setuptools.cfg"
        path.write_text(setuptools_config(label, is_editable=self.hook == "build_editable"), "utf-8")
        return build_folder_variables(self._caller.environ, label, path, plan.settings.scikit_build_dir)

    @contextmanager
    def _story(self, plan: Plan, unsupported: type[Exception] | tuple[()] = ()) -> Iterator[None]:
        """End the output of a failed build with what it was built against; the real backend's own words come first."""
        try:
            yield
        except RuntimeBackendError:
            raise
        except unsupported:  # PEP 517: the frontend's to handle
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a build script may do anything; it is told, and ends
            print_failure(error)
            if plan.refusal is not None:
                raise plan.refusal from None
            self._say(f"{self.hook} of the real backend failed; it was called with")
            for line in short_story(plan):
                self._say(f"  {line}")
            raise SystemExit(exit_code(error)) from None

    def _finish(self, plan: Plan, wheel: Path) -> None:
        from .stamp import source_revision, write_stamp  # noqa: PLC0415 - two hooks of eight need it
        from .wheels import count_compiled, find_compilable  # noqa: PLC0415

        compiled = count_compiled(wheel)
        if not compiled and self.hook == "build_wheel":
            self._warn_uncompiled(find_compilable(plan.settings.source), wheel)
        revision = source_revision(plan.settings.source)
        version = _real_version(plan)
        write_stamp(wheel, describe_stamp(plan, real_version=version, revision=revision, compiled=compiled))

    def _passing_folders(self) -> list[Path]:
        """Return the folders whose content is gone after this build, or after the next start of the machine."""
        import tempfile  # noqa: PLC0415 - two hooks of eight need it

        is_throwaway = self._caller.isolation == "throwaway"
        return [Path(tempfile.gettempdir()), *([self._caller.prefix] if is_throwaway else [])]

    def _warn_uncompiled(self, compilable: str | None, wheel: Path) -> None:
        if compilable is not None:
            self._say(
                f"warning: {wheel.name} holds no compiled file, although the source has some to compile ({compilable}):"
                " the package may have left its extension out without an error"
            )


def _lacks_runtime(plan: Plan) -> bool:
    return any(runtime.provision.kind in ("require", "missing") for runtime in plan.runtimes)


def _names(plan: Plan) -> str:
    return ", ".join(runtime.outcome.rule.name for runtime in plan.runtimes)


def _summary(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]


def _without_runtimes(requirements: Sequence[str], plan: Plan) -> list[str]:
    """Return the requirements without those for a runtime of ours: two for one name are refused by most frontends."""
    ours = {runtime.outcome.rule.name for runtime in plan.runtimes}
    return [text for text in requirements if _name_of(text) not in ours]


def _name_of(text: str) -> str:
    try:
        return canonicalize_name(Requirement(text).name)
    except InvalidRequirement:  # the frontend will say what is wrong with it
        return text


def _cmake_prefixes(plan: Plan, overlay: Path | None) -> list[Path]:
    """Return the folders that hold the CMake packages of the runtimes, such as ``torch/share/cmake``."""
    roots = [] if overlay is None or plan.overlay is None else [overlay / entry for entry in plan.overlay.links.targets]
    for runtime in plan.runtimes:
        distribution = runtime.outcome.visible_distribution
        if runtime.provision.kind == "present" and distribution is not None:
            roots += locate_imports(distribution, ()).values()
    return [root / "share" / "cmake" for root in roots if (root / "share" / "cmake").is_dir()]


def _real_version(plan: Plan) -> str | None:
    """Return the version of the module that the real backend is of; None where it has none."""
    package = sys.modules.get(plan.settings.real_backend.value.partition(":")[0].partition(".")[0])
    version = getattr(package, "__version__", None)
    return version if isinstance(version, str) else None


def _append(path: Path, line: str) -> None:
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
    except OSError as error:
        raise BackendError(
            f"the log {path} cannot be written: {error}", hint="Set RUNTIME_BACKEND_LOG to another file."
        ) from None
