"""The files of a stored wheel's source tree, and what has changed since."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from standins import write

from runtime_backend.wheel_store import source_files
from runtime_backend.wheel_store.source_files import FILE_NAME, describe_changes, read_files, summarised, write_files


def test_kept(tmp_path: Path) -> None:
    """What is written is read again, also a name that is not UTF-8."""
    files = summarised({"a.cu": "12", "\udcff": ""})
    write_files(tmp_path, files)
    assert files == read_files(tmp_path)
    assert 2 == len({*files.values()})


@pytest.mark.parametrize("text", [None, "", "[1]", "null", "{"])
def test_not_known(text: str | None, tmp_path: Path) -> None:
    """If nothing was kept, or it is damaged, nothing is known."""
    if text is not None:
        write(tmp_path / FILE_NAME, text)
    assert {} == read_files(tmp_path)


def test_large_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of a large tree are not kept."""
    monkeypatch.setattr(source_files, "MOST_FILES", 2)
    assert (2, {}) == (len(summarised({"a": "1", "b": "2"})), summarised({"a": "1", "b": "2", "c": "3"}))


THEN = {"setup.py": "1", "csrc/a.cu": "1", "old.py": "1"}


@pytest.mark.parametrize(
    ("now", "then", "expected"),
    [
        ({"setup.py": "1", "csrc/a.cu": "2", "new.py": "1"}, THEN, "csrc/a.cu, new.py (new), old.py (removed)"),
        ({**THEN, **{f"{number}.cu": "" for number in range(5)}}, THEN, "0.cu (new), 1.cu (new), 2.cu (new), 3.cu (new), 4.cu (new)"),
        ({**THEN, **{f"{number}.cu": "" for number in range(7)}}, THEN, "0.cu (new), 1.cu (new), 2.cu (new), 3.cu (new), 4.cu (new), and 2 more"),
        (THEN, THEN, None),
        ({}, THEN, None),
        (THEN, {}, None),
    ],
)  # fmt: skip
def test_changes(now: Mapping[str, str], then: Mapping[str, str], expected: str | None) -> None:
    """The first files are named, with what happened to them; nothing is said if one of the trees is not known."""
    assert expected == describe_changes(now, then)
