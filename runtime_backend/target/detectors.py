"""Where the target and the consumer's lock may be: the places, in the order in which they are believed.

The order and its reasons are section 4.2 of the design. Each detector yields the places it knows of and says what it
looked at; whether a runtime lies there is not its business.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import TargetError
from ..selection import Selection
from .arguments import read_arguments
from .caller import Caller
from .environments import Environment, read_pyvenv_cfg
from .folders import find_lock_upward, find_locks, find_project, upward
from .uv import UvCommand, read_uv_command

_PIP_VALUED = ("-t", "--target", "--prefix", "--python", "-r", "-c", "-e", "-i", "-f", "--root", "--src")


_DEFAULT = Selection()


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """One place to look at: the locks of a folder, an environment, or a folder's locks and the environment beside them.

    Where there are both, the lock is believed first: beside a lock, the environment may be empty or out of date.
    """

    why: str
    """What led here: ``uv --python``, ``the running interpreter`` …"""
    path: Path
    environment: Environment | None = None
    locks: tuple[Path, ...] = ()
    selection: Selection = _DEFAULT
    is_target: bool = False
    """True: this is the target, whatever it holds; other environments are not looked at any more."""
    is_manager: bool = False
    """True: a project manager is at work, so the lock is about to be installed, and the environment is out of date."""
    is_guess: bool = False
    """True: several could be meant, and nothing names one."""
    ends: bool = False
    """True: nothing is looked at after this place."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """A path that somebody named, and by what."""

    path: Path
    origin: str


def find_places(
    source: Path, caller: Caller, *, target: Named | None = None, lock: Named | None = None
) -> Iterator[Place]:
    """Yield the places to look at, the most believable first; each is looked up only when it is asked for.

    :param source: the source tree that is built.
    :param target: the target, where somebody named it; then nothing else is looked at.
    :param lock: the lock, likewise.
    :raises TargetError: for an explicit target or lock that is not there.
    """
    yield from _explicit(caller, target, lock)
    command = _uv_command(caller)
    if command is not None and command.is_project:
        yield from _uv_project(command, caller)
    yield from _own_environment(caller)
    yield from _creator(caller)
    if command is not None:
        yield from _uv_environment(command, caller)
    yield from _activated(caller)
    yield from _folders(caller)
    yield from _source_tree(source, caller)


def _explicit(caller: Caller, target: Named | None, lock: Named | None) -> Iterator[Place]:
    """Somebody said it: the lock before the target, as under a project manager."""
    if lock is not None and not lock.path.is_file():
        raise TargetError(f"{lock.origin}: found {str(lock.path)!r}, which is no file; expected a lock file")
    environment = None if target is None else caller.reader.read(target.path)
    if target is not None and environment is None:
        expected = "the prefix of an environment, or its interpreter"
        raise TargetError(f"{target.origin}: found {str(target.path)!r}, expected {expected}")
    named = [item for item in (lock, target) if item is not None]
    if named:
        yield Place(
            why=" and ".join(item.origin for item in named),
            path=named[-1].path,
            locks=() if lock is None else (lock.path,),
            selection=Selection(project=None if lock is None else find_project(lock.path.parent)),
            environment=environment,
            is_target=True,
            ends=True,
        )


def _uv_command(caller: Caller) -> UvCommand | None:
    name, process = caller.frontend
    if name != "uv" or process is None:
        return None
    return read_uv_command(process.argv, process.cwd or caller.cwd, process.environ)


def _uv_project(command: UvCommand, caller: Caller) -> Iterator[Place]:
    """A project command's lock: at hook time its environment is empty, or still holds the old runtime."""
    project = find_project(command.project)
    lock = find_lock_upward(project or command.project, "uv.lock")
    root = lock.parent if lock is not None else (project or command.project)
    why, path = command.project_environment(root)
    yield Place(
        why=f"uv {command.name}, {why}",
        path=path,
        locks=() if lock is None else (lock,),
        selection=command.selection(project),
        environment=caller.reader.read(path),
        is_target=True,
        is_manager=True,
    )


def _own_environment(caller: Caller) -> Iterator[Place]:
    """Pip hides the target's distributions, but runs the target's interpreter; without isolation they are there."""
    if caller.isolation not in ("none", "hidden", "assumed") or caller.own_environment is None:
        return
    environment, why = caller.own_environment, "the running interpreter"
    folder = _pip_folder(caller)
    if folder is not None:
        environment, why = environment.with_folder(folder), f"the running interpreter, with {folder} in front"
    yield Place(why=why, path=caller.prefix, environment=environment, is_target=caller.is_hook)


