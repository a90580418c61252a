"""Descriptors that somebody else may close."""

from __future__ import annotations

import os

import pytest

from runtime_backend.watch.descriptors import Descriptor, open_pipe


def test_pipe() -> None:
    """What is written is read, and both ends lie high."""
    source, entry = open_pipe()
    assert 3 == entry.write(b"abc")
    assert b"abc" == source.read(9)
    assert min(source.number, entry.number) >= 512
    source.close(), entry.close()
    assert (False, False) == (source.is_ours, entry.is_ours)


def test_another_file_under_its_number() -> None:
    """What has got the number of a descriptor that was closed is not touched."""
    source, entry = open_pipe()
    os.close(entry.number)
    other = os.open(os.devnull, os.O_RDWR)
    os.dup2(other, entry.number)
    assert not entry.is_ours
    for use in (lambda: entry.write(b"x"), lambda: entry.read(1)):
        with pytest.raises(OSError, match="the build has closed the descriptor"):
            use()
    entry.close()
    os.fstat(entry.number)
    os.close(entry.number), os.close(other)
    source.close()


def test_number_that_is_none() -> None:
    """A descriptor that was closed before is never ours."""
    source, _entry = os.pipe()
    os.close(source)
    assert not Descriptor(source).is_ours
    os.close(_entry)


def test_low_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a process may not have so many, ours lie low."""
    monkeypatch.setattr("runtime_backend.watch.descriptors._HIGH", 1 << 30)
    source, entry = open_pipe()
    assert (True, True) == (source.number < 1 << 20, entry.is_ours)
    source.close(), entry.close()
