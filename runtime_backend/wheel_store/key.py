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

FILES_DIFFER = "files of the source differ"
_SPOKEN = {"source.files": FILES_DIFFER}
"""Inputs that are a digest of more than a person can compare."""


class _Values(NamedTuple):
    values: Mapping[str, Any]
    """JSON: name of an input -> its value."""


class Inputs(_Values):
    """Everything that a wheel depends on, as far as it can be known before the build."""

    @cached_property
    def key(self) -> str:
        """The key, 64 hexadecimal digits; equal inputs have the same one on each machine."""
        return digest([json.dumps(self.values, sort_keys=True)], 64)

    def differences(self, stored: Inputs) -> list[str]:
        """Return a line for each input that differs: ``a.b: 'x' in this build, 'y' in the stored wheel``.

        :param stored: the inputs of a wheel in the store; ours are those of a build.
        """
        ours, theirs = dict(_flat(self.values)), dict(_flat(stored.values))
        names = sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name))
        return [_SPOKEN.get(name) or _describe(name, ours, theirs) for name in names]


def _describe(name: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> str:
    return f"{name}: {_shown(ours, name)} in this build, {_shown(theirs, name)} in the stored wheel"


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted name, value) of all values that are no tables. A table in an array is named by its ``name``."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        elif isinstance(value, (list, tuple)) and value and all(_is_named(item) for item in value):
            yield from _flat({str(item["name"]): item for item in value}, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _is_named(value: object) -> bool:
    return isinstance(value, Mapping) and "name" in value


def _shown(values: Mapping[str, Any], name: str) -> str:
    return repr(values[name]) if name in values else _NOTHING
