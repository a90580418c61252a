"""Byte code that is stored apart from its modules."""

from __future__ import annotations

import marshal
import sys
from importlib import import_module, machinery
from pathlib import Path

import pytest
from standins import write

from runtime_backend.real.bytecode import stored_apart


@pytest.fixture(autouse=True)
def imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two folders on the import path, of which the second is a link, as a package of an overlay is."""
    monkeypatch.setattr(sys, "pycache_prefix", None)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    write(tmp_path / "target/parted/__init__.py", "")
    write(tmp_path / "target/parted/below/__init__.py", "")
    write(tmp_path / "target/parted/below/deep.py", "VALUE = 1")
    write(tmp_path / "overlay-of-others/parted_beside.py", "")
    (tmp_path / "overlay").mkdir()
    (tmp_path / "overlay/parted").symlink_to(tmp_path / "target/parted")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "overlay-of-others"), str(tmp_path / "overlay"), *sys.path])


@pytest.fixture(autouse=True)
def forgotten() -> None:
    """Modules of the other tests are not imported any more."""
    for name in [name for name in sys.modules if name.startswith("parted")]:
        del sys.modules[name]


def test_apart(tmp_path: Path) -> None:
    """Byte code of the folder and of all below it is stored below the prefix; a folder with a similar name is another."""
    before = list(sys.path_hooks)
    with stored_apart([str(tmp_path / "overlay")], str(tmp_path / "cache")):
        for name in ("parted_beside", "parted.below.deep"):
            import_module(name)
        assert None is sys.pycache_prefix
    assert before == sys.path_hooks
    found = {path.relative_to(tmp_path).parent.as_posix() for path in tmp_path.rglob("*.pyc")}
    mirrored = f"cache{tmp_path}/overlay/parted"
    assert {"overlay-of-others/__pycache__", mirrored, f"{mirrored}/below"} == found


def test_stored_byte_code(tmp_path: Path) -> None:
    """What is stored there is imported from there."""
    for _ in range(2):
        with stored_apart([str(tmp_path / "overlay")], str(tmp_path / "cache")):
            value = import_module("parted.below.deep").VALUE
        for name in ("parted.below.deep", "parted.below", "parted"):
            del sys.modules[name]
        [path] = tmp_path.rglob("deep.*.pyc")
        path.write_bytes(path.read_bytes()[:16] + marshal.dumps(compile("VALUE = 2", "deep.py", "exec")))
    assert 2 == value


def test_afterwards(tmp_path: Path) -> None:
    """Afterwards, the import system looks as usual, also where it has looked before."""
    with stored_apart([str(tmp_path / "overlay")], str(tmp_path / "cache")):
        import_module("parted")
    parts = [str(tmp_path / "overlay"), str(tmp_path / "overlay/parted")]
    finders = [sys.path_importer_cache.get(path) for path in parts]
    assert [None, None] == finders


def test_other_hooks_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real backend may replace the hooks."""
    monkeypatch.setattr(sys, "path_hooks", list(sys.path_hooks))
    with stored_apart([str(tmp_path / "overlay")], str(tmp_path / "cache")):
        sys.path_hooks[:] = others = sys.path_hooks[1:]
    assert others == sys.path_hooks


def test_all_kinds_of_modules(tmp_path: Path) -> None:
    """Compiled modules and packages without sources are found as usual."""
    with stored_apart([str(tmp_path / "overlay")], str(tmp_path / "cache")):
        import_module("parted")
        finder = sys.path_importer_cache[str(tmp_path / "overlay")]
    usual = machinery.FileFinder.path_hook(
        (machinery.ExtensionFileLoader, machinery.EXTENSION_SUFFIXES),
        (machinery.SourceFileLoader, machinery.SOURCE_SUFFIXES),
        (machinery.SourcelessFileLoader, machinery.BYTECODE_SUFFIXES),
    )(str(tmp_path))
    assert [suffix for suffix, _ in usual._loaders] == [suffix for suffix, _ in finder._loaders]  # type: ignore[union-attr,attr-defined]  # noqa: SLF001 - it has no other face
