"""Running an installer: its output, and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runtime_backend.provision import installing
from runtime_backend.provision.installing import Ended, run_installer


def run(code: str, *, kept: tuple[int, ...] = ()) -> Ended:
    """Run a line of Python as the installer."""
    return run_installer([sys.executable, "-c", code], dict(os.environ), Path.cwd(), kept=kept)


def test_output(capfd: pytest.CaptureFixture[str]) -> None:
    """Its output goes to standard error, complete and in order; standard output belongs to the real backend."""
    code = "import sys; print('one', flush=True); print('two', file=sys.stderr); print('x' * 100_000); sys.exit(3)"
    assert Ended(code=3) == run(code)
    assert ("", f"one\ntwo\n{'x' * 100_000}\n") == capfd.readouterr()


def test_full_disk_long_ago(capfd: pytest.CaptureFixture[str]) -> None:
    """Only the end of the output is searched for the reason."""
    assert run("print('No space left on device')").is_disk_full
    assert not run("print('No space left on device' + 'x' * 100_000)").is_disk_full
    capfd.readouterr()


def test_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """On a terminal, it prints its own progress."""
    monkeypatch.setattr(installing.os, "isatty", lambda _: True)
    monkeypatch.setattr(installing, "_STEP", 0.01)
    assert Ended(code=2) == run("import sys, time; time.sleep(0.1); print('No space left on device'); sys.exit(2)")
    assert ("", "No space left on device\n") == capfd.readouterr()


def test_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed standard error does not end it."""

    def refuse(*_: object) -> int:
        raise BrokenPipeError

    monkeypatch.setattr(installing.os, "write", refuse)
    assert Ended(code=0) == run("print('one')")


def test_what_goes_on(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that it started and that keeps its output open is not waited for."""
    monkeypatch.setattr(installing, "_STEP", 0.05)
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb"):
        inner = f"import os; os.read({reading}, 1)"
        code = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {inner!r}], pass_fds=[{reading}])"
        assert Ended(code=0) == run(code, kept=(reading,))
    os.close(reading)
    capfd.readouterr()


@pytest.mark.parametrize("is_terminals", [True, False])
def test_interrupted(is_terminals: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - a column
    """Ctrl-C ends it: the terminal interrupts it as well, and after a while, we do."""
    started = list[subprocess.Popen[bytes]]()

    def interrupt(process: subprocess.Popen[bytes], _: int) -> Ended:
        started.append(process)
        if is_terminals:
            process.kill()
        raise KeyboardInterrupt

    monkeypatch.setattr(installing, "_attend", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run("import time; time.sleep(60)")
    assert started[0].returncode is not None
    assert started[0].returncode < 0 or not is_terminals


def test_stubborn(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """An installer that ignores signals is killed."""
    monkeypatch.setattr(installing, "PATIENCE", 0.1)
    monkeypatch.setattr(installing, "_STEP", 0.05)
    parents = iter([1, 1, 1])
    ready = list[bytes]()
    monkeypatch.setattr(installing.os, "getppid", lambda: next(parents, 1) if not ready else 2)
    monkeypatch.setattr(installing.os, "write", lambda _, data: ready.append(data))
    names = "signal.SIGINT, signal.SIGTERM"
    code = (
        f"import signal, time; [signal.signal(n, signal.SIG_IGN) for n in ({names})]; print(flush=True); time.sleep(60)"
    )
    assert Ended(code=-1, is_abandoned=True) == run(code)
    capfd.readouterr()
