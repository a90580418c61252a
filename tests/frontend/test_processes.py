"""The ancestor processes, from procfs, psutil, ps and lsof."""

from __future__ import annotations

import builtins
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from standins import write

from runtime_backend.frontend import processes
from runtime_backend.frontend.processes import Process, _from_procfs, _from_ps, list_ancestors


def make_process(proc: Path, pid: int, parent: int, *words: str, environ: str = "", cwd: Path | None = None) -> None:
    """Write a process as procfs shows it; the name tries to mislead."""
    write(proc / str(pid) / "stat", f"{pid} (a) S 99 (name) S {parent} 1 1{' 0' * 15} {pid}00 1\n")
    write(proc / str(pid) / "cmdline", "".join(f"{word}\0" for word in words))
    write(proc / str(pid) / "environ", environ)
    if cwd is not None:
        (proc / str(pid) / "cwd").symlink_to(cwd)


def test_procfs(tmp_path: Path) -> None:
    """Arguments, folder, variables and start time of each process are read; hidden ones are empty."""
    make_process(tmp_path, 30, 20, "uv", "pip", "", "a b", environ="A=1=2\0B=\0broken\0", cwd=tmp_path)
    make_process(tmp_path, 20, 1)
    make_process(tmp_path, 1, 0, "init")
    (tmp_path / "20/environ").unlink()
    assert [
        Process(argv=("uv", "pip", "", "a b"), cwd=tmp_path, environ={"A": "1=2", "B": ""}, pid=30, started="3000"),
        Process(argv=(), pid=20, started="2000"),
        Process(argv=("init",), pid=1, started="100"),
    ] == list(_from_procfs(30, tmp_path))


def test_procfs_depth(tmp_path: Path) -> None:
    """Sixteen ancestors are enough, so that a loop ends."""
    make_process(tmp_path, 7, 7, "loop")
    assert 16 == len(list(_from_procfs(7, tmp_path)))


@pytest.mark.parametrize("stat", ["", "12", "12 (name)", "12 (name) S"])
def test_procfs_broken(stat: str, tmp_path: Path) -> None:
    """The list ends at a missing process, or at invalid data."""
    write(tmp_path / "12/stat", stat)
    assert [] == list(_from_procfs(12, tmp_path))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="a system without procfs")
def test_own_ancestors() -> None:
    """The first ancestor is the parent of this process."""
    parent = list_ancestors()[0]
    assert Path(f"/proc/{os.getppid()}/cmdline").read_bytes().decode().split("\0")[:-1] == list(parent.argv)


def hide_procfs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this be a system without procfs."""
    monkeypatch.setattr(processes, "is_there", lambda path: path != Path("/proc/self/stat"))


class RefusedError(Exception):
    """The exception of psutil."""


def fake_psutil(monkeypatch: pytest.MonkeyPatch, parents: list[Any]) -> None:
    """Let psutil know these processes."""
    module = ModuleType("psutil")
    vars(module).update(Error=RefusedError, Process=lambda: SimpleNamespace(parents=lambda: parents))
    monkeypatch.setitem(sys.modules, "psutil", module)


def refuse() -> None:
    """Refuse, as psutil does for a stranger's process."""
    raise RefusedError


def test_psutil(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without procfs, psutil is used; refused fields are empty."""
    hide_procfs(monkeypatch)
    told = SimpleNamespace(
        pid=7, cmdline=lambda: ["uv"], cwd=lambda: "/x", environ=lambda: {"A": "1"}, create_time=lambda: 12.5
    )
    silent = SimpleNamespace(pid=5, cmdline=refuse, cwd=refuse, environ=refuse, create_time=refuse)
    fake_psutil(monkeypatch, [told, silent])
    assert (
        Process(argv=("uv",), cwd=Path("/x"), environ={"A": "1"}, pid=7, started="12.5"),
        Process(argv=(), pid=5),
    ) == list_ancestors()


TABLE = "  812   790 uv pip install -p x .\n  790     1 -zsh\n    1     0 /sbin/launchd\n  900 790\n"
ENVIRON = "uv pip install -p x . HOME=/Users/jo VIRTUAL_ENV=/Users/jo/my env UV_PROJECT=/p PATH=/a:/b\n"


def test_ps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without procfs and psutil, ps and lsof are run, once for the table and once per ancestor; none is exact."""
    hide_procfs(monkeypatch)
    imports = builtins.__import__

    def no_psutil(name: str, *rest: Any, **more: Any) -> Any:
        if name == "psutil":
            raise ImportError(name)
        return imports(name, *rest, **more)

    def answer(command: list[str], **_: object) -> SimpleNamespace:
        return SimpleNamespace(stdout=answers[" ".join(command)])

    answers = {
        "ps -axww -o pid= -o ppid= -o args=": TABLE,
        "lsof -a -d cwd -Fn -p 812": "p812\nfcwd\nn/Users/jo/project\n",
        "ps -Ewwo command= -p 812": ENVIRON,
        "lsof -a -d cwd -Fn -p 790": "",
        "ps -Ewwo command= -p 790": "-zsh\n",
        "lsof -a -d cwd -Fn -p 1": "",
        "ps -Ewwo command= -p 1": "",
    }
    monkeypatch.setattr(builtins, "__import__", no_psutil)
    monkeypatch.setattr(os, "getppid", lambda: 812)
    monkeypatch.setattr(subprocess, "run", answer)
    environ = {"VIRTUAL_ENV": "/Users/jo/my env", "UV_PROJECT": "/p", "PATH": "/a:/b"}
    assert (
        Process(
            argv=("uv", "pip", "install", "-p", "x", "."),
            cwd=Path("/Users/jo/project"),
            environ=environ,
            is_exact=False,
        ),
        Process(argv=("-zsh",), is_exact=False),
        Process(argv=("/sbin/launchd",), is_exact=False),
    ) == list_ancestors()


def test_ps_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is sixteen ancestors here, too."""
    monkeypatch.setattr(processes, "_output", lambda *command: "5 5 loop\n" if command[1] == "-axww" else "")
    assert 16 == len(list(_from_ps(5)))


def test_no_ps(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a system without ps there are no ancestors."""
    monkeypatch.setenv("PATH", "")
    assert [] == list(_from_ps(1))


@pytest.mark.parametrize("stat", ["7 (x) S x 1", "7 (x) S \u00b2 1", f"7 (x) S {'1' * 5000} 1"])
def test_procfs_odd(stat: str, tmp_path: Path) -> None:
    """A process whose parent is no number counts as missing."""
    write(tmp_path / "7/stat", stat)
    assert [] == list(_from_procfs(7, tmp_path))
