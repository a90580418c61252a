"""The ancestor processes: argv, working directory, environment. From procfs (Linux), psutil, or ps and lsof (macOS)."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from ..system.files import is_there, read_bytes

_DIGITS = 19
"""The most digits of a process's number."""
_DEPTH = 16
"""The most ancestors to read; more than were seen in a shell in a multiplexer in a container."""

_WANTED = ("VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "PATH", "PWD")
"""The variables to read if an environment is available only as one line of text (macOS); ``UV_*``, too."""


class Process(NamedTuple):
    """One ancestor; fields that may not be read are empty."""

    argv: tuple[str, ...]
    cwd: Path | None = None
    environ: Mapping[str, str] = MappingProxyType({})
    pid: int = 0
    started: str = ""
    """The start time in the system's units, which distinguishes processes with the same pid."""
    is_exact: bool = True
    """False if arguments and variables were split from one line of text (macOS ``ps``)."""


def list_ancestors() -> tuple[Process, ...]:
    """Return the ancestors of this process, the parent first; empty if this system does not show them.

    A procfs of another PID namespace (a container with the host's ``/proc``) is not used: its numbers are different.
    """
    if is_there(Path("/proc/self/stat")):
        return tuple(_from_procfs(os.getppid())) if _readlink(Path("/proc/self")) == Path(str(os.getpid())) else ()
    return _from_psutil() or tuple(_from_ps(os.getppid()))


def _from_procfs(pid: int, proc: Path = Path("/proc")) -> Iterator[Process]:
    for _ in range(_DEPTH):
        folder = proc / str(pid)
        stat = _parse_stat(_read(folder / "stat"))
        if stat is None:
            return
        environ = (entry.partition("=") for entry in _read(folder / "environ").split("\0"))
        yield Process(
            argv=tuple(_read(folder / "cmdline").split("\0")[:-1]),
            cwd=_readlink(folder / "cwd"),
            environ={name: value for name, equals, value in environ if equals},
            pid=pid,
            started=stat[1],
        )
        pid = stat[0]


def _parse_stat(stat: str) -> tuple[int, str] | None:
    """Return (parent's pid, start time in clock ticks since the machine's start) from ``1234 (a name) S 77 …``.

    The name may contain parentheses, so the last one ends it. Source: proc(5), fields 4 and 22.
    """
    fields = stat.rpartition(")")[2].split()
    return (int(fields[1]), next(iter(fields[19:20]), "")) if len(fields) > 1 and _is_number(fields[1]) else None


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= _DIGITS


def _read(path: Path) -> str:
    try:
        return read_bytes(path).decode("utf-8", errors="surrogateescape")
    except OSError:
        return ""


def _readlink(path: Path) -> Path | None:
    try:
        return Path(os.readlink(path))  # noqa: PTH115 - Path.readlink has other exceptions
    except OSError:
        return None


def _from_psutil() -> tuple[Process, ...]:
    """Return the ancestors by psutil (the extra ``process``): the only way on Windows, and better on macOS."""
    try:
        import psutil  # noqa: PLC0415 - an extra
    except ImportError:
        return ()
    return tuple(_from_psutil_process(process, psutil.Error) for process in psutil.Process().parents()[:_DEPTH])


def _from_psutil_process(process: object, refused: type[Exception]) -> Process:
    def ask(name: str) -> object:
        try:
            return getattr(process, name)()
        except refused:
            return None

    argv, cwd, environ, pid = ask("cmdline"), ask("cwd"), ask("environ"), getattr(process, "pid", 0)
    return Process(
        argv=tuple(argv) if isinstance(argv, list) else (),
        cwd=Path(cwd) if isinstance(cwd, str) else None,
        environ=environ if isinstance(environ, dict) else {},
        pid=pid,
        started=str(ask("create_time") or ""),
    )


def _from_ps(pid: int) -> Iterator[Process]:
    # One -o per keyword, because everything after its equals sign is the header (POSIX, macOS).
    table = _parse_ps(_output("ps", "-axww", "-o", "pid=", "-o", "ppid=", "-o", "args="))
    for _ in range(_DEPTH):
        if pid not in table:
            return
        parent, args = table[pid]
        cwd = _parse_lsof(_output("lsof", "-a", "-d", "cwd", "-Fn", "-p", str(pid)))
        text = _output("ps", "-Ewwo", "command=", "-p", str(pid))
        yield Process(argv=tuple(args.split()), cwd=cwd, environ=_parse_environ(text, args), is_exact=False)
        pid = parent


def _parse_ps(text: str) -> dict[int, tuple[int, str]]:
    """Return pid -> (parent's pid, arguments) from lines like ``  812   790 uv sync --extra cpu``."""
    rows = (line.split(None, 2) for line in text.splitlines())
    return {int(row[0]): (int(row[1]), row[2]) for row in rows if len(row) == 3 and all(map(_is_number, row[:2]))}  # noqa: PLR2004


def _parse_lsof(text: str) -> Path | None:
    """Return the folder from ``lsof -Fn``: ``p812``, ``fcwd``, ``n/Users/jo/project``."""
    names = [line[1:] for line in text.splitlines() if line.startswith("n/")]
    return Path(names[0]) if names else None


def _parse_environ(text: str, args: str) -> dict[str, str]:
    """Return the wanted variables from ``ps -E``, which prints the arguments, then ``NAME=value`` without quotes."""
    words = re.split(r" (?=[A-Za-z_][A-Za-z0-9_]*=)", text.strip().removeprefix(args))
    pairs = (word.strip().partition("=") for word in words)
    return {name: value for name, _, value in pairs if name in _WANTED or name.startswith("UV_")}


def _output(*command: str) -> str:
    arguments: Sequence[str] = command
    try:
        done = subprocess.run(  # noqa: S603
            arguments, capture_output=True, encoding="utf-8", errors="replace", timeout=10, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout
