"""Parsing uv's command, with the options in its variables and its configuration files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...formats.toml import TOMLDecodeError, loads
from ...system.files import read_text
from ..environments import find_site
from ..folders import find_home, upward
from ..processes import Process
from ..uv import UvCommand
from ..uv_options import has_places
from .installation import Installation, Option, first_obstacle, is_off, values_of

_HARMLESS = """
--allow-insecure-host --allow-python-downloads --break-system-packages --build --build-constraint --build-constraints
--build-isolation --cache-dir --color --compile-bytecode --config-file --config-setting --config-settings
--config-settings-package --default-index --directory --extra-index-url --find-links --index --index-strategy
--index-url --inexact --keyring-provider --link-mode --managed-python --native-tls --no-binary
--no-break-system-packages --no-build --no-build-isolation --no-build-isolation-package --no-cache --no-cache-dir
--no-compile-bytecode --no-config --no-index --no-managed-python --no-offline --no-preview --no-progress
--no-python-downloads --no-sources --no-strict --no-verify-hashes --offline --only-binary --preview --preview-features
--project --python --python-preference --quiet --refresh --refresh-package --require-build-hashes --require-hashes
--strict --system --system-certs --verbose --verify-hashes -C -b -f -i -n -p -q -v
"""
_REQUIREMENTS = ("-r", "--requirement", "--requirements")
_CONSTRAINTS = ("-c", "--constraint", "--constraints")
_EDITABLES = ("-e", "--editable")
_HANDLED = (*_REQUIREMENTS, *_CONSTRAINTS, *_EDITABLES, "--no-deps")
HARMLESS = frozenset((*_HARMLESS.split(), *_HANDLED))
"""Options with which ``uv pip install`` still keeps distributions that satisfy its requirements (uv 0.8 to 0.13)."""

_HARMLESS_VARIABLES = (
    r"UV_(BREAK_SYSTEM_PACKAGES|BUILD_CONSTRAINT|CACHE_DIR|COMPILE_BYTECODE|CONFIG_FILE|CONCURRENT_\w+|DEFAULT_INDEX|EXTRA_INDEX_URL"
    r"|FIND_LINKS|GIT_LFS|HTTP_\w+|INDEX|INDEX_\w+|INSECURE_HOST|INTERNAL__\w+|KEYRING_\w+|LINK_MODE|LOCK_TIMEOUT"
    r"|MANAGED_PYTHON|NATIVE_TLS|NO_BUILD_ISOLATION|NO_CACHE|NO_CONFIG|NO_INDEX|NO_PROGRESS|OFFLINE|PREVIEW\w*|PROJECT"
    r"|PROJECT_ENVIRONMENT|PYTHON\w*|REQUEST_TIMEOUT|REQUIRE_BUILD_HASHES|RUN_\w+|SYSTEM_\w+|TOOL_\w+|VENV_\w+)?"
)
_HARMLESS_KEYS = """
index index-url extra-index-url find-links no-index index-strategy keyring-provider package workspace managed
required-version dev-dependencies default-groups dependency-groups conflicts environments required-environments
cache-keys cache-dir build-backend build-constraint-dependencies extra-build-dependencies extra-build-variables
no-build-isolation no-build-isolation-package config-settings config-settings-package link-mode compile-bytecode
native-tls system-certs offline allow-insecure-host concurrent-builds concurrent-downloads concurrent-installs preview
preview-features python-preference python-downloads python-install-mirror pypy-install-mirror no-sources publish-url
check-url trusted-publishing break-system-packages no-binary no-binary-package no-build no-build-package
only-binary
"""
_HARMLESS_SETTINGS = frozenset(_HARMLESS_KEYS.split())
_COMMA = r",(?!\s*[!=<>~])(?![^\[]*\])"
"""A comma between requirements: not in extras, not before the operator of a second specifier (uv: ``comma.rs``)."""


def read_uv_command(command: UvCommand, process: Process, python: str) -> Installation | None:
    """Parse uv's command line; None if it installs nothing.

    :param python: the running interpreter's ``X.Y``.
    """
    if command.name in ("pip install", "pip sync"):
        return _read_pip(command, process, python)
    words, editables, files = _layers(command)
    program = command.program
    if program is None:
        return None
    constraints = command.arguments.values(*_CONSTRAINTS)
    return Installation(
        program=program,
        process=process,
        start=1,
        cwd=command.cwd,
        arguments=command.arguments,
        words=words,
        editables=editables,
        files=files,
        constraints=constraints,
        obstacle=f"{program} makes a new environment",
        unanswerable=f"uv has read the script from {_source_of(command)}" if command.is_unnamed_script else None,
    )


def _source_of(command: UvCommand) -> str:
    return "standard input" if command.script == "-" else command.script or ""


def _read_pip(command: UvCommand, process: Process, python: str) -> Installation:
    given = [Option(name=name, value=value, origin=name) for name, value in command.arguments.options]
    options = [*_from_environ(command.environ), *given]
    words = command.arguments.positional[2:]
    is_sync = command.name == "pip sync"
    found = list(_read_settings(command))
    moving = (origin for origin, key, value in found if not _is_harmless(key.removeprefix("pip."), value))
    obstacle = first_obstacle(options, HARMLESS) or next(moving, None)
    folder = _folder(command, {key.removeprefix("pip."): value for _, key, value in reversed(found)}, python)
    placing = next((origin for origin, key, _ in found if key in ("pip.python", "pip.system")), None)
    is_placed = command.arguments.has("-p", "--python", "--system")
    return Installation(
        program=f"uv {command.name}",
        process=process,
        start=1,
        cwd=command.cwd,
        arguments=command.arguments,
        words=() if is_sync else words,
        editables=values_of(options, *_EDITABLES),
        files=(*values_of(options, *_REQUIREMENTS), *(words if is_sync else ())),
        constraints=values_of(options, *_CONSTRAINTS),
        has_no_dependencies=bool(values_of(options, "--no-deps")),
        obstacle="uv pip sync removes what is not in its files" if is_sync else obstacle,
        removes=is_sync or command.arguments.has("--exact"),
        counted="own" if folder is None else "folder",
        folder=folder,
        unanswerable=None if placing is None or is_placed else f"{placing} sets the environment",
    )


def _folder(command: UvCommand, settings: Mapping[str, object], python: str) -> Path | None:
    """Return the folder of distributions for ``--target``, ``--prefix``, or the settings of the same names."""
    target = command.arguments.last("-t", "--target") or settings.get("target")
    prefix = command.arguments.last("--prefix") or settings.get("prefix")
    if isinstance(target, str):
        return command.cwd / target
    return find_site(command.cwd / prefix, python) if isinstance(prefix, str) else None


def _layers(command: UvCommand) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return (requirements, editables, requirements files) of ``--with`` and ``uv tool``."""
    given = command.arguments
    named = given.values("--with", "-w", "--with-executables-from")
    words = [part.strip() for value in named for part in re.split(_COMMA, value)]
    editables = [part for value in given.values("--with-editable") for part in value.split(",")]
    package = command.tool_package
    if package is not None:
        (editables if given.has("-e", "--editable") else words).insert(0, package)
    files = [part for value in given.values("--with-requirements") for part in value.split(",")]
    return tuple(words), tuple(editables), tuple(files)


