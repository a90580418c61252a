"""The list of trusted wheels."""

from __future__ import annotations

from pathlib import Path

import pytest
from standins import write
from storing import make_record

from runtime_backend.errors import NoAnswer
from runtime_backend.wheel_store.trust import add_trusted, check_trusted, read_trusted

A, B = "a" * 64, "b" * 64


def test_written_and_read(tmp_path: Path) -> None:
    """What is written is read again; the file is sorted, and says what the wheels are."""
    records = [make_record(tmp_path, source=source) for source in "xyz"]
    text = add_trusted("", records)
    path = write(tmp_path / "store.lock", text)
    assert {record.key: record.sha256 for record in records} == read_trusted(path)
    lines = text.splitlines()
    assert lines[4:] == sorted(lines[4:])
    assert f'{records[0].key} = "{records[0].sha256}"  # {records[0].wheel}, torch 2.7.0+cpu' in lines
    assert text == add_trusted(text, records)
    assert text == add_trusted(text, [])


def test_added(tmp_path: Path) -> None:
    """Other wheels stay as they are written, those of the same key are replaced, and the heading stays one."""
    record = make_record(tmp_path, runtimes=[])
    text = f'# key = value\r\n[wheels]\r\n{A} = \'{B}\' # mine\r\n"{record.key}" = "{A}"\r\nnote = 1\r\n'
    found = add_trusted(text, [record])
    assert [
        "# The wheels of the remote store that builds of this project may use: key = SHA-256.",
        "# By `runtime-backend store lock`.",
        "",
        "[wheels]",
        *sorted([f"{A} = '{B}' # mine", f'{record.key} = "{record.sha256}"  # {record.wheel}, no runtime']),
    ] == found.splitlines()
    assert found == add_trusted(found, [record])


def test_record_adds_one_line(tmp_path: Path) -> None:
    """A record cannot add the line of another wheel."""
    evil = f'x\n{A} = "{B}"  # \x1b[31m'
    record = make_record(tmp_path, runtimes=[{"name": evil, "version": "\u2028\x85 1"}])
    path = write(tmp_path / "store.lock", add_trusted("", [record]))
    assert {record.key: record.sha256} == read_trusted(path)
    assert "\x1b" not in path.read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "there is no {path}: to write it, run `runtime-backend store lock`"),
        ("", "{path}: found no table [wheels]"),
        ("wheels = 1", "{path}: found no table [wheels]"),
        ("[wheel]\n", "{path}: found no table [wheels]"),
        (f"[wheels]\n{A} = 1", f"{{path}}: wheels.{A}: found int 1, expected a key and a SHA-256 in hex"),
        (f'[wheels]\n{A} = "x"', f"{{path}}: wheels.{A}: found the string 'x', expected a key and a SHA-256 in hex"),
        (f'[wheels]\nx = "{A}"', f"{{path}}: wheels.x: found the string '{A}', expected a key and a SHA-256 in hex"),
        (
            f'[wheels]\n{A} = "{B}\\n"',
            f"{{path}}: wheels.{A}: found the string '{B}\\n', expected a key and a SHA-256 in hex",
        ),
        (
            f'[wheels]\n{A} = "{B}"\n{A[1:]} = "{B}"',
            f"{{path}}: wheels.{A[1:]}: found the string '{B}', expected a key and a SHA-256 in hex",
        ),
    ],
)
def test_nothing_is_trusted(text: str | None, message: str, tmp_path: Path) -> None:
    """If the list is missing or wrong, nothing is trusted."""
    path = tmp_path / "store.lock"
    if text is not None:
        write(path, text)
    with pytest.raises(NoAnswer) as caught:
        read_trusted(path)
    assert message.format(path=path) == str(caught.value)


def test_no_toml(tmp_path: Path) -> None:
    """A list that is not TOML, or has a key twice, has the line of the mistake."""
    with pytest.raises(NoAnswer, match=r"store\.lock: line 1, the last one: not TOML: "):
        read_trusted(write(tmp_path / "store.lock", "[wh"))
    with pytest.raises(NoAnswer, match=r"store\.lock: .*not TOML: "):
        read_trusted(write(tmp_path / "store.lock", f'[wheels]\n{A} = "{A}"\n{A} = "{B}"\n'))


def test_empty_list(tmp_path: Path) -> None:
    """A list without wheels is one."""
    assert {} == read_trusted(write(tmp_path / "store.lock", add_trusted("", [])))


def test_check(tmp_path: Path) -> None:
    """Only a wheel with the listed hash is used."""
    record, path = make_record(tmp_path), tmp_path / "store.lock"
    check_trusted(record, {record.key: record.sha256}, path)
    with pytest.raises(NoAnswer) as caught:
        check_trusted(record, {A: record.sha256}, path)
    assert f"{record.wheel} with the key {record.key[:16]} is not in {path}" == str(caught.value)
    with pytest.raises(NoAnswer) as caught:
        check_trusted(record, {record.key: A}, path)
    assert f"{record.wheel}: found sha256 {record.sha256}, expected {A} from {path}" == str(caught.value)
