"""Errors for a known runtime that cannot be shown to the real backend, each with the next command."""

from __future__ import annotations

from ..errors import RENEW_ENVIRONMENT, ProvisionError
from ..resolve.outcome import Outcome
from ..resolve.resolution import Resolution


def other_is_visible(outcome: Outcome, resolution: Resolution, *, is_kept: bool) -> ProvisionError:
    """Return the error for a build environment that has another runtime."""
    where = outcome.visible_distribution.site if outcome.visible_distribution is not None else "?"
    return ProvisionError(
        "another-runtime-in-build-environment",
        "the build environment has {visible} ({where}), but the wheel is for {resolution}; match-runtime asks for"
        " {match!r}",
        hint=(
            RENEW_ENVIRONMENT
            if is_kept
            else "Run the same command again: the frontend asked for the build requirements before this was known. If"
            " that does not help, remove {rule} from build constraints and extra build dependencies."
        ),
        visible=outcome.visible,
        where=where,
        resolution=resolution,
        match=outcome.rule.match,
        rule=outcome.rule.name,
    )


def other_is_installed(outcome: Outcome, resolution: Resolution, frontend: str | None) -> ProvisionError:
    """Return the error for a build without isolation in a command that replaces the installed runtime."""
    name, version = resolution.identity.name, resolution.identity.version
    program = {"uv": "uv pip install", "pdm": "pdm add", "poetry": "poetry add"}.get(frontend or "", "pip install")
    return ProvisionError(
        "runtime-about-to-be-replaced",
        "{visible} is installed, and without build isolation the wheel would be built against it, but the command"
        " replaces it with {resolution}",
        hint="Install the new one first, in a separate command: {program} '{name}=={version}'; then run the same"
        " command again.",
        visible=outcome.visible,
        resolution=resolution,
        program=program,
        name=name,
        version=version,
    )


def not_installed(resolution: Resolution) -> ProvisionError:
    """Return the error for ``provision = 'reuse'`` if nothing is installed."""
    return ProvisionError(
        "runtime-cannot-be-reused",
        "provision is 'reuse', but {resolution} is not installed in the environment that the wheel is for",
        hint="Install it there, or let the frontend install it into the build environment:"
        " RUNTIME_BACKEND_PROVISION=require.",
        resolution=resolution,
    )


def no_wheel(resolution: Resolution) -> ProvisionError:
    """Return the error for a locked runtime without a wheel."""
    return ProvisionError(
        "runtime-cannot-be-required",
        "{resolution} cannot be required: {missing}",
        hint="Install it in the environment that the wheel is for, then run the same command again.",
        resolution=resolution,
        missing=resolution.missing,
    )


def not_required(resolution: Resolution, requirement: str) -> ProvisionError:
    """Return the error for a build environment that lacks the runtime."""
    return ProvisionError(
        "runtime-not-in-build-environment",
        "the wheel is for {resolution}, which the build environment does not have: the frontend did not ask for the"
        " requirement {requirement!r}, or did not install it",
        hint="Run the same command again: the requirement is known now. Without build isolation, install it first:"
        " pip install '{name}=={version}'.",
        resolution=resolution,
        requirement=requirement,
        name=resolution.identity.name,
        version=resolution.identity.version,
    )
