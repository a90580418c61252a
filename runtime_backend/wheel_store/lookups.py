"""The last lookups in the store, each with its inputs: from these a person learns why a wheel was not found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from ..formats.jsontext import parse_json
from ..store.atomic import write
from ..store.names import digest
from ..system.files import list_names, read_text
from ..system.printable import without_secrets
from .key import Inputs

KEPT = 20
"""The number of lookups that are kept, one per source folder."""
FOLDER = ".lookups"
_FORMAT = 1


class Lookup(NamedTuple):
    """One lookup."""

    source: str
    """The source folder, or the upstream source."""
    tree: str
    """The source folder: for an upstream source, that of its wrapper."""
    name: str | None
    """The package's normalised name, if it was known before the build."""
    when: str
    """In UTC (ISO 8601)."""
    result: str
    """What was found: ``from this machine`` …, or ``nothing``."""
    inputs: Inputs
    notes: tuple[str, ...]
    """Why a wheel that is there was not used."""
    files: Mapping[str, str] = MappingProxyType({})
    """The files of the source tree, as :mod:`.source_files` summarises them."""

    def as_json(self) -> dict[str, Any]:
        """Return the content of the file, without credentials in the URL of an upstream source."""
        plain = {"source": without_secrets(self.source), "notes": list(self.notes), "files": dict(self.files)}
        table = {**self._asdict(), **plain}
        return {"format": _FORMAT, **table, "inputs": self.inputs.values}


def write_lookup(store: Path, lookup: Lookup) -> None:
    """Keep a lookup instead of the last one for the same source, and forget the oldest ones.

    :param store: the folder of the local store.
    :raises OSError: if it cannot be written.
    """
    folder = store / FOLDER
    folder.mkdir(exist_ok=True)
    write(folder / f"{digest([lookup.source, lookup.tree])}.json", json.dumps(lookup.as_json(), indent=1).encode())
    paths = sorted((folder / name for name in list_names(folder)), key=_changed, reverse=True)
    for path in paths[KEPT:]:
        with suppress(OSError):  # another process has removed it
            path.unlink()


def _changed(path: Path) -> float:
    with suppress(OSError):
        return path.stat().st_mtime
    return 0


def list_lookups(store: Path) -> list[Lookup]:
    """Return the lookups, the last one first; damaged ones are left out."""
    texts = (read_text(store / FOLDER / name) for name in list_names(store / FOLDER))
    found = (_parse(text) for text in texts)
    return sorted((lookup for lookup in found if lookup is not None), key=lambda lookup: lookup.when, reverse=True)


def _parse(text: str) -> Lookup | None:
    try:
        data: Mapping[str, Any] = parse_json(text, is_own=True)
        if data["format"] != _FORMAT or not isinstance(data["inputs"], dict):
            return None
        source, tree, when, result, name = (data[key] for key in ("source", "tree", "when", "result", "name"))
        texts = (source, tree, when, result, *data["notes"], *([] if name is None else [name]))
        files = dict(data["files"])
        if not all(isinstance(text, str) for text in (*texts, *files, *files.values())):
            return None
        inputs, notes = Inputs(data["inputs"]), tuple(data["notes"])
        return Lookup(
            source=source, tree=tree, name=name, when=when, result=result, inputs=inputs, notes=notes, files=files
        )
    except (ValueError, TypeError, KeyError):
        return None
