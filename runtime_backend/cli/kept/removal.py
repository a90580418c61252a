"""Reporting what could not be removed from the cache or the store."""

from __future__ import annotations

from ...errors import CommandError
from ...store.sweeping import Left
from ..terminal import report


def report_failed(left: Left) -> None:
    """Print an error for each entry that could not be removed."""
    for path in left.failed:
        report(CommandError("entry-cannot-be-removed", "{path} cannot be removed", path=path))
