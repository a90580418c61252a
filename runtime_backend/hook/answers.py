"""Answers about metadata, requirements and sdists: the first that one of the plan's ways leads to."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

from packaging.specifiers import SpecifierSet

from ..archives.sdist import complete_sdist, files_for_a_build, pack_files
from ..errors import MetadataError, NoAnswer
from ..metadata.pins import with_requirements
from ..metadata.prepared import mark_prepared
from ..metadata.static import named_files, static_metadata, write_static
from ..plan import Plan
from ..real.calling import ChildFailed, HookRequest, call_in_child
from .stage import Stage

_HINTS = {
    "wrapper": "A wrapper's sdist needs name and version in [project]; `runtime-backend wrap` writes them.",
    "static": "Complete the table, or let the real backend answer: tool.runtime-backend.metadata = 'auto'.",
    "stub": "Let the real backend answer with the real torch: tool.runtime-backend.metadata = 'auto' or 'real'.",
}


class Question(NamedTuple):
    """One call of a hook that describes the package, or packs its source."""

    plan: Plan
    folder: Path | None
    """Where what the hook makes goes; None where it makes nothing."""
    config_settings: Mapping[str, Any] | None
    """The real backend's."""


def find_answer(
    question: Question,
    *,
    stage: Callable[[], AbstractContextManager[Stage]],
    call_real: Callable[[Stage], Any],
    say: Callable[[str], None],
) -> tuple[Any, str]:
    """Return what the hook returns, and the way that led to it.

    :param stage: makes what the real backend needs.
    :param call_real: calls the hook of the real backend in this process.
    :raises MetadataError: when the settings allow one way only, and it leads nowhere.
    """
    plan = question.plan
    answers: dict[str, Callable[[], Any]] = {
        "wrapper": lambda: _answer_for_wrapper(question),
        "static": lambda: _write_static(question),
        "stub": lambda: _on_stage(question, stage, lambda staged: _call_with_stub(question, staged)),
        "real": lambda: _on_stage(question, stage, call_real),
    }
    for way in plan.ways[:-1]:
        try:
            return answers[way](), way
        except NoAnswer as failure:  # noqa: PERF203 - three at most
            say(f"note: {plan.hook}: no answer by way of {way!r} ({failure}); going on by the next one")
    last = plan.ways[-1]
    try:
        return answers[last](), last
    except NoAnswer as failure:
        raise MetadataError(f"{plan.hook}: no answer by way of {last!r}: {failure}", hint=_HINTS.get(last)) from None


def _answer_for_wrapper(question: Question) -> Any:  # noqa: ANN401 - requirements, or a name
    """Pack a wrapper, which requires nothing: its sdist names the upstream source, and does not hold it."""
    if question.folder is None:
        return []
    settings = question.plan.settings
    label, text = static_metadata(settings.project, settings.source)
    files = [*files_for_a_build(settings.source, Path(__file__).parents[1])]
    files += settings.upstream.patches if settings.upstream is not None else ()
    files += [settings.source / name for name in named_files(settings.project)]
    pack_files(question.folder / f"{label}.tar.gz", settings.source, files, text)
    return f"{label}.tar.gz"


def _write_static(question: Question) -> str:
    if question.folder is None:  # pragma: no cover - what asks for requirements is never answered so; for mypy
        raise NoAnswer(question.plan.hook)
    return write_static(question.plan.settings.project, question.plan.settings.source, question.folder)


def _on_stage(
    question: Question, stage: Callable[[], AbstractContextManager[Stage]], call: Callable[[Stage], Any]
) -> Any:  # noqa: ANN401 - whatever the hook returns
    """Return what a call on the stage returns; to requirements those are added that the upstream source itself has."""
    with stage() as staged:
        found = call(staged)
        return [*staged.plan.settings.requires, *found] if question.folder is None else found


def _call_with_stub(question: Question, stage: Stage) -> Any:  # noqa: ANN401 - as above
    from ..stub.facts import imagine  # noqa: PLC0415 - only where torch is not there
    from ..stub.parent import call_with_stub  # noqa: PLC0415

    plan = stage.plan
    request = request_of(plan, question.folder, question.config_settings)
    torch = plan.torch
    known = None if torch is None or torch.resolution is None else torch.resolution.identity
    specifier = SpecifierSet() if torch is None else torch.outcome.rule.requirement.specifier
    return call_with_stub(request, stage.around, imagine(known, specifier), _show)


def request_of(
    plan: Plan, folder: Path | None, config_settings: Mapping[str, Any] | None, metadata_directory: str | None = None
) -> HookRequest:
    """Return the call of the real backend's hook that a plan is made for.

    :param plan: that of the stage.
    """
    return HookRequest(
        backend=plan.settings.real_backend.value,
        backend_path=plan.settings.backend_path,
        source=plan.settings.source,
        hook=plan.real_hook,
        folder=folder,
        config_settings=config_settings,
        metadata_directory=metadata_directory,
    )


def has_imported(plan: Plan) -> bool:
    """Return whether an earlier hook has imported a runtime into this process (tox): it may be another one by now."""
    return any(runtime.outcome.imported is not None for runtime in plan.runtimes)


def call_elsewhere(stage: Stage, folder: Path | None, theirs: Mapping[str, Any] | None) -> Any:  # noqa: ANN401 - as above
    """Return what the real backend's hook returns, called in a child."""
    from ..watch.relay import run_plain  # noqa: PLC0415 - hardly any hook needs it

    try:
        return call_in_child(request_of(stage.plan, folder, theirs), stage.around.of_child(), run_plain).value
    except ChildFailed as failure:
        raise SystemExit(failure.code) from None  # what there is to say is printed


def _show(output: str) -> None:
    sys.stdout.write(output)
    sys.stdout.flush()


def finish_metadata(dist_info: Path, way: str, plan: Plan) -> None:
    """Complete and mark metadata that a frontend is about to resolve by."""
    if plan.pins:
        path = dist_info / "METADATA"
        path.write_bytes(with_requirements(path.read_bytes(), plan.pins))
    mark_prepared(dist_info, way, plan.identities)


def finish_sdist(sdist: Path, plan: Plan, say: Callable[[str], None]) -> None:
    """Add what the wheel cannot be built without; a real backend knows nothing of a shim that is vendored."""
    source = plan.settings.source
    added = complete_sdist(sdist, source, files_for_a_build(source, Path(__file__).parents[1]))
    if added:
        say(f"note: {sdist.name} lacked {', '.join(added[:3])}{' …' if added[3:] else ''}: added, a build needs it")
