"""Where the cache lies, by platform and by the person's environment."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from standins import write

from runtime_backend import cache
from runtime_backend.cache import bytecode_folder, find_cache, held_if_free, prune_bytecode


@pytest.fixture
def _at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand at /home/jo on Linux."""
    monkeypatch.setattr(cache, "sys", SimpleNamespace(platform="linux"))
    monkeypatch.setattr(cache, "os", SimpleNamespace(name="posix"))
    monkeypatch.setattr(Path, "home", lambda: Path("/home/jo"))


@pytest.mark.usefixtures("_at_home")
def test_named() -> None:
    """A folder that the settings name is taken as it is, before every other."""
    assert Path("/named") == find_cache(Path("/named"), {"XDG_CACHE_HOME": "/xdg"})


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "/home/jo/.cache/runtime-backend"),
        ({"XDG_CACHE_HOME": ""}, "/home/jo/.cache/runtime-backend"),
        ({"XDG_CACHE_HOME": "relative/cache"}, "/home/jo/.cache/runtime-backend"),
        ({"XDG_CACHE_HOME": "/xdg"}, "/xdg/runtime-backend"),
        ({"LOCALAPPDATA": "/local"}, "/home/jo/.cache/runtime-backend"),
    ],
)
@pytest.mark.usefixtures("_at_home")
def test_linux(environ: dict[str, str], expected: str) -> None:
    """On Linux it is XDG's folder, if that is absolute, else ~/.cache."""
    assert Path(expected) == find_cache(None, environ)


@pytest.mark.usefixtures("_at_home")
def test_macos(monkeypatch: pytest.MonkeyPatch) -> None:
    """On macOS it is Library/Caches."""
    monkeypatch.setattr(cache, "sys", SimpleNamespace(platform="darwin"))
    assert Path("/home/jo/Library/Caches/runtime-backend") == find_cache(None, {"XDG_CACHE_HOME": "/xdg"})


@pytest.mark.usefixtures("_at_home")
def test_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows it is the local application data."""
    monkeypatch.setattr(cache, "os", SimpleNamespace(name="nt"))
    assert Path("/local/runtime-backend/Cache") == find_cache(None, {"LOCALAPPDATA": "/local"})


def test_prune_bytecode(tmp_path: Path) -> None:
    """The byte code of passing folders goes; that of the overlays in one of them, and of all other folders, stays."""
    cache_folder, passing = tmp_path / "cache", tmp_path / "passing"
    bytecode = bytecode_folder(cache_folder)
    kept = passing / "cache" / "overlays"
    for folder in (passing / "env-1", kept, passing / "cache" / "other", tmp_path / "lib"):
        write(bytecode / folder.relative_to(folder.anchor) / "x.pyc", "")
    prune_bytecode(cache_folder, [passing, tmp_path / "missing"], kept)
    left = {path.relative_to(bytecode) for path in bytecode.rglob("*.pyc")}
    anchor = Path(tmp_path.anchor)
    assert {(folder / "x.pyc").relative_to(anchor) for folder in (kept, tmp_path / "lib")} == left


def test_held_if_free(tmp_path: Path) -> None:
    """One at a time is told that it is free; whoever comes meanwhile neither waits nor takes it away."""
    path = tmp_path / "cuda/.x.lock"
    with held_if_free(path) as first:
        with held_if_free(path) as second:
            assert (True, False) == (first, second)
        with held_if_free(path) as third, held_if_free(path.with_name(".y.lock")) as other:
            assert (False, True) == (third, other)
    with held_if_free(path) as again:
        assert again
