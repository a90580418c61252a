"""The record of a stored wheel."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from storing import NAME, VALUES, make_record

from runtime_backend.errors import NoAnswer
from runtime_backend.wheel_store.key import Inputs
from runtime_backend.wheel_store.records import Record, parse_record

DAMAGED = "its record is damaged"


def test_new_record(tmp_path: Path) -> None:
    """The record of a new wheel has its name, hash and size, and the time."""
    found = make_record(tmp_path)
    age = datetime.now(timezone.utc) - datetime.fromisoformat(found.made)
    assert (NAME, 7, "a machine", "compiled") == (found.wheel, found.size, found.machine, found.origin)
    assert hashlib.sha256(b"a wheel").hexdigest() == found.sha256
    assert (Inputs(VALUES).key, "ext", "torch 2.7.0+cpu") == (found.key, found.package, found.runtimes)
    assert 0 <= age.total_seconds() < 60


def test_written_and_read(tmp_path: Path) -> None:
    """What is written is read again, with a path that is not UTF-8."""
    compiled = make_record(tmp_path, variables={"CC": "\udcff"})
    taken = compiled._replace(remote="s3://b", machine=None)
    prebuilt = compiled._replace(origin="prebuilt", url="https://h/x.whl")
    for record in (compiled, taken, prebuilt):
        text = record.text()
        assert record == parse_record(text, record.key)
        assert text.endswith(b"\n}\n")
        assert "null" not in text.decode()
        assert ["format", "key"] == list(json.loads(text))[:2]


@pytest.mark.parametrize(
    ("runtimes", "expected"),
    [
        ([], ""),
        (
            [{"name": "torch", "version": "2.7.0"}, {"name": "jaxlib", "reported": None, "version": "1"}],
            "torch 2.7.0, jaxlib 1",
        ),
        ([{"name": "torch", "match": "minor"}], "torch"),
        (["torch", 1, {}], ", , "),
    ],
)
def test_runtimes(runtimes: list[Any], expected: str, tmp_path: Path) -> None:
    """The runtimes are shown by name and version."""
    assert expected == make_record(tmp_path, runtimes=runtimes).runtimes


def test_without_runtimes(tmp_path: Path) -> None:
    """A record without runtimes shows none."""
    assert "" == make_record(tmp_path)._replace(inputs=Inputs({})).runtimes


def test_whence(tmp_path: Path) -> None:
    """People see who made a wheel, and the stamp gets the same."""
    record = make_record(tmp_path)
    remote, prebuilt = record._replace(remote="s3://b"), record._replace(origin="prebuilt", url="https://h/x")
    assert ("compiled here", "from s3://b", "built by the authors: https://h/x") == (
        record.whence,
        remote.whence,
        prebuilt.whence,
    )
    assert {"kind": "store", "store": "local", "key": record.key} == record.origin_table()
    assert {"kind": "store", "store": "s3://b", "key": record.key} == remote.origin_table()
    assert {"kind": "prebuilt", "url": "https://h/x", "sha256": record.sha256} == prebuilt.origin_table()


def table(**changes: Any) -> dict[str, Any]:
    """Return the JSON of a record with other values."""
    values = {"wheel": NAME, "sha256": "ab" * 32, "size": 7, "made": "2026-01-01", "origin": "compiled"}
    return {"format": 1, "inputs": VALUES, **values, **changes}


WRONG: dict[str, tuple[Any, ...]] = {
    "inputs": (None, [], "x", 1),
    "wheel": ("", ".whl", "../x.whl", "a/b.whl", "x.zip", "x.whl\n", 1, None, "é.whl", ["x.whl"]),
    "sha256": ("", "AB" * 32, "ab" * 31, "ab" * 32 + "\n", 1, None),
    "size": ("7", 7.0, -1, True, None, 10**11),
    "made": (1, None),
    "origin": ("", "other", None, [], {}),
    "url": (1, []),
    "remote": (1, {}),
    "machine": (1, False),
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_wrong_values(name: str, value: Any) -> None:
    """A record with a value of another form is damaged."""
    parse_record(json.dumps(table()).encode(), Inputs(VALUES).key)
    with pytest.raises(NoAnswer) as caught:
        parse_record(json.dumps(table(**{name: value})).encode(), Inputs(VALUES).key)
    assert DAMAGED == str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\xff", b"{", b"[]", b"null", b"1" * 5000, b"[" * 100_000, b'{"format": 1}'])
def test_damaged(content: bytes) -> None:
    """What is no record is damaged."""
    with pytest.raises(NoAnswer) as caught:
        parse_record(content, "x")
    assert DAMAGED == str(caught.value)


def test_nested(tmp_path: Path) -> None:
    """A nested record is read or damaged, whatever its depth."""
    record = make_record(tmp_path)
    for depth in range(100, 1200, 7):
        content = json.dumps(table(inputs={"x": "HERE"})).replace('"HERE"', "[" * depth + "]" * depth).encode()
        with pytest.raises(NoAnswer, match=r"its record is (damaged|for the key)"):
            parse_record(content, record.key)


def test_too_nested_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inputs that can be read, but not written, are damaged; Python 3.14 writes any depth."""
    content = make_record(tmp_path).text()

    def refuse(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr("runtime_backend.wheel_store.key.digest", refuse)
    with pytest.raises(NoAnswer, match="its record is damaged"):
        parse_record(content, "x")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "its record has the format 2, expected 1"),
        ({"format": None}, "its record has the format None, expected 1"),
        ({"inputs": {}}, "its record is for the key 44136fa355b3678a, expected a-long-key-with-"),
    ],
)
def test_another_record(changes: dict[str, Any], message: str) -> None:
    """A record of another format, or for another key, is refused, also if it names our key."""
    key = "a-long-key-with-more"
    with pytest.raises(NoAnswer) as caught:
        parse_record(json.dumps(table(key=key, **changes)).encode(), key)
    assert message == str(caught.value)


def test_key_is_computed(tmp_path: Path) -> None:
    """The key of a record is that of its inputs, whatever it says."""
    record = make_record(tmp_path)
    content = json.dumps({**record.as_json(), "key": "x"}).encode()
    assert record.key == parse_record(content, record.key).key
    assert isinstance(record, Record)
