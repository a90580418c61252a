"""The one door to a TOML parser."""

from __future__ import annotations

import pytest

from runtime_backend.toml import TOMLDecodeError, loads


def test_loads() -> None:
    """TOML is parsed into plain values."""
    assert {"a": {"b": [1, "x", True]}} == loads('[a]\nb = [1, "x", true]\n')


def test_decode_error() -> None:
    """What is no TOML raises the error that the door names, which tells the line."""
    with pytest.raises(TOMLDecodeError, match=r"line 2"):
        loads("a = 1\nb =\n")
