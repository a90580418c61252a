"""Finished wheels: counting compiled files, adding to the dist-info, reading from it."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from pathlib import Path

import pytest
from standins import write

from runtime_backend.archives.wheel import (
    count_compiled,
    find_compilable,
    put_into_dist_info,
    read_from_dist_info,
    with_version,
)
from runtime_backend.errors import BackendError, SystemRefusalError

RECORD = '"a,b.py",sha256=x,1\npkg/c.so,sha256=y,2\nx-1.dist-info/RECORD,,\n'
MOMENT = (2001, 2, 3, 4, 6, 8)


def make_wheel(path: Path, files: dict[str, str | bytes]) -> Path:
    """Write a wheel with some files, each executable and of the same moment."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            item = zipfile.ZipInfo(name, MOMENT)
            item.external_attr = 0o100755 << 16
            archive.writestr(item, text)
    return path


def read_wheel(path: Path) -> dict[str, bytes]:
    """Return the files of a wheel in their order."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize(
    ("names", "count"),
    [
        ([], 0),
        (["pkg/__init__.py", "pkg/x.so.py", "a.so.d/x", "pkg/x.cu"], 1),
        (
            ["pkg/_C.cpython-311-x86_64-linux-gnu.so", "_C.pyd", "lib/x.dll", "x.dylib", "libx.so.1.2", "x.a", "x.lib"],
            7,
        ),
    ],
)
def test_count_compiled(tmp_path: Path, names: list[str], count: int) -> None:
    """Compiled files are recognised by their names."""
    assert count == count_compiled(make_wheel(tmp_path / "x.whl", dict.fromkeys(names, "")))


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ([], None),
        (["setup.py", "README.cpp.md"], None),
        (["tests/a.cpp", "build/a.cu", ".git/a.c", "src/node_modules/a.cc"], None),
        (["src/b.py", "src/z.cu", "src/a.cpp", "lib/b/c.rs"], "lib/b/c.rs"),
        (["z.pyx", "a/a.c"], "z.pyx"),
    ],
)
def test_find_compilable(tmp_path: Path, files: list[str], found: str | None) -> None:
    """A source that a compiler would take is found, always the same one, but not in folders of tests and builds."""
    for file in files:
        write(tmp_path / file, "")
    assert (None if found is None else found.replace("/", os.sep)) == find_compilable(tmp_path)


def test_add(tmp_path: Path) -> None:
    """A file is added before RECORD, with its hash in RECORD; everything else stays as it was."""
    path = make_wheel(
        tmp_path / "x.whl", {"a,b.py": "1", "pkg/": "", "pkg/c.so": b"\0" * 9, "x-1.dist-info/RECORD": RECORD}
    )
    put_into_dist_info(path, {"stamp.json": b"{}\n"})
    found = read_wheel(path)
    record = found.pop("x-1.dist-info/RECORD").decode()
    assert {"a,b.py": b"1", "pkg/": b"", "pkg/c.so": b"\0" * 9, "x-1.dist-info/stamp.json": b"{}\n"} == found
    assert [
        ["a,b.py", "sha256=x", "1"],
        ["pkg/c.so", "sha256=y", "2"],
        ["x-1.dist-info/stamp.json", "sha256=yj0WO6sFU4GCciYUBWjzvvfqrBh869doeOC2Pp5EI1Y", "3"],
        ["x-1.dist-info/RECORD", "", ""],
    ] == list(csv.reader(io.StringIO(record)))
    with zipfile.ZipFile(path) as archive:
        facts = {(item.date_time, item.external_attr) for item in archive.infolist()}
    assert {(MOMENT, 0o100755 << 16)} == facts
    assert ["x.whl"] == os.listdir(tmp_path)


def test_add_again(tmp_path: Path) -> None:
    """A file that is there is replaced, in RECORD, too; the same content gives the same bytes."""
    path = make_wheel(tmp_path / "x.whl", {"x-1.dist-info/RECORD": RECORD})
    put_into_dist_info(path, {"stamp.json": b"old"})
    first = path.read_bytes()
    put_into_dist_info(path, {"stamp.json": b"new, longer"})
    assert b"new, longer" == read_from_dist_info(path, "stamp.json")
    assert read_wheel(path)["x-1.dist-info/RECORD"].count(b"stamp.json") == 1
    put_into_dist_info(path, {"stamp.json": b"old"})
    assert first == path.read_bytes()


def test_nothing_is_compressed_again(tmp_path: Path) -> None:
    """What is in front of the first replaced file stays byte for byte; what is behind it stays in its order."""
    path = tmp_path / "x.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in ("pkg/c.so", "x-1.dist-info/METADATA", "x-1.dist-info/old.json", "x-1.dist-info/WHEEL"):
            archive.writestr(name, os.urandom(50) * 100)
        archive.writestr("x-1.dist-info/RECORD", RECORD)
        archive.writestr("x-1.dist-info/licenses/L", "1")
        start = archive.getinfo("x-1.dist-info/old.json").header_offset
    before, files = path.read_bytes(), read_wheel(path)
    put_into_dist_info(path, {"old.json": b"new", "stamp.json": b"{}"})
    assert before[:start] == path.read_bytes()[:start]
    found = read_wheel(path)
    assert [
        *("pkg/c.so", "x-1.dist-info/METADATA", "x-1.dist-info/WHEEL", "x-1.dist-info/licenses/L"),
        *("x-1.dist-info/old.json", "x-1.dist-info/stamp.json", "x-1.dist-info/RECORD"),
    ] == list(found)
    for name in ("pkg/c.so", "x-1.dist-info/METADATA", "x-1.dist-info/WHEEL", "x-1.dist-info/licenses/L"):
        assert files[name] == found[name]
    assert b"new" == found["x-1.dist-info/old.json"]


def test_order_of_the_directory(tmp_path: Path) -> None:
    """The list at the end of a wheel may have another order than the files."""
    path = make_wheel(
        tmp_path / "x.whl", {"a": "1", "x-1.dist-info/RECORD": RECORD, "b": "2", "x-1.dist-info/c": "3", "d": "4"}
    )
    with zipfile.ZipFile(path, "a") as archive:
        archive.filelist.reverse()
        archive.writestr("e", "5")
    put_into_dist_info(path, {"c": b"new"})
    found = read_wheel(path)
    record = found.pop("x-1.dist-info/RECORD").decode()
    assert {"a": b"1", "b": b"2", "d": b"4", "e": b"5", "x-1.dist-info/c": b"new"} == found
    assert 1 == record.count("x-1.dist-info/c,")


def test_two_entries_of_a_name(tmp_path: Path) -> None:
    """Of a name that is in a wheel twice, the last one counts, and both are replaced."""
    path = make_wheel(tmp_path / "x.whl", {"a": "1", "x-1.dist-info/c": "old", "x-1.dist-info/RECORD": RECORD})
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("x-1.dist-info/c", "older")
    put_into_dist_info(path, {"c": b"new"})
    with zipfile.ZipFile(path) as archive:
        assert ["a", "x-1.dist-info/c", "x-1.dist-info/RECORD"] == archive.namelist()
        assert b"new" == archive.read("x-1.dist-info/c")


def test_files_at_the_top(tmp_path: Path) -> None:
    """Files at the top are added to the wheel and to RECORD."""
    path = make_wheel(tmp_path / "x.whl", {"x.pth": "old", "pkg/c.so": "1", "x-1.dist-info/RECORD": RECORD})
    put_into_dist_info(path, {}, {"x.pth": b"new", "_guard.py": b""})
    found = read_wheel(path)
    assert ["pkg/c.so", "x.pth", "_guard.py", "x-1.dist-info/RECORD"] == list(found)
    assert b"new" == found["x.pth"]
    assert b"\nx.pth,sha256=" in found["x-1.dist-info/RECORD"]


def test_a_wheel_that_cannot_be_written_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the disk is full, the wheel stays as it was."""
    path = make_wheel(tmp_path / "x.whl", {"a": "1", "x-1.dist-info/RECORD": RECORD})
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(SystemRefusalError):
        put_into_dist_info(path, {"a": b""})
    assert (before, ["x.whl"]) == (path.read_bytes(), os.listdir(tmp_path))


