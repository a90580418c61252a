"""The stops of the search: a lock that comes too late, or leaves open which runtime it is."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import ResolutionError
from ..frontend.places import LateLock, Place


def written_too_late(name: str, late: LateLock) -> ResolutionError:
    """Return the stop for a lock that the command writes only after it has installed everything."""
    return ResolutionError(
        "lock-written-too-late",
        "it is not known which {name} the target will have: {command} writes {late} only after everything is"
        " installed, and installs {name} before this package only if [project] dependencies in the package's"
        " pyproject.toml name it",
        hint="Lock first, then install: {way_out}. Or name {name} in the package's dependencies.",
        name=name,
        command=late.command,
        late=late.name,
        way_out=late.way_out,
    )


def several_locked(name: str, place: Place, candidates: Sequence[str]) -> ResolutionError:
    """Return the stop for a lock that installs several runtimes for one selection.

    :param candidates: their versions, with the conditions under which the lock installs them.
    """
    return ResolutionError(
        "several-runtimes-locked",
        "{lock} pins {count} different {name}, expected one ({selection}):\n{candidates}",
        hint="Name the extra or group on the frontend's command line, or set RUNTIME_BACKEND_PIN='{name}==VERSION'.",
        lock=place.locks[0],
        count=len(candidates),
        name=name,
        selection=place.selection.describe(),
        candidates="\n".join(f"  {candidate}" for candidate in candidates),
    )
