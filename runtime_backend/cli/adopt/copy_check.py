"""Checking a copy of the shim: what differs, what git does not track, and the command after which the check passes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ... import __version__
from ..terminal import out, say
from .copies import Place, add_command, vendor_command
from .shim import Copy
from .tracking import find_untracked, is_tracked


def check_copy(place: Place, copy: Copy | None, *, is_declared: bool, needs_update: bool) -> int:
    """Report how a copy differs, and the command that mends it; return the exit code.

    :param is_declared: whether pyproject.toml declares the copy.
    :param needs_update: whether ``vendor`` replaces the copy only with --update.
    """
    untracked: dict[str, str | None] = {}
    if copy is None:
        out(f"{place.path}: found no copy")
    else:
        report_copy(copy, place.path)
        untracked = {n: rule for n, rule in find_untracked(place.tree, place.path).items() if n not in copy.added}
        if not is_declared:
            out("pyproject.toml: does not declare the copy, or one of its requirements")
        _report_untracked(untracked, place)
    is_whole = copy is not None and not copy.drift
    commands = [] if is_whole and is_declared else [vendor_command(place, *(["--update"] if needs_update else []))]
    is_new = bool(commands) and (needs_update or not is_whole) and is_tracked(place.tree)
    if untracked or is_new:  # git may ignore files of a new copy, or not track them yet
        commands.append(add_command(place, is_forced=is_new or any(untracked.values())))
    if not commands:
        return 0
    out(f"next: {' && '.join(commands)}")
    return 1


def report_copy(copy: Copy, place: Path) -> None:
    """Print how a copy differs from its manifest and from this version."""
    for line in copy.drift:
        out(f"{place}/{line}")
    if copy.version != __version__:
        say(f"note: {place} is of version {copy.version}, this is {__version__}")
    if copy.is_intact:
        out(f"{place}: version {copy.version}, unchanged")


def _report_untracked(untracked: Mapping[str, str | None], place: Place) -> None:
    """Print which files would not reach a fork's users: one line for each rule of git, with the count."""
    for rule in dict.fromkeys(untracked.values()):
        names = [name for name, found in untracked.items() if found == rule]
        verb, reason = ("does not track", "") if rule is None else ("ignores", f" ({rule})")
        if len(names) == 1:
            out(f"{place.path / names[0]}: git {verb} it{reason}")
        else:
            out(f"{place.path}: git {verb} {len(names)} of its files{reason}")
