"""Converting the settings of a target for the frontend's room, and an iterator of places that can be repeated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..config import Chosen, StatedTarget
from ..frontend.places import Named, Place, Stated


class Memo:
    """An iterator that can be repeated without a second look-up."""

    def __init__(self, places: Iterator[Place]) -> None:
        self._rest = places
        self._seen: list[Place] = []

    def __iter__(self) -> Iterator[Place]:
        """Yield all places, starting with those that were found before."""
        yield from self._seen
        for place in self._rest:
            self._seen.append(place)
            yield place


def named(chosen: Chosen[Path] | None) -> Named | None:
    """Convert a target or a lock that was named for this call."""
    return None if chosen is None else Named(path=chosen.value, origin=chosen.origin)


def stated_target(stated: StatedTarget | None) -> Stated | None:
    """Convert the consumer's ``target`` table."""
    if stated is None:
        return None
    paths = [None if chosen is None else chosen.value for chosen in (stated.environment, stated.lock)]
    return Stated(environment=paths[0], lock=paths[1], origin=stated.origin)


def selected(place: Place, stated: StatedTarget | None) -> Place:
    """Return the place with the consumer's extras and groups, if the frontend's command line names none."""
    if stated is None:
        return place
    return place._replace(selection=place.selection.or_else(extras=stated.extras, groups=stated.groups))
