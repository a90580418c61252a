"""Detecting the places where the target and the consumer's lock may be, the most reliable first.

The order and its reasons are in section 4.2 of the design. Each detector yields places, and does not look for a runtime
in them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..config.selection import Selection
from ..system.files import is_file, is_there
from ..system.trust import Trust
from .caller import Caller
from .environments import Environment, base_prefix, read_pyvenv_cfg
from .folders import find_locks, find_project, upward
from .installations import find_front_folder
from .managers import find_managed
from .places import Place, Stated
from .stated import stated_place
from .uv import NAMED, UvCommand, find_uv_command


def find_places(
    source: Path, caller: Caller, *, stated: Stated | None = None, trust: Trust | None = None
) -> Iterator[Place]:
    """Yield the places to look at, the most reliable first; each is looked up on demand.

    :param source: the source tree that is built.
    :param stated: the consumer's ``target`` table.
    :param trust: the users whose files are read; None for the caller's trust.
    """
    managed = find_managed(caller)
    if managed is not None:
        yield managed
    yield from _own_environment(caller)
    yield from _creator(caller, is_pip=True)
    command = find_uv_command(caller)
    if command is not None:
        yield from _uv_environment(command, caller)
    yield from stated_place(caller, stated)
    yield from _creator(caller, is_pip=False)
    yield from _activated(caller)
    trust = trust or caller.trust
    yield from _folders(caller, trust)
    yield from _source_tree(source, caller, trust)


def _own_environment(caller: Caller) -> Iterator[Place]:
    """Yield the running interpreter's environment: the target under pip, which only hides it, or without isolation."""
    is_others = caller.isolation == "assumed" and caller.frontend[0] not in (None, "pip")
    if is_others or caller.isolation not in ("none", "hidden", "assumed") or caller.own_environment is None:
        return
    environment, why = caller.own_environment, "the running interpreter"
    folder = find_front_folder(caller)
    if folder is not None:
        environment, why = environment.with_folder(folder), f"the running interpreter, with {folder} in front"
    yield Place(
        why=why, path=caller.prefix, environment=environment, is_target=caller.is_hook or caller.frontend[0] == "pip"
    )


def _creator(caller: Caller, *, is_pip: bool) -> Iterator[Place]:
    """Yield the interpreter that made this throw-away environment: ``command`` in pyvenv.cfg (Python 3.11).

    Under pip's venv isolation it is the target's. Under build it is the one in which build is installed, which may be a
    tool's own environment.
    """
    name, process = caller.frontend
    if caller.isolation != "throwaway" or is_pip != (name == "pip" or "PIP_BUILD_TRACKER" in caller.environ):
        return
    command = read_pyvenv_cfg(caller.prefix).get("command", "")
    interpreter = re.split(r" -m (?:virtual|v)env\b", command)[0]  # build uses either
    if not interpreter and is_pip and process is not None:  # Python 3.10 writes no command
        interpreter = process.argv[0]
    if interpreter:
        environment = caller.reader.read(Path(interpreter))
        why = "the interpreter that made the build environment"
        yield Place(
            why=why,
            path=Path(interpreter),
            environment=environment,
            is_target=is_pip,
            is_guess=not is_pip and environment is not None and _is_another_activated(environment, caller),
        )


def _is_another_activated(environment: Environment, caller: Caller) -> bool:
    """Return whether another environment than this one is activated, so that either may be the target."""
    activated = caller.personal_environ.get("VIRTUAL_ENV")
    return activated is not None and not _is_same(Path(activated), environment.prefix)


def _uv_environment(command: UvCommand, caller: Caller) -> Iterator[Place]:
    """Yield the environment that ``uv pip`` chose, which nothing in this process names."""
    if command.has_no_target:
        yield Place(why=f"uv {command.name} installs into a new environment", path=command.cwd, ends=True)
    if not command.name.startswith("pip "):
        return
    folder = find_front_folder(caller)
    # uv makes the build environment with the target's interpreter, so its own environment is the last candidate.
    base = ("the interpreter that uv chose", base_prefix(read_pyvenv_cfg(caller.prefix)))
    for why, path in (*command.environment_paths(), base):
        environment = caller.reader.read(path)
        is_named = why in NAMED
        if not (is_named or _knows_environ(caller)):  # uv's VIRTUAL_ENV is unknown, and would win
            return
        if is_named or (environment is not None and environment.python == caller.reader.python):
            seen = environment.with_folder(folder) if environment and folder else environment
            yield Place(why=why, path=path, environment=seen, is_target=True)
            return


