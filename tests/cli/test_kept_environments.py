"""The kept environments in ``runtime-backend cache``: which of them are unused, and which are damaged."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from standins import make_distribution, write

from runtime_backend.cli import main

Capsys = pytest.CaptureFixture[str]
LONG_AGO = time.time() - 3 * 24 * 3600


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the person's cache."""
    monkeypatch.setenv("RUNTIME_BACKEND_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "source").mkdir()
    return tmp_path / "cache"


def make(cache: Path, name: str = "pkg-ab-1", source: str = "source", users: tuple[Path, ...] = ()) -> Path:
    """Make an environment of a source folder."""
    path = cache / "environments" / name
    make_distribution(path / "lib/python3.11/site-packages", "ninja", "1.0")
    write(path / "runtime-backend.json", json.dumps({"format": 1, "source": str(cache.parent / source)}))
    write(path / "bin/python", "")
    for index, user in enumerate(users):
        write(path / f"users/{index}", str(user))
    return path


def guard(cache: Path, environment: Path) -> Path:
    """Make the guard of an installed editable."""
    path = cache.parent / "site/guard.py"
    write(path, f"DATA = {{'environment': {str(environment)!r}, 'x': 1}}\n")
    return path


def left(cache: Path) -> list[str]:
    """Return what ``prune`` leaves."""
    assert 0 == main(["cache", "prune"])
    return sorted(path.name for path in (cache / "environments").iterdir() if path.suffix != ".lock")


def test_list(cache: Path, capsys: Capsys) -> None:
    """Each environment is an entry."""
    paths = [make(cache, name) for name in ("pkg-ab-1", "pkg-ab-2")]
    assert 0 == main(["cache"])
    lines = capsys.readouterr().out.splitlines()
    assert [f"       0.0 MB  environments  {path}" for path in paths] == sorted(lines[:-1])


def test_prune_spares_what_is_used(cache: Path) -> None:
    """An environment that a guard names stays."""
    path = cache / "environments/pkg-ab-1"
    make(cache, users=(cache / "gone", guard(cache, path)))
    assert ["pkg-ab-1"] == left(cache)


def test_prune_removes_what_was_replaced(cache: Path) -> None:
    """An environment goes if the guard that used it names another one, or was uninstalled."""
    new = cache / "environments/pkg-ab-2"
    make(cache, users=(guard(cache, new), cache / "gone"))
    make(cache, "pkg-ab-2", users=(guard(cache, new),))
    assert ["pkg-ab-2"] == left(cache)


def test_prune_removes_what_has_no_source(cache: Path) -> None:
    """An environment goes with its source folder, even while it is used; so does a damaged one, and a link."""
    path = cache / "environments/pkg-ab-1"
    make(cache, source="gone", users=(guard(cache, path),))
    for name, text in (("pkg-ab-2", "{"), ("pkg-ab-3", "[]"), ("pkg-ab-4", '{"source": 3}')):
        write(make(cache, name) / "runtime-backend.json", text)
    (cache / "environments/pkg-objects-1").symlink_to(cache)
    assert [] == left(cache)


def test_prune_without_a_trace_of_use(cache: Path) -> None:
    """An environment that was never imported goes if it is old, and there is another one of its source folder."""
    for path in (make(cache), make(cache, "pkg-cd-1")):
        os.utime(path / "runtime-backend.json", (LONG_AGO, LONG_AGO))
    assert ["pkg-ab-1", "pkg-cd-1"] == left(cache)
    make(cache, "pkg-ab-2")
    assert ["pkg-ab-2", "pkg-cd-1"] == left(cache)


def test_verify(cache: Path, capsys: Capsys) -> None:
    """A whole environment has no damage; a changed file, or a missing Python, is one."""
    path, other = make(cache), make(cache, "pkg-ab-2")
    assert 0 == main(["cache", "verify"])
    write(path / "lib/python3.11/site-packages/ninja/__init__.py", "changed")
    (other / "bin/python").unlink()
    capsys.readouterr()
    assert 1 == main(["cache", "verify"])
    lines = capsys.readouterr().out.splitlines()
    assert "next: runtime-backend cache clean environments" == lines[-1]
    assert [
        f"{path}: ninja/__init__.py is missing or changed",
        f"{other}: its record, its Python or its folder of distributions is missing",
    ] == sorted(lines[:-1])


def test_clean(cache: Path) -> None:
    """``clean`` removes all of them."""
    make(cache)
    assert 0 == main(["cache", "clean", "environments"])
    assert [] == list((cache / "environments").iterdir())
