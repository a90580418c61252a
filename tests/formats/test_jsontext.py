"""Parsing JSON."""

from __future__ import annotations

import pytest

from runtime_backend.formats.jsontext import parse_json


def test_parse() -> None:
    """JSON is parsed into plain values."""
    assert {"a": [1, None]} == parse_json('{"a": [1, null]}') == parse_json(b'{"a": [1, null]}')


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "1" * 5000, b"\xff\xff"])
def test_no_json(text: str | bytes) -> None:
    """Any invalid JSON raises the same error."""
    with pytest.raises(ValueError, match=r"."):
        parse_json(text)


@pytest.mark.parametrize("text", [r'{"a": ["\ud800"]}', rb'{"\udfff": 1}'])
def test_halves_of_characters(text: str | bytes) -> None:
    """Surrogates, which cannot be printed, are accepted only in our own files."""
    with pytest.raises(ValueError, match="found a surrogate"):
        parse_json(text)
    assert 1 == len(parse_json(text, is_own=True))
    assert {"a": "\U0001f600"} == parse_json(r'{"a": "\ud83d\ude00"}')
