"""The settings' own words of a target, as the frontend's room takes them, and places that are looked up once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..config import Chosen, StatedTarget
from ..frontend.places import Named, Place, Stated


class Memo:
    """An iterator that may be gone through again; what was looked up once is not looked up twice."""

    def __init__(self, places: Iterator[Place]) -> None:
        self._rest = places
        self._seen: list[Place] = []

    def __iter__(self) -> Iterator[Place]:
        """Yield the places, from the first one on."""
        yield from self._seen
        for place in self._rest:
            self._seen.append(place)
            yield place


def named(chosen: Chosen[Path] | None) -> Named | None:
    """Return a target or a lock that was named for this call."""
    return None if chosen is None else Named(path=chosen.value, origin=chosen.origin)


def stated_target(stated: StatedTarget | None) -> Stated | None:
    """Return the consumer's own target."""
    if stated is None:
        return None
    paths = [None if chosen is None else chosen.value for chosen in (stated.environment, stated.lock)]
    return Stated(environment=paths[0], lock=paths[1], origin=stated.origin)


def selected(place: Place, stated: StatedTarget | None) -> Place:
    """Return the place with the consumer's extras and groups, where the frontend's command line names none."""
    if stated is None:
        return place
    return place._replace(selection=place.selection.or_else(extras=stated.extras, groups=stated.groups))
