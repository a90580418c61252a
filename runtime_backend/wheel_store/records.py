"""The record next to a stored wheel: what it is, what it was made from, and its hash."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ..errors import NoAnswer
from ..formats.jsontext import parse_json
from ..formats.tables import find_choice
from ..store.names import SHA256
from ..system.files import LARGEST_FILE, file_digest
from ..system.printable import without_secrets
from .key import Inputs

RECORD = "record.json"
_FORMAT = 1
_WHEEL = r"[A-Za-z0-9._+!-]+\.whl"

Origin = Literal["compiled", "prebuilt"]
"""Who made a stored wheel: a build, or the authors of the package."""
ORIGINS: tuple[Origin, ...] = ("compiled", "prebuilt")


class Record(NamedTuple):
    """One stored wheel."""

    inputs: Inputs
    wheel: str
    """The wheel's file name."""
    sha256: str
    size: int
    """Bytes."""
    made: str
    """When it was stored, in UTC (ISO 8601)."""
    origin: Origin = "compiled"
    url: str | None = None
    """Where a prebuilt wheel is from."""
    remote: str | None = None
    """The remote store from which this store has it; None if it was made here."""
    machine: str | None = None
    """The headers and libraries of the system (see :func:`.machine.describe_headers`); not in a remote store."""

    @classmethod
    def of(cls, inputs: Inputs, wheel: Path, machine: str) -> Record:
        """Return the record of a new wheel.

        :param machine: see the field.
        :raises OSError: if the wheel cannot be read.
        """
        sha256, size = file_digest(wheel), wheel.stat().st_size
        return cls(inputs=inputs, wheel=wheel.name, sha256=sha256, size=size, made=now(), machine=machine)

    @property
    def key(self) -> str:
        """The key of the wheel."""
        return self.inputs.key

    @property
    def package(self) -> str:
        """The name of the package, as in the wheel's name."""
        return self.wheel.partition("-")[0]

    @property
    def runtimes(self) -> str:
        """The runtimes that it was built against: ``torch 2.13.0+cpu``; without a version if the rule allows others."""
        return ", ".join(_describe_runtime(runtime) for runtime in self.inputs.values.get("runtimes", ()))

    @property
    def whence(self) -> str:
        """Who made it, for people."""
        if self.origin == "prebuilt":
            return f"built by the authors: {self.url}"
        return "compiled here" if self.remote is None else f"from {self.remote}"

    def fetched(self, url: str, machine: str) -> Record:
        """Return the record of a wheel that was fetched from a remote store; credentials in its URL are left out.

        :param machine: see the field.
        """
        return self._replace(remote=without_secrets(url), machine=machine)

    def is_from(self, url: str | None) -> bool:
        """Return whether a wheel was fetched from a remote store."""
        return url is not None and without_secrets(url) == self.remote

    def origin_table(self) -> dict[str, str | None]:
        """Return the origin for the stamp of a wheel that was taken."""
        if self.origin == "prebuilt":
            return {"kind": "prebuilt", "url": self.url, "sha256": self.sha256}
        return {"kind": "store", "store": self.remote or "local", "key": self.key}

    def as_json(self) -> dict[str, Any]:
        """Return the content of the file."""
        values = {name: value for name, value in self._asdict().items() if name != "inputs" and value is not None}
        return {"format": _FORMAT, "key": self.key, **values, "inputs": self.inputs.values}

    def text(self) -> bytes:
        """Return the file."""
        return f"{json.dumps(self.as_json(), indent=1)}\n".encode()


def now() -> str:
    """Return the time, in UTC (ISO 8601)."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def _describe_runtime(runtime: object) -> str:
    table = runtime if isinstance(runtime, dict) else {}
    version = table.get("reported") or table.get("version") or ""
    return " ".join(str(part) for part in (table.get("name"), version) if part)


def parse_record(content: bytes, key: str) -> Record:
    """Return the record of a key.

    :raises NoAnswer: if it is damaged, of another format, or for another key.
    """
    try:
        data = parse_json(content, is_own=True)
    except ValueError:
        data = None
    if not isinstance(data, dict) or not isinstance(data.get("inputs"), dict):
        raise NoAnswer("its record is damaged")
    if data.get("format") != _FORMAT:
        raise NoAnswer(f"its record has the format {data.get('format')!r}, expected {_FORMAT}")
    record = _parse(data)
    try:
        found = None if record is None else record.key
    except RecursionError:  # to write nested inputs takes more of the stack than to read them
        found = None
    if record is None or found is None:
        raise NoAnswer("its record is damaged")
    if found != key:
        raise NoAnswer(f"its record is for the key {found[:16]}, expected {key[:16]}")
    return record


def _parse(data: Mapping[str, Any]) -> Record | None:
    """Return the record of a table; None if a value has the wrong form."""
    wheel, sha256, made, size = (data.get(name) for name in ("wheel", "sha256", "made", "size"))
    url, remote, machine = (data.get(name) for name in ("url", "remote", "machine"))
    origin = find_choice(data.get("origin"), ORIGINS)
    is_right = (
        all(isinstance(text, str) for text in (wheel, sha256, made))
        and all(text is None or isinstance(text, str) for text in (url, remote, machine))
        and re.fullmatch(_WHEEL, str(wheel)) is not None
        and re.fullmatch(SHA256, str(sha256)) is not None
        and type(size) is int
        and 0 <= size <= LARGEST_FILE
    )
    if not is_right or origin is None:
        return None
    return Record(
        inputs=Inputs(data["inputs"]),
        wheel=str(wheel),
        sha256=str(sha256),
        size=int(data["size"]),
        made=str(made),
        origin=origin,
        url=url,
        remote=remote,
        machine=machine,
    )
