"""At which key of a document a reader fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from runtime_backend.locks.tracing import ERRORS, explain, traced

DOCUMENT = {
    "meta": {"version": "1", "sources": [{"url": 3}]},
    "package": [{"name": "torch", "groups": 3, "files": [{"hash": None}, {"hash": "x"}]}, 7],
}


def explained(read: Callable[[Any], object]) -> str:
    """Return why a reader of the document has failed."""
    with pytest.raises(ERRORS) as caught:
        read(DOCUMENT)
    return explain(caught.value, lambda: read(traced(DOCUMENT)))


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (lambda d: d["gone"], "found no key 'gone'"),
        (lambda d: d["meta"]["gone"], "at meta: found no key 'gone'"),
        (lambda d: d["meta"].get("version").items(), "at meta.version: found text, expected a table"),
        (lambda d: [s["url"].strip() for s in d["meta"]["sources"]], "at meta.sources[].url: found 3, expected text"),
        (lambda d: [list(p["groups"]) for p in d["package"]], "at package[torch].groups: found 3, expected another type"),
        (lambda d: [p["name"] for p in d["package"]], "at package[]: found 7, expected another type"),
        (lambda d: d["package"][0]["files"][0]["hash"].split(), "at package[torch].files[].hash: found nothing, expected text"),
        (lambda d: d["package"]["torch"], "at package: found a list, expected another type"),
        (lambda d: int(d["meta"]["version"] + "x"), "at meta.version: a value is not written as expected"),
        (lambda d: {d["meta"]["sources"]: 1}, "at meta.sources: found a list, expected another type"),
        (lambda d: d.get("gone").items(), "found nothing, expected a table"),
        (lambda d: d["package"][9], "at package: a list has fewer entries than expected"),
    ],
)  # fmt: skip
def test_place(read: Callable[[Any], object], expected: str) -> None:
    """It is named as people look for it: lists by the names in them."""
    assert expected == explained(read)


def test_other_failure_when_read_again() -> None:
    """A file that was corrected in between has no place."""
    told = explain(TypeError("x"), lambda: traced(DOCUMENT)["meta"]["version"])
    assert "a value is of another type than expected" == told


def test_nothing_is_traced_otherwise() -> None:
    """A reader that does not fail gets the document itself."""
    assert DOCUMENT is traced(DOCUMENT)
