"""Being stopped by a signal: child processes end, unfinished files are removed, and the process ends by that signal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
from standins import write

from runtime_backend.system import stopping
from runtime_backend.system.stopping import Stopped, end, end_with, find_descendants, orderly

HEAD = "import os, pathlib, signal, subprocess, sys, time\nfrom runtime_backend.system.stopping import orderly\n"
SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
SHELL = f"""
child = subprocess.Popen(["sh", "-c", {" ".join(SLEEPER[:2])!r} + ' "' + {SLEEPER[2]!r} + '" & wait'], stdout=subprocess.PIPE)
child.stdout.readline()
"""


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Start Python with some code, and wait until it prints a line."""
    command = [sys.executable, "-c", HEAD + code, *map(str, arguments)]
    environ = {**os.environ, "PYTHONPATH": str(Path(stopping.__file__).parents[2])}
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603
    assert process.stdout is not None
    assert "ready\n" == process.stdout.readline()
    return process


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Return the exit code of a process, and its output since."""
    assert process.stdout is not None
    assert process.stderr is not None
    with process:
        # Not by communicate(), which does not know of what readline() has read ahead.
        return process.wait(30), process.stdout.read(), process.stderr.read()


WRITER = """
with orderly():
    try:
        print("ready", flush=True)
        time.sleep(60)
    finally:
        print("tidy")
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signal(number: signal.Signals) -> None:
    """What is to be done at the end is done, and the process has ended by the signal, which its parent sees."""
    process = start(WRITER)
    process.send_signal(number)
    assert (-number, "tidy\n", "") == finish(process)


def test_signal_that_is_repeated() -> None:
    """The same signal soon after, as `timeout` sends it, breaks nothing off."""
    process = start(WRITER.replace('print("tidy")', 'time.sleep(1); print("tidy")'))
    for _ in range(3):
        process.send_signal(signal.SIGTERM)
        time.sleep(0.1)
    assert (-signal.SIGTERM, "tidy\n", "") == finish(process)


def test_signal_for_the_second_time() -> None:
    """A later second signal ends the process at once."""
    process = start(
        "from runtime_backend.system import stopping\nstopping.REPEATED = 0\n"
        + WRITER.replace('print("tidy")', 'print("tidying", flush=True); time.sleep(60)')
    )
    process.send_signal(signal.SIGTERM)
    assert process.stdout is not None
    assert "tidying\n" == process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    assert (-signal.SIGTERM, "", "") == finish(process)


def test_children_are_ended() -> None:
    """What the process has started ends first, with all that this has started."""
    code = f"""
with orderly():
    {SHELL.strip().replace(chr(10), chr(10) + "    ")}
    print("ready", flush=True)
    time.sleep(60)
"""
    process = start(code)
    descendants = find_descendants(process.pid)
    assert 2 == len(descendants)
    process.send_signal(signal.SIGTERM)
    assert -signal.SIGTERM == finish(process)[0]
    assert [] == [number for number in descendants if is_alive(number)]


def is_alive(process: int) -> bool:
    """Return whether a process is there."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def test_fork(tmp_path: Path) -> None:
    """A fork of a build script (multiprocessing) ends as it always did, without a word."""
    code = f"""
with orderly():
    pid = os.fork()
    if not pid:
        print("ready", flush=True)
        time.sleep(60)
    pathlib.Path({str(tmp_path / "pid")!r}).write_text(str(pid))
    print(os.waitpid(pid, 0)[1])
"""
    process = start(code)
    while not (tmp_path / "pid").is_file() or not (tmp_path / "pid").read_text():
        time.sleep(0.01)
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGTERM)
    assert (0, f"{int(signal.SIGTERM)}\n", "") == finish(process)


def test_ignored_signal() -> None:
    """An ignored signal (`nohup`) stays ignored, and a handled one keeps its handler."""
    code = """
signal.signal(signal.SIGHUP, signal.SIG_IGN)
signal.signal(signal.SIGTERM, lambda *_: print("theirs", flush=True))
with orderly():
    print("ready", flush=True)
    os.kill(os.getpid(), signal.SIGHUP)
    os.kill(os.getpid(), signal.SIGTERM)
print("over")
"""
    assert (0, "theirs\nover\n", "") == finish(start(code))


def test_given_back() -> None:
    """Afterwards the signals are as before; in a thread nothing can be handled, which is no mistake."""
    before = signal.getsignal(signal.SIGTERM)
    with orderly():
        assert before is not signal.getsignal(signal.SIGTERM)
        with orderly():
            pass
        assert before is not signal.getsignal(signal.SIGTERM)
    assert before is signal.getsignal(signal.SIGTERM)
    told = list[str]()

    def work() -> None:
        with orderly():
            told.append("done")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ["done"] == told


def test_blocked_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the signal is blocked, the exception ends the process."""
    sent = list[int]()
    monkeypatch.setattr(stopping, "_end_self", sent.append)
    with pytest.raises(Stopped, match=r"^stopped by signal 15$"), orderly():
        raise Stopped(15)
    assert [15] == sent


