"""A target that was named for this call, or in the consumer's table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..config.selection import Selection
from ..errors import TargetError
from ..system.files import is_file
from .caller import Caller
from .places import Named, Place, Stated


def named_place(caller: Caller, target: Named | None, lock: Named | None) -> Place | None:
    """Return the place that was named for this call, after which the search ends; the lock wins over the target.

    :raises TargetError: if the target or the lock does not exist.
    """
    if lock is not None and not is_file(lock.path):
        raise TargetError(
            "named-lock-missing",
            "{origin}: found {path!r}, expected the path of a lock file",
            origin=lock.origin,
            path=str(lock.path),
        )
    environment = None if target is None else caller.reader.read(target.path)
    if target is not None and environment is None:
        expected = "the prefix of an environment, or its interpreter"
        raise TargetError(
            "named-target-missing",
            "{origin}: found {path!r}, expected {expected}",
            origin=target.origin,
            path=str(target.path),
            expected=expected,
        )
    named = [item for item in (lock, target) if item is not None]
    if not named:
        return None
    return Place(
        why=" and ".join(item.origin for item in named),
        path=named[-1].path,
        locks=() if lock is None else (lock.path,),
        selection=_selection(None if lock is None else lock.path),
        environment=environment,
        is_target=True,
        ends=True,
    )


def stated_place(caller: Caller, stated: Stated | None) -> Iterator[Place]:
    """Yield the place in the consumer's table; neither lock nor environment needs to exist."""
    if stated is None:
        return
    environment = None if stated.environment is None else caller.reader.read(stated.environment)
    lock = stated.lock if stated.lock is not None and is_file(stated.lock) else None
    path = next((path for path in (stated.environment, stated.lock) if path is not None), None)
    if path is not None:
        yield Place(
            why=stated.origin,
            path=path,
            locks=() if lock is None else (lock,),
            selection=_selection(lock),
            environment=environment,
            is_target=environment is not None,
        )


def _selection(lock: Path | None) -> Selection:
    """Return the selection of a named lock: the project next to it, if there is one, or everything."""
    is_beside = lock is not None and is_file(lock.parent / "pyproject.toml")
    return Selection(project=lock.parent if lock is not None and is_beside else None)
