"""The overlay: a folder of links through which the real backend sees the target's runtime.

It lies at a stable path, one for each runtime identity, so that compiler caches and editable rebuilds keep working::

    <cache>/overlays/torch-2.13.0.cpu-1f0c…      a link, replaced in one step, to
    <cache>/overlays/.held/torch-2.13.0.cpu-1f0c…-77ab…   the links into one target; named for them, never changed

Nothing is ever written in place: a build that is killed leaves at most an unnamed folder, which a later one removes,
and builds that run at once need no lock, because whoever comes second finds what it would have made.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import ProvisionError
from ..runtime import Identity
from .links import Borrowed, Links

_ABANDONED = 3600
"""Seconds after which an unfinished folder belongs to nobody."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Overlay:
    """An overlay as planned; :meth:`show` makes it."""

    path: Path
    """The stable path."""
    links: Links

    def show(self) -> Path:
        """Make the overlay unless it is there, and return its path.

        :raises ProvisionError: when the cache cannot be written to, or the system has no symbolic links.
        """
        held = self.path.parent / ".held" / f"{self.path.name}-{_digest(self._manifest())}"
        try:
            if not held.is_dir():
                self._make(held)
            if not self.path.is_symlink() or os.readlink(self.path) != _relative(held):  # noqa: PTH115
                self._point(held)
        except OSError as error:
            raise _cannot_write(self.path, error) from error
        return self.path

    def _manifest(self) -> list[str]:
        return [f"{entry}={target}" for entry, target in self.links.targets.items()]

    def _make(self, held: Path) -> None:
        held.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(held.parent)
        unfinished = held.parent / f".new-{os.getpid()}-{time.monotonic_ns()}"
        for entry, target in self.links.targets.items():
            link = unfinished / entry
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(target, target_is_directory=target.is_dir())
        try:
            unfinished.rename(held)
        except OSError as error:
            _remove(unfinished)
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):  # another build made the same one meanwhile
                raise

    def _point(self, held: Path) -> None:
        new = self.path.parent / f".new-{os.getpid()}-{time.monotonic_ns()}"
        new.symlink_to(_relative(held), target_is_directory=True)
        new.replace(self.path)


def plan_overlay(cache: Path, borrowed: Sequence[tuple[Borrowed, Identity]], links: Links) -> Overlay:
    """Return the overlay for some runtimes; nothing is written yet.

    The path holds what the runtime *is* (what it calls itself, and every file it installed) and what is shown with it
    in which version, not where it lies: the same torch in a fresh environment keeps its path, and so the compiler cache
    its hits.
    """
    parts = [sys.implementation.cache_tag or "", *sorted(links.targets)]
    for runtime, identity in borrowed:
        parts += [str(identity), identity.cuda or "", identity.hip or "", identity.git_version or ""]
        parts += _content(runtime)
    label = "-".join(_safe(f"{identity.name}-{identity.reported}") for _, identity in borrowed)
    return Overlay(path=cache / "overlays" / f"{label}-{_digest(parts)}", links=links)


def _content(runtime: Borrowed) -> list[str]:
    """Return the lines of RECORD that hold hashes of installed files, in an order of their own.

    Left out is what each installer writes in its own way: dist-info, scripts, byte code. An editable runtime has no
    such lines; there, the place is all that tells one from another.
    """
    lines = runtime.distribution.record.splitlines()
    kept = [line for line in lines if ",sha256=" in line and ".dist-info/" not in line and not line.startswith("../")]
    is_editable = not any("/" in line and not line.startswith("__editable__") for line in kept)
    return [str(runtime.distribution.info)] if is_editable else sorted(kept)


def _digest(parts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", errors="surrogateescape")).hexdigest()[:16]


def _safe(text: str) -> str:
    """Build scripts put paths into commands and patterns: letters, digits, dots and dashes only."""
    return re.sub(r"[^A-Za-z0-9.-]+", ".", text)


def _relative(held: Path) -> str:
    return f".held{os.sep}{held.name}"


def _remove_abandoned(folder: Path) -> None:
    for path in folder.glob(".new-*"):
        try:
            is_abandoned = time.time() - path.lstat().st_mtime > _ABANDONED
        except OSError:  # its owner has just finished it
            continue
        if is_abandoned:
            _remove(path)


def _cannot_write(path: Path, error: OSError) -> ProvisionError:
    return ProvisionError(
        f"the overlay {path} cannot be made: {error}",
        hint="Name a cache folder that can be written to: RUNTIME_BACKEND_CACHE_DIR=/path; or have torch installed into"
        " the build environment instead of borrowed: RUNTIME_BACKEND_PROVISION=require.",
    )


def _remove(folder: Path) -> None:
    import shutil  # noqa: PLC0415 - hardly ever needed

    shutil.rmtree(folder, ignore_errors=True)
