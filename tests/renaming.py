"""Renaming that fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def failing_rename(number: int, error: type[BaseException]) -> Iterator[None]:
    """Let the renaming of that number raise an error; 0: none."""
    rename, done = Path.rename, list[Path]()

    def fail(self: Path, target: Path) -> Path:
        done.append(target)
        if len(done) == number:
            raise error
        return rename(self, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "rename", fail)
        yield