def _knows_environ(caller: Caller) -> bool:
    process = caller.frontend[1]
    return process is not None and bool(process.environ)


def _activated(caller: Caller) -> Iterator[Place]:
    """Yield the activated environment: a guess under pip, and under uv if its own choice cannot be seen."""
    name = caller.frontend[0]
    is_guess = name == "pip" or (name == "uv" and not _knows_environ(caller))
    environ = caller.personal_environ
    if not any(ancestor.environ for ancestor in caller.ancestors):
        yield from _first_on_path(caller)
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        path = Path(environ.get(variable) or caller.prefix)
        if not _is_same(path, caller.prefix):
            yield Place(why=variable, path=path, environment=caller.reader.read(path), is_guess=is_guess)


def _first_on_path(caller: Caller) -> Iterator[Place]:
    """If VIRTUAL_ENV is the build environment, yield the environment whose bin is next on PATH."""
    if not _is_same(Path(caller.environ.get("VIRTUAL_ENV") or "."), caller.prefix):
        return
    path, conda = caller.environ.get("PATH", ""), caller.environ.get("CONDA_PREFIX")
    for entry in filter(None, path.split(";" if ":\\" in path else ":")[:3]):
        prefix = Path(entry).parent
        is_environment = bool(read_pyvenv_cfg(prefix)) or (conda is not None and prefix == Path(conda))
        if is_environment and not _is_same(prefix, caller.prefix):
            yield Place(why="PATH", path=prefix, environment=caller.reader.read(prefix), is_guess=True)
            return


def _is_same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _folders(caller: Caller, trust: Trust) -> Iterator[Place]:
    """Yield the consumer's places upward from the working directories; a lock wins over the ``.venv`` next to it."""
    for index, start in enumerate(caller.working_folders):
        # The frontend's working directory comes first if it is known; the shell's may be another.
        why = "the shell's working directory" if index else "where the frontend was started"
        for place in _upward_from(upward(start), why, caller, trust):
            yield place._replace(is_guess=bool(index) or not caller.ancestors)


def _source_tree(source: Path, caller: Caller, trust: Trust) -> Iterator[Place]:
    """Yield the places upward from the source tree: last, because a dependency's checkout may have its own lock.

    For sources that a frontend unpacked in the temporary folder, the folders above do not count.
    """
    if source not in caller.working_folders:
        folders = (source,) if caller.is_in_temporary_folder(source) else upward(source)
        yield from _upward_from(folders, "the source tree", caller, trust)


_ENVIRONMENTS = (".venv", ".pixi/envs/default")
"""The folders of a project's environment: the usual one, and pixi's."""


def _upward_from(folders: Iterable[Path], why: str, caller: Caller, trust: Trust) -> Iterator[Place]:
    """Yield the places in folders, up to the first one that is not trusted."""
    project: Path | None = None
    for folder in folders:
        locks, paths = find_locks(folder), tuple(folder / name for name in _ENVIRONMENTS)
        for path in (folder, *locks, *paths):
            objection = trust.objection(path)
            if objection is not None:
                hidden = (*locks, *filter(is_there, paths))
                yield Place(why=why, path=path, objection=objection, hidden=hidden)
                return
        project = project or (folder if is_file(folder / "pyproject.toml") else None)
        environment = next(filter(None, map(caller.reader.read, paths)), None)
        if locks or environment is not None:
            yield Place(
                why=why,
                path=folder if environment is None else environment.prefix,
                locks=locks,
                selection=Selection(project=project or find_project(folder, trust)),
                environment=environment,
            )
