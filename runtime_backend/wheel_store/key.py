"""The key of a wheel: a digest of all inputs of its build, which are kept in clear next to the wheel."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from ..store.names import digest

FORMAT = 1
"""The version of the inputs: what is built by another way of the shim has another key."""

_NOTHING = "nothing"


class _Values(NamedTuple):
    values: Mapping[str, Any]
    """JSON: name of an input -> its value."""


class Inputs(_Values):
    """Everything that a wheel depends on, as far as it can be known before the build."""

    @cached_property
    def key(self) -> str:
        """The key, 64 hexadecimal digits; equal inputs have the same one on each machine."""
        return digest([json.dumps(self.values, sort_keys=True)], 64)

    def differences(self, other: Inputs) -> list[str]:
        """Return a line for each input that differs: ``python.abi: found '.cpython-310…', expected '.cpython-311…'``.

        :param other: the inputs that are found; ours are expected.
        """
        ours, theirs = dict(_flat(self.values)), dict(_flat(other.values))
        names = sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name))
        return [f"{name}: found {_shown(theirs, name)}, expected {_shown(ours, name)}" for name in names]


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted name, value) of all values that are no tables."""
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _shown(values: Mapping[str, Any], name: str) -> str:
    return repr(values[name]) if name in values else _NOTHING