def _pip_folder(caller: Caller) -> Path | None:
    """Return the folder of ``pip install --target DIR`` or ``--prefix DIR``: it goes in front of the environment."""
    name, process = caller.frontend
    if name != "pip":
        return None
    arguments = read_arguments(process.argv[1:] if process else (), valued=_PIP_VALUED)
    cwd = caller.working_folders[0] if caller.working_folders else caller.cwd
    target = arguments.last("-t", "--target") or caller.environ.get("PIP_TARGET")
    prefix = arguments.last("--prefix") or caller.environ.get("PIP_PREFIX")
    if target:
        return cwd / target
    return cwd / prefix / "lib" / f"python{caller.reader.python}" / "site-packages" if prefix else None


def _creator(caller: Caller) -> Iterator[Place]:
    """The interpreter that made this throw-away environment: the ``command`` line of pyvenv.cfg (Python 3.11).

    Under pip's venv isolation it is the target's; under build it is wherever build is installed, which may be a tool's
    own environment.
    """
    if caller.isolation != "throwaway":
        return
    name, process = caller.frontend
    command = read_pyvenv_cfg(caller.prefix).get("command", "")
    interpreter = command.partition(" -m venv")[0]
    if not interpreter and name == "pip" and process is not None:  # Python 3.10 writes no command
        interpreter = process.argv[0]
    if interpreter:
        environment = caller.reader.read(Path(interpreter))
        is_pip = name == "pip" or "PIP_BUILD_TRACKER" in caller.environ
        why = "the interpreter that made the build environment"
        yield Place(why=why, path=Path(interpreter), environment=environment, is_target=is_pip)


def _uv_environment(command: UvCommand, caller: Caller) -> Iterator[Place]:
    """``uv pip``: the environment that uv itself chose, which nothing in this process names."""
    if command.has_no_target:
        yield Place(why=f"uv {command.name} installs into an environment of its own", path=command.cwd, ends=True)
    if not command.name.startswith("pip "):
        return
    folder = command.arguments.last("--target", "-t") or command.arguments.last("--prefix")
    for why, path in command.environment_paths():
        environment = caller.reader.read(path)
        if environment is not None:
            seen = environment.with_folder(command.cwd / folder) if folder else environment
            yield Place(why=why, path=path, environment=seen, is_target=True)
            return


def _activated(caller: Caller) -> Iterator[Place]:
    """The environment that the person activated; under uv it is a guess wherever uv's own choice cannot be seen."""
    name, process = caller.frontend
    is_guess = name == "uv" and process is None
    seen = {caller.prefix}
    for environ in (caller.environ, *(ancestor.environ for ancestor in caller.ancestors[:4])):
        for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
            path = Path(environ.get(variable) or caller.prefix)
            if path not in seen:
                seen.add(path)
                yield Place(why=variable, path=path, environment=caller.reader.read(path), is_guess=is_guess)
    if not caller.ancestors:
        yield from _first_on_path(caller, seen)


def _first_on_path(caller: Caller, seen: set[Path]) -> Iterator[Place]:
    """Without a word of the ancestors: the environment whose bin comes first on PATH after the build environment's."""
    for entry in caller.environ.get("PATH", "").split(":" if ":\\" not in caller.environ.get("PATH", "") else ";")[:3]:
        prefix = Path(entry).parent
        if prefix not in seen and read_pyvenv_cfg(prefix):
            yield Place(why="PATH", path=prefix, environment=caller.reader.read(prefix), is_guess=True)
            return


def _folders(caller: Caller) -> Iterator[Place]:
    """The consumer by folder: upward from where the person stands, a lock before the ``.venv`` beside it."""
    is_guess = not caller.ancestors
    for start in caller.working_folders:
        yield from _upward_from(start, "where the frontend was started", caller, is_guess=is_guess)


def _source_tree(source: Path, caller: Caller) -> Iterator[Place]:
    """Last, since the checkout of a dependency may carry a lock that is not the consumer's."""
    if source not in caller.working_folders:
        yield from _upward_from(source, "the source tree", caller, is_guess=False)


def _upward_from(start: Path, why: str, caller: Caller, *, is_guess: bool) -> Iterator[Place]:
    project = find_project(start)
    for folder in upward(start):
        locks = find_locks(folder)
        environment = caller.reader.read(folder / ".venv")
        if locks or environment is not None:
            yield Place(
                why=why,
                path=folder if environment is None else environment.prefix,
                locks=locks,
                selection=Selection(project=project),
                environment=environment,
                is_guess=is_guess,
            )
