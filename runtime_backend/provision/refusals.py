"""Why a runtime that is known cannot be shown to the real backend, and what to run next."""

from __future__ import annotations

from ..errors import ProvisionError
from ..resolve.outcome import Outcome
from ..resolve.resolution import Resolution


def other_is_visible(outcome: Outcome, resolution: Resolution, *, is_kept: bool) -> ProvisionError:
    """Return the stop for a build environment that has another one."""
    where = outcome.visible_distribution.site if outcome.visible_distribution is not None else "?"
    return ProvisionError(
        f"the build environment has {outcome.visible} ({where}), but the wheel is for {resolution};"
        f" match-runtime asks for {outcome.rule.match!r}",
        hint="Remove the build environment that the frontend keeps (hatch env prune; tox --recreate), then run the same"
        " command again."
        if is_kept
        else "Run the same command again: the frontend asked for the build requirements before this was known. If it"
        f" stays so, take {outcome.rule.name} out of what fills the build environment: build constraints, extra build"
        " dependencies.",
    )


def other_is_installed(outcome: Outcome, resolution: Resolution, frontend: str | None) -> ProvisionError:
    """Return the stop for a build without isolation that is about to replace what it would be built against."""
    name, version = resolution.identity.name, resolution.identity.version
    program = {"uv": "uv pip install", "pdm": "pdm add", "poetry": "poetry add"}.get(frontend or "", "pip install")
    return ProvisionError(
        f"{outcome.visible} is installed, and without build isolation the wheel would be built against it, but the"
        f" command replaces it by {resolution}",
        hint=f"Install that first, in a command of its own: {program} '{name}=={version}'; then run the same command"
        " again.",
    )


def not_installed(resolution: Resolution) -> ProvisionError:
    """Return the stop for ``provision = 'reuse'`` when nothing is installed."""
    return ProvisionError(
        f"provision is 'reuse', but {resolution} is not installed where the wheel is for",
        hint="Install it there, or let it be installed into the build environment: RUNTIME_BACKEND_PROVISION=require.",
    )


def not_to_be_had(resolution: Resolution) -> ProvisionError:
    """Return the stop for a locked one without a wheel."""
    return ProvisionError(
        f"{resolution} cannot be requested: {resolution.missing}",
        hint="Install it in the environment that the wheel is for, then run the same command again.",
    )


def not_asked_for(resolution: Resolution, requirement: str) -> ProvisionError:
    """Return the stop for a build environment that was made without it."""
    return ProvisionError(
        f"the wheel is for {resolution}, which the build environment does not have:"
        f" the frontend did not ask for, or did not install, {requirement!r}",
        hint="Run the same command again: by now it is known. Without build isolation, install it first:"
        f" pip install '{resolution.identity.name}=={resolution.identity.version}'.",
    )
