"""What this process and others print, passed on; with real descriptors and real processes."""

from __future__ import annotations

import io
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from runtime_backend.watch import redirection
from runtime_backend.watch.descriptors import Descriptor, open_pipe
from runtime_backend.watch.redirection import HOLD, can_redirect, redirect

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


def sh(script: str) -> None:
    """Run a script of the shell."""
    subprocess.run(["/bin/sh", "-c", script], check=True)  # noqa: S603 - a script of this file


@contextmanager
def one_output(path: Path) -> Iterator[Read]:
    """Let 1 and 2 lead into one file; yield what reads it. Not a fixture: pytest changes them before a test itself."""
    before = os.dup(1), os.dup(2)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
    os.dup2(file, 1), os.dup2(file, 2)
    yield path.read_bytes
    for descriptor, own in enumerate(before, 1):
        os.dup2(own, descriptor)
        os.close(own)
    os.close(file)


def test_one_stream(tmp_path: Path) -> None:
    """Where both lead to one place, the order of all is kept; every byte comes through, and is kept."""
    with one_output(tmp_path / "output") as output:
        kept = Kept()
        with redirect(mark, kept):
            sh("printf 'a\\n'; printf 'b\\377\\n' >&2; printf 'c\\n'; printf 'd'")
        assert b"<a\n<b\xff\n<c\n<d" == output() == kept.data
        os.write(1, b"after")
        assert b"<a\n<b\xff\n<c\n<dafter" == output()


def test_two_streams(capfd: pytest.CaptureFixture[str]) -> None:
    """Each goes where it went before."""
    kept = Kept()
    with redirect(mark, kept):
        sh("echo out; echo err >&2")
    assert (("<out\n", "<err\n"), [b"<err", b"<out"]) == (tuple(capfd.readouterr()), sorted(kept.data.splitlines()))


def test_python_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Python has not written yet is written where it belongs, before and behind."""
    with one_output(tmp_path / "output") as output:
        with open(1, "w", closefd=False) as stream:
            monkeypatch.setattr(sys, "stdout", stream)
            monkeypatch.setattr(sys, "stderr", None)
            stream.write("before\n")
            with redirect(mark, Kept()):
                stream.write("within\n")
            stream.write("behind\n")
        assert b"before\n<within\nbehind\n" == output()


def test_streams_that_remember_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reconfigures a stream finds one that knows the pipe; the one of before is back afterwards, or a new one."""
    with (
        one_output(tmp_path / "output") as output,
        open(1, "w", closefd=False) as mine,
        open(2, "w", closefd=False) as errors,
    ):
        monkeypatch.setattr(sys, "stdout", mine)
        monkeypatch.setattr(sys, "stderr", errors)
        with redirect(mark, Kept()):
            sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
            sys.stdout.write("within\n")
            sys.stderr = theirs = io.StringIO()
        assert (mine, theirs, b"<within\n") == (sys.stdout, sys.stderr, output())


@pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt])
def test_leaving(error: type[BaseException], tmp_path: Path) -> None:
    """However it is left, everything is restored."""
    with one_output(tmp_path / "output") as output:
        own = os.fstat(1).st_ino
        with pytest.raises(error), redirect(mark, Kept()):  # noqa: PT012 - what is raised in there is the test
            os.write(1, b"x\n")
            raise error
        assert (b"<x\n", own) == (output(), os.fstat(1).st_ino)


def test_beginning_of_a_line(tmp_path: Path) -> None:
    """A prompt is seen although its line does not end; its rest is no line of its own."""
    with one_output(tmp_path / "output") as output:
        with redirect(mark, Kept()):
            os.write(1, b"name? ")
            deadline = time.monotonic() + 10
            while not output() and time.monotonic() < deadline:
                time.sleep(HOLD / 10)
            assert b"<name? " == output()
            os.write(1, b"jo\n")
        assert b"<name? jo\n" == output()


def test_halves_of_lines(tmp_path: Path) -> None:
    """A line that comes in halves is one line."""
    with one_output(tmp_path / "output") as output:
        with redirect(mark, Kept()):
            for half in (b"[1/", b"2] a\n[2", b"/2] b\n"):
                os.write(1, half)
                time.sleep(HOLD / 5)
        assert b"<[1/2] a\n<[2/2] b\n" == output()


