"""Exchange with a remote store: putting wheels there, getting them, and listing the trusted ones."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from ...config.consumer import ConsumerSearch
from ...config.store import RemoteSettings, StoreSettings
from ...errors import CommandError, NoAnswer
from ...frontend.caller import read_caller
from ...store.atomic import write
from ...store.names import SHA256
from ...system.files import is_file, read_text
from ...wheel_store.local import LocalStore
from ...wheel_store.machine import describe_headers
from ...wheel_store.records import Record
from ...wheel_store.remotes import Remote, fetch_into, open_remote, read_record, write_wheel
from ...wheel_store.trust import add_trusted, check_trusted, read_trusted
from ..terminal import out, report, say
from .listing import select

LOCK = "store.lock"
"""The usual name of the list of trusted wheels."""


def push(store: LocalStore, settings: StoreSettings, names: Sequence[str]) -> int:
    """Put wheels into the remote store, as far as they are not there; return 1 if one could not be put.

    :raises CommandError: if no remote store is named, or a name fits no wheel.
    """
    stated = _remote(settings)
    results = [
        _transfer(record.wheel, stated, partial(_push, store, record)) for record in select(store.list_records(), names)
    ]
    return 0 if all(results) else 1


def _transfer(what: str, stated: RemoteSettings, run: Callable[[Remote], str]) -> bool:
    """Print the result of one transfer, and return whether it succeeded."""
    try:
        out(f"{what}: {run(open_remote(stated.url, os.environ, say))}")
    except NoAnswer as failure:
        report(
            CommandError(
                "remote-store-failed", "{wheel}: {url}: {failure}", wheel=what, url=stated.url, failure=failure
            )
        )
        return False
    return True


def _push(store: LocalStore, record: Record, remote: Remote) -> str:
    there = read_record(remote, record.key)
    if there is not None and there.sha256 == record.sha256:
        return "is there"
    write_wheel(remote, record, store.checked(record))
    return "was put there" if there is None else "was put there, instead of another build of the same inputs"


def pull(store: LocalStore, settings: StoreSettings, keys: Sequence[str]) -> int:
    """Get wheels from the remote store into the local one, so that builds find them offline.

    :param keys: whole keys; if there are none, those of the list of trusted wheels.
    :raises CommandError: if no remote store is named, there are no keys, or a word is none.
    """
    for key in keys:
        if not re.fullmatch(SHA256, key):
            raise CommandError(
                "store-key-not-understood",
                "store pull: found {key!r}, expected a whole key of 64 hexadecimal digits",
                hint="To list the keys of a machine that has the wheels: runtime-backend store ls --json",
                key=key,
            )
    stated = _remote(settings)
    trusted = _trusted(stated)
    wanted = keys or list(trusted)
    if not wanted:
        raise CommandError(
            "no-store-keys",
            "found no keys to get",
            hint="Name keys, or a list of trusted wheels: tool.runtime-backend.store.trust.",
        )
    results = [_transfer(key[:16], stated, partial(_pull, store, stated, trusted, key)) for key in wanted]
    return 0 if all(results) else 1


def _pull(store: LocalStore, stated: RemoteSettings, trusted: dict[str, str], key: str, remote: Remote) -> str:
    with store.held(key, lambda: say("waiting: a build uses this wheel")):
        with suppress(NoAnswer):  # a damaged one is fetched again
            here = store.read(key)
            if here is not None and store.checked(here).is_file():
                return f"{here.wheel} is here"

        def check(record: Record) -> Record:
            if stated.trust is not None:
                check_trusted(record, trusted, stated.trust)
            return record.fetched(stated.url, describe_headers())

        record = fetch_into(store, remote, key, check)
    if record is None:
        raise NoAnswer("there is no such wheel")
    return f"{record.wheel} was fetched"


def lock(store: LocalStore, settings: StoreSettings, names: Sequence[str]) -> int:
    """Add wheels of the local store to the list of trusted ones.

    :raises CommandError: if a name fits no wheel, or the list cannot be read.
    """
    stated = None if settings.remote is None else settings.remote.trust
    pyproject = _settings_file()
    path = stated or pyproject.with_name(LOCK)
    records = select(store.list_records(), names)
    if path.is_file():
        _read_trusted(path)
    write(path, add_trusted(read_text(path), records).encode())
    for record in records:
        out(f"{record.key[:16]}  {record.wheel}")
    out(f"{path}: {len(records)} {'wheel' if len(records) == 1 else 'wheels'} added")
    if stated is None:
        out(f"next: in {pyproject}, with the url of the store: [tool.runtime-backend.store] trust = {path.name!r}")
    return 0


def _settings_file() -> Path:
    """Return the pyproject.toml of the consumer: the one with settings, or else the nearest one."""
    here = Path.cwd()
    trust = read_caller().trust.including(here)
    consumer = ConsumerSearch(source=None, trust=trust, problems=[]).upward(here)
    found = (folder / "pyproject.toml" for folder in (here, *here.parents))
    nearest = next((path for path in found if is_file(path) and trust.objection(path) is None), here / "pyproject.toml")
    return nearest if consumer is None else Path(consumer.file)


def _remote(settings: StoreSettings) -> RemoteSettings:
    if settings.remote is None:
        raise CommandError(
            "no-remote-store",
            "no remote store is named",
            hint="Name one: [tool.runtime-backend.store] url = 's3://bucket/wheels' in pyproject.toml, or"
            " RUNTIME_BACKEND_STORE=s3://bucket/wheels.",
        )
    return settings.remote


def _trusted(stated: RemoteSettings) -> dict[str, str]:
    return {} if stated.trust is None else _read_trusted(stated.trust)


def _read_trusted(path: Path) -> dict[str, str]:
    try:
        return read_trusted(path)
    except NoAnswer as failure:
        raise CommandError("trusted-wheels-unreadable", "{why}", why=str(failure)) from None
