"""Finished wheels: counting compiled files, adding to the dist-info, reading from it."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from pathlib import Path

import pytest
from standins import write

from runtime_backend.archives.wheel import count_compiled, find_compilable, put_into_dist_info, read_from_dist_info
from runtime_backend.errors import BackendError

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
