"""Locks on the content of the cache: exclusive, shared, or optional, in real processes that may be killed."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from standins import blocked, write

from runtime_backend.store import holding
from runtime_backend.store.holding import (
    LONGEST,
    aside,
    exclusively,
    held_if_free,
    in_use,
    lock_of,
    remove,
    remove_if_free,
)

HOLD = """
import sys, pathlib
from runtime_backend.store import holding
with getattr(holding, sys.argv[1])(pathlib.Path(sys.argv[2])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another(how: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    """Hold a lock in another process."""
    environ = {"PYTHONPATH": str(Path(holding.__file__).parents[2])}
    pipe, command = subprocess.PIPE, [sys.executable, "-c", HOLD, how, str(path)]
    with subprocess.Popen(command, env=environ, stdin=pipe, stdout=pipe, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        assert "held\n" == process.stdout.readline()
        yield process
        process.communicate()


def is_free(path: Path) -> bool:
    """Return whether no process holds the lock."""
    with held_if_free(path) as found:
        return found


def test_held_if_free(tmp_path: Path) -> None:
    """One process holds it; others neither wait nor take it."""
    path = tmp_path / "x"
    with held_if_free(path) as first:
        with held_if_free(path) as second:
            assert (True, False) == (first, second)
        assert (False, True) == (is_free(path), is_free(tmp_path / "y"))
    assert is_free(path)


@pytest.mark.parametrize("how", ["exclusively", "in_use"])
def test_another_process(how: str, tmp_path: Path) -> None:
    """A lock is free when its process ends for any reason, even if its process id is reused."""
    path = tmp_path / "x"
    with another(how, path) as process:
        assert (False, False) == (is_free(path), remove_if_free(write(path, "")))
        process.kill()
        process.wait()
        assert is_free(path)
    with another(how, path):
        assert not is_free(path)
    assert is_free(path)


def test_users_share(tmp_path: Path) -> None:
    """Users share an entry; its maker waits for all of them, and reports it."""
    path, said, order = tmp_path / "x", list[str](), list[str]()

    def make() -> None:
        with exclusively(path, lambda: said.append("waiting")):
            order.append("made")

    maker = threading.Thread(target=make)
    with in_use(path):
        with in_use(path):
            maker.start()
            while not said:
                pass
        order.append("used")
    maker.join()
    assert (["waiting"], ["used", "made"]) == (said, order)


def test_makers_wait_quietly(tmp_path: Path) -> None:
    """Without a callback, a maker waits silently; without other processes, it reports nothing."""
    with exclusively(tmp_path / "x", lambda: pytest.fail("nobody is there")):
        waiting = threading.Thread(target=lambda: exclusively(tmp_path / "x").__enter__())
        waiting.start()
    waiting.join()


def test_child_of_a_killed_process(tmp_path: Path) -> None:
    """A child that inherited the descriptor still holds the lock after its parent was killed."""
    path = tmp_path / "x"
    with exclusively(path) as descriptor:
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[descriptor])
    assert not is_free(path)
    child.communicate(b"\n")
    assert is_free(path)


def test_lock_that_is_removed(tmp_path: Path) -> None:
    """A process that waited for a removed lock file locks the new one."""
    path, order = write(tmp_path / "x", ""), list[str]()
    waiting = threading.Event()

    def use() -> None:
        with exclusively(path, waiting.set):
            order.append("held" if not is_free(path) else "alone")

    with held_if_free(path):
        user = threading.Thread(target=use)
        user.start()
        waiting.wait()
        holding.remove_lock(path)
    user.join()
    assert ["held"] == order


def test_names(tmp_path: Path) -> None:
    """An unfinished entry uses the lock of its final path."""
    path = tmp_path / "torch-2.7.0.cu126-5f1c"
    new = aside(path)
    assert new != aside(path)
    assert new.name.startswith(f".new-{path.name}-")
    assert tmp_path / f"{path.name}.lock" == lock_of(path) == lock_of(new)
    assert tmp_path / ".new-17-torch.lock" == lock_of(tmp_path / ".new-17-torch")


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_lock_of_another_person(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read-only lock file can be locked; a missing one that cannot be made cannot."""
    open_file = os.open

    def refuse(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_CREAT:
            raise OSError(number, os.strerror(number), str(path))
        return open_file(path, flags, mode)

    write(tmp_path / "x.lock", "")
    monkeypatch.setattr(holding.os, "open", refuse)
    with in_use(tmp_path / "x"):
        assert not is_free(tmp_path / "x")
    with pytest.raises(OSError, match=os.strerror(number)), exclusively(tmp_path / "y"):
        raise AssertionError


def test_use_without_a_lock(tmp_path: Path) -> None:
    """An entry in a read-only folder is used without a lock, and errors in the block are raised."""
    with pytest.raises(OSError, match=r"^its own$"), in_use(blocked(tmp_path) / "x"):
        raise OSError("its own")


def test_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without locks, entries count as free after two days."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    path = tmp_path / "x"
    with exclusively(path), in_use(path):
        assert not is_free(path)
    assert not is_free(path)
    os.utime(lock_of(path), (1, 1))
    assert is_free(path)
    os.utime(lock_of(path), (1, 1))
    with in_use(path):
        assert not is_free(path)
    assert LONGEST == 172_800


def test_remove(tmp_path: Path) -> None:
    """Files, links and folders are removed; targets of links stay, and missing paths are ignored."""
    write(tmp_path / "folder/file", "")
    (tmp_path / "link").symlink_to("folder")
    remove(tmp_path / "link")
    assert (tmp_path / "folder/file").is_file()
    (tmp_path / "link").symlink_to("folder/file")
    for name in ("link", "folder", "nothing"):
        remove(tmp_path / name)
    assert [] == os.listdir(tmp_path)


def test_remove_out_of_sight(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder whose removal is interrupted is hidden, and can be removed again."""
    write(tmp_path / "folder/file", "")
    monkeypatch.setattr("shutil.rmtree", lambda _: None)
    remove(tmp_path / "folder")
    (name,) = os.listdir(tmp_path)
    assert name.startswith(".new-folder-")
    remove(tmp_path / name)
    assert [name] == os.listdir(tmp_path)


def test_lock_that_cannot_be_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock file that cannot be removed stays: Windows cannot remove an open file."""
    write(tmp_path / "x", "")

    def refuse(self: Path, missing_ok: bool = False) -> None:  # noqa: FBT001, FBT002 - Path's
        raise PermissionError(13, f"{self} {missing_ok}")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        holding.remove_lock(tmp_path / "x")
    assert remove_if_free(tmp_path / "x")
    assert [] == os.listdir(tmp_path)
