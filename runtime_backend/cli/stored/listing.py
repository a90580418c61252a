"""The stored wheels: listing them, selecting some by key or package, and explaining the last lookups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from ...errors import CommandError
from ...formats.tables import did_you_mean
from ...system.files import real_path
from ...system.printable import without_secrets
from ...wheel_store.key import FILES_DIFFER
from ...wheel_store.local import LocalStore
from ...wheel_store.lookups import Lookup, list_lookups
from ...wheel_store.records import Record
from ...wheel_store.source_files import describe_changes
from ..terminal import out, out_json

_KEY = 16
"""The digits of a key that are shown."""


def list_wheels(store: LocalStore, *, as_json: bool) -> int:
    """Print the wheels, the last used ones first."""
    records = store.list_records()
    if as_json:
        out_json({"folder": str(store.folder), "limit": store.limit, "wheels": [_describe(r, store) for r in records]})
        return 0
    for record in records:
        used = datetime.fromtimestamp(store.last_used(record.key), timezone.utc)
        out(f"{record.key[:_KEY]}  {record.size / 1e6:8.1f} MB  used {used:%Y-%m-%d}  {record.wheel}")
        out(f"{'':{_KEY}}  {record.runtimes or 'no runtime'}; {record.whence}")
    out(f"{sum(r.size for r in records) / 1e6:.1f} MB of {store.limit / 1e9:g} GB in {store.folder}")
    return 0


def _describe(record: Record, store: LocalStore) -> dict[str, Any]:
    return {**record.as_json(), "last-used": store.last_used(record.key)}


def select(records: Sequence[Record], names: Sequence[str]) -> list[Record]:
    """Return the wheels that a person named, by the beginning of a key or by package; all if none was named.

    :raises CommandError: if a name fits no wheel.
    """
    found: dict[str, Record] = {} if names else {record.key: record for record in records}
    for name in names:
        fitting = [record for record in records if _is_named(record, name)]
        if not fitting:
            known = sorted({canonicalize_name(record.package) for record in records})
            raise CommandError(
                "no-such-wheel-in-store",
                "found no wheel {name!r}{did_you_mean} in the store, expected a key or a package",
                hint="To list them: runtime-backend store ls",
                name=name,
                did_you_mean=did_you_mean(name, known),
            )
        found.update({record.key: record for record in fitting})
    return list(found.values())


def _is_named(record: Record, name: str) -> bool:
    return record.key.startswith(name) or canonicalize_name(record.package) == canonicalize_name(name)


def explain_lookup(store: LocalStore, source: str | None, *, as_json: bool) -> int:
    """Print what the last build of a source found in the store, and why; return 1 if it found nothing.

    :param source: its folder or its name; None for the last build of all.
    :raises CommandError: if no build has looked for it.
    """
    lookup = _find_lookup(list_lookups(store.folder), source)
    nearest = _nearest(lookup, [r for r in store.list_records() if r.key != lookup.inputs.key])
    differences = [] if nearest is None else _differences(lookup, nearest, store.source_files(nearest))
    if as_json:
        found = None if nearest is None else {"key": nearest.key, "wheel": nearest.wheel, "differences": differences}
        shown = {name: value for name, value in lookup.as_json().items() if name != "files"}
        out_json({**shown, "key": lookup.inputs.key, "nearest": found})
    else:
        _print_lookup(lookup, nearest, differences)
    return 1 if lookup.result == "nothing" else 0


def _find_lookup(lookups: Sequence[Lookup], source: str | None) -> Lookup:
    fitting = lookups if source is None else _select_lookups(lookups, source)
    if fitting:
        return fitting[0]
    known = [lookup.name for lookup in lookups if lookup.name is not None]
    raise CommandError(
        "no-such-lookup",
        "found no build{of} that has looked into the store, expected the folder or the name of a package that was"
        " built",
        hint="Build it first; the last 20 lookups are kept.",
        of="" if source is None else f" of {source!r}{did_you_mean(source, known)}",
    )


def _select_lookups(lookups: Sequence[Lookup], source: str) -> list[Lookup]:
    """Return the lookups for a source folder; if there are none, those for a package or the URL of a source."""
    tree, name, url = real_path(Path(source)), canonicalize_name(source), without_secrets(source)
    found = [lookup for lookup in lookups if real_path(Path(lookup.tree)) == tree]
    return found or [lookup for lookup in lookups if lookup.name == name or lookup.source == url]


def _nearest(lookup: Lookup, records: Sequence[Record]) -> Record | None:
    """Return the stored wheel of the same package whose inputs differ least."""
    same = [record for record in records if lookup.name in (None, canonicalize_name(record.package))]
    return min(same, key=lambda record: len(lookup.inputs.differences(record.inputs)), default=None)


def _differences(lookup: Lookup, nearest: Record, files: Mapping[str, str]) -> list[str]:
    """Return a line for each input that differs, with the names of changed files if they are known."""
    changes = describe_changes(lookup.files, files)
    found = lookup.inputs.differences(nearest.inputs)
    return [f"{line}: {changes}" if line == FILES_DIFFER and changes is not None else line for line in found]


def _print_lookup(lookup: Lookup, nearest: Record | None, differences: Sequence[str]) -> None:
    out(f"{lookup.name or lookup.source}: looked for the key {lookup.inputs.key[:_KEY]} at {lookup.when}")
    out(f"found: {lookup.result}")
    for note in lookup.notes:
        out(f"  {note}")
    if lookup.result != "nothing":
        return
    if nearest is None:
        out("no other wheel of this package is stored")
        return
    out(f"the nearest wheel is {nearest.wheel} with the key {nearest.key[:_KEY]}; what differs:")
    for line in differences:
        out(f"  {line}")
