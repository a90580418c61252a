"""The fields of core metadata, read as pip does."""

from __future__ import annotations

from email.parser import HeaderParser

import pytest

from runtime_backend.formats.headers import Headers, read_headers

USUAL = (
    "Metadata-Version: 2.4\nName: x\nSummary:\nAuthor: Ä\u2028B\nRequires-Dist: a\nrequires-dist:b ; extra == 'x: y'\n"
    "License: one\n  two\n        \n\tthree\nVersion: 1\nVersion: 2\n\nName: body\n"
)


def test_as_e_mail() -> None:
    """Metadata of real backends are read as by the e-mail parser, with folded lines joined."""
    message, found = HeaderParser().parsestr(USUAL), read_headers(USUAL)
    expected = [(name.lower(), " ".join(value.split())) for name, value in message.items()]
    assert expected == [(name, " ".join(value.split())) for name, value in found.fields]
    assert ["a", "b ; extra == 'x: y'"] == found.every("Requires-Dist")
    assert ("1", "", None, "one two three") == tuple(
        found.first(name) for name in ("VERSION", "Summary", "Keywords", "license")
    )


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("", ()),
        ("\nName: body", ()),
        ("\n\nName: body", ()),
        ("  folded\nName: x", (("name", "x"),)),
        ("no field\nName: x", (("name", "x"),)),
        (": nameless", (("", "nameless"),)),
        ("Name: x", (("name", "x"),)),
    ],
)
def test_odd(text: str, fields: tuple[tuple[str, str], ...]) -> None:
    """An invalid line does not hide other fields."""
    assert Headers(fields) == read_headers(text)