def test_handler_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The handler ends child processes, raises once, and obeys a later signal."""
    sent, ended = list[int](), list[Sequence[int]]()
    monkeypatch.setattr(stopping, "_end_self", sent.append)
    monkeypatch.setattr(stopping, "end", ended.append)
    monkeypatch.setattr(stopping, "find_descendants", lambda _: [1, 2])
    with orderly():
        with pytest.raises(Stopped):
            signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        assert ([], [[1, 2]]) == (sent, ended)
        monkeypatch.setattr(stopping, "REPEATED", 0)
        signal.raise_signal(signal.SIGTERM)
        assert ([signal.SIGTERM], [[1, 2]]) == (sent, ended)
        monkeypatch.setattr(os, "getpid", lambda: -1)
        signal.raise_signal(signal.SIGHUP)
    assert [signal.SIGTERM, signal.SIGHUP] == sent


def test_end_self(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is printed goes out first, and nothing stands in the signal's way."""
    killed = list[tuple[int, int]]()
    monkeypatch.setattr(os, "kill", lambda *given: killed.append(given))
    monkeypatch.setattr(sys, "stderr", None)
    handler = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        stopping._end_self(signal.SIGTERM)  # noqa: SLF001 - it ends a process
        assert (signal.SIG_DFL, [(os.getpid(), signal.SIGTERM)]) == (signal.getsignal(signal.SIGTERM), killed)
    finally:
        signal.signal(signal.SIGTERM, handler)


def test_end_of_all_kinds_of_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What even SIGKILL does not end, in the kernel's hands, is left alone."""
    sent = list[int]()
    monkeypatch.setattr(os, "kill", lambda _, number: sent.append(number))
    end([12345], patience=0)
    assert [*stopping.SIGNALS] == sent


def test_find_descendants(tmp_path: Path) -> None:
    """The children of all threads are found, and their children; none if the system does not list them."""
    for path, text in (("1/task/1", "2 3 "), ("1/task/9", "4 "), ("2/task/2", ""), ("3/task/3", "5")):
        write(tmp_path / path / "children", text)
    assert [2, 3, 5, 4] == find_descendants(1, tmp_path)
    assert [] == find_descendants(1, tmp_path / "nowhere")


STUBBORN = (
    "import signal, time; [signal.signal(n, signal.SIG_IGN) for n in ({})]; print('up', flush=True); time.sleep(60)"
)


@pytest.mark.parametrize(
    ("ignored", "code"),
    [("", -signal.SIGINT), ("signal.SIGINT,", -signal.SIGTERM), ("signal.SIGINT, signal.SIGTERM", -signal.SIGKILL)],
)
def test_end(ignored: str, code: int) -> None:
    """A process is asked kindly first, and then less so."""
    quiet = subprocess.DEVNULL
    command = [sys.executable, "-c", STUBBORN.format(ignored)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=quiet) as process:  # noqa: S603
        assert process.stdout is not None
        process.stdout.readline()
        end([process.pid], patience=0.5)
        assert code == process.wait(30) or (not ignored and process.returncode in (1, 130))


def test_end_of_what_is_gone() -> None:
    """An ended process is ignored, without waiting."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    began = time.monotonic()
    end([process.pid])
    end([])
    assert time.monotonic() - began < stopping.PATIENCE


@pytest.mark.parametrize("fails", [False, True])
def test_end_with_the_parent(monkeypatch: pytest.MonkeyPatch, *, fails: bool) -> None:
    """Linux is asked for SIGTERM at the end of the parent; without a C library that can be asked, nothing happens."""
    asked, ended = list[tuple[int, int]](), list[tuple[int, int]]()

    def load(_: object) -> SimpleNamespace:
        if fails:
            raise OSError
        return SimpleNamespace(prctl=lambda *given: asked.append(given))

    monkeypatch.setattr("ctypes.CDLL", load)
    monkeypatch.setattr(stopping.sys, "platform", "linux")
    end_with(os.getpid())
    assert ([] if fails else [(1, signal.SIGTERM)]) == asked
    monkeypatch.setattr(stopping, "_is_running", lambda _: False)
    monkeypatch.setattr(stopping.os, "kill", lambda *given: ended.append(given))
    end_with(7)
    assert [(os.getpid(), signal.SIGTERM)] == ended
    monkeypatch.setattr(stopping.sys, "platform", "darwin")
    end_with(7)
    assert 1 == len(ended)
