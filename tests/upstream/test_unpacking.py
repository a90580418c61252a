"""Unpacking a foreign archive: entries of a source are unpacked, all others refused."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime_backend.errors import SourceError
from runtime_backend.upstream import unpacking
from runtime_backend.upstream.unpacking import unpack

Fill = Callable[[tarfile.TarFile], None]


def put(archive: tarfile.TarFile, name: str, content: bytes = b"", mode: int = 0o644, **fields: object) -> None:
    """Add a member to an archive."""
    item = tarfile.TarInfo(name)
    item.size, item.mode, item.mtime = len(content), mode, 1_700_000_000
    for field, value in fields.items():
        setattr(item, field, value)
    archive.addfile(item, io.BytesIO(content))


def make_tar(folder: Path, *members: tuple[str, dict[str, object]]) -> Path:
    """Make an archive."""
    path = folder / "x-1.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, fields in members:
            put(archive, name, **fields)  # type: ignore[arg-type]
    return path


def link(target: str) -> dict[str, object]:
    """Return the arguments that make a member a symbolic link."""
    return {"type": tarfile.SYMTYPE, "linkname": target}


def hard(target: str) -> dict[str, object]:
    """Return the arguments that make a member a hard link."""
    return {"type": tarfile.LNKTYPE, "linkname": target}


def test_sdist(tmp_path: Path) -> None:
    """Files, folders, links and modes are unpacked; the only folder is the source."""
    path = make_tar(
        tmp_path,
        ("x-1", {"type": tarfile.DIRTYPE}),
        ("x-1/setup.py", {"content": b"#!", "mode": 0o777}),
        ("x-1/deep/er/a.h", {"content": b"a"}),
        ("x-1/deep/up.h", link("er/a.h")),
        ("x-1/deep/er/root", link("../../setup.py")),
        ("x-1/copy.h", hard("x-1/deep/er/a.h")),
    )
    root = unpack(path, tmp_path / "out")
    assert tmp_path / "out/x-1" == root
    assert (b"#!", 0o755) == ((root / "setup.py").read_bytes(), (root / "setup.py").stat().st_mode & 0o777)
    assert (b"a", 0o644, 1_700_000_000) == (
        (root / "deep/up.h").read_bytes(),
        (root / "deep/er/a.h").stat().st_mode & 0o777,
        (root / "deep/er/a.h").stat().st_mtime,
    )
    assert (b"#!", b"a") == ((root / "deep/er/root").read_bytes(), (root / "copy.h").read_bytes())


def test_several_roots(tmp_path: Path) -> None:
    """An archive without one folder around it is the source itself."""
    path = make_tar(tmp_path, ("setup.py", {}), ("a/b.py", {}))
    assert tmp_path / "out" == unpack(path, tmp_path / "out")


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ([("/etc/cron.d/x", {})], "'/etc/cron.d/x': found a path that leads out of it"),
        ([("x/../../y", {})], "'x/../../y': found a path that leads out of it"),
        ([("x\\..\\y", {})], "'x\\\\..\\\\y': found a path that leads out of it"),
        ([("x/a", link("/etc/passwd"))], "'x/a': found a link that leads out of it, to '/etc/passwd'"),
        ([("x/a", link("../../y"))], "'x/a': found a link that leads out of it, to '../../y'"),
        ([("x/a", link("b/../../../y"))], "'x/a': found a link that leads out of it, to 'b/../../../y'"),
        ([("a", link(".."))], "'a': found a link that leads out of it, to '..'"),
        ([("x/a", link("../.."))], "'x/a': found a link that leads out of it, to '../..'"),
        ([("x/a", link("..\\y"))], "'x/a': found a link that leads out of it, to '..\\\\y'"),
        ([("x/a", link("b")), ("x/a/c", {})], "'x/a/c': found a path that goes through a link"),
        ([("x/a", link("b")), ("x/a", {})], "'x/a': found a path that goes through a link"),
        ([("x/a", hard("/etc/passwd"))], "'x/a': found a link that leads out of it, to '/etc/passwd'"),
        ([("x/a", hard("../y"))], "'x/a': found a link that leads out of it, to '../y'"),
        ([("x/a", link("b")), ("x/c", hard("x/a"))], "'x/c': found a link that leads out of it, to 'x/a'"),
        ([("x/a", {"type": tarfile.FIFOTYPE})], "'x/a': found a device or a pipe"),
        ([("x/a", {"type": tarfile.CHRTYPE})], "'x/a': found a device or a pipe"),
    ],
)
def test_what_does_not_belong_there(members: list[tuple[str, dict[str, object]]], told: str, tmp_path: Path) -> None:
    """Other entries are refused, and nothing is written outside the folder."""
    with pytest.raises(SourceError) as caught:
        unpack(make_tar(tmp_path, *members), tmp_path / "out/in")
    assert f"x-1.tar.gz: {told}; it is not unpacked" == caught.value.message
    assert ["in"] == [path.name for path in (tmp_path / "out").iterdir()]
    assert ["out", "x-1.tar.gz"] == sorted(path.name for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    "members", [[("x/a", {"content": b"12345"})] * 3, [("x/a", {"content": b"1" * 9}), ("x/b", hard("x/a"))]]
)
def test_too_large(
    members: list[tuple[str, dict[str, object]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An archive cannot fill the disk, not even with hard links."""
    monkeypatch.setattr(unpacking, "LARGEST", 14)
    with pytest.raises(SourceError, match="found more than 14 bytes of content"):
        unpack(make_tar(tmp_path, *members), tmp_path / "out")


