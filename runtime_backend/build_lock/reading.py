"""Reading a build lock: what it installs on this machine, and why it cannot be used."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from ..locks.answer import SOURCE, Locked
from ..locks.pylock import read_every
from ..system.files import is_file
from ..system.platforms import Platform
from . import wrong_lock
from .inputs import Inputs


def read_build_lock(path: Path, inputs: Inputs, runtimes: Collection[str], platform: Platform) -> tuple[Locked, ...]:
    """Return the wheels that a build lock installs on this platform.

    :param runtimes: the normalised names of the runtimes; the lock must not contain them.
    :raises LockError: if it is missing, invalid, stale, or of another kind, or names no wheel for this platform. All
        packages without a wheel are named.
    """
    if not is_file(path):
        raise wrong_lock(path, "found no build lock", "Make it: runtime-backend lock")
    recorded, locked = read_every(path, platform)
    if not isinstance(recorded, dict) or "inputs" not in recorded:
        raise wrong_lock(
            path, "found no record of what it was made from, expected a lock made by `runtime-backend lock`"
        )
    difference = inputs.difference(recorded)
    if difference is not None:
        raise wrong_lock(path, f"it is stale: it was made from other build requirements ({difference})")
    found = sorted({entry.name for entry in locked or ()}.intersection(runtimes))
    if found:
        raise wrong_lock(path, f"found {' and '.join(found)}, expected no runtime in a build lock")
    if locked is None:
        raise wrong_lock(path, f"it is for other Pythons or platforms than {_here(platform)}", _MAKE_HERE)
    problems = [problem for entry in locked if (problem := _find_problem(entry)) is not None]
    if problems:
        raise wrong_lock(path, f"{'; '.join(problems)}. This is {_here(platform)}", _MAKE_HERE)
    return locked


_MAKE_HERE = "Make it again where all of them have wheels: runtime-backend lock --upgrade"


def _find_problem(entry: Locked) -> str | None:
    """Return why no requirement can be made for a locked package; None if there is no reason."""
    name = f"{entry.name} {entry.version}".strip()
    if entry.missing == SOURCE:
        return f"{name}: found a source, expected a wheel: a source is built by requirements that are not locked"
    if entry.missing is not None or entry.url is None:
        return f"{name}: {entry.missing}"
    return None if entry.sha256 is not None else f"{name}: found no SHA-256, expected one"


def _here(platform: Platform) -> str:
    return f"Python {platform.environment['python_version']}, {platform.tags[0].platform}"