def test_halves_one_after_the_other(tmp_path: Path) -> None:
    """What waits for the end of its line waits on when more of the line comes."""
    with (tmp_path / "out").open("wb") as file, ExitStack() as stack:
        stream = redirection._Stream([file.fileno()], lambda line: line, stack)  # noqa: SLF001
        for part, expected in ((b"[1", b""), (b"/2] x", b""), (b"\n", b"[1/2] x\n")):
            os.write(stream._entry.number, part)  # noqa: SLF001
            assert expected == stream.read()


def test_process_that_outlives_the_build(tmp_path: Path) -> None:
    """A process that keeps the pipe open is not waited for; what was printed before is passed on."""
    with one_output(tmp_path / "output") as output:
        kept, go = Kept(), tmp_path / "go"
        with redirect(mark, kept):
            server = subprocess.Popen(["/bin/sh", "-c", f"echo served; while [ ! -e {go} ]; do sleep 0.05; done"])  # noqa: S603
            os.write(1, b"x\n" * 1000)
            while b"served" not in kept.data:
                time.sleep(0.01)
        assert server.poll() is None
        go.touch()
        server.wait()
        assert 1000 == output().count(b"<x\n")


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_fork_that_outlives_the_build(tmp_path: Path) -> None:
    """A mere fork, which has all descriptors of this process, is not waited for either."""
    with one_output(tmp_path / "output") as output:
        with redirect(mark, Kept()):
            os.write(1, b"x\n")
            child = os.fork()
            if not child:  # pragma: no cover - another process
                signal.pause()
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert b"<x\n" == output()


def test_much(tmp_path: Path) -> None:
    """More than a pipe holds comes through, in order."""
    with one_output(tmp_path / "output") as output:
        with redirect(lambda line: line, Kept()):
            sh("i=0; while [ $i -lt 30000 ]; do echo line $i; i=$((i + 1)); done")
        assert "".join(f"line {i}\n" for i in range(30000)).encode() == output()


def test_closed_streams(tmp_path: Path) -> None:
    """A build that closes its output is none the worse."""
    with one_output(tmp_path / "output") as output:
        own = os.fstat(1).st_ino
        with redirect(mark, Kept()):
            os.write(1, b"x\n")
            os.close(1), os.close(2)
            time.sleep(HOLD)
        assert (b"<x\n", own) == (output(), os.fstat(1).st_ino)