def test_without_label(tmp_path: Path) -> None:
    """The label of a version is taken from METADATA, the dist-info and the data folder, and RECORD is made anew."""
    label = "x-1.0+cu12"
    path = make_wheel(
        tmp_path / f"{label}-py3-none-any.whl",
        {
            "x/a.so": b"\0" * 9,
            f"x/{label}.dist-info/b": "1",
            f"{label}.data/scripts/run": "2",
            f"{label}.dist-info/METADATA": "Name: x\r\nVersion: 1.0+cu12\r\n\r\nVersion: 3\n",
            f"{label}.dist-info/RECORD": "wrong,,\n",
            f"{label}.dist-info/WHEEL": "Wheel-Version: 1.0\n",
        },
    )
    with_version(path, "1.0", tmp_path / "new.whl")
    found = read_wheel(tmp_path / "new.whl")
    record = list(csv.reader(io.StringIO(found.pop("x-1.0.dist-info/RECORD").decode())))
    assert {
        "x/a.so": b"\0" * 9,
        f"x/{label}.dist-info/b": b"1",
        "x-1.0.data/scripts/run": b"2",
        "x-1.0.dist-info/METADATA": b"Name: x\r\nVersion: 1.0\r\n\r\nVersion: 3\n",
        "x-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\n",
    } == found
    assert [*found, "x-1.0.dist-info/RECORD"] == [row[0] for row in record]
    assert [str(len(content)) for content in found.values()] == [row[2] for row in record[:-1]]
    assert ["x-1.0.dist-info/RECORD", "", ""] == record[-1]
    with zipfile.ZipFile(tmp_path / "new.whl") as archive:
        assert {(MOMENT, 0o100755 << 16)} == {(item.date_time, item.external_attr) for item in archive.infolist()}


