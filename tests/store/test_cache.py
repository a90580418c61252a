"""The path of the cache, by platform and environment."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from standins import write

from runtime_backend.errors.reasons import reason
from runtime_backend.store import cache
from runtime_backend.store.cache import (
    HOMELESS,
    bytecode_folder,
    find_cache,
    open_folder,
    prune_bytecode,
    way_out,
)

HOMES = {"~": "/home/jo"}


@pytest.fixture
def _at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulate /home/jo on Linux."""
    monkeypatch.setattr(cache, "sys", SimpleNamespace(platform="linux"))
    monkeypatch.setattr(cache, "os", SimpleNamespace(name="posix", path=SimpleNamespace(expanduser=HOMES.__getitem__)))


@pytest.mark.usefixtures("_at_home")
def test_named() -> None:
    """A folder in the settings takes precedence, unchanged."""
    assert Path("/named") == find_cache(Path("/named"), {"XDG_CACHE_HOME": "/xdg"})


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "/home/jo/.cache/runtime-backend"),
        ({"XDG_CACHE_HOME": ""}, "/home/jo/.cache/runtime-backend"),
        ({"XDG_CACHE_HOME": "relative/cache"}, "/home/jo/.cache/runtime-backend"),
        ({"XDG_CACHE_HOME": "/xdg"}, "/xdg/runtime-backend"),
        ({"LOCALAPPDATA": "/local"}, "/home/jo/.cache/runtime-backend"),
        ({"HOME": "/own"}, "/own/.cache/runtime-backend"),
        ({"HOME": "relative", "XDG_CACHE_HOME": "/xdg"}, "/xdg/runtime-backend"),
        ({"HOME": "relative"}, str(HOMELESS)),
        ({"HOME": ""}, str(HOMELESS)),
    ],
)
@pytest.mark.usefixtures("_at_home")
def test_linux(environ: dict[str, str], expected: str) -> None:
    """On Linux, it is XDG's folder if that is absolute, else in ~/.cache; a relative home counts as none."""
    assert Path(expected) == find_cache(None, environ)


@pytest.mark.usefixtures("_at_home")
def test_macos(monkeypatch: pytest.MonkeyPatch) -> None:
    """On macOS it is Library/Caches."""
    monkeypatch.setattr(cache, "sys", SimpleNamespace(platform="darwin"))
    assert Path("/home/jo/Library/Caches/runtime-backend") == find_cache(None, {"XDG_CACHE_HOME": "/xdg"})
    assert HOMELESS == find_cache(None, {"HOME": ""})


@pytest.mark.usefixtures("_at_home")
def test_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows it is the local application data."""
    monkeypatch.setattr(cache, "os", SimpleNamespace(name="nt"))
    assert Path("/local/runtime-backend/Cache") == find_cache(None, {"LOCALAPPDATA": "/local"})


def test_prune_bytecode(tmp_path: Path) -> None:
    """The byte code of temporary folders is removed, except that of overlays in them."""
    cache_folder, passing = tmp_path / "cache", tmp_path / "passing"
    bytecode = bytecode_folder(cache_folder)
    kept = passing / "cache" / "overlays"
    for folder in (passing / "env-1", kept, passing / "cache" / "other", tmp_path / "lib"):
        write(bytecode / folder.relative_to(folder.anchor) / "x.pyc", "")
    prune_bytecode(cache_folder, [passing, tmp_path / "missing"], kept)
    left = {path.relative_to(bytecode) for path in bytecode.rglob("*.pyc")}
    anchor = Path(tmp_path.anchor)
    assert {(folder / "x.pyc").relative_to(anchor) for folder in (kept, tmp_path / "lib")} == left


ANSWER = """
import os, pwd, sys
sys.path.insert(0, sys.argv[1])
from runtime_backend.store.cache import find_cache
os.setuid(int(sys.argv[2]))
print(find_cache(None, {}))
"""


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs another user's id; run it as root")
def test_user_without_a_name() -> None:
    """A user id without a name, as in containers, has no home folder, which is not an error yet."""
    command = [sys.executable, "-Ic", ANSWER, str(Path(cache.__file__).parents[2]), "54321"]
    done = subprocess.run(command, env={}, cwd="/", capture_output=True, text=True, check=True)  # noqa: S603
    assert f"{HOMELESS}\n" == done.stdout


def test_open_folder(tmp_path: Path) -> None:
    """A new cache is private; an existing one is not changed."""
    folder = tmp_path / "a/cache/builds"
    assert folder == open_folder(folder) == open_folder(folder)
    assert (True, 0o700) == (folder.is_dir(), folder.parent.stat().st_mode & 0o777)
    folder.parent.chmod(0o755)
    open_folder(folder.parent / "index")
    assert 0o755 == folder.parent.stat().st_mode & 0o777


def test_open_folder_in_the_way_of_a_file(tmp_path: Path) -> None:
    """A file at the path of the cache is named."""
    write(tmp_path / "cache", "")
    with pytest.raises(NotADirectoryError) as caught:
        open_folder(tmp_path / "cache/builds")
    assert f"Not a directory: {tmp_path / 'cache'}" == reason(caught.value)


def test_open_folder_of_the_homeless() -> None:
    """Without a home folder, the error has the reason."""
    with pytest.raises(NotADirectoryError) as caught:
        open_folder(HOMELESS / "builds")
    assert "no home folder: HOME is not set, and the system knows no user with this id" == reason(caught.value)


@pytest.mark.parametrize(
    ("number", "way"),
    [
        (errno.ENOSPC, "Free some space there"),
        (errno.EDQUOT, "Free some space there"),
        (errno.EACCES, "Name a cache folder that can be written to"),
        (errno.ESTALE, "Run the same command again"),
    ],
)
def test_way_out(number: int, way: str) -> None:
    """The hint fits the error of the disk."""
    error = OSError(number, os.strerror(number))
    assert way == way_out(error)[: len(way)]
    assert way_out(error, "; or else").endswith("; or else.")
