"""Answers about metadata, requirements and sdists: the first that one of the plan's ways leads to."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from packaging.specifiers import SpecifierSet

from .errors import MetadataError, NoAnswer
from .metadata import mark_prepared, with_requirements, write_static
from .plan import Plan
from .sdists import complete_sdist, files_for_a_build

_HINTS = {
    "static": "Complete the table, or let the real backend answer: tool.runtime-backend.metadata = 'auto'.",
    "stub": "Let the real backend answer with the real torch: tool.runtime-backend.metadata = 'auto' or 'real'.",
}


def find_answer(
    plan: Plan,
    folder: Path | None,
    config_settings: Mapping[str, Any] | None,
    *,
    call_real: Callable[[], Any],
    say: Callable[[str], None],
) -> tuple[Any, str]:
    """Return what the hook returns, and the way that led to it.

    :param folder: where what the hook makes goes; None where it makes nothing.
    :param config_settings: the real backend's.
    :param call_real: calls the hook of the real backend in this process.
    :raises MetadataError: when the settings allow one way only, and it leads nowhere.
    """
    settings = plan.settings
    answers: dict[str, Callable[[], Any]] = {
        "stub": lambda: _call_with_stub(plan, folder, config_settings),
        "real": call_real,
    }
    if folder is not None:
        answers["static"] = partial(write_static, settings.project, settings.source, folder)
    for way in plan.ways[:-1]:
        try:
            return answers[way](), way
        except NoAnswer as failure:  # noqa: PERF203 - three at most
            say(f"note: {plan.hook}: no answer by way of {way!r} ({failure}); going on by the next one")
    last = plan.ways[-1]
    try:
        return answers[last](), last
    except NoAnswer as failure:
        raise MetadataError(f"{plan.hook}: no answer by way of {last!r}: {failure}", hint=_HINTS[last]) from None


def _call_with_stub(plan: Plan, folder: Path | None, config_settings: Mapping[str, Any] | None) -> Any:  # noqa: ANN401
    from .stub.facts import imagine  # noqa: PLC0415 - only where torch is not there
    from .stub.parent import HookRequest, call_with_stub  # noqa: PLC0415

    request = HookRequest(
        backend=plan.settings.real_backend.value,
        backend_path=plan.settings.backend_path,
        source=plan.settings.source,
        hook=plan.hook,
        folder=folder,
        config_settings=config_settings,
    )
    torch = plan.torch
    known = None if torch is None or torch.resolution is None else torch.resolution.identity
    specifier = SpecifierSet() if torch is None else torch.outcome.rule.requirement.specifier
    return call_with_stub(request, imagine(known, specifier), _show)


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
    added = complete_sdist(sdist, source, files_for_a_build(source, Path(__file__).parent))
    if added:
        say(f"note: {sdist.name} lacked {', '.join(added[:3])}{' …' if added[3:] else ''}: added, a build needs it")
