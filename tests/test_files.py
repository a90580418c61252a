"""Questions to the disk, none of which raises."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from standins import write

from runtime_backend.files import is_file, is_folder, is_there, list_names, read_text, real_path


@pytest.mark.parametrize("name", ["absent", "n" * 5000, "a/" * 3000, "a\0b", "file/below", "loop", "loop/x"])
def test_nothing_there(name: str, tmp_path: Path) -> None:
    """A path that is absent, too long, no path, below a file, or a loop of links is answered with nothing."""
    write(tmp_path / "file", "text")
    (tmp_path / "loop").symlink_to("loop")
    path = tmp_path / name
    assert [False, False, False] == [is_file(path), is_folder(path), is_there(path)]
    assert ("", []) == (read_text(path), list_names(path))
    assert path.name in str(real_path(path))


def test_what_is_there(tmp_path: Path) -> None:
    """A file, a folder, and a link to each."""
    write(tmp_path / "folder/file", "text")
    (tmp_path / "link").symlink_to("folder")
    assert [True, False, True] == [ask(tmp_path / "link/file") for ask in (is_file, is_folder, is_there)]
    assert [False, True, True] == [ask(tmp_path / "link") for ask in (is_file, is_folder, is_there)]
    assert ("text", ["file"]) == (read_text(tmp_path / "link/file"), list_names(tmp_path / "link"))
    assert Path(os.path.realpath(tmp_path)) / "folder/file" == real_path(tmp_path / "link/file")
