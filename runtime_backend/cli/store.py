"""``runtime-backend store``: the finished wheels that builds keep, here and in a remote store."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..config import load_store_settings
from ..config.store import parse_size
from ..errors import CommandError
from ..frontend.caller import read_caller
from ..wheel_store.local import LocalStore
from .cache import own_cache
from .kept.removal import report_failed
from .terminal import out

_SHOWING = ("ls", "explain")
_TAKE_NAMES = {"push": None, "pull": None, "lock": None, "explain": 1}
"""Actions with names, and the most names."""


def run_store(action: str, names: Sequence[str], *, size: str | None, as_json: bool) -> int:
    """Run an action, and return the exit code.

    :param names: keys, packages, or a source folder.
    :param size: for prune: the limit.
    :raises CommandError: for names or an option that the action does not take.
    """
    _check(action, names, size, as_json=as_json)
    settings = load_store_settings(Path.cwd(), os.environ, read_caller().trust)
    cache = own_cache()
    store = LocalStore(folder=cache / "store", limit=settings.limit.value)
    if action in _SHOWING:
        from .stored.listing import explain_lookup, list_wheels  # noqa: PLC0415 - each action imports its own

        if action == "ls":
            return list_wheels(store, as_json=as_json)
        return explain_lookup(store, names[0] if names else None, as_json=as_json)
    if action == "verify":
        from .kept.verification import find_in_store, report_damages  # noqa: PLC0415 - each action imports its own

        return report_damages(list(find_in_store(cache)), store.folder)
    if action == "prune":
        return _prune(store, store.limit if size is None else _bytes(size))
    from .stored import exchanging  # noqa: PLC0415 - each action imports its own

    run = {"push": exchanging.push, "pull": exchanging.pull, "lock": exchanging.lock}[action]
    return run(store, settings, names)


def _check(action: str, names: Sequence[str], size: str | None, *, as_json: bool) -> None:
    most = _TAKE_NAMES.get(action, 0)
    if most is not None and len(names) > most:
        raise CommandError(
            "too-many-arguments",
            "store {action}: found {found!r}, expected nothing there",
            action=action,
            found=names[most],
        )
    if size is not None and action != "prune":
        raise CommandError(
            "option-of-another-action", "store {action}: found --size, expected it only for prune", action=action
        )
    if as_json and action not in _SHOWING:
        raise CommandError(
            "option-of-another-action",
            "store {action}: found --json, expected it only for {showing}",
            action=action,
            showing=" and ".join(_SHOWING),
        )


def _bytes(text: str) -> int:
    found = parse_size(text)
    if found is None:
        raise CommandError("size-not-understood", "--size: found {text!r}, expected a size, such as '20 GB'", text=text)
    return found


def _prune(store: LocalStore, limit: int) -> int:
    before = sum(record.size for record in store.list_records())
    left = store.shrink(limit=limit)
    report_failed(left)
    after = sum(record.size for record in store.list_records())
    out(f"removed {(before - after) / 1e6:.1f} MB from {store.folder}; {after / 1e6:.1f} MB are left")
    return 1 if left.failed else 0
