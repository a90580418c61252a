"""Answers about metadata, requirements and sdists: the ways are tried in order, and the first answer counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..config import Settings
from ..errors import MetadataError, NoAnswer
from ..metadata.static import write_static
from ..metadata.ways import Way, way_by_files

if TYPE_CHECKING:
    from ..plan import Plan

_HINTS = {
    "wrapper": "A wrapper's sdist needs name and version in [project]; `runtime-backend wrap` writes them.",
    "static": "Complete the table, or let the real backend answer: tool.runtime-backend.metadata = 'auto'.",
    "stub": "Let the real backend answer with the real torch: tool.runtime-backend.metadata = 'auto' or 'real'.",
}


class Question(NamedTuple):
    """One call of a hook that describes the package or packs its source."""

    hook: str
    settings: Settings
    folder: Path | None
    """The folder for the result; None if the hook writes nothing."""
    config_settings: Mapping[str, Any] | None
    """Those for the real backend."""


def find_answer(
    question: Question,
    *,
    find_plan: Callable[[], Plan],
    ask_backend: Callable[[Question, Way], Any],
    say: Callable[[str], None],
) -> tuple[Any, Way]:
    """Return the hook's result, and the way by which it was found.

    :param find_plan: makes the plan; called only if the files of the source tree do not answer.
    :param ask_backend: asks the real backend, with the stand-in torch or without it.
    :raises MetadataError: if no way gives an answer.
    """
    tried: Way | None = None
    failure: NoAnswer | None = None
    for way in _ways(question, find_plan):
        if failure is not None:
            say(f"note: {question.hook}: {tried!r} gave no answer ({failure}); trying {way!r}")
        try:
            is_by_files = way in ("static", "wrapper")
            return (_answer_by_files(question, way) if is_by_files else ask_backend(question, way)), way
        except NoAnswer as error:
            tried, failure = way, error
    raise MetadataError(
        "metadata-unknown",
        "{hook}: {tried!r} gave no answer: {failure}",
        hint=_HINTS.get(tried or ""),
        hook=question.hook,
        tried=tried,
        failure=failure,
    )


def _ways(question: Question, find_plan: Callable[[], Plan]) -> Iterator[Way]:
    """Yield the ways to try. The plan is made only if the files of the source tree do not answer."""
    by_files = way_by_files(question.hook, question.settings)
    if by_files is not None:
        yield by_files
    yield from find_plan().ways_by_backend


def _answer_by_files(question: Question, way: Way) -> Any:  # noqa: ANN401 - requirements, or a name
    if way == "wrapper":
        from .sdists import pack_wrapper  # noqa: PLC0415 - few packages are wrappers

        return [] if question.folder is None else pack_wrapper(question.settings, question.folder)
    if question.folder is None:  # pragma: no cover - requirements are never answered from files; for mypy
        raise NoAnswer(question.hook)
    return write_static(question.settings.project, question.settings.source, question.folder)


def finish_metadata(dist_info: Path, way: Way, plan: Plan | None) -> None:
    """Complete and mark metadata that the frontend's resolver is about to use.

    :param plan: None if the files of the source tree answered without one.
    """
    from ..metadata.prepared import mark_prepared  # noqa: PLC0415 - two hooks of eight need it

    if plan is not None and plan.pins:
        from ..metadata.pins import with_requirements  # noqa: PLC0415 - only if the newest runtime was taken

        path = dist_info / "METADATA"
        path.write_bytes(with_requirements(path.read_bytes(), plan.pins))
    mark_prepared(dist_info, way, () if plan is None else plan.identities)
