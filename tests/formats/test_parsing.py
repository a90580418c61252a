"""packaging's parsers, with one result for invalid texts."""

from __future__ import annotations

import pytest
from packaging.version import Version

from runtime_backend.formats.parsing import parse_requirement, parse_version, parse_wheel_name, read_requirement

MANY = "1" * 5000


def test_requirement() -> None:
    """A requirement is parsed; an invalid one, or one with a huge number, is None."""
    assert "torch>=2" == str(parse_requirement("torch >= 2"))
    for text in ("", "torch (", f"torch>={MANY}", f"torch=={MANY}", "torch @ file:///\udcff", "torch ; " + "(" * 5000):
        assert parse_requirement(text) is None
    with pytest.raises(ValueError, match="a number of more than 1000 digits"):
        read_requirement(f"torch>={MANY}")


def test_version() -> None:
    """A version is parsed; an invalid one is None."""
    assert (Version("2.0"), None, None) == (parse_version("2"), parse_version("x"), parse_version(MANY))


def test_wheel_name() -> None:
    """A wheel's file name has a name and a version."""
    assert ("a-b", Version("1")) == parse_wheel_name("A_B-1-py3-none-any.whl")
    for name in ("torch.whl", "torch-1.tar.gz", f"torch-{MANY}-py3-none-any.whl", f"torch-1-{MANY}-py3-none-any.whl"):
        assert parse_wheel_name(name) is None
