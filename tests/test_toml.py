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


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = " + "[" * 5000, "arrays or tables are nested too deeply"),
        ("a = " + "1" * 5000, "a value is not written as expected"),
        ("x = 1\n" + "a." * 200 + "a = 1", r"a key of more than 200 parts \(at line 2\)"),
        ("[" + "'a b' . " * 300 + "a]", r"a key of more than 200 parts \(at line 1\)"),
        ("x = {" + '"a".' * 300 + "a = 1}", r"a key of more than 200 parts \(at line 1\)"),
    ],
)
def test_whatever_is_no_toml(text: str, told: str) -> None:
    """There is one error for all that is no TOML, and a key of many parts is refused before it takes its time."""
    with pytest.raises(TOMLDecodeError, match=told):
        loads(text)


def test_many_dots() -> None:
    """A line of many dots is no key of many parts."""
    dotted = ", ".join(f'"{n}.0"' for n in range(300))
    assert 300 == len(loads(f"a = [{dotted}]")["a"])
