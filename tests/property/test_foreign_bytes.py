"""What holds for every reader of bytes that somebody else wrote; ``nox -s fuzz`` tries many more of them."""

from __future__ import annotations

import random
from pathlib import Path
from shutil import rmtree

import pytest
from foreign import OURS, READERS, Reader, mutate

from runtime_backend.index import http


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_samples_are_read(reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader reads at least one of the samples that its bytes are made of."""
    monkeypatch.setattr(http, "_ATTEMPTS", 1)
    read = 0
    for number, sample in enumerate(reader.samples):
        folder = tmp_path / str(number)
        folder.mkdir()
        try:
            reader.read(folder, sample)
        except OURS:
            continue
        read += 1
    assert read > 0


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_any_bytes_are_read_or_refused(
    reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Whatever the bytes are, a reader gives a value or raises an error of ours."""
    monkeypatch.setattr(http, "_ATTEMPTS", 1)
    for number in range(request.config.getoption("--fuzz")):
        choose = random.Random(number)  # noqa: S311 - always the same ones
        data = mutate(choose.choice(reader.samples), choose)
        folder = tmp_path / "x"
        folder.mkdir()
        try:
            reader.read(folder, data)
        except OURS as error:
            assert str(error)  # noqa: PT017 - it may be raised
        except Exception as error:
            raise AssertionError(f"{reader.name}, number {number}: {data!r}") from error
        rmtree(folder)
