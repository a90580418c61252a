"""Errors for a known runtime that cannot be shown to the real backend, each with the next command."""

from __future__ import annotations

from ..errors import ProvisionError
from ..resolve.outcome import Outcome
from ..resolve.resolution import Resolution


def other_is_visible(outcome: Outcome, resolution: Resolution, *, is_kept: bool) -> ProvisionError:
    """Return the error for a build environment that has another runtime."""
    where = outcome.visible_distribution.site if outcome.visible_distribution is not None else "?"
    return ProvisionError(
        f"the build environment has {outcome.visible} ({where}), but the wheel is for {resolution};"
        f" match-runtime asks for {outcome.rule.match!r}",
        hint="Remove the build environment that the frontend keeps (hatch env prune; tox --recreate), then run the same"
        " command again."
        if is_kept
        else "Run the same command again: the frontend asked for the build requirements before this was known. If that"
        f" does not help, remove {outcome.rule.name} from build constraints and extra build dependencies.",
    )


def other_is_installed(outcome: Outcome, resolution: Resolution, frontend: str | None) -> ProvisionError:
    """Return the error for a build without isolation in a command that replaces the installed runtime."""
    name, version = resolution.identity.name, resolution.identity.version
    program = {"uv": "uv pip install", "pdm": "pdm add", "poetry": "poetry add"}.get(frontend or "", "pip install")
    return ProvisionError(
        f"{outcome.visible} is installed, and without build isolation the wheel would be built against it, but the"
        f" command replaces it with {resolution}",
        hint=f"Install the new one first, in a separate command: {program} '{name}=={version}'; then run the same"
        " command again.",
    )


def not_installed(resolution: Resolution) -> ProvisionError:
    """Return the error for ``provision = 'reuse'`` if nothing is installed."""
    return ProvisionError(
        f"provision is 'reuse', but {resolution} is not installed in the environment that the wheel is for",
        hint="Install it there, or let the frontend install it into the build environment:"
        " RUNTIME_BACKEND_PROVISION=require.",
    )


def no_wheel(resolution: Resolution) -> ProvisionError:
    """Return the error for a locked runtime without a wheel."""
    return ProvisionError(
        f"{resolution} cannot be required: {resolution.missing}",
        hint="Install it in the environment that the wheel is for, then run the same command again.",
    )


def not_required(resolution: Resolution, requirement: str) -> ProvisionError:
    """Return the error for a build environment that lacks the runtime."""
    return ProvisionError(
        f"the wheel is for {resolution}, which the build environment does not have:"
        f" the frontend did not ask for the requirement {requirement!r}, or did not install it",
        hint="Run the same command again: the requirement is known now. Without build isolation, install it first:"
        f" pip install '{resolution.identity.name}=={resolution.identity.version}'.",
    )
