"""Where this person's cache lies."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import ProvisionError
from .files import list_names
from .trust import Trust


def find_cache(named: Path | None, environ: Mapping[str, str]) -> Path:
    """Return the folder of our cache, which need not exist yet.

    :param named: the one that the settings name.
    """
    if named is not None:
        return named
    if os.name == "nt" and environ.get("LOCALAPPDATA"):
        return Path(environ["LOCALAPPDATA"]) / "runtime-backend" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "runtime-backend"
    base = environ.get("XDG_CACHE_HOME", "")
    # The XDG specification: a relative path is invalid and is ignored.
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "runtime-backend"


def check_owner(cache: Path, trust: Trust) -> None:
    """Refuse a cache that others can write to: what lies in it is run as the person.

    :raises ProvisionError: with the two ways out.
    """
    objection = trust.objection(cache)
    if objection is not None:
        raise ProvisionError(
            f"the cache {cache} is not used, since what lies in it runs as you: {objection}",
            hint="Name a folder of your own: RUNTIME_BACKEND_CACHE_DIR=/path. If you trust this one, name it:"
            f" RUNTIME_BACKEND_TRUST={shlex.quote(str(cache))}",
        )


def bytecode_folder(cache: Path) -> Path:
    """Return the folder that takes the byte code of a build, which must not go into the target through an overlay."""
    return cache / "bytecode"


def prune_bytecode(cache: Path, passing: Sequence[Path], kept: Path) -> None:
    """Remove the byte code of what will never be imported again from the same path.

    A build compiles what it imports, from its build environment too; that one has another path every time, and its byte
    code would pile up. That of the standard library and of the overlays serves the next build.

    :param passing: the folders that build environments and unpacked sources lie in.
    :param kept: the overlays' folder, which may itself lie in one of those.
    """
    for folder in passing:
        _prune(bytecode_folder(cache) / folder.relative_to(folder.anchor), bytecode_folder(cache), kept)


def _prune(folder: Path, bytecode: Path, kept: Path) -> None:
    for name in list_names(folder):
        mirrored = Path(kept.anchor) / (folder / name).relative_to(bytecode)
        if not kept.is_relative_to(mirrored):
            shutil.rmtree(folder / name, ignore_errors=True)
        elif mirrored != kept:
            _prune(folder / name, bytecode, kept)


@contextmanager
def exclusively(path: Path, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Wait until no other process is in here with the same path, which becomes a file; a killed process leaves it.

    :param on_wait: called once, if there is another one.
    """
    with path.open("a+b") as file:
        if not _is_locked_at_once(file.fileno()):
            if on_wait is not None:
                on_wait()
            _lock(file.fileno())
        yield


@contextmanager
def held_if_free(path: Path) -> Iterator[bool]:
    """Tell whether no other process is in here with the same path, and keep them out meanwhile if so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        yield _is_locked_at_once(file.fileno())


if sys.platform == "win32":  # pragma: no cover - Windows

    def _lock(descriptor: int) -> None:
        import msvcrt  # noqa: PLC0415 - hardly ever needed

        # LK_LOCK gives up after ten seconds.
        while not _is_locked_by_us(descriptor, msvcrt.LK_LOCK):
            pass

    def _is_locked_at_once(descriptor: int) -> bool:
        import msvcrt  # noqa: PLC0415 - as above

        return _is_locked_by_us(descriptor, msvcrt.LK_NBLCK)

    def _is_locked_by_us(descriptor: int, how: int) -> bool:
        import msvcrt  # noqa: PLC0415 - as above

        with suppress(OSError):
            msvcrt.locking(descriptor, how, 1)
            return True
        return False

else:

    def _lock(descriptor: int) -> None:
        import fcntl  # noqa: PLC0415 - hardly ever needed

        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def _is_locked_at_once(descriptor: int) -> bool:
        import fcntl  # noqa: PLC0415 - as above

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
