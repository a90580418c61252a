"""Reading ``store`` and ``prebuilt``: where finished wheels are kept and taken from.

A producer can only switch the store off for its package. Remote stores are the choice of the consumer or the person,
since a wheel from there runs as code.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from ..formats.tables import Table, describe, find_choice
from .settings import SWITCH, TEMPLATE_FIELDS, Chosen, Switch
from .templates import placeholders

if TYPE_CHECKING:
    from .one_call import CallSettings

StoreWrite = Literal["never", "ci", "always"]
WRITES: tuple[StoreWrite, ...] = ("never", "ci", "always")
LIMIT = 10 * 10**9
"""The most bytes of all wheels in the local store, by default."""

OBJECT_SCHEMES = ("s3", "gs", "az")
"""Schemes of buckets, which need obstore."""
OBSTORE, PYELFTOOLS = "obstore>=0.9", "pyelftools>=0.31"
"""What a build needs for a bucket, and to check the symbols of a prebuilt wheel."""

SCHEMES = (*OBJECT_SCHEMES, "https", "http", "file")
_READ_ONLY = ("https", "http")
_SIZE = r"(\d{1,6}(?:\.\d{1,3})?) ?([MGT]B)"
_UNITS = {"MB": 10**6, "GB": 10**9, "TB": 10**12}
_HERE = r"http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/|$)"
_URL = "the URL of a store: a folder, s3://, gs://, az:// or https://"
_PLAIN = "https, since a wheel runs as code; http only with `trust`"


class RemoteSettings(NamedTuple):
    """A remote store of finished wheels."""

    url: str
    """A URL, or the absolute path of a folder."""
    write: StoreWrite
    """Whether builds put their wheels into it: never, only in CI, or always."""
    trust: Path | None
    """The list of trusted wheels."""
    origin: str


class StoreSettings(NamedTuple):
    """Where finished wheels are kept."""

    switch: Chosen[Switch] = Chosen(value="on", origin="default")
    limit: Chosen[int] = Chosen(value=LIMIT, origin="default")
    remote: RemoteSettings | None = None


class Prebuilt(NamedTuple):
    """The wheels that the authors of a package have built."""

    url: str
    """The root of a package index (PEP 503)."""
    label: str
    """The local version of the fitting wheel, with placeholders: ``cu{torch.cuda-major}torch{torch.minor}``."""


def needed_tools(settings: StoreSettings, prebuilt: Prebuilt | None) -> list[str]:
    """Return the requirements of a build that uses the store."""
    if settings.switch.value == "off":
        return []
    is_bucket = settings.remote is not None and settings.remote.url.partition("://")[0] in OBJECT_SCHEMES
    return [*([OBSTORE] if is_bucket else []), *([] if prebuilt is None else [PYELFTOOLS])]


def is_consumers(value: object) -> bool:
    """Return whether the value of ``store`` is a consumer's: a table."""
    return isinstance(value, dict)


def read_producers_store(table: Table) -> Chosen[Switch] | None:
    """Return whether a producer switches the store on or off; a consumer's table is read elsewhere."""
    return None if is_consumers(table.value("store")) else read_switch(table)


def read_switch(table: Table) -> Chosen[Switch] | None:
    """Return whether a package's wheels are stored; None if the file does not say."""
    found = table.choice("store", SWITCH)
    return None if found is None else Chosen(value=found, origin=f"{table.file}: {table.dotted('store')}")


def read_consumers_store(table: Table, folder: Path) -> StoreSettings:
    """Return the consumer's ``store``: a table, or a switch for all packages.

    :param folder: the consumer's folder, to which paths are relative.
    """
    inner = table.table("store") if is_consumers(table.value("store")) else None
    if inner is None:
        switch = read_switch(table)
        return StoreSettings() if switch is None else StoreSettings(switch=switch)
    origin = f"{inner.file}: {inner.dotted('url')}"
    url, size, trust = inner.string("url"), inner.string("size"), inner.string("trust")
    write: StoreWrite = inner.choice("write", WRITES) or "never"
    location = None if url is None else locate(url, folder)
    path = None if trust is None else Path(os.path.normpath(folder / trust))
    if url is not None and location is None:
        inner.report("url", describe(url), _URL)
    if url is None:
        for name in ("write", "trust"):
            if name in inner:
                inner.report(name, "no url next to it", "a url")
    if location is not None:
        objection = _objection(location, write, path)
        if objection is not None:
            inner.report(*objection)
    limit = None if size is None else parse_size(size)
    if size is not None and limit is None:
        inner.report("size", describe(size), "a size, such as '20 GB'")
    inner.close()
    remote = None if location is None else RemoteSettings(url=location, write=write, trust=path, origin=origin)
    found = StoreSettings(remote=remote)
    return found if limit is None else found._replace(limit=Chosen(value=limit, origin=inner.file))


