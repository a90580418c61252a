"""One hook call, from the settings to the stamped wheel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config import Settings, load_settings, split_config_settings
from ..errors import DecisionError
from ..frontend.asking.guard import is_asking
from ..frontend.caller import Caller
from ..frontend.foreseen import foresee_config_settings
from ..frontend.start import find_believed, find_start
from ..metadata.ways import Way, way_by_files
from ..real.hooks import hook_kind
from .answers import Question, find_answer, finish_metadata

if TYPE_CHECKING:
    from ..plan import Plan


class HookCall:
    """One call of one hook.

    :param hook: the name in PEP 517 or PEP 660.
    :param say: prints a line for the person.
    """

    def __init__(self, hook: str, caller: Caller, say: Callable[[str], None]) -> None:
        self.hook = hook
        self._caller = caller
        self._say = say
        self._given: Mapping[str, Any] | None = None
        self._loaded: Settings | None = None
        self._planned: Plan | None = None

    def has(self, hook: str) -> bool:
        """Return whether a hook exists: in the real backend, or because it needs no real backend."""
        settings = self._settings(self._foreseen)
        if self.hook == hook and way_by_files(hook, settings) is not None:
            return True
        if settings.upstream is not None and hook == "build_editable":
            return True
        return not self._is_backend_installed(settings) or self.attribute(hook) is not None

    def _is_backend_installed(self, settings: Settings) -> bool:
        """Return whether the real backend can be asked; if not, each hook is assumed to exist."""
        if settings.build.requires is None:
            return True
        from ..build_lock.planning import is_backend_installed  # noqa: PLC0415 - few packages name build requirements

        return is_backend_installed(settings, self._caller)

    def attribute(self, name: str) -> Any:  # noqa: ANN401 - any object of the real backend
        """Return an attribute of the real backend; None if it does not exist."""
        settings = self._settings(self._foreseen)
        if way_by_files(self.hook, settings) == "wrapper":  # the real backend does not make a wrapper's sdist
            return None
        from .describing import Describer  # noqa: PLC0415 - not when the files of the source tree answer

        plan = self._plan(self._foreseen)
        describer = Describer(plan, self._caller, self._say)
        return describer.find_attribute(plan.real_hook if name == self.hook else name)

    def requirements(self, config_settings: Mapping[str, Any] | None) -> list[str]:
        """Return the real backend's requirements, and those for the runtimes that have to be installed for it."""
        from ..plan.runtimes import without_runtimes  # noqa: PLC0415 - one kind of hook needs it

        ours, theirs = split_config_settings(config_settings)
        plan = self._plan(ours)
        if plan.needs is not None and plan.needs.refusal is not None:
            raise plan.needs.refusal
        for verifying in plan.verifyings:
            verifying.verify(self._caller.environ, self._say, is_offline=plan.is_offline)
        is_whole = plan.needs is not None and plan.needs.is_whole
        found = self._upstream_requirements(plan) if is_whole else self._answer(ours, theirs, None)[0]
        return [*without_runtimes(_constrained(found, plan.settings), plan.runtimes), *plan.requirements]

    def _upstream_requirements(self, plan: Plan) -> Sequence[str]:
        """Return the build requirements of a wrapper's source, unless they are locked."""
        if plan.settings.upstream is None or plan.needs is None or plan.needs.lock is not None:
            return ()
        from .stage import set_stage  # noqa: PLC0415 - few packages are wrappers

        with set_stage(plan, self._caller, self._say, is_probe=True) as stage:
            return stage.plan.settings.requires

    def run(self, folder: str, config_settings: Mapping[str, Any] | None) -> str:
        """Call a hook that describes the package or packs its source, and return the result's name in ``folder``."""
        ours, theirs = split_config_settings(config_settings)
        settings, place = self._settings(ours), Path(folder).absolute()
        if settings.log is not None:  # the log contains the plan of every call
            self._plan(ours)
        made, way = self._answer(ours, theirs, place)
        if hook_kind(self.hook) == "metadata":
            needs_plan = way != "static" or settings.unresolved.value == "newest"
            finish_metadata(place / made, way, self._plan(ours) if needs_plan else None)
        elif way != "wrapper":
            from .sdists import finish_sdist  # noqa: PLC0415 - one kind of hook needs it

            finish_sdist(place / made, settings, self._say)
        return str(made)

    def build(
        self, folder: str, config_settings: Mapping[str, Any] | None, metadata_directory: str | None = None
    ) -> str:
        """Call a hook that builds a wheel, and return the wheel's name in ``folder``.

        :raises RuntimeBackendError: before anything is built, if the runtime is not the right one.
        """
        ours, theirs = split_config_settings(config_settings)
        if is_asking(self._caller.environ):
            raise DecisionError(
                "metadata-unknown",
                "the frontend's dry run needs the metadata of this package, and its real backend gives no metadata"
                " without a build",
            )
        from .building import BuildArguments, build, complete  # noqa: PLC0415 - two hooks of eight need it

        plan = complete(self._plan(ours), self._caller, self._say, lambda: self._make_plan(self._settings(ours)))
        arguments = BuildArguments(Path(folder).absolute(), theirs, metadata_directory)
        return build(plan, arguments, self._caller, self._say)

    def _answer(
        self, ours: Mapping[str, Any], theirs: Mapping[str, Any] | None, folder: Path | None
    ) -> tuple[Any, Way]:
        def ask_backend(question: Question, way: Way) -> Any:  # noqa: ANN401 - requirements, or a name
            from .describing import Describer  # noqa: PLC0415 - not when the files of the source tree answer

            return Describer(self._plan(ours), self._caller, self._say).answer(question, way)

        question = Question(hook=self.hook, settings=self._settings(ours), folder=folder, config_settings=theirs)
        return find_answer(question, find_plan=lambda: self._plan(ours), ask_backend=ask_backend, say=self._say)

    @cached_property
    def _foreseen(self) -> Mapping[str, Any]:
        """The config settings of the coming call; frontends check whether a hook exists before they call it."""
        return split_config_settings(foresee_config_settings(self._caller))[0]

    def _settings(self, ours: Mapping[str, Any]) -> Settings:
        if self._loaded is None or ours != self._given:
            caller = self._caller
            start, trust = find_start(caller), find_believed(caller)
            self._loaded = load_settings(
                caller.cwd, start=start, config_settings=ours, environ=caller.environ, trust=trust
            )
            self._given, self._planned = ours, None
        return self._loaded

    def _plan(self, ours: Mapping[str, Any]) -> Plan:
        settings = self._settings(ours)
        if self._planned is None:
            self._planned = self._make_plan(settings)
        return self._planned

    def _make_plan(self, settings: Settings) -> Plan:
        from ..plan.planning import make_plan  # noqa: PLC0415 - not when the files of the source tree answer

        plan = make_plan(self.hook, settings, self._caller, self._say)
        for note in plan.notes:
            self._say(f"note: {note}")
        if settings.log is not None:
            from ..plan.as_json import log_plan  # noqa: PLC0415 - few people keep a log

            log_plan(settings.log.value, plan)
        return plan


def _constrained(requirements: Sequence[str], settings: Settings) -> Sequence[str]:
    """Return the real backend's requirements with the versions that build constraints allow."""
    if not settings.build.constraints:
        return requirements
    from ..build_lock.planning import constrained  # noqa: PLC0415 - few consumers have build constraints

    return constrained(requirements, settings.build.constraints)