def test_zip(tmp_path: Path) -> None:
    """An old sdist may be a zip file."""
    path = tmp_path / "x-1.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x-1/", b"")
        script = zipfile.ZipInfo("x-1/run.sh")
        script.external_attr = 0o100755 << 16
        archive.writestr(script, b"#!")
        alias = zipfile.ZipInfo("x-1/alias")
        alias.external_attr = 0o120777 << 16
        archive.writestr(alias, b"run.sh")
    root = unpack(path, tmp_path / "out")
    assert (b"#!", 0o755) == ((root / "alias").read_bytes(), (root / "run.sh").stat().st_mode & 0o777)


def test_tar_that_ends_with_a_zip(tmp_path: Path) -> None:
    """A tar file that contains a zip file near its end is unpacked as a tar file."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a", b"")
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as archive:
        put(archive, "x/data.zip", inner.getvalue())
    assert ["data.zip"] == [found.name for found in unpack(path, tmp_path / "out").iterdir()]


def test_zip_that_leads_out(tmp_path: Path) -> None:
    """The rules for tar files apply to zip files."""
    path = tmp_path / "x-1.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../y", b"")
    with pytest.raises(SourceError, match="leads out of it"):
        unpack(path, tmp_path / "out")


@pytest.mark.parametrize("mtime", ["nan", "inf", "-inf", "-5", "1e300", "0"])
def test_odd_times(mtime: str, tmp_path: Path) -> None:
    """A time that file systems reject is ignored."""
    path = tmp_path / "x-1.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        put(archive, "x/a", b"1", pax_headers={"mtime": mtime}, mtime=0)
    assert b"1" == (unpack(path, tmp_path / "out") / "a").read_bytes()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("x/a\0b", "x-1.tar: 'x/a\\x00b': found a path with a NUL; it is not unpacked"),
        ("x/" + "a/" * 4000, f"x-1.tar: {'x/' + 'a/' * 29!r} ...: found a path of more than 4096 letters"),
        ("x/" + "a" * 300, "x-1.tar cannot be unpacked: File name too long"),
    ],
)
def test_odd_names(name: str, told: str, tmp_path: Path) -> None:
    """A name that file systems reject is refused."""
    path = tmp_path / "x-1.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        put(archive, "x", pax_headers={"path": name})
    with pytest.raises(SourceError) as caught:
        unpack(path, tmp_path / "out")
    assert told == caught.value.message


def test_link_of_a_long_name(tmp_path: Path) -> None:
    """The target of a link in a zip file is read only up to the length of a path."""
    path = tmp_path / "x-1.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        alias = zipfile.ZipInfo("x-1/alias")
        alias.external_attr, alias.compress_type = 0o120777 << 16, zipfile.ZIP_DEFLATED
        archive.writestr(alias, b"a" * (64 << 20))
    with pytest.raises(SourceError, match="found a path of more than 4096 letters"):
        unpack(path, tmp_path / "out")


def test_encrypted(tmp_path: Path) -> None:
    """An encrypted member is refused, and named."""
    path = tmp_path / "x-1.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x-1/a", b"1")
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(SourceError) as caught:
        unpack(path, tmp_path / "out")
    assert "x-1.zip: 'x-1/a' is encrypted; it is not unpacked" == caught.value.message


BROKEN = "cannot be unpacked: it is not a tar or zip file, or it is damaged"


def header(kind: bytes, size: int) -> bytes:
    """Return a tar header that describes the next member."""
    item = tarfile.TarInfo("././@LongLink")
    item.type, item.size = kind, size
    return item.tobuf(tarfile.GNU_FORMAT)


def test_many_long_names(tmp_path: Path) -> None:
    """Thousands of long names for one member, which tarfile reads recursively, are refused."""
    one = header(tarfile.GNUTYPE_LONGNAME, 1) + b"x" + b"\0" * 511
    for number, before in enumerate((b"", tarfile.TarInfo("a").tobuf())):
        path = tmp_path / f"{number}.tar"
        path.write_bytes(before + one * 3000 + b"\0" * 1024)
        with pytest.raises(SourceError, match=BROKEN):
            unpack(path, tmp_path / str(number))


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE])
def test_large_header(kind: bytes, tmp_path: Path) -> None:
    """A header of gigabytes, which tarfile reads into memory, is refused without reading it."""
    for number, before in enumerate((b"", tarfile.TarInfo("a").tobuf())):
        path = tmp_path / f"{number}.tar"
        path.write_bytes(before + header(kind, 1 << 33) + b"x" * 2048)
        with pytest.raises(SourceError, match=BROKEN):
            unpack(path, tmp_path / str(number))


def test_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive cannot fill the disk with empty files."""
    monkeypatch.setattr(unpacking, "MOST", 2)
    with pytest.raises(SourceError, match=r"x-1.tar.gz: found more than 2 files, expected fewer in a source"):
        unpack(make_tar(tmp_path, *((f"x/{n}", {}) for n in range(3))), tmp_path / "out")


@given(content=st.binary(max_size=300), cut=st.integers(min_value=1, max_value=60))
def test_broken(content: bytes, cut: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Any file is unpacked or refused."""
    folder = tmp_path_factory.mktemp("broken")
    whole = make_tar(folder, ("x/a", {"content": content}))
    for number, text in enumerate((content, whole.read_bytes()[:-cut])):
        path = folder / f"{number}.tar.gz"
        path.write_bytes(text)
        try:
            unpack(path, folder / str(number))
        except SourceError as error:
            assert f"{number}.tar.gz cannot be unpacked: " in error.message  # noqa: PT017 - it may be raised