HOSTILE = """
import os, sys, threading
sys.path.insert(0, {package!r})
from runtime_backend.system.progress import Estimate
from runtime_backend.watch.redirection import redirect
kept = bytearray()
with redirect(Estimate(lambda: 0.0).annotate, kept.extend):
    os.write(1, b"before\\n")
    {build}
print("ended", kept.count(b"x"), flush=True)
"""


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        # What is closed first are the low numbers; everything is passed on nevertheless.
        ("os.closerange(3, 256); os.system('echo xxx')", "before\nxxx\nended 3\n"),
        # Without the pipe nobody can read what is printed, but nothing waits for it either.
        ("os.closerange(3, 4096)", None),
        ("os.closerange(3, 4096); files = [open('/dev/zero') for _ in range(600)]", None),
        ("os.closerange(0, 4096)", None),
        ("os.system(f'echo [{\"9\" * 309}/{\"9\" * 310}] ' + 'x' * 9)", "before\n[9"),
        ("os.system(f'echo [{\"9\" * 5000}%] x')", "before\n[9"),
        ("os.write(1, b'[1/2]' + b' ' * (1 << 20) + b'x' * (1 << 20))", "before\n[1/2]"),
    ],
)
def test_hostile_build(build: str, expected: str | None) -> None:
    """A build may close any descriptor and print anything: it comes to its end."""
    script = HOSTILE.format(build=build, package=str(Path(redirection.__file__).parents[2]))
    done = subprocess.run(  # noqa: S603 - a script of this file
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr
    if expected is not None:
        assert ("", True, 0) == (done.stderr, done.stdout.startswith(expected), done.returncode)
        assert "ended " in done.stdout


@pytest.mark.parametrize("place", ["wake", "stop", "sink", "source", "all"])
def test_closed_by_the_build(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever of ours a build closes, nothing is waited for afterwards; without the wakening it is noticed late."""
    made: list[Descriptor] = []

    def pipe() -> tuple[Descriptor, Descriptor]:
        made.extend(open_pipe())
        return made[-2], made[-1]

    def keep(number: int) -> Descriptor:
        made.append(Descriptor(number))
        return made[-1]

    monkeypatch.setattr(redirection, "open_pipe", pipe)
    monkeypatch.setattr(redirection, "Descriptor", keep)
    monkeypatch.setattr(redirection, "_TICK", 0.05)
    with one_output(tmp_path / "output") as output:
        with redirect(mark, Kept()):
            names = dict(zip(("wake", "stop", "sink", "source"), made, strict=False))
            os.write(1, b"x\n")
            time.sleep(0.2)
            for descriptor in names.values() if place == "all" else [names[place]]:
                os.close(descriptor.number)
            time.sleep(0.2)
            if place in ("wake", "stop"):
                os.write(1, b"y\n")
        assert (b"<x\n<y\n" if place in ("wake", "stop") else b"<x\n") == output()


def test_mistake_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake in what makes lines of lines is no reason to stop a build: what follows is passed on as it is."""
    failures: list[BaseException | None] = []
    monkeypatch.setattr("threading.excepthook", lambda failure: failures.append(failure.exc_value))

    def fail(line: bytes) -> bytes:
        raise ArithmeticError(line)

    with one_output(tmp_path / "output") as output:
        with redirect(fail, Kept()):
            os.write(1, b"first\n")
            deadline = time.monotonic() + 10
            while not failures and time.monotonic() < deadline:
                time.sleep(0.01)
            sh("i=0; while [ $i -lt 30000 ]; do echo line $i; i=$((i + 1)); done")
        assert ["first\n"] == [str(failure.args[0], "ascii") for failure in failures if failure is not None]
        assert b"line 29999\n" in output()


def test_within_another(tmp_path: Path) -> None:
    """Within another one, nothing is marked twice."""
    with one_output(tmp_path / "output") as output:
        inner = Kept()
        with redirect(mark, Kept()), redirect(mark, inner):
            os.write(1, b"x\n")
        assert (b"<x\n", b"") == (output(), inner.data)


def test_nobody_reads() -> None:
    """Where nobody reads any more, the build goes on, and what it prints is kept."""
    kept = Kept()
    before = os.dup(1)
    reading, writing = os.pipe()
    os.dup2(writing, 1)
    os.close(writing), os.close(reading)
    with redirect(mark, kept):
        os.write(1, b"x\n")
    os.dup2(before, 1)
    os.close(before)
    assert b"<x\n" == kept.data


def test_slow_reader() -> None:
    """A frontend that will not wait for its own reading loses nothing."""
    before = os.dup(1)
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    os.dup2(writing, 1)
    os.close(writing)
    data = b"x" * 63 + b"\n"
    read = b""
    with redirect(lambda line: line, Kept()):
        sh("i=0; while [ $i -lt 2 ]; do head -c 65536 /dev/zero; i=$((i + 1)); done; echo")
        time.sleep(0.1)
        while not read.endswith(b"\n"):
            read += os.read(reading, 1 << 16)
        os.write(1, data)
    read = os.read(reading, 1 << 16)
    os.dup2(before, 1)
    os.close(before), os.close(reading)
    assert data == read


def test_spurious_wakening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe that turns out to have nothing is not at its end."""
    with one_output(tmp_path / "output") as output:
        real, refused = os.read, list[int]()

        def read(descriptor: int, size: int) -> bytes:
            if not refused:
                refused.append(descriptor)
                raise BlockingIOError
            return real(descriptor, size)

        monkeypatch.setattr(redirection.os, "read", read)
        with redirect(mark, Kept()):
            os.write(1, b"x\n")
        assert (b"<x\n", 1) == (output(), len(refused))


def test_can_redirect(tmp_path: Path) -> None:
    """A terminal is left alone, and so is a process without output."""
    with one_output(tmp_path / "output") as output:
        assert can_redirect()
        mine, theirs = pty.openpty()
        os.dup2(theirs, 1)
        assert not can_redirect()
        os.close(1)
        assert not can_redirect()
        os.close(mine), os.close(theirs)
        assert b"" == output()
