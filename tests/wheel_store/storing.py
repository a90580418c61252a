"""Making wheels and records for the tests of the wheel store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from standins import write

from runtime_backend.wheel_store.key import Inputs
from runtime_backend.wheel_store.local import LocalStore
from runtime_backend.wheel_store.records import Record

NAME = "ext-1.0-cp311-cp311-linux_x86_64.whl"
VALUES = {"source": "x", "runtimes": [{"name": "torch", "version": "2.7.0", "reported": "2.7.0+cpu"}]}


def make_record(folder: Path, text: str = "a wheel", name: str = NAME, **values: Any) -> Record:
    """Write a wheel into a folder, and return its record."""
    return Record.of(Inputs({**VALUES, **values}), write(folder / name, text), "a machine")


def put(store: LocalStore, text: str = "a wheel", **values: Any) -> Record:
    """Put a wheel into a store."""
    key = Inputs({**VALUES, **values}).key
    store.folder.mkdir(parents=True, exist_ok=True)
    return store.put(key, lambda folder: make_record(folder, text, **values))