@pytest.mark.parametrize("files", [{"x-1.dist-info/METADATA": ""}, None])
def test_version_of_no_wheel(files: dict[str, str | bytes] | None, tmp_path: Path) -> None:
    """What is not a wheel has no version to change."""
    path = write(tmp_path / "x.whl", "") if files is None else make_wheel(tmp_path / "x.whl", files)
    with pytest.raises(BackendError, match="wheel"):
        with_version(path, "1", tmp_path / "new.whl")


@pytest.mark.parametrize("record", ["", "\r\n", "x-1.dist-info/RECORD,,\r\n"])
def test_add_to_odd_records(tmp_path: Path, record: str) -> None:
    """An empty RECORD, or one with other line ends, takes the line."""
    path = make_wheel(tmp_path / "x.whl", {"x-1.dist-info/RECORD": record})
    put_into_dist_info(path, {"a": b""})
    assert (
        b"x-1.dist-info/a,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n"
        in (read_wheel(path)["x-1.dist-info/RECORD"])
    )


@pytest.mark.parametrize("name", ["x-1.dist-info/METADATA", "vendored/x-1.dist-info/RECORD", "RECORD"])
def test_add_without_record(tmp_path: Path, name: str) -> None:
    """A wheel without a RECORD of its own is a stop, and is left as it was."""
    path = make_wheel(tmp_path / "x.whl", {name: ""})
    before = path.read_bytes()
    with pytest.raises(BackendError) as caught:
        put_into_dist_info(path, {"a": b""})
    assert f"{path}: the real backend made a wheel without a .dist-info/RECORD" == str(caught.value)
    assert (before, ["x.whl"]) == (path.read_bytes(), os.listdir(tmp_path))


@pytest.mark.parametrize(
    ("name", "content"), [("x-1.dist-info/a", b"1"), ("vendored/x-1.dist-info/a", None), ("a", None), ("x/a", None)]
)
def test_read(tmp_path: Path, name: str, content: bytes | None) -> None:
    """A file of the wheel's own dist-info is read, and no other of that name."""
    assert content == read_from_dist_info(make_wheel(tmp_path / "x.whl", {name: "1"}), "a")
