"""What a process prints, passed on; with real descriptors and real processes."""

from __future__ import annotations

import errno
import os
import pty
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from runtime_backend.system.progress import Estimate
from runtime_backend.system.stopping import _is_running
from runtime_backend.watch import relay
from runtime_backend.watch.relay import HOLD, can_follow, run_followed, run_plain

Read = Callable[[], bytes]


class Kept:
    """What was kept."""

    def __init__(self) -> None:
        self.data = b""

    def __call__(self, data: bytes) -> None:
        """Keep it."""
        self.data += data


def mark(line: bytes) -> bytes:
    """Mark a line."""
    return b"<" + line


def run(command: str, keep: Callable[[bytes], None] | None = None, annotate: Callable[[bytes], bytes] = mark) -> int:
    """Run a shell script, and forward its output."""
    code = run_followed(["/bin/sh", "-c", command], os.environ, Path("/"), annotate, keep or Kept())
    assert code is not None
    return code


def run_python(code: str, annotate: Callable[[bytes], bytes] = mark) -> int | None:
    """Run a Python script, and forward its output."""
    return run_followed([sys.executable, "-c", code], os.environ, Path("/"), annotate, Kept())


@contextmanager
def one_output(path: Path) -> Iterator[Read]:
    """Redirect 1 and 2 to one file; yield its reader. Not a fixture: pytest changes them before a test itself."""
    before = os.dup(1), os.dup(2)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
    os.dup2(file, 1), os.dup2(file, 2)
    try:
        yield path.read_bytes
    finally:
        for descriptor, own in enumerate(before, 1):
            os.dup2(own, descriptor)
            os.close(own)
        os.close(file)


def test_one_stream(tmp_path: Path) -> None:
    """Where both lead to one place, the order of all is kept; every byte comes through, and is kept."""
    with one_output(tmp_path / "output") as output:
        kept = Kept()
        assert 3 == run("printf 'a\\n'; printf 'b\\377\\n' >&2; printf 'c\\n'; printf 'd'; exit 3", kept)
        assert b"<a\n<b\xff\n<c\n<d" == output() == kept.data


def test_two_streams(capfd: pytest.CaptureFixture[str]) -> None:
    """Each stream is forwarded to the same stream of this process."""
    kept = Kept()
    run("echo out; echo err >&2", kept)
    assert (("<out\n", "<err\n"), [b"<err", b"<out"]) == (tuple(capfd.readouterr()), sorted(kept.data.splitlines()))


@pytest.mark.parametrize("is_followed", [True, False])
def test_python_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_followed: bool) -> None:
    """What Python has not written yet comes first; the folder and the variables are the given ones."""
    command, environ = ["/bin/sh", "-c", "echo $A; pwd -P"], {"A": "within"}
    folder = tmp_path.resolve()
    with one_output(tmp_path / "output") as output:
        with open(1, "w", closefd=False) as stream:
            monkeypatch.setattr(sys, "stdout", stream)
            monkeypatch.setattr(sys, "stderr", None)
            stream.write("before\n")
            if is_followed:
                run_followed(command, environ, folder, lambda line: line, Kept())
            else:
                run_plain(command, environ, folder)
        assert f"before\nwithin\n{folder}\n".encode() == output()


def test_beginning_of_a_line(tmp_path: Path) -> None:
    """A prompt is seen although its line does not end; its rest is no line of its own."""
    go = tmp_path / "go"
    with one_output(tmp_path / "output") as output:
        script = f"printf 'name? '; while [ ! -e {go} ]; do sleep 0.02; done; echo jo"
        thread = threading.Thread(target=run, args=(script,))
        thread.start()
        while not output():
            time.sleep(HOLD / 10)
        assert b"<name? " == output()
        go.touch()
        thread.join()
        assert b"<name? jo\n" == output()


def test_halves_of_lines(tmp_path: Path) -> None:
    """A line that comes in halves is one line, as long as each comes soon."""
    with one_output(tmp_path / "output") as output:
        run("".join(f"printf '{half}'; sleep {HOLD / 5};" for half in ("[1/", "2] a\\n[2", "/2", "] b\\n")))
        assert b"<[1/2] a\n<[2/2] b\n" == output()


def test_waiting_begins_with_the_line() -> None:
    """An incomplete line waits from its first byte, even if more arrives."""
    stream = relay._Stream(open(os.devnull, "rb"), 1, mark)  # noqa: SIM115, SLF001, PTH123
    with stream.pipe:
        assert [b"", b"", b"<[1/2] x\n"] == [stream.feed(part) for part in (b"[1", b"/2] x", b"\n")]
        assert (b"", b"<y") == (stream.feed(b"y"), stream.release(0))


