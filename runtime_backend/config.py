"""The settings of one hook call: the producer's table, the environment, the config settings; each with its origin."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from .errors import ConfigError
from .tables import Table, describe, did_you_mean, one_of
from .toml import loads

T = TypeVar("T")

LEGACY_BACKEND = "setuptools.build_meta:__legacy__"
"""What PEP 517 prescribes for a source tree that names no backend."""

PROVISIONS = ("auto", "reuse", "require", "none")
MATCHES = ("exact", "minor", "floor")
UNRESOLVED = ("error",)
TEMPLATE_FIELDS = ("version", "cuda", "hip", "git-version")
"""What ``{torch.<field>}`` may name in a variable."""

CALL_KEYS = ("target", "lock", "pin", "provision", "cache-dir", "log")
"""The keys for one call: config setting ``runtime-backend.<key>``, environment variable ``RUNTIME_BACKEND_<KEY>``."""

SETTING_PREFIX = "runtime-backend."
VARIABLE_PREFIX = "RUNTIME_BACKEND_"

_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen(Generic[T]):
    """A value, and where it comes from."""

    value: T
    origin: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RuntimeRule:
    """One entry of ``match-runtime``."""

    name: str
    """The distribution's name, normalised (PEP 503)."""
    requirement: Requirement
    """The entry as written; its specifier is a guard."""
    match: str
    """One of :data:`MATCHES`."""
    origin: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Variable:
    """One entry of the ``env`` table."""

    name: str
    template: str
    force: bool
    """True: set it even where the person's environment has it."""
    origin: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Pin:
    """A runtime set by hand."""

    name: str
    """Normalised (PEP 503)."""
    requirement: Requirement
    """``torch==2.7.0+cu126`` or ``torch @ URL``."""
    origin: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Everything that people said about this build; nothing in here was looked up."""

    source: Path
    """The source tree, absolute."""
    real_backend: Chosen[str]
    backend_path: tuple[str, ...]
    runtimes: tuple[RuntimeRule, ...]
    provision: Chosen[str]
    unresolved: Chosen[str]
    variables: tuple[Variable, ...]
    target: Chosen[Path] | None
    lock: Chosen[Path] | None
    pins: tuple[Pin, ...]
    cache_dir: Chosen[Path] | None
    log: Chosen[Path] | None
    scikit_build_dir: str | None
    """scikit-build-core's ``build-dir``, the one foreign key that we follow."""


