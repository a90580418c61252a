"""The plan told to programs: as JSON, as a stamp. Secrets stay out of both."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import __version__
from ..config import Upstream
from ..config.planned import leads_to_a_place
from ..errors import BackendError
from ..errors.reasons import reason
from ..installed.identity import Identity
from ..resolve.decision import Decision
from ..system.printable import without_secrets
from . import Plan
from .runtimes import RuntimePlan


def describe_plan(plan: Plan) -> dict[str, Any]:
    """Return a plan as JSON takes it."""
    settings = plan.settings
    described = {
        "shim": __version__,
        "hook": plan.hook,
        "source": str(settings.source),
        "upstream": _describe_upstream(settings.upstream),
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
        "overlay": None if plan.overlay is None else str(plan.overlay.path),
        "left-out": [] if plan.overlay is None else list(plan.overlay.links.left_out),
        "view": None if plan.view is None else str(plan.view.path),
        "toolkit": _describe_toolkit(plan),
        "compiler-cache": None if plan.compiler_cache is None else str(plan.compiler_cache),
        "variables": [{"name": v.name, "value": v.value, "origin": v.origin, "why": v.why} for v in plan.variables],
        "own-variables": [
            {"name": v.name, "value": v.value, "why": v.why} for v in (*plan.own.always, *plan.own.building)
        ],
        "requirements": list(plan.requirements),
        "notes": list(plan.notes),
        "stop": None if plan.refusal is None else str(plan.refusal),
    }
    redacted: dict[str, Any] = _redacted(described)
    return redacted


def _describe_toolkit(plan: Plan) -> dict[str, Any] | None:
    toolkit = plan.toolkit
    if toolkit is None:
        return None
    home = None if toolkit.home is None else str(toolkit.home.path)
    return {"kind": toolkit.kind, "version": toolkit.version, "why": toolkit.why, "home": home}


def _describe_upstream(upstream: Upstream | None) -> dict[str, Any] | None:
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
    """Return what a runtime is, as JSON takes it."""
    return {"version": identity.version, "reported": identity.reported, **identity.facts}


def describe_stamp(plan: Plan, *, real_version: str | None, revision: str | None, compiled: int) -> dict[str, Any]:
    """Return what a wheel says of its build: no value out of the person's own environment, no path of the machine."""
    described = {
        "shim": __version__,
        "runtimes": [_stamp_runtime(runtime) for runtime in plan.runtimes],
        "toolkit": None if plan.toolkit is None else {"kind": plan.toolkit.kind, "version": plan.toolkit.version},
        "real-backend": {"name": plan.settings.real_backend.value, "version": real_version},
        "variables": {v.name: v.value for v in plan.variables if not v.is_place},
        "variables-kept": [v.name for v in plan.variables if v.value is None],
        "source-revision": revision,
        "upstream": _stamp_upstream(plan.settings.upstream),
        "compiled-files": compiled,
    }
    redacted: dict[str, Any] = _redacted(described)
    return redacted


def _stamp_runtime(runtime: RuntimePlan) -> dict[str, Any]:
    outcome = runtime.outcome
    identity, resolution = runtime.identity, runtime.resolution
    return {
        "name": outcome.rule.name,
        "match": outcome.rule.match,
        **({} if identity is None else describe_identity(identity)),
        "how": None if resolution is None else resolution.how,
        "decision": None if outcome.decision is None else outcome.decision.kind,
        "verified": outcome.decision is None or outcome.decision.is_verified,
        "provision": runtime.provision.kind,
    }


def _stamp_upstream(upstream: Upstream | None) -> dict[str, Any] | None:
    """Of an archive or a repository that lies on the machine the name alone goes with the wheel."""
    if upstream is None or not leads_to_a_place(upstream.where):
        return _describe_upstream(upstream)
    return _describe_upstream(upstream._replace(where=re.split(r"[/\\]", upstream.where.rstrip("/\\"))[-1]))


def _redacted(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, Mapping):
        return {key: _redacted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_redacted(item) for item in value]
    return value


def log_plan(path: Path, plan: Plan) -> None:
    """Add a plan to the person's log, a line of JSON.

    :raises BackendError: when the log cannot be written to.
    """
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(describe_plan(plan))}\n")
    except OSError as error:
        raise BackendError(
            f"the log {path} cannot be written: {reason(error, path)}", hint="Set RUNTIME_BACKEND_LOG to another file."
        ) from None