@pytest.mark.parametrize("printing", ["", "while :; do echo x; done &", "(while :; do echo x; sleep 0.05; done) &"])
def test_process_that_outlives_the_build(printing: str, tmp_path: Path) -> None:
    """A process that keeps the pipe open is not waited for; earlier output is forwarded."""
    with one_output(tmp_path / "output") as output:
        start = time.monotonic()
        script = f"sh -c 'echo $$ > {tmp_path}/pid; {printing} exec sleep 60' & yes x | head -1000"
        run(f"{script}; while [ ! -s {tmp_path}/pid ]; do sleep 0.02; done", Kept())
        assert time.monotonic() - start < 20
        assert output().count(b"<x\n") >= 1000
    with suppress(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


def test_much(tmp_path: Path) -> None:
    """More than pipes hold comes through, in order, also to a frontend that reads slowly."""
    with one_output(tmp_path / "output") as output:
        run("i=0; while [ $i -lt 30000 ]; do echo line $i; i=$((i + 1)); done", annotate=lambda line: line)
        assert "".join(f"line {i}\n" for i in range(30000)).encode() == output()


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        ("os.close(1); os.close(2)", b"before\n"),
        ("os.closerange(0, 4096)", b"before\n"),
        ("os.close(1); os.close(2); time.sleep(0.4); os.execvp('true', ['true'])", b"before\n"),
        ("os.system(f'echo [{\"9\" * 309}/{\"9\" * 310}] ' + 'x' * 9)", b"before\n[9"),
        ("os.system(f'echo [{\"9\" * 5000}%] x')", b"before\n[9"),
        ("os.write(1, b'[1/2]' + b' ' * (1 << 20) + b'x' * (1 << 20))", b"before\n[1/2]"),
    ],
)
def test_hostile_build(build: str, expected: bytes, tmp_path: Path) -> None:
    """A build may close any descriptor and print anything: it comes to its end."""
    with one_output(tmp_path / "output") as output:
        code = f"import os, time; os.write(1, b'before\\n')\n{build}\nos._exit(0)"
        assert 0 == run_python(code, Estimate(lambda: 0.0).annotate)
        assert output().startswith(expected)


def test_mistake_of_ours(tmp_path: Path) -> None:
    """A bug in the annotation does not stop a build: lines are forwarded unchanged."""

    def fail(line: bytes) -> bytes:
        raise ArithmeticError(line)

    with one_output(tmp_path / "output") as output:
        assert 0 == run("echo first; echo second", annotate=fail)
        assert b"first\nsecond\n" == output()


def test_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the reader is gone, the build continues, and its output is stored."""
    kept = Kept()

    def refuse(*_: object) -> int:
        raise BrokenPipeError

    monkeypatch.setattr(relay.os, "write", refuse)
    assert 0 == run("echo x", kept)
    assert b"<x\n" == kept.data


def test_slow_reader(tmp_path: Path) -> None:
    """A frontend that will not wait for its own reading loses nothing."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    read = list[bytes]()

    def read_all() -> None:
        time.sleep(0.1)
        while data := os.read(reading, 1 << 16):
            read.append(data)

    thread = threading.Thread(target=read_all)
    thread.start()
    with one_output(tmp_path / "output"):
        os.dup2(writing, 1), os.dup2(writing, 2)
        os.close(writing)
        run("head -c 300000 /dev/zero; echo", annotate=lambda line: line)
    thread.join()
    os.close(reading)
    assert b"\0" * 300000 + b"\n" == b"".join(read)


def test_can_follow(tmp_path: Path) -> None:
    """A terminal is left alone, and so is a process without output."""
    with one_output(tmp_path / "output") as output:
        assert can_follow()
        mine, theirs = pty.openpty()
        os.dup2(theirs, 1)
        assert not can_follow()
        os.close(1)
        assert not can_follow()
        os.close(mine), os.close(theirs)
        assert b"" == output()


@pytest.mark.parametrize(("number", "is_refused"), [(errno.EMFILE, False), (errno.ENOENT, True)])
def test_no_descriptors_left(number: int, monkeypatch: pytest.MonkeyPatch, *, is_refused: bool) -> None:
    """With too many open files, the result is None; other errors are raised."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(relay.subprocess, "Popen", refuse)
    if is_refused:
        with pytest.raises(OSError, match="No such file"):
            run_python("")
    else:
        assert run_python("") is None


STUBBORN = """
import signal, subprocess, sys
command = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
below = subprocess.Popen([sys.executable, "-c", command], stdout=subprocess.PIPE)
below.stdout.readline()
open(sys.argv[1] + ".new", "w").write(str(below.pid))
import os; os.rename(sys.argv[1] + ".new", sys.argv[1])
try:
    signal.pause()
except KeyboardInterrupt:
    print("last words", flush=True)
"""


@pytest.mark.parametrize("is_followed", [True, False])
def test_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_followed: bool) -> None:
    """An interruption ends the process and its children; its last output is forwarded."""
    monkeypatch.setattr("runtime_backend.watch.relay.GRACE", 0.1)
    note = tmp_path / "note"
    command = [sys.executable, "-c", STUBBORN, str(note)]

    def interrupt() -> None:
        while not note.is_file():
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGUSR1)

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, stop)
    thread = threading.Thread(target=interrupt)
    try:
        with one_output(tmp_path / "output") as output:
            thread.start()
            runner = partial(run_followed, annotate=mark, keep=Kept()) if is_followed else run_plain
            with pytest.raises(KeyboardInterrupt):
                runner(command, os.environ, tmp_path)
            assert (b"<last words\n" if is_followed else b"last words\n") == output()
    finally:
        thread.join()
        signal.signal(signal.SIGUSR1, before)
    assert not _is_running(int(note.read_text()))
