"""The plan told to people and to programs: as a tree, as JSON, as a stamp. Secrets stay out of all three."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from . import __version__
from .config import Upstream
from .errors import BackendError
from .plan import Plan, RuntimePlan
from .runtime import Identity

_CREDENTIALS = re.compile(r"(?<=://)[^/\s]+@")
_QUERY = re.compile(r"(?<=\.whl)\?[^\s#]*")

Node = tuple[str, list[Any]]
"""A line of a tree and the nodes below it."""


def without_secrets(text: str) -> str:
    """Return a text with the credentials and the query taken out of its URLs."""
    return _QUERY.sub("", _CREDENTIALS.sub("", text))


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
        "variables": [{"name": v.name, "value": v.value, "origin": v.origin, "why": v.why} for v in plan.variables],
        "requirements": list(plan.requirements),
        "notes": list(plan.notes),
        "stop": None if plan.refusal is None else str(plan.refusal),
    }
    redacted: dict[str, Any] = _redacted(described)
    return redacted


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
        "visible": None if outcome.visible is None else describe_identity(outcome.visible),
        "provision": {
            "value": runtime.provision.kind,
            "why": runtime.provision.why,
            "requirement": runtime.provision.requirement,
        },
        "looked-at": [{"why": step.why, "path": step.path, "found": step.found} for step in outcome.steps],
    }


def describe_identity(identity: Identity) -> dict[str, Any]:
    """Return what a runtime is, as JSON takes it."""
    return {
        "version": identity.version,
        "reported": identity.reported,
        "cuda": identity.cuda,
        "hip": identity.hip,
        "git-version": identity.git_version,
    }


def describe_stamp(plan: Plan, *, real_version: str | None, revision: str | None, compiled: int) -> dict[str, Any]:
    """Return what a wheel says of its build: never a value out of the person's own environment."""
    described = {
        "shim": __version__,
        "runtimes": [_stamp_runtime(runtime) for runtime in plan.runtimes],
        "real-backend": {"name": plan.settings.real_backend.value, "version": real_version},
        "variables": {v.name: v.value for v in plan.variables if v.value is not None},
        "variables-kept": [v.name for v in plan.variables if v.value is None],
        "source-revision": revision,
        "upstream": _describe_upstream(plan.settings.upstream),
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
        "origin": None if resolution is None else resolution.origin,
        "provision": runtime.provision.kind,
    }


def _redacted(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, Mapping):
        return {key: _redacted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_redacted(item) for item in value]
    return value


def plan_tree(plan: Plan) -> Node:
    """Return the plan as a tree of lines, every value with its origin and every place looked at."""
    backend, provision, metadata = plan.settings.real_backend, plan.settings.provision, plan.settings.metadata
    upstream = plan.settings.upstream
    nodes: list[Any] = [
        (f"frontend: {plan.frontend or 'not known'}; isolation: {plan.isolation}", []),
        *([] if upstream is None else [(f"source: {upstream}  [{upstream.origin}]", [])]),
        (f"real backend: {backend.value}  [{backend.origin}]", []),
        (f"provision: {provision.value}  [{provision.origin}]", []),
        (f"metadata: {', else '.join(plan.metadata_ways)}  [{metadata.origin}]", []),
        *(_runtime_tree(runtime) for runtime in plan.runtimes),
    ]
    if plan.overlay is not None:
        left_out = ", ".join(plan.overlay.links.left_out)
        below: list[Any] = [(f"left out, the build environment has its own: {left_out}", [])] if left_out else []
        nodes.append((f"overlay: {plan.overlay.path}", below))
    if plan.variables:
        nodes.append(("variables", [(_variable_line(v.name, v.value, v.why, v.origin), []) for v in plan.variables]))
    nodes += [(f"note: {note}", []) for note in plan.notes]
    return (f"{plan.hook} of {plan.settings.source}", nodes)


def _variable_line(name: str, value: str | None, why: str, origin: str) -> str:
    return f"{name}{'' if value is None else f'={value}'}: {why}  [{origin}]"


def _runtime_tree(runtime: RuntimePlan) -> Node:
    outcome, resolution, provision = runtime.outcome, runtime.resolution, runtime.provision
    found = "not known" if resolution is None else f"{resolution.identity}, {resolution.how}  [{resolution.origin}]"
    nodes: list[Any] = [
        (f"asked for: {outcome.rule.requirement}  [{outcome.rule.origin}]", []),
        (f"match: {outcome.rule.match}  [{outcome.rule.match_origin}]", []),
        ("looked at", [(f"{step.why}: {step.path}: {step.found}", []) for step in outcome.steps]),
        (f"provision: {provision.kind} ({provision.why})", []),
    ]
    if resolution is not None and resolution.url is not None:
        nodes.insert(2, (f"wheel: {resolution.url} sha256={resolution.sha256}", []))
    if provision.requirement is not None:
        nodes.append((f"requested: {provision.requirement}", []))
    return (f"{outcome.rule.name}: {found}", nodes)


def render(node: Node) -> Iterator[str]:
    """Yield the lines of a tree."""
    yield without_secrets(node[0])
    yield from _render_below(node[1], "")


def _render_below(nodes: list[Node], indent: str) -> Iterator[str]:
    for index, (line, below) in enumerate(nodes):
        is_last = index == len(nodes) - 1
        yield f"{indent}{'└─ ' if is_last else '├─ '}{without_secrets(line)}"
        yield from _render_below(below, indent + ("   " if is_last else "│  "))


def short_story(plan: Plan) -> Iterator[str]:
    """Yield the few lines that end the output of a failed build."""
    for runtime in plan.runtimes:
        outcome, resolution = runtime.outcome, runtime.resolution
        found = "not known" if resolution is None else f"{resolution.identity}, {resolution.how} ({resolution.origin})"
        yield without_secrets(f"{outcome.rule.name}: {found}; {runtime.provision.kind}: {runtime.provision.why}")
    for variable in plan.variables:
        yield without_secrets(_variable_line(variable.name, variable.value, variable.why, variable.origin))
    yield f"real backend: {plan.settings.real_backend.value} ({plan.hook}, {plan.frontend or 'frontend not known'})"


def append_line(path: Path, line: str) -> None:
    """Add a line to the person's log.

    :raises BackendError: when it cannot be written to.
    """
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
    except OSError as error:
        raise BackendError(
            f"the log {path} cannot be written: {error}", hint="Set RUNTIME_BACKEND_LOG to another file."
        ) from None
