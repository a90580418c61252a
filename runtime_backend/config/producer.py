"""Reading the producer's table, ``[tool.runtime-backend]`` in its pyproject.toml."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..formats.parsing import marker_holds, parse_requirement
from ..formats.tables import S, Table, describe, did_you_mean, one_of
from .build_requires import BuildSystem
from .settings import (
    LEGACY_BACKEND,
    MATCHES,
    TEMPLATE_FIELDS,
    Chosen,
    RuntimeRule,
    Settings,
    Variable,
)
from .templates import placeholders

_VARIABLE_NAME = r"[A-Za-z_][A-Za-z0-9_]*"


def choice(table: Table, name: str, allowed: Sequence[S]) -> Chosen[S]:
    """Return one of the allowed strings; the first of them is the default."""
    return optional_choice(table, name, allowed) or Chosen(value=allowed[0], origin="default")


def optional_choice(table: Table, name: str, allowed: Sequence[S]) -> Chosen[S] | None:
    """Return one of the allowed strings; None if it is missing or wrong."""
    found = table.choice(name, allowed)
    return None if found is None else Chosen(value=found, origin=f"{table.file}: {table.dotted(name)}")


def read_backend(table: Table) -> Chosen[str]:
    """Return the real backend; this backend itself is reported as a mistake."""
    found = table.string("build-backend")
    if found is None:
        return Chosen(value=LEGACY_BACKEND, origin="default (PEP 517)")
    if found.split(":")[0].split(".")[0] == "runtime_backend":
        table.report("build-backend", f"the string {found!r}", "the real backend, not this one")
    return Chosen(value=found, origin=f"{table.file}: {table.dotted('build-backend')}")


def read_backend_path(table: Table, source: Path) -> list[str]:
    """Return ``backend-path``: folders relative to the source tree, and inside it (PEP 517)."""
    paths = table.strings("backend-path") or []
    for index, path in enumerate(paths):
        inside = Path(os.path.normpath(source / path))
        if Path(path).is_absolute() or not inside.is_relative_to(source):
            table.report(f"backend-path[{index}]", f"the string {path!r}", "a folder inside the source tree")
    return paths


def read_runtimes(table: Table) -> tuple[RuntimeRule, ...]:
    """Return ``match-runtime``, one rule per runtime, without entries whose marker is false here.

    Several entries for a runtime are combined, as in any list of requirements.
    """
    key = "match-runtime"
    entries = table.array(key)
    origin = "default" if entries is None else f"{table.file}: {table.dotted(key)}"
    rules: dict[str, RuntimeRule] = {}
    unconditional = set[str]()
    for index, entry in enumerate(["torch"] if entries is None else entries):
        at = f"{key}[{index}]"
        rule = _read_rule(table, at, entry, origin)
        if rule is None:
            continue
        if rule.requirement.marker is None and rule.name in unconditional:
            table.report(at, f"a second entry for {rule.name}", "one entry per runtime")
        elif rule.requirement.marker is None:
            unconditional.add(rule.name)
        rules[rule.name] = _joined(table, at, rules[rule.name], rule) if rule.name in rules else rule
    return tuple(rules.values())


def _joined(table: Table, key: str, first: RuntimeRule, second: RuntimeRule) -> RuntimeRule:
    """Return the combined rule of two entries for a runtime; a ``match`` in one of them counts for both."""
    stated = [rule for rule in (first, second) if rule.match_origin != "default"]
    if len({rule.match for rule in stated}) > 1:
        table.report(key, f"match {second.match!r}", f"{first.match!r}, as in the entry for {first.name} before it")
    both = Requirement(first.requirement.name)
    both.specifier = first.requirement.specifier & second.requirement.specifier
    both.extras = first.requirement.extras | second.requirement.extras
    return (stated or [first])[0]._replace(requirement=both)


def _read_rule(table: Table, key: str, entry: object, origin: str) -> RuntimeRule | None:
    match, match_origin = MATCHES[0], "default"
    if isinstance(entry, dict):
        inner = Table(entry, file=table.file, key=table.dotted(key), problems=table.problems)
        entry = inner.value("requirement")
        stated = inner.choice("match", MATCHES)
        match, match_origin = (match, match_origin) if stated is None else (stated, origin)
        inner.close()
    if not isinstance(entry, str):
        table.report(key, describe(entry), "a requirement, or { requirement, match }")
        return None
    requirement = parse_requirement(entry)
    holds = None if requirement is None or requirement.url is not None else marker_holds(requirement)
    if requirement is None or holds is None:
        table.report(key, f"the string {entry!r}", "a name with an optional version specifier, such as 'torch>=2.4'")
        return None
    if not holds:
        return None
    name = canonicalize_name(requirement.name)
    return RuntimeRule(name=name, requirement=requirement, match=match, origin=origin, match_origin=match_origin)


def read_variables(table: Table, runtimes: Sequence[str] | None) -> list[Variable]:
    """Return the variables of the ``env`` table.

    :param runtimes: the names for placeholders such as ``{torch.version}``; None if they are not known here.
    """
    env = table.table("env")
    if env is None:
        return []
    variables = (_read_variable(env, name, runtimes) for name in env.names())
    return [variable for variable in variables if variable is not None]


def _read_variable(env: Table, name: str, runtimes: Sequence[str] | None) -> Variable | None:
    if not re.fullmatch(_VARIABLE_NAME, name):
        env.report(name, f"the name {name!r}", "a variable's name: letters, digits and underscores")
        return None
    template, force = env.value(name), False
    if isinstance(template, dict):
        inner = Table(template, file=env.file, key=env.dotted(name), problems=env.problems)
        template, force = inner.value("value"), inner.boolean("force") or False
        inner.close()
    if not isinstance(template, str):
        env.report(name, describe(template), "a string, or { value, force }")
        return None
    if runtimes is not None:
        _check_template(env, name, template, runtimes)
    return Variable(name=name, template=template, force=force, origin=f"{env.file}: {env.dotted(name)}")


def _check_template(env: Table, name: str, template: str, runtimes: Sequence[str]) -> None:
    known = [f"{runtime}.{field}" for runtime in runtimes for field in TEMPLATE_FIELDS]
    expected = one_of(known) if known else "no placeholder, since match-runtime names no runtime"
    for found in placeholders(template):
        if found not in known:
            env.report(name, f"{{{found}}}{did_you_mean(found, known)}", f"{expected}; a literal brace is doubled")


def refuse_look_alikes(tool: Table) -> None:
    """Report a misspelt name of our table, such as ``runtime_backend``, whose settings would be ignored."""
    for name in tool.names():
        if name != "runtime-backend" and re.sub(r"[-_. ]", "", name).lower() == "runtimebackend":
            tool.report(name, "a table that is not read", "tool.runtime-backend")


def refuse_required_runtimes(system: BuildSystem, settings: Settings) -> None:
    """Report runtimes in build-system.requires: pip and pdm then reject any pin, others install the wrong runtime.

    Source: facts on frontends, section 5, "build-system.requires has torch>=1 and gr returns torch==1.0".
    """
    for rule in settings.runtimes if settings.provision.value != "none" else ():
        system.refuse(
            [rule.name],
            f"no {rule.name}: the frontend would install the newest {rule.name} before this backend can require the"
            " right one; its specifier belongs to tool.runtime-backend.match-runtime: runtime-backend init --write",
        )
