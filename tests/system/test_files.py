"""Asking the disk: nothing that is odd about a path raises, and nothing is waited for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from standins import write

from runtime_backend.system import files
from runtime_backend.system.files import (
    decode,
    is_file,
    is_folder,
    is_there,
    list_names,
    read_bytes,
    read_text,
    real_path,
)

LONG = Path("/" + "x" * 300)


def test_pipe(tmp_path: Path) -> None:
    """A pipe, which would be waited for, and a device, which may have no end, are no files to be read."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        assert "" == read_text(path)
        with pytest.raises(OSError, match="it is not a regular file"):
            read_bytes(path)


def test_large_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file beyond all measure is not read into the memory."""
    monkeypatch.setattr(files, "LARGEST", 3)
    (tmp_path / "x").write_bytes(b"abcd")
    assert "" == read_text(tmp_path / "x")
    with pytest.raises(OSError, match="it has more than 3 bytes"):
        read_bytes(tmp_path / "x")


@pytest.mark.parametrize("path", [LONG, Path("a\0b"), Path("/no/such/file"), Path("\udcff")])
def test_odd_paths(path: Path) -> None:
    """A path that is too long, or cannot be one, leads nowhere."""
    assert (False, False, False, "", []) == (
        is_file(path),
        is_folder(path),
        is_there(path),
        read_text(path),
        list_names(path),
    )
    with pytest.raises(OSError):  # noqa: PT011 - of any kind
        read_bytes(path)


def test_real_path(tmp_path: Path) -> None:
    """Links are followed; a loop and an invalid path are unchanged."""
    (tmp_path / "link").symlink_to(tmp_path / "there")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert (tmp_path / "there", tmp_path / "loop") == (real_path(tmp_path / "link"), real_path(tmp_path / "loop"))
    assert Path("a\0b") == real_path(Path("a\0b"))


@pytest.mark.parametrize("data", [b"a\r\nb\rc\n\xff", b"a\nb\nc\n\xff"])
def test_decode(data: bytes) -> None:
    """Line ends become ``LF``, and invalid UTF-8 is replaced."""
    assert "a\nb\nc\n\ufffd" == decode(data)


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
