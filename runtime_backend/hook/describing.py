"""Asking the real backend about the package: in this process, or with a stand-in torch in a child."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from packaging.specifiers import SpecifierSet

from ..errors import RuntimeBackendError
from ..frontend.caller import Caller
from ..metadata.ways import Way
from ..plan import Plan
from ..real.backend import ChildFailed, check_made, find_hook, load_backend, missing_hook, print_failure, summarise
from .answers import Question
from .failures import story
from .stage import Stage, set_stage


class Describer:
    """Asks the real backend about a plan's package.

    :param say: prints a line for the person.
    """

    def __init__(self, plan: Plan, caller: Caller, say: Callable[[str], None]) -> None:
        self._plan = plan
        self._caller = caller
        self._say = say

    def find_attribute(self, name: str) -> Any:  # noqa: ANN401 - any object of the real backend
        """Return an attribute of the real backend without calling it; None if it does not exist."""
        stage_set = set_stage(self._plan, self._caller, self._say, is_probe=True)
        with stage_set as stage, stage.around.here(), story(stage.plan, self._caller.environ, self._say):
            return getattr(_load(stage.plan), name, None)

    def answer(self, question: Question, way: Way) -> Any:  # noqa: ANN401 - requirements, or a name
        """Return the hook's result; to requirements, those of the upstream source are added."""
        with set_stage(self._plan, self._caller, self._say) as stage:
            if question.folder is None:
                found = _call_with_stub(question, stage) if way == "stub" else self._required(question, stage)
                return [*stage.plan.settings.requires, *found]
            return _call_with_stub(question, stage) if way == "stub" else self._made(question, stage, question.folder)

    def _required(self, question: Question, stage: Stage) -> list[str]:
        """Return the requirements of the real backend itself.

        A backend that runs setup.py here may need the runtime that is not installed yet. Its failure is ignored then;
        a failure with another reason appears again in ``build_*``.
        """
        plan, theirs = stage.plan, question.config_settings
        try:
            if _has_imported(plan):
                return list(_call_elsewhere(question, stage))
            with stage.around.here():
                hook = find_hook(_load(plan), plan.real_hook)
                return [] if hook is None else list(hook(theirs))
        except RuntimeBackendError:
            raise
        except (Exception, SystemExit) as error:
            if plan.cuda is not None and plan.cuda.stop is not None:  # most likely the reason of this failure
                print_failure(error)
                raise plan.cuda.stop from None
            if not (plan.lacks_runtime or plan.lacks_compilers):
                with story(plan, self._caller.environ, self._say):
                    raise
            names = (runtime.outcome.rule.name for runtime in plan.runtimes)
            lacking = ", ".join(names) if plan.lacks_runtime else "the CUDA compilers"
            self._say(f"{plan.hook}: the real backend cannot answer before it has {lacking}: {summarise(error)}")
            return []

    def _made(self, question: Question, stage: Stage, folder: Path) -> str:
        made = self._call(question, stage, folder)
        check_made(made, folder, stage.plan.settings.real_backend.value, stage.plan.real_hook)
        return made

    def _call(self, question: Question, stage: Stage, folder: Path) -> str:
        plan, environ = stage.plan, self._caller.environ
        if plan.kind == "metadata" and _has_imported(plan):
            with story(plan, environ, self._say):
                return str(_call_elsewhere(question, stage))
        with stage.around.here():
            with story(plan, environ, self._say):
                backend = _load(plan)
            hook = find_hook(backend, plan.real_hook)
            if hook is None:
                raise missing_hook(plan.settings.real_backend.value, plan.real_hook)
            with story(plan, environ, self._say, passed_on=getattr(backend, "UnsupportedOperation", ())):
                made: str = hook(str(folder), question.config_settings)
        return made


def _load(plan: Plan) -> Any:  # noqa: ANN401 - a backend is any object
    settings = plan.settings
    return load_backend(settings.real_backend.value, settings.backend_path, settings.source)


def _has_imported(plan: Plan) -> bool:
    """Return whether an earlier hook imported a runtime into this process (tox); it may have been replaced since."""
    return any(runtime.outcome.imported is not None for runtime in plan.runtimes)


def _call_elsewhere(question: Question, stage: Stage) -> Any:  # noqa: ANN401 - any result of a hook
    """Call the real backend's hook in a child, and return its result."""
    from ..real.calling import call_in_child  # noqa: PLC0415 - rarely needed
    from ..watch.relay import run_plain  # noqa: PLC0415
    from .backend_call import request_of  # noqa: PLC0415

    request = request_of(stage.plan, question.folder, question.config_settings)
    try:
        return call_in_child(request, stage.around.of_child(), run_plain).value
    except ChildFailed as failure:
        raise SystemExit(failure.code) from None  # the child printed the reason


def _call_with_stub(question: Question, stage: Stage) -> Any:  # noqa: ANN401 - any result of a hook
    from ..stub.facts import imagine  # noqa: PLC0415 - only if torch is not installed
    from ..stub.parent import call_with_stub  # noqa: PLC0415
    from .backend_call import request_of  # noqa: PLC0415

    torch = stage.plan.torch
    known = None if torch is None or torch.resolution is None else torch.resolution.identity
    specifier = SpecifierSet() if torch is None else torch.outcome.rule.requirement.specifier
    request = request_of(stage.plan, question.folder, question.config_settings)
    return call_with_stub(request, stage.around, imagine(known, specifier), _show)


def _show(output: str) -> None:
    sys.stdout.write(output)
    sys.stdout.flush()
