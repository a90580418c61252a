"""A stand-in for obstore 0.12, which keeps its objects in memory."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


class BaseError(Exception):
    """Any error of obstore."""


class NotFoundError(BaseError):
    """There is no such object, or no such bucket."""


class Answer:
    """The answer to a request."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def bytes(self) -> memoryview:
        """Return the content, which is no ``bytes``."""
        return memoryview(self._content)


class Store:
    """One bucket; ``on_call`` may raise or wait."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.calls: list[tuple[Any, ...]] = []
        self.opened: list[tuple[Any, ...]] = []
        self.on_call: Callable[[str], None] = lambda _: None

    def from_url(self, url: str, *, client_options: Any, retry_config: Any) -> Store:
        """Open the bucket."""
        self.opened.append((url, client_options, retry_config))
        self.on_call("from_url")
        return self

    def get(self, path: str) -> Answer:
        """Return an object."""
        self.on_call("get")
        return Answer(self._find(path))

    def get_range(self, path: str, *, start: int, end: int) -> memoryview:
        """Return a part of an object."""
        self.calls.append((path, start, end))
        self.on_call("get_range")
        return memoryview(self._find(path)[start:end])

    def put(self, path: str, source: Path | bytes) -> None:
        """Write an object."""
        self.on_call("put")
        self.objects[path] = source if isinstance(source, bytes) else source.read_bytes()

    def _find(self, path: str) -> bytes:
        if path not in self.objects:
            raise NotFoundError(f"Object at location {path} not found")
        return self.objects[path]


def install(monkeypatch: pytest.MonkeyPatch) -> Store:
    """Put the stand-in where obstore is imported from, and return its only bucket."""
    found = Store()
    package, stores, errors = (ModuleType(f"obstore{name}") for name in ("", ".store", ".exceptions"))
    vars(stores).update(from_url=found.from_url)
    vars(errors).update(BaseError=BaseError, NotFoundError=NotFoundError)
    for module in (package, stores, errors):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return found