def _from_environ(environ: Mapping[str, str]) -> Iterator[Option]:
    for variable, value in environ.items():
        if variable == "UV_CONSTRAINT":
            yield from (Option(name="--constraint", value=word, origin=variable) for word in value.split())
        elif variable.startswith("UV_") and not is_off(value) and not re.fullmatch(_HARMLESS_VARIABLES, variable):
            yield Option(name=variable, value="", origin=variable)


def _read_settings(command: UvCommand) -> Iterator[tuple[str, str, object]]:
    """Yield (origin, key, value) in uv's configuration files; ``pip.target`` is a key of the inner table.

    All files upward count, although uv reads only the nearest: the frontend is asked once too often then.
    """
    if command.arguments.has("--no-config") or not is_off(command.environ.get("UV_NO_CONFIG", "")):
        return
    named = command.arguments.last("--config-file") or command.environ.get("UV_CONFIG_FILE")
    files = [folder / name for folder in upward(command.project) for name in ("uv.toml", "pyproject.toml")]
    files += [Path(base) / "uv" / "uv.toml" for base in _bases(command.environ)]
    for path in ([command.cwd / named] if named else []) + files:
        table = _read_table(path)
        inner = table.get("pip")
        yield from ((f"{path}: {key}", key, value) for key, value in table.items() if key != "pip")
        for key, value in inner.items() if isinstance(inner, dict) else ():
            yield f"{path}: pip.{key}", f"pip.{key}", value


def _bases(environ: Mapping[str, str]) -> list[str]:
    """Return the folders of the person's and of the machine's configuration. Source: uv, ``uv-dirs``."""
    if os.name == "nt":  # pragma: no cover - Windows
        return list(filter(None, map(environ.get, ("APPDATA", "PROGRAMDATA"))))
    own = environ.get("XDG_CONFIG_HOME") or f"{find_home(environ)}/.config"
    return [own, *(environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":"), "/etc"]


def _is_harmless(key: str, value: object) -> bool:
    return key in _HARMLESS_SETTINGS or (key == "sources" and not has_places(value))


def _read_table(path: Path) -> Mapping[str, Any]:
    """Return the settings of a uv.toml, or of a pyproject.toml; empty if they cannot be read."""
    text = read_text(path)
    if not text or (path.name == "pyproject.toml" and "uv" not in text):
        return {}
    try:
        table: Any = loads(text)
    except TOMLDecodeError:  # uv reports the mistake
        return {}
    for key in ("tool", "uv") if path.name == "pyproject.toml" else ():
        table = table.get(key, {}) if isinstance(table, dict) else {}
    return table if isinstance(table, dict) else {}
