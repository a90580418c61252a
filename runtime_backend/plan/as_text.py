"""The plan for people: as a tree, and as the few lines that end the output of a failed build."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import Plan
from .runtimes import RuntimePlan

_OPEN = "  [the end of its name depends on what the build environment has]"
Node = tuple[str, list[Any]]
"""A line of a tree, and the nodes below it."""


def plan_tree(plan: Plan) -> Node:
    """Return the plan as a tree of lines, with the origin of every value and every place looked at."""
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
    nodes += [*_build_lines(plan), _store_tree(plan)]
    if plan.overlay is not None:
        left_out = ", ".join(plan.overlay.links.left_out)
        below: list[Any] = [(f"left out, the build environment has its own: {left_out}", [])] if left_out else []
        nodes.append((f"overlay: {plan.overlay.path}{_OPEN if plan.isolation == 'assumed' else ''}", below))
    nodes += _compiler_lines(plan)
    if plan.keeping is not None:
        below = [(f"{plan.keeping.why}  [editable-env: {plan.settings.editable_env.origin}]", [])]
        nodes.append((f"kept build environment of an editable: {plan.keeping.place}", below))
    if plan.variables:
        nodes.append(("variables", [(_variable_line(v.name, v.value, v.why, v.origin), []) for v in plan.variables]))
    if plan.own.every:
        nodes.append(("set by runtime-backend", [(f"{v.name}={v.value}: {v.why}", []) for v in plan.own.every]))
    nodes += [(f"note: {note}", []) for note in plan.notes]
    return (f"{plan.hook} of {plan.settings.source}", nodes)


def _build_lines(plan: Plan) -> list[Any]:
    """Return the build requirements that the settings name."""
    needs, build = plan.needs, plan.settings.build
    if needs is None:
        return []
    nodes: list[Any] = []
    if needs.lock is not None:
        nodes.append((f"build lock: {needs.lock}", [(pin, []) for pin in needs.locked]))
    elif build.requires is not None:
        nodes.append((f"build requirements: {', '.join(build.requires.value)}  [{build.requires.origin}]", []))
    found: list[Any] = [(f"{constraint.requirement}  [{constraint.origin}]", []) for constraint in build.constraints]
    return [*nodes, ("build constraints", found)] if found else nodes


def _store_tree(plan: Plan) -> Node:
    """Return where finished wheels are kept and taken from."""
    store, prebuilt = plan.settings.store, plan.settings.prebuilt
    if store.switch.value == "off":
        return f"wheel store: off  [{store.switch.origin}]", []
    remote, below = store.remote, list[Any]()
    if remote is not None:
        trust = "" if remote.trust is None else f", trust {remote.trust}"
        below.append((f"remote: {remote.url}, write {remote.write}{trust}  [{remote.origin}]", []))
    if prebuilt.value is not None:
        below.append((f"prebuilt: {prebuilt.value.url}, label {prebuilt.value.label}  [{prebuilt.origin}]", []))
    return f"wheel store: {plan.cache / 'store'}, at most {store.limit.value / 1e9:g} GB  [{store.limit.origin}]", below


def _compiler_lines(plan: Plan) -> list[Any]:
    toolkit, found = plan.toolkit, plan.compiler_cache
    nodes: list[Any] = [] if plan.view is None else [(f"view: {plan.view.path}", [])]
    if toolkit is not None:
        below: list[Any] = [] if toolkit.home is None else [(f"CUDA_HOME: {toolkit.home.path}", [])]
        below += [(f"requested: {requirement}", []) for requirement in toolkit.requirements]
        nodes.append((f"CUDA toolkit: {toolkit.kind} ({toolkit.why})", below))
    return nodes if found is None else [*nodes, (f"compiler cache: {found}  [{found.origin}]", [])]


def _variable_line(name: str, value: str | None, why: str, origin: str) -> str:
    return f"{name}{'' if value is None else f'={value}'}: {why}  [{origin}]"


def _runtime_tree(runtime: RuntimePlan) -> Node:
    outcome, resolution, provision = runtime.outcome, runtime.resolution, runtime.provision
    found = "not known" if resolution is None else f"{resolution.identity}, {resolution.how}  [{resolution.origin}]"
    nodes: list[Any] = [
        (f"asked for: {outcome.rule.requirement}  [{outcome.rule.origin}]", []),
        (f"match: {outcome.rule.match}  [{outcome.rule.match_origin}]", []),
        *([] if outcome.decision is None else [(f"decision: {outcome.decision}", [])]),
        ("looked at", [(str(step), []) for step in dict.fromkeys(outcome.steps)]),
        (f"provision: {provision.kind} ({provision.why})", []),
    ]
    if resolution is not None and resolution.url is not None:
        nodes.insert(2, (f"wheel: {resolution.url} sha256={resolution.sha256}", []))
    if provision.requirement is not None:
        nodes.append((f"requested: {provision.requirement}", []))
    return (f"{outcome.rule.name}: {found}", nodes)


def render(node: Node) -> Iterator[str]:
    """Yield the lines of a tree, drawn with box characters."""
    yield node[0]
    yield from _render_below(node[1], "")


def _render_below(nodes: list[Node], indent: str) -> Iterator[str]:
    for index, (line, below) in enumerate(nodes):
        is_last = index == len(nodes) - 1
        yield f"{indent}{'└─ ' if is_last else '├─ '}{line}"
        yield from _render_below(below, indent + ("   " if is_last else "│  "))


def short_story(plan: Plan) -> Iterator[str]:
    """Yield the few lines that end the output of a failed build."""
    for runtime in plan.runtimes:
        outcome, resolution = runtime.outcome, runtime.resolution
        found = "not known" if resolution is None else f"{resolution.identity}, {resolution.how} ({resolution.origin})"
        yield f"{outcome.rule.name}: {found}; {runtime.provision.kind}: {runtime.provision.why}"
        if outcome.decision is not None:
            yield f"  {outcome.decision}"
    for variable in plan.variables:
        yield _variable_line(variable.name, variable.value, variable.why, variable.origin)
    yield f"real backend: {plan.settings.real_backend.value} ({plan.hook}, {plan.frontend or 'frontend not known'})"
