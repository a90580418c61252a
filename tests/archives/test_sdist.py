"""Finished sdists: the files that a wheel build needs."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from backends.making import make_sdist
from standins import write

from runtime_backend.archives.sdist import complete_sdist, files_for_a_build
from runtime_backend.errors import SystemRefusalError


def test_complete(tmp_path: Path) -> None:
    """Missing files are added once, without an owner; existing ones are not changed."""
    source = tmp_path / "source"
    write(source / "pyproject.toml", "[project]\n")
    write(source / "vendor/shim/__init__.py", "")
    write(source / "vendor/shim/__pycache__/x.pyc", "")
    write(source / "vendor/shim/inner/a.py", "")
    sdist = tmp_path / make_sdist(str(tmp_path))
    needed = list(files_for_a_build(source, source / "vendor/shim"))
    expected = ["pyproject.toml", "vendor/shim/__init__.py", "vendor/shim/inner/a.py"]
    assert [expected, []] == [complete_sdist(sdist, source, needed), complete_sdist(sdist, source, needed)]
    with tarfile.open(sdist) as archive:
        members = archive.getmembers()
    assert ["nonsense-1.0/PKG-INFO", *(f"nonsense-1.0/{name}" for name in expected)] == [m.name for m in members]
    assert {(0, 0, "", "")} == {(m.uid, m.gid, m.uname, m.gname) for m in members}
    assert [sdist.name, "source"] == sorted(path.name for path in tmp_path.iterdir())


def test_installed_shim(tmp_path: Path) -> None:
    """A shim that is installed is a build requirement like any other."""
    assert [tmp_path / "a/pyproject.toml"] == list(files_for_a_build(tmp_path / "a", tmp_path / "site/shim"))


def test_sdist_that_is_gone(tmp_path: Path) -> None:
    """A missing sdist is reported with its path."""
    with pytest.raises(SystemRefusalError) as caught:
        complete_sdist(tmp_path / "x-1.tar.gz", tmp_path, [])
    assert f"{tmp_path / 'x-1.tar.gz'}: No such file or directory" == caught.value.message
