"""The platform for which a lock is read: its marker environment and its wheel tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TypeVar

from packaging.markers import Marker, default_environment
from packaging.tags import Tag, sys_tags
from packaging.utils import parse_wheel_filename

T = TypeVar("T")

UNFIT = "none of its wheels fits this interpreter"
"""The message if :meth:`Platform.best_wheel` finds none among several wheels."""


class Platform:
    """One interpreter on one machine, in packaging's terms.

    :param environment: the values of the environment markers (PEP 508); None: of the running interpreter.
    :param tags: the supported wheel tags, best first; None: of the running interpreter.
    """

    def __init__(self, environment: Mapping[str, str] | None = None, tags: tuple[Tag, ...] | None = None) -> None:
        self._given_environment = environment
        self._given_tags = tags

    @cached_property
    def environment(self) -> Mapping[str, str]:
        """The values of the environment markers (PEP 508)."""
        if self._given_environment is not None:
            return self._given_environment
        return {key: str(value) for key, value in default_environment().items()}

    @cached_property
    def tags(self) -> tuple[Tag, ...]:
        """The supported wheel tags, best first."""
        return tuple(sys_tags()) if self._given_tags is None else self._given_tags

    @cached_property
    def _ranks(self) -> dict[Tag, int]:
        return {tag: rank for rank, tag in enumerate(self.tags)}

    def accepts(self, marker: str) -> bool:
        """Return whether a marker without extras is true on this platform."""
        return not marker or Marker(marker).evaluate(dict(self.environment))

    def best_wheel(self, wheels: Iterable[tuple[str, T]]) -> T | None:
        """Return the item of the wheel whose file name fits best; None if none fits.

        A file name that packaging cannot parse (a sixth part, PEP 825) does not fit.
        """
        ranks = self._ranks
        best: tuple[int, T] | None = None
        for name, item in wheels:
            rank = min((ranks[tag] for tag in _tags_of(name) if tag in ranks), default=None)
            if rank is not None and (best is None or rank < best[0]):
                best = (rank, item)
        return None if best is None else best[1]


def _tags_of(name: str) -> Iterable[Tag]:
    try:
        return parse_wheel_filename(name)[3]
    except ValueError:  # InvalidWheelFilename, or a number with 5,000 digits
        return ()
