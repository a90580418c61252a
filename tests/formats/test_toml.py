"""Parsing TOML, and reading the files that people write."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from standins import write

from runtime_backend.errors import FileError
from runtime_backend.formats.toml import TOMLDecodeError, loads, read_document, read_document_text
from runtime_backend.system.files import read_text

AS_UTF8 = "Save the file as UTF-8, without a byte order mark."
CORRECT = "Correct that line; the rules are at https://toml.io."


def test_loads() -> None:
    """TOML is parsed into plain values."""
    assert {"a": {"b": [1, "x", True]}} == loads('[a]\nb = [1, "x", true]\n')


def test_decode_error() -> None:
    """Invalid TOML raises TOMLDecodeError, with the line."""
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
    """All invalid texts raise one error, and a key of many parts is refused before it takes long."""
    with pytest.raises(TOMLDecodeError, match=told):
        loads(text)


def test_many_dots() -> None:
    """A line with many dots is not a key of many parts."""
    dotted = ", ".join(f'"{n}.0"' for n in range(300))
    assert 300 == len(loads(f"a = [{dotted}]")["a"])


def refusal(path: Path) -> str:
    """Return the message about a file, without its path."""
    with pytest.raises(FileError) as caught:
        read_document(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    return text.removeprefix(f"{path}: ")


def test_read_document(tmp_path: Path) -> None:
    """A file is read with its line ends."""
    path = tmp_path / "pyproject.toml"
    path.write_bytes(b'a = "\xc3\xa9"\r\n')
    assert ({"a": "é"}, 'a = "é"\r\n') == (read_document(path), read_document_text(path))


def test_byte_order_mark(tmp_path: Path) -> None:
    """A byte order mark is returned if the caller accepts it."""
    path = tmp_path / "pyproject.toml"
    path.write_bytes(b"\xef\xbb\xbfa = 1")
    assert "\ufeffa = 1" == read_document_text(path, takes_mark=True)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xef\xbb\xbfa = 1", f"line 1: found a byte order mark (BOM), expected none\n{AS_UTF8}"),
        ("a = 1".encode("utf-16"), f"line 1: found UTF-16, expected UTF-8\n{AS_UTF8}"),
        ("\ufeffa = 1".encode("utf-16-be"), f"line 1: found UTF-16, expected UTF-8\n{AS_UTF8}"),
        ("a = 1".encode("utf-16-le"), f"line 1: found UTF-16, expected UTF-8\n{AS_UTF8}"),
        ("a = 1".encode("utf-32-be"), f"line 1: found UTF-16, expected UTF-8\n{AS_UTF8}"),
        (b"a = 1\n\nb = '\xe9'\n", f"line 3: found the byte 0xe9, expected UTF-8\n{AS_UTF8}"),
        (b"a = " + b"9" * 5000, "not TOML: a value is not written as expected"),
        (b"a = " + b"[" * 20000, "not TOML: arrays or tables are nested too deeply"),
    ],
)
def test_unreadable_content(content: bytes, told: str, tmp_path: Path) -> None:
    """Invalid content is reported with the line, and the next step."""
    path = tmp_path / "pyproject.toml"
    path.write_bytes(content)
    assert told == refusal(path)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"a = 1\nb = @\n", "line 2, column 5"),
        (b"a = 1\na = 2\n", "line 2, column 6"),
        (b"a = 1\nb = ", "line 2, the last one"),
        (b"a = 1\n" + b"a." * 200 + b"a = 1", "line 2"),
    ],
)
def test_no_toml(content: bytes, place: str, tmp_path: Path) -> None:
    """Invalid TOML is reported with its place and the parser's message, which depends on the version."""
    path = tmp_path / "pyproject.toml"
    path.write_bytes(content)
    told = refusal(path)
    assert (True, True) == (told.startswith(f"{place}: not TOML: "), told.endswith(f"\n{CORRECT}"))


def test_another_parser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A parser's message without a place is reported unchanged."""

    def fail(_: str) -> None:
        raise TOMLDecodeError("No place")

    monkeypatch.setattr("runtime_backend.formats.toml.loads", fail)
    path = write(tmp_path / "pyproject.toml", "a\n")
    assert "not TOML: No place" == refusal(path)


def test_no_file(tmp_path: Path) -> None:
    """Only a regular file is read: a pipe would block, a device may be endless."""
    path = tmp_path / "pyproject.toml"
    assert "found nothing there, expected a file" == refusal(path)
    path.symlink_to("nowhere")
    assert "found nothing there, expected a file" == refusal(path)
    path.unlink()
    path.symlink_to(path.name)
    assert "cannot be read: Too many levels of symbolic links" == refusal(path)
    path.unlink()
    path.mkdir()
    assert "found a folder, expected a file" == refusal(path)
    path.rmdir()
    os.mkfifo(path)
    assert ("cannot be read: it is not a regular file", "") == (refusal(path), read_text(path))


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unreadable file is reported with the system's reason."""

    def refuse(path: str, _: int) -> int:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("runtime_backend.system.files._open_without_waiting", refuse)
    told = refusal(write(tmp_path / "pyproject.toml", ""))
    assert "cannot be read: Permission denied\nCheck who owns it, and its permissions." == told
    assert "" == read_text(tmp_path / "pyproject.toml")