def split_config_settings(
    config_settings: Mapping[str, Any] | None,
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return (ours, without the prefix; the real backend's, untouched: None stays None)."""
    if config_settings is None:
        return {}, None
    ours = {k[len(SETTING_PREFIX) :]: v for k, v in config_settings.items() if k.startswith(SETTING_PREFIX)}
    theirs = {k: v for k, v in config_settings.items() if not k.startswith(SETTING_PREFIX)}
    return ours, theirs


def load_settings(
    source: Path, *, config_settings: Mapping[str, Any] | None = None, environ: Mapping[str, str]
) -> Settings:
    """Read all the settings of one hook call.

    Precedence (design, 3.3): config setting, environment variable, producer, default.

    :param source: the source tree; PEP 517 makes it the working directory of every hook.
    :param config_settings: our own ones, without their prefix (see :func:`split_config_settings`).
    :raises ConfigError: with every mistake in any of them.
    """
    document = _read_pyproject(source)
    tool = document.table("tool") or Table({}, file=document.file)
    table = tool.table("runtime-backend") or Table({}, file=document.file, key="tool.runtime-backend")
    call = _CallSettings(config_settings or {}, environ, document.problems)
    settings = _build(source, table, call, tool.value("scikit-build"))
    _refuse_required_runtimes(document, settings)
    table.close()
    if document.problems:
        raise ConfigError(document.problems, hint="The keys and their values are listed in the README, 'Settings'.")
    return settings


def _read_pyproject(source: Path) -> Table:
    path = source / "pyproject.toml"
    try:
        return Table(loads(path.read_text("utf-8")), file="pyproject.toml")
    except FileNotFoundError:
        raise ConfigError([f"{path}: not found, expected the producer's pyproject.toml"]) from None
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error}"]) from None
    except (ValueError, RecursionError) as error:  # no UTF-8, no TOML, a number or a nesting beyond Python's limits
        raise ConfigError([f"{path}: not TOML: {error}"]) from None


def _build(source: Path, table: Table, call: _CallSettings, scikit_build: object) -> Settings:
    build_dir = scikit_build.get("build-dir") if isinstance(scikit_build, dict) else None
    runtimes = _read_runtimes(table)
    provision = _choice(table, "provision", PROVISIONS)  # read in any case: it is known, and a mistake in it is told
    return Settings(
        source=source,
        real_backend=_read_backend(table),
        backend_path=tuple(_read_backend_path(table, source)),
        runtimes=runtimes,
        provision=call.choice("provision", PROVISIONS) or provision,
        unresolved=_choice(table, "unresolved", UNRESOLVED),
        variables=tuple(_read_variables(table, [rule.name for rule in runtimes])),
        target=call.path("target"),
        lock=call.path("lock"),
        pins=call.pins("pin"),
        cache_dir=call.path("cache-dir"),
        log=call.path("log"),
        scikit_build_dir=build_dir if isinstance(build_dir, str) and build_dir else None,
    )


def _choice(table: Table, name: str, allowed: Sequence[str]) -> Chosen[str]:
    found = table.choice(name, allowed)
    if found is None:
        return Chosen(value=allowed[0], origin="default")
    return Chosen(value=found, origin=f"{table.file}: {table.dotted(name)}")


def _read_backend(table: Table) -> Chosen[str]:
    found = table.string("build-backend")
    if found is None:
        return Chosen(value=LEGACY_BACKEND, origin="default (PEP 517)")
    if found.split(":")[0].split(".")[0] == "runtime_backend":
        table.report("build-backend", f"the string {found!r}", "the real backend, not this one")
    return Chosen(value=found, origin=f"{table.file}: {table.dotted('build-backend')}")


def _read_backend_path(table: Table, source: Path) -> list[str]:
    """PEP 517: relative to the source tree, and inside it."""
    paths = table.strings("backend-path") or []
    for index, path in enumerate(paths):
        inside = Path(os.path.normpath(source / path))
        if Path(path).is_absolute() or not inside.is_relative_to(source):
            table.report(f"backend-path[{index}]", f"the string {path!r}", "a folder inside the source tree")
    return paths


def _read_runtimes(table: Table) -> tuple[RuntimeRule, ...]:
    key = "match-runtime"
    entries = table.array(key)
    origin = "default" if entries is None else f"{table.file}: {table.dotted(key)}"
    rules: dict[str, RuntimeRule] = {}
    for index, entry in enumerate(["torch"] if entries is None else entries):
        rule = _read_rule(table, f"{key}[{index}]", entry, origin)
        if rule is None:
            continue
        if rule.name in rules:
            table.report(f"{key}[{index}]", f"a second entry for {rule.name}", "one entry a runtime")
        rules[rule.name] = rule
    return tuple(rules.values())


def _read_rule(table: Table, key: str, entry: object, origin: str) -> RuntimeRule | None:
    match = "exact"
    if isinstance(entry, dict):
        inner = Table(entry, file=table.file, key=table.dotted(key), problems=table.problems)
        entry = inner.value("requirement")
        match = inner.choice("match", MATCHES) or match
        inner.close()
    if not isinstance(entry, str):
        table.report(key, describe(entry), "a requirement, or { requirement, match }")
        return None
    requirement = _parse_requirement(entry)
    holds = None if requirement is None or requirement.url is not None else _holds(requirement)
    if requirement is None or holds is None:
        table.report(key, f"the string {entry!r}", "a name with an optional version specifier, such as 'torch>=2.4'")
        return None
    if not holds:
        return None
    name = canonicalize_name(requirement.name)
    return RuntimeRule(name=name, requirement=requirement, match=match, origin=origin)


def _holds(requirement: Requirement) -> bool | None:
    """Return whether a requirement's marker holds here; None for one that cannot be decided."""
    try:
        return requirement.marker is None or requirement.marker.evaluate()
    except (ValueError, LookupError):  # packaging's UndefinedComparison, UndefinedEnvironmentName
        return None


def _parse_requirement(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def _read_variables(table: Table, runtimes: Sequence[str]) -> list[Variable]:
    env = table.table("env")
    if env is None:
        return []
    variables = (_read_variable(env, name, runtimes) for name in env.names())
    return [variable for variable in variables if variable is not None]


def _read_variable(env: Table, name: str, runtimes: Sequence[str]) -> Variable | None:
    if not _VARIABLE_NAME.fullmatch(name):
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
    _check_template(env, name, template, runtimes)
    return Variable(name=name, template=template, force=force, origin=f"{env.file}: {env.dotted(name)}")


def _check_template(env: Table, name: str, template: str, runtimes: Sequence[str]) -> None:
    known = [f"{runtime}.{field}" for runtime in runtimes for field in TEMPLATE_FIELDS]
    for found in placeholders(template):
        if found not in known:
            env.report(name, f"{{{found}}}{did_you_mean(found, known)}", f"{one_of(known)}; a literal brace is doubled")


def placeholders(template: str) -> list[str]:
    """Return what stands in single braces; a stray brace counts as an empty placeholder."""
    tokens = _PLACEHOLDER.finditer(template)
    return [token.group(1) or "" for token in tokens if token.group() not in ("{{", "}}")]


def fill_template(template: str, values: Mapping[str, str]) -> str:
    """Return the template with its placeholders filled in and its doubled braces halved.

    :raises KeyError: for a placeholder without a value.
    """
    return _PLACEHOLDER.sub(lambda token: values[token.group(1)] if token.group(1) else token.group()[0], template)


def _refuse_required_runtimes(document: Table, settings: Settings) -> None:
    """Refuse a runtime in build-system.requires: pip and pdm then reject any pin, others silently take the wrong one.

    Source: facts on frontends, section 5, "build-system.requires has torch>=1 and gr returns torch==1.0".
    """
    build_system = document.table("build-system")
    requires = (build_system.strings("requires") if build_system else None) or []
    if build_system is None or settings.provision.value == "none":
        return
    ours = {rule.name for rule in settings.runtimes}
    for index, text in enumerate(requires):
        requirement = _parse_requirement(text)
        if requirement is not None and canonicalize_name(requirement.name) in ours:
            build_system.report(
                f"requires[{index}]",
                f"the string {text!r}",
                f"no {requirement.name} there: the frontend would install the newest one before we can name the right"
                " one; move its specifier to tool.runtime-backend.match-runtime",
            )


class _CallSettings:
    """The settings for one call: config settings before environment variables."""

    def __init__(self, config_settings: Mapping[str, Any], environ: Mapping[str, str], problems: list[str]) -> None:
        self._environ = environ
        self._problems = problems
        variables = {k: v for k, v in environ.items() if k.startswith(VARIABLE_PREFIX) and v}
        found = {_key_of(name): (name, value) for name, value in variables.items()}
        found.update({k: (f"config setting {SETTING_PREFIX}{k}", v) for k, v in config_settings.items() if v != ""})
        self._found = found
        for key, (origin, _) in found.items():
            if key not in CALL_KEYS:
                problems.append(f"{origin}: an unknown key{did_you_mean(key, CALL_KEYS)}, expected {one_of(CALL_KEYS)}")

    def string(self, key: str) -> Chosen[str] | None:
        origin, value = self._found.get(key, ("", None))
        if value is None:
            return None
        if not isinstance(value, str):
            self._problems.append(f"{origin}: found {describe(value)}, expected one string")
            return None
        return Chosen(value=value, origin=origin)

    def choice(self, key: str, allowed: Sequence[str]) -> Chosen[str] | None:
        found = self.string(key)
        if found is None or found.value in allowed:
            return found
        guess = did_you_mean(found.value, allowed)
        self._problems.append(f"{found.origin}: found {describe(found.value)}{guess}, expected {one_of(allowed)}")
        return None

    def path(self, key: str) -> Chosen[Path] | None:
        """Return a path; a relative one is meant from where the person stands, not from the source tree."""
        found = self.string(key)
        if found is None:
            return None
        path = Path(self._environ.get("PWD", "")) / os.path.expanduser(found.value)  # noqa: PTH111 - raises for ~nobody
        if not path.is_absolute():
            self._problems.append(f"{found.origin}: found {describe(found.value)}, expected an absolute path")
        return Chosen(value=path, origin=found.origin)

    def pins(self, key: str) -> tuple[Pin, ...]:
        """Return the pins, one a line."""
        found = self.string(key)
        lines = [] if found is None else [line.strip() for line in found.value.splitlines() if line.strip()]
        pins = (self._pin(line, "" if found is None else found.origin) for line in lines)
        return tuple(pin for pin in pins if pin is not None)

    def _pin(self, line: str, origin: str) -> Pin | None:
        requirement = _parse_requirement(line)
        if requirement is None or not _is_exact(requirement):
            expected = "'NAME==VERSION' or 'NAME @ URL-OF-A-WHEEL'"
            self._problems.append(f"{origin}: found {describe(line)}, expected {expected}")
            return None
        return Pin(name=canonicalize_name(requirement.name), requirement=requirement, origin=origin)


def _is_exact(requirement: Requirement) -> bool:
    if requirement.url is not None:
        return requirement.url.partition("#")[0].endswith(".whl")
    specifiers = list(requirement.specifier)
    return len(specifiers) == 1 and specifiers[0].operator in ("==", "===") and _is_version(specifiers[0].version)


def _is_version(text: str) -> bool:
    """``===`` takes any text, ``==`` a prefix such as ``2.*`` as well."""
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _key_of(variable: str) -> str:
    return variable[len(VARIABLE_PREFIX) :].lower().replace("_", "-")