def _objection(location: str, write: StoreWrite, trust: Path | None) -> tuple[str, str, str] | None:
    """Return (key, found, expected) of a combination that is not allowed."""
    scheme = location.partition("://")[0]
    if scheme in _READ_ONLY and write != "never":
        return "write", f"the string {write!r}", f"'never': a store at {scheme}:// is only read"
    if scheme == "http" and trust is None and not re.match(_HERE, location):
        return "url", describe(location), _PLAIN
    return None


def locate(text: str, folder: Path) -> str | None:
    """Return the URL of a remote store, or the absolute path of a folder; None for another kind of URL."""
    scheme, mark, rest = text.partition("://")
    if not mark:
        return os.path.normpath(folder / os.path.expanduser(text))  # noqa: PTH111 - Path.expanduser raises for ~nobody
    if scheme not in SCHEMES or not rest:
        return None
    if scheme == "file":
        from urllib.parse import urlsplit  # noqa: PLC0415 - few people have a remote store
        from urllib.request import url2pathname  # noqa: PLC0415

        return url2pathname(urlsplit(text).path)
    return text


def parse_size(text: str) -> int | None:
    """Return the bytes of ``20 GB``; None for another text."""
    found = re.fullmatch(_SIZE, text)
    return None if found is None else int(float(found.group(1)) * _UNITS[found.group(2)])


def apply_call(settings: StoreSettings, call: CallSettings) -> StoreSettings:
    """Return the settings with those of one call: ``off``, ``on``, or the URL of a remote store."""
    size, named = call.string("store-size"), call.string("store")
    limit = None if size is None else parse_size(size.value)
    if size is not None and limit is None:
        call.report(size, "a size, such as '20 GB'")
    elif size is not None and limit is not None:
        settings = settings._replace(limit=Chosen(value=limit, origin=size.origin))
    switch = None if named is None else find_choice(named.value, SWITCH)
    if named is not None and switch is not None:
        return settings._replace(switch=Chosen(value=switch, origin=named.origin))
    return settings._replace(remote=_named_remote(settings.remote, named, call))


def _named_remote(
    before: RemoteSettings | None, named: Chosen[str] | None, call: CallSettings
) -> RemoteSettings | None:
    """Return the remote store of one call; that of the consumer if the call names none."""
    write, trust = call.choice("store-write", WRITES), call.path("store-trust")
    if named is not None:
        location = locate(named.value, call.folder)
        if location is None or not ("://" in location or os.path.isabs(location)):  # noqa: PTH117 - text is enough
            call.report(named, f"on, off, or {_URL}")
            return before
        before = RemoteSettings(url=location, write="never", trust=None, origin=named.origin)
    if before is None:
        return None
    remote = before._replace(
        write=before.write if write is None else write.value, trust=before.trust if trust is None else trust.value
    )
    objection = None if named is None and write is None else _objection(remote.url, remote.write, remote.trust)
    if objection is not None:
        stated = (write, named) if objection[0] == "write" else (named, write)
        call.report(next(found for found in stated if found is not None), objection[2])
    return remote


def read_prebuilt(table: Table, runtimes: Sequence[str] | None) -> Chosen[Prebuilt | None] | None:
    """Return ``prebuilt``: the index with the authors' wheels; the value None for "off", None if there is no such key.

    :param runtimes: the names for placeholders in the label; None if they are not known here.
    """
    value, origin = table.value("prebuilt"), f"{table.file}: {table.dotted('prebuilt')}"
    if value is None:
        return None
    if value == "off":
        return Chosen(value=None, origin=origin)
    if not isinstance(value, dict):
        table.report("prebuilt", describe(value), "off, or { index, label }")
        return None
    inner = Table(value, file=table.file, key=table.dotted("prebuilt"), problems=table.problems)
    index, label = inner.string("index"), inner.string("label")
    for name in ("index", "label"):
        if name not in inner:
            inner.report(name, "nothing", "a string")
    if index is not None and not re.match(rf"https://|{_HERE}", index):
        inner.report("index", describe(index), "the https URL of a package index (PEP 503)")
    known = [f"{runtime}.{field}" for runtime in runtimes or () for field in TEMPLATE_FIELDS if field != "site"]
    for found in placeholders(label or "") if runtimes is not None else ():
        if found not in known:
            inner.report("label", f"{{{found}}}", f"one of {', '.join(known)}")
    inner.close()
    return Chosen(value=Prebuilt(url=index or "", label=label or ""), origin=origin)
