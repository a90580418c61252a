"""The plan as JSON, without credentials."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import __version__
from ..config import Settings, Upstream
from ..errors import BackendError
from ..errors.reasons import reason
from ..installed.identity import Identity
from ..resolve.decision import Decision
from ..system.printable import without_secrets
from . import Plan
from .runtimes import RuntimePlan


def describe_plan(plan: Plan) -> dict[str, Any]:
    """Return a plan as a table for JSON, without credentials."""
    settings = plan.settings
    described = {
        "shim": __version__,
        "hook": plan.hook,
        "source": str(settings.source),
        "upstream": describe_upstream(settings.upstream),
        "frontend": plan.frontend,
        "isolation": plan.isolation,
        "real-backend": {"value": settings.real_backend.value, "origin": settings.real_backend.origin},
        "provision": {"value": settings.provision.value, "origin": settings.provision.origin},
        "metadata": {
            "value": settings.metadata.value,
            "origin": settings.metadata.origin,
            "ways": list(plan.metadata_ways),
        },
        "runtimes": [_describe_runtime(runtime) for runtime in plan.runtimes],
        "build-requirements": _describe_build(plan),
        "overlay": None if plan.overlay is None else str(plan.overlay.path),
        "left-out": [] if plan.overlay is None else list(plan.overlay.links.left_out),
        "view": None if plan.view is None else str(plan.view.path),
        "toolkit": _describe_toolkit(plan),
        "kept-environment": None
        if plan.keeping is None
        else {"value": plan.keeping.place, "origin": settings.editable_env.origin, "why": plan.keeping.why},
        "store": _describe_store(plan.settings),
        "compiler-cache": None if plan.compiler_cache is None else str(plan.compiler_cache),
        "variables": [{"name": v.name, "value": v.value, "origin": v.origin, "why": v.why} for v in plan.variables],
        "own-variables": [{"name": v.name, "value": v.value, "why": v.why} for v in plan.own.every],
        "requirements": list(plan.requirements),
        "notes": list(plan.notes),
        "stop": None if plan.refusal is None else str(plan.refusal),
        "stop-name": None if plan.refusal is None else plan.refusal.stop,
    }
    shown: dict[str, Any] = redacted(described)
    return shown


def _describe_build(plan: Plan) -> dict[str, Any] | None:
    needs, build = plan.needs, plan.settings.build
    if needs is None:
        return None
    return {
        "requires": None if build.requires is None else list(build.requires.value),
        "lock": None if needs.lock is None else str(needs.lock),
        "locked": list(needs.locked),
        "constraints": [{"value": str(c.requirement), "origin": c.origin} for c in build.constraints],
    }


def _describe_store(settings: Settings) -> dict[str, Any]:
    store, prebuilt = settings.store, settings.prebuilt
    remote = store.remote
    return {
        "value": store.switch.value,
        "origin": store.switch.origin,
        "limit": store.limit.value,
        "remote": None
        if remote is None
        else {
            "url": remote.url,
            "write": remote.write,
            "trust": None if remote.trust is None else str(remote.trust),
            "origin": remote.origin,
        },
        "prebuilt": None
        if prebuilt.value is None
        else {"index": prebuilt.value.url, "label": prebuilt.value.label, "origin": prebuilt.origin},
    }


def _describe_toolkit(plan: Plan) -> dict[str, Any] | None:
    toolkit = plan.toolkit
    if toolkit is None:
        return None
    home = None if toolkit.home is None else str(toolkit.home.path)
    return {"kind": toolkit.kind, "version": toolkit.version, "why": toolkit.why, "home": home}


def describe_upstream(upstream: Upstream | None) -> dict[str, Any] | None:
    """Return an upstream source as a table for JSON."""
    if upstream is None:
        return None
    return {
        upstream.kind: upstream.where,
        "sha256": upstream.sha256,
        "rev": upstream.rev,
        "patches": [path.name for path in upstream.patches],
    }


def _describe_runtime(runtime: RuntimePlan) -> dict[str, Any]:
    outcome, resolution = runtime.outcome, runtime.resolution
    return {
        "name": outcome.rule.name,
        "rule": {
            "value": str(outcome.rule.requirement),
            "origin": outcome.rule.origin,
            "match": {"value": outcome.rule.match, "origin": outcome.rule.match_origin},
        },
        "resolution": None
        if resolution is None
        else {
            "how": resolution.how,
            "origin": resolution.origin,
            **describe_identity(resolution.identity),
            "url": resolution.url,
            "sha256": resolution.sha256,
        },
        "decision": _describe_decision(outcome.decision),
        "visible": None if outcome.visible is None else describe_identity(outcome.visible),
        "provision": {
            "value": runtime.provision.kind,
            "why": runtime.provision.why,
            "requirement": runtime.provision.requirement,
        },
        "looked-at": [{"why": step.why, "path": step.path, "found": step.found} for step in outcome.steps],
    }


def _describe_decision(decision: Decision | None) -> dict[str, Any] | None:
    if decision is None:
        return None
    return {"kind": decision.kind, "evidence": decision.evidence, "verified": decision.is_verified}


def describe_identity(identity: Identity) -> dict[str, Any]:
    """Return the versions and facts of a runtime as a table for JSON."""
    return {"version": identity.version, "reported": identity.reported, **identity.facts}


def redacted(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return JSON without the credentials in its strings."""
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, Mapping):
        return {key: redacted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [redacted(item) for item in value]
    return value


def log_plan(path: Path, plan: Plan) -> None:
    """Append a plan to the person's log, as one line of JSON.

    :raises BackendError: if the log cannot be written.
    """
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(describe_plan(plan))}\n")
    except OSError as error:
        raise BackendError(
            "log-cannot-be-written",
            "the log {path} cannot be written: {why}",
            hint="Set RUNTIME_BACKEND_LOG to another file.",
            path=path,
            why=reason(error, path),
        ) from None
