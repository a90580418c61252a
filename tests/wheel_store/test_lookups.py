"""The last lookups, from which a person learns why a wheel was not found."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from runtime_backend.wheel_store import lookups
from runtime_backend.wheel_store.key import Inputs
from runtime_backend.wheel_store.lookups import FOLDER, Lookup, list_lookups, write_lookup


def make(source: str = "/x", when: str = "2026-01-01", **values: Any) -> Lookup:
    """Return a lookup."""
    facts = {
        "tree": "/tree",
        "name": "ext",
        "result": "nothing",
        "inputs": Inputs({"a": 1}),
        "notes": ("one", "two"),
        "files": {"a": "1"},
    }
    return Lookup(source=source, when=when, **{**facts, **values})


def test_written_and_read(tmp_path: Path) -> None:
    """What is written is read again, the last one first; the same source is kept once for each wrapper of it."""
    first, second = make("/\udcff"), make("/y", "2026-01-02", name=None, notes=())
    assert [] == list_lookups(tmp_path)
    for lookup in (first._replace(when="2025"), second, first):
        write_lookup(tmp_path, lookup)
    assert [second, first] == list_lookups(tmp_path)
    write_lookup(tmp_path, third := first._replace(tree="/another", when="2024"))
    assert [second, first, third] == list_lookups(tmp_path)


def test_credentials(tmp_path: Path) -> None:
    """The URL of an upstream source is kept without its credentials."""
    write_lookup(tmp_path, make("https://jo:secretive@h/x.tar.gz?token=secretive"))
    assert ["https://h/x.tar.gz"] == [lookup.source for lookup in list_lookups(tmp_path)]
    assert not [path for path in (tmp_path / FOLDER).iterdir() if "secretive" in path.read_text()]


def test_oldest_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the last ones are kept, though another process removes some."""
    monkeypatch.setattr(lookups, "KEPT", 2)
    for number in range(3):
        write_lookup(tmp_path, make(str(number), str(number)))
        for name in os.listdir(tmp_path / FOLDER):
            path = tmp_path / FOLDER / name
            os.utime(path, (path.stat().st_mtime - 10,) * 2)
    (tmp_path / FOLDER / "gone").symlink_to("nowhere")
    assert ["2", "1"] == [lookup.source for lookup in list_lookups(tmp_path)]
    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:  # noqa: FBT001, FBT002 - Path's
        unlink(path, missing_ok)
        if not missing_ok:
            raise FileNotFoundError

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        write_lookup(tmp_path, make("3", "3"))
    write_lookup(tmp_path, make("4", "4"))
    assert ["4", "3"] == [lookup.source for lookup in list_lookups(tmp_path)]
    assert not (tmp_path / FOLDER / "gone").is_symlink()


WRONG: dict[str, tuple[Any, ...]] = {
    "format": (2, None),
    "inputs": (None, [], "x"),
    "source": (None, 1, []),
    "tree": (None, 1, []),
    "when": (None, 1, []),
    "result": (None, 1, []),
    "name": (1, []),
    "notes": (None, 1, [1]),
    "files": (None, 1, ["a"], {"a": 1}),
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_damaged(name: str, value: Any, tmp_path: Path) -> None:
    """A lookup with a value of another form is left out."""
    (tmp_path / FOLDER).mkdir()
    path = tmp_path / FOLDER / "x.json"
    path.write_text(json.dumps(make().as_json()))
    assert [make()] == list_lookups(tmp_path)
    path.write_text(json.dumps({**make().as_json(), name: value}))
    assert [] == list_lookups(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "1", '"x"', "{}", '{"format": 1}', "[" * 100_000])
def test_no_lookup(text: str, tmp_path: Path) -> None:
    """What is no lookup is left out."""
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "x.json").write_text(text)
    assert [] == list_lookups(tmp_path)
