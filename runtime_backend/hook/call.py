"""One hook call, from the settings to the stamped wheel."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from ..config import load_settings, split_config_settings
from ..errors import DecisionError, RuntimeBackendError
from ..frontend.asking.guard import is_asking
from ..frontend.caller import Caller
from ..frontend.detectors import find_believed, find_start
from ..frontend.foreseen import foresee_config_settings
from ..metadata.prepared import Prepared, read_prepared
from ..plan import METADATA_HOOKS, Plan
from ..plan.as_json import append_line, describe_plan
from ..plan.planning import find_source, make_plan
from ..plan.runtimes import without_runtimes
from ..provision.fetch import Fetching
from ..real.backend import check_made, find_hook, load_backend, missing_hook, print_failure, summarise
from ..real.calling import call_in_child
from ..store.cache import prune_bytecode
from ..store.sweeping import sweep
from .answers import (
    Question,
    call_elsewhere,
    find_answer,
    finish_metadata,
    finish_sdist,
    has_imported,
    request_of,
)
from .failures import story
from .stage import Stage, set_stage


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
        self._given: Mapping[str, Any] = {}

    def has(self, hook: str) -> bool:
        """Return whether there is an answer to a hook: the real backend's, or one that needs no real backend."""
        plan = self._plan(self._foreseen)
        if self.hook == hook and plan.ways[0] in ("static", "wrapper"):
            return True
        if plan.settings.upstream is not None and hook == "build_editable":
            return True
        return self.attribute(hook) is not None

    def attribute(self, name: str) -> Any:  # noqa: ANN401 - whatever the real backend has under that name
        """Return an attribute of the real backend; None when it has no such one."""
        plan = self._plan(self._foreseen)
        if plan.ways[0] == "wrapper":  # the sdist of a wrapper is not the real backend's
            return None
        stage_set = set_stage(plan, self._caller, self._say, is_probe=True)
        with stage_set as stage, stage.around.here(), self._story(stage.plan):
            return getattr(self._load(stage.plan), stage.plan.real_hook if name == self.hook else name, None)

    def requirements(self, config_settings: Mapping[str, Any] | None) -> list[str]:
        """Return what the real backend requires, and the runtimes that have to be installed for it."""
        ours, theirs = split_config_settings(config_settings)
        plan = self._plan(ours)
        for runtime in plan.runtimes:
            if runtime.provision.verifying is not None:
                runtime.provision.verifying.verify(self._caller.environ, self._say, is_offline=plan.is_offline)
        found, _ = find_answer(
            Question(plan=plan, folder=None, config_settings=theirs),
            stage=lambda: self._stage(plan),
            call_real=lambda stage: self._required(stage, theirs),
            say=self._say,
        )
        return [*without_runtimes(found, plan.runtimes), *plan.requirements]

    def run(self, folder: str, config_settings: Mapping[str, Any] | None) -> str:
        """Call a hook that describes the package, or packs its source, and return the name of what it made.

        :param folder: where it goes.
        """
        ours, theirs = split_config_settings(config_settings)
        plan, place = self._plan(ours), Path(folder).absolute()
        made, way = find_answer(
            Question(plan=plan, folder=place, config_settings=theirs),
            stage=lambda: self._stage(plan),
            call_real=lambda stage: self._call_real(stage, str(place), theirs),
            say=self._say,
        )
        if way == "real":
            check_made(made, place, plan.settings.real_backend.value, plan.real_hook)
        if self.hook in METADATA_HOOKS:
            finish_metadata(place / made, way, plan)
        elif way != "wrapper":
            finish_sdist(place / made, plan, self._say)
        return str(made)

    def build(
        self, folder: str, config_settings: Mapping[str, Any] | None, metadata_directory: str | None = None
    ) -> str:
        """Call a hook that builds a wheel, and return the wheel's name.

        :param folder: where it goes.
        :raises RuntimeBackendError: before anything is built, when the runtime is not the right one.
        """
        ours, theirs = split_config_settings(config_settings)
        if is_asking(self._caller.environ):
            raise DecisionError(
                "the frontend, asked what it is about to install, wants a wheel of this package to know what it"
                " requires: its real backend tells no metadata without a build"
            )
        plan = self._complete(self._plan(ours), ours)
        if plan.refusal is not None:
            raise plan.refusal
        prepared = read_prepared(metadata_directory)
        if prepared is not None and not prepared.serves(plan.identities):
            metadata_directory = None  # the real backend would take it over as it is, and with it what is not its own
        if plan.real_hook != self.hook:
            self._say(
                "note: there is nothing to edit in a wrapper: its source lies in the cache; this is a plain wheel"
            )
        place = Path(folder).absolute()
        told = None if metadata_directory is None else str(Path(metadata_directory).absolute())
        from .watching import watch  # noqa: PLC0415 - two hooks of eight need it

        with self._stage(plan, theirs) as stage, watch(stage.plan, self._caller, self._say) as build:
            with self._story(stage.plan, lambda: build.output, Exception):
                answer = call_in_child(request_of(stage.plan, place, theirs, told), stage.around.of_child(), build.run)
            self._finish(stage.plan, place / answer.value, prepared if told is None else None, answer.version)
        return str(answer.value)

    def _required(self, stage: Stage, theirs: Mapping[str, Any] | None) -> list[str]:
        """Return what the real backend itself requires.

        One that runs setup.py here may need the runtime which it is about to get: its failure says nothing then, and
        ``build_*`` will say it again if it is another one.
        """
        plan = stage.plan
        try:
            if has_imported(plan):
                return list(call_elsewhere(stage, None, theirs))
            with stage.around.here():
                hook = find_hook(self._load(plan), plan.real_hook)
                return [] if hook is None else list(hook(theirs))
        except RuntimeBackendError:
            raise
        except (Exception, SystemExit) as error:
            if plan.cuda is not None and plan.cuda.stop is not None:  # most likely the same, in its own words
                print_failure(error)
                raise plan.cuda.stop from None
            if not (plan.lacks_runtime or plan.lacks_compilers):
                if isinstance(error, OSError):  # the boundary would take it for one of ours
                    print_failure(error)
                    raise SystemExit(1) from None
                raise
            names = (runtime.outcome.rule.name for runtime in plan.runtimes)
            lacking = ", ".join(names) if plan.lacks_runtime else "the CUDA compilers"
            self._say(f"{self.hook}: the real backend cannot answer before it has {lacking}: {summarise(error)}")
            return []

    def _call_real(self, stage: Stage, folder: str, theirs: Mapping[str, Any] | None) -> str:
        plan = stage.plan
        if self.hook in METADATA_HOOKS and has_imported(plan):
            with self._story(plan):
                return str(call_elsewhere(stage, Path(folder), theirs))
        with stage.around.here():
            with self._story(plan):
                backend = self._load(plan)
            hook = find_hook(backend, plan.real_hook)
            if hook is None:
                raise missing_hook(plan.settings.real_backend.value, plan.real_hook)
            with self._story(plan, passed_on=getattr(backend, "UnsupportedOperation", ())):
                made: str = hook(folder, theirs)
        return made

    @property
    def _foreseen(self) -> Mapping[str, Any]:
        """The settings with which the hook is about to be called: whether it is there is asked before."""
        return split_config_settings(foresee_config_settings(self._caller))[0]

    def _plan(self, ours: Mapping[str, Any]) -> Plan:
        if self._planned is None or ours != self._given:
            self._planned, self._given = self._make_plan(ours), ours
        return self._planned

    def _complete(self, plan: Plan, ours: Mapping[str, Any]) -> Plan:
        """Fetch what the plan says is to be fetched, and plan again with it: a torch tells which compilers it needs."""
        sweep(plan.cache)
        done: list[Fetching] = []
        while plan.fetchings and plan.refusal is None:
            source = find_source(self._caller, is_offline=plan.is_offline)
            for fetching in plan.fetchings:
                if fetching in done:
                    raise fetching.damaged()
                fetching.fetch(source, self._say)
                done.append(fetching)
            self._planned = plan = self._make_plan(ours)
        return plan

    def _make_plan(self, ours: Mapping[str, Any]) -> Plan:
        caller = self._caller
        start, trust = find_start(caller), find_believed(caller)
        settings = load_settings(caller.cwd, start=start, config_settings=ours, environ=caller.environ, trust=trust)
        plan = make_plan(self.hook, settings, self._caller, self._say)
        for note in plan.notes:
            self._say(f"note: {note}")
        if settings.log is not None:
            append_line(settings.log.value, json.dumps(describe_plan(plan)))
        return plan

    def _stage(self, plan: Plan, theirs: Mapping[str, Any] | None = None) -> AbstractContextManager[Stage]:
        return set_stage(plan, self._caller, self._say, theirs)

    def _load(self, plan: Plan) -> Any:  # noqa: ANN401 - a backend is any object
        settings = plan.settings
        return load_backend(settings.real_backend.value, settings.backend_path, settings.source)

    def _story(
        self,
        plan: Plan,
        find_output: Callable[[], Path | None] = lambda: None,
        passed_on: type[Exception] | tuple[()] = (),
    ) -> AbstractContextManager[None]:
        return story(plan, self._caller.environ, self._say, find_output, passed_on)

    def _finish(self, plan: Plan, wheel: Path, prepared: Prepared | None, real_version: str | None) -> None:
        from .finishing import finish_wheel  # noqa: PLC0415 - two hooks of eight need it

        finish_wheel(plan, wheel, prepared, real_version, self._say)
        if plan.overlay is not None:
            prune_bytecode(plan.cache, self._passing_folders(), plan.overlay.path.parent)

    def _passing_folders(self) -> list[Path]:
        """Return the folders whose content is gone after this build, or after the next start of the machine."""
        import tempfile  # noqa: PLC0415 - two hooks of eight need it

        is_throwaway = self._caller.isolation == "throwaway"
        return [Path(tempfile.gettempdir()), *([self._caller.prefix] if is_throwaway else [])]
