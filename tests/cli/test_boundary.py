"""The command line's error boundary: every failure that is not a bug is a message and an exit code."""

from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from standins import make_torch, make_venv, write

from runtime_backend.cli import main, terminal
from runtime_backend.cli.boundary import guard
from runtime_backend.cli.terminal import flush_output, out, prepare_streams, say
from runtime_backend.errors import CommandError

Capsys = pytest.CaptureFixture[str]
CACHE = "RUNTIME_BACKEND_CACHE_DIR=/another/folder"
NO_ACCESS = f"Change its permissions. If the path is in the cache, you can use another cache folder: {CACHE}"


def failing(error: BaseException) -> Callable[[], int]:
    """Return a command that fails."""

    def run() -> int:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (CommandError("no-such-thing", "no", hint="Yes."), "error[no-such-thing]: no\nYes."),
        (
            CommandError("odd", "no {url}", url="https://me:hunter2@example.org/x"),
            "error[odd]: no https://example.org/x",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "/x"),
            f"error[system-refusal]: /x: Permission denied\n{NO_ACCESS}",
        ),
        (
            OSError(errno.EROFS, "Read-only file system", "/x"),
            f"error[system-refusal]: /x: Read-only file system\n{NO_ACCESS}",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device", "/x", None, "/y"),
            "error[system-refusal]: /x -> /y: No space left on device\n"
            "Free some space there: `runtime-backend cache clean` removes what no build uses. You can also use folders on"
            f" another disk: TMPDIR=/another/folder for temporary files, {CACHE} for the cache.",
        ),
        (
            OSError(errno.EMFILE, "Too many open files"),
            "error[system-refusal]: the operating system refused a call: Too many open files\n"
            "Allow more open files, then run the same command again: ulimit -n 4096",
        ),
        (
            NotADirectoryError(errno.ENOTDIR, "Not a directory", b"/x\xff"),
            "error[system-refusal]: /x\\udcff: Not a directory",
        ),
        (
            FileNotFoundError(errno.ENOENT, "No such file or directory"),
            "error[no-working-directory]: the working directory does not exist any more\nChange to another one: cd",
        ),
        (OSError("odd"), "error[system-refusal]: the operating system refused a call"),
        (
            UnicodeEncodeError("ascii", "é", 0, 1, "ordinal not in range(128)"),
            "error[name-not-printable]: the name 'é' does not exist in ascii, the encoding of this locale\n"
            "Run the same command in another locale: LC_ALL=C.UTF-8",
        ),
        (
            UnicodeEncodeError("utf-8", "\udcff", 0, 1, "surrogates not allowed"),
            "error[name-not-printable]: the name '\\udcff' is not UTF-8\nRename the file or folder.",
        ),
        (
            ModuleNotFoundError(name="tomlkit.items"),
            "error[no-library]: tomlkit is not installed\nRun: pip install 'runtime-backend[cli]'",
        ),
    ],
)
def test_failures(error: BaseException, told: str, capsys: Capsys) -> None:
    """An expected failure is a short message without a traceback."""
    prepare_streams()
    assert 7 == guard(failing(error), 7)
    assert ("", f"runtime-backend: {told}\n") == capsys.readouterr()


@pytest.mark.parametrize("error", [ModuleNotFoundError(name="other"), ModuleNotFoundError(), TypeError("bug")])
def test_bugs(error: BaseException) -> None:
    """A bug keeps its traceback."""
    with pytest.raises(type(error)):
        guard(failing(error))


def test_interrupt(monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    """Ctrl-C gives exit code 130 and no traceback; if main is called with words, signals belong to its caller."""
    ignored: list[object] = []
    monkeypatch.setattr(signal, "signal", lambda *given: ignored.append(given) if given[0] == signal.SIGINT else None)
    monkeypatch.setattr("runtime_backend.cli.cache.own_cache", failing(KeyboardInterrupt()))
    monkeypatch.setattr(sys, "argv", ["runtime-backend", "cache"])
    assert (130, []) == (main(["cache"]), ignored)
    assert (130, [(signal.SIGINT, signal.SIG_IGN)]) == (main(), ignored)
    assert "runtime-backend: interrupted\n" * 2 == capsys.readouterr().err


def test_interrupt_during_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C during the first imports gives exit code 130."""

    class Slow:
        """A finder that is interrupted while it looks for a module."""

        def find_spec(self, name: str, *_: object) -> None:
            """Raise KeyboardInterrupt."""
            if name == "runtime_backend.cli.commands":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "runtime_backend.cli.commands", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Slow(), *sys.meta_path])
    assert 130 == main(["--help"])


def test_full_device(monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    """An answer that cannot be written is a failure; the rest is discarded."""
    said = "runtime-backend: error[output-lost]: cannot write to standard output: No space left on device\n"

    def answer() -> int:
        out("x")
        return 0

    with open("/dev/full", "w", encoding="utf-8", buffering=1) as stream:  # noqa: PTH123 - a device
        monkeypatch.setattr(sys, "stdout", stream)
        assert (3, said) == (guard(answer, 3), capsys.readouterr().err)
        assert (0, "") == (guard(answer, 3), capsys.readouterr().err)


def test_full_at_the_end(monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    """A failure to write the last bytes is reported, also for --help."""
    said = "runtime-backend: error[output-lost]: cannot write to standard output: No space left on device\n"
    for end in (lambda: 0, failing(SystemExit(0))):
        with open("/dev/full", "w", encoding="utf-8") as stream:  # noqa: PTH123 - a device
            monkeypatch.setattr(sys, "stdout", stream)
            stream.write("x")
            assert (3, said) == (guard(end, 3), capsys.readouterr().err)


def test_help_to_a_full_device(monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    """A failure to write the help is reported, although argparse ignores it."""
    for words in (["--help"], ["--version"], ["check", "-h"]):
        with open("/dev/full", "w", encoding="utf-8", buffering=1) as stream:  # noqa: PTH123 - a device
            monkeypatch.setattr(sys, "stdout", stream)
            assert main(words) in (1, 2)
            assert "cannot write to standard output: No space left on device\n" in capsys.readouterr().err


def test_nobody_reads(monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    """A closed pipe is a failure without a message."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert (2, "") == (main(["cache"]), capsys.readouterr().err)


def test_standard_error_that_takes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that cannot be printed stops nothing."""
    with open("/dev/full", "w", encoding="utf-8", buffering=1) as stream:  # noqa: PTH123 - a device
        monkeypatch.setattr(sys, "stderr", stream)
        say("one")
        say("two")

    class Plain(io.StringIO):
        """A full stream without a descriptor."""

        def write(self, _: str) -> int:
            """Refuse."""
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sys, "stderr", Plain())
    say("three")


def test_closed_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """Closed standard streams are opened for child processes; printing to them fails."""
    opened: list[tuple[object, ...]] = []
    reading = os.open(os.devnull, os.O_RDONLY)
    monkeypatch.setattr(terminal, "_is_open", lambda descriptor: descriptor == 0)
    monkeypatch.setattr(os, "open", lambda *given: [opened.append(given), len(opened)][1])
    monkeypatch.setattr(os, "set_inheritable", lambda *given: opened.append(given))
    monkeypatch.setattr(terminal, "open", lambda *_, **how: os.fdopen(reading, "w", **how), raising=False)
    monkeypatch.setattr(sys, "stdout", None)
    prepare_streams()
    shown = [(os.devnull, os.O_RDONLY), (1, True), (os.devnull, os.O_WRONLY), (3, True)]
    monkeypatch.undo()
    assert shown == opened


def test_is_open() -> None:
    """An open descriptor is recognised."""
    reading, writing = os.pipe()
    os.close(reading)
    assert (False, True) == (terminal._is_open(reading), terminal._is_open(writing))  # noqa: SLF001 - see above
    os.close(writing)


def test_answer_to_a_closed_stream(monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    """Printing to a descriptor that cannot be written to is reported as a closed stream."""
    with os.fdopen(os.open(os.devnull, os.O_RDONLY), "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        stream.write("x")
        assert 1 == guard(lambda: 0)
    assert (
        "runtime-backend: error[output-lost]: cannot write to standard output: it is closed\n"
        == capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("encoding", "errors", "expected"),
    [
        ("utf-8", "strict", "├─ é └─ …\\udcff"),
        ("ascii", "strict", "|- \\xe9 `- \\u2026\\udcff"),
        ("ascii", "surrogateescape", "|- \\xe9 `- \\u2026\\udcff"),
        ("ascii", "backslashreplace", "|- \\xe9 `- \\u2026\\udcff"),
        ("cp1252", "strict", "|- é `- …\\udcff"),
        ("latin-1", "strict", "|- é `- \\u2026\\udcff"),
        ("cp437", "strict", "├─ é └─ \\u2026\\udcff"),
        ("ascii", "replace", "?? ? ?? ?\\udcff"),
    ],
)
def test_encodings(encoding: str, errors: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line is printed in any encoding, with trees in ASCII if necessary; another error handler is kept."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors=errors)
    monkeypatch.setattr(sys, "stdout", stream)
    prepare_streams()
    out("├─ é └─ …\udcff")
    flush_output()
    assert f"{expected}\n" == stream.buffer.getvalue().decode(encoding)
    assert "\\xff" == b"\xff".decode("ascii", "runtime-backend")


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """Return an environment with torch, and a package whose stamp has a name that is not ASCII."""
    site = make_venv(tmp_path / "é")
    make_torch(site, "2.7.0")
    write(site / "x-1.0.dist-info/METADATA", "Name: x\nVersion: 1.0\n")
    write(site / "x-1.0.dist-info/runtime-backend.json", "é")
    return site.parents[2]


def run(shell: str, *words: str, **environ: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command line in a shell: ``$@`` is the command with the words."""
    command = ["sh", "-c", shell, "sh", sys.executable, "-m", "runtime_backend", *words]
    own = {**{k: v for k, v in os.environ.items() if k not in ("PYTHONIOENCODING", "PYTHONUTF8")}, **environ}
    return subprocess.run(command, env=own, capture_output=True, check=False)  # noqa: S603 - a shell of ours


@pytest.mark.parametrize(
    ("shell", "code", "errors"),
    [
        (
            '"$@" > /dev/full',
            2,
            b"runtime-backend: error[output-lost]: cannot write to standard output: No space left on device\n",
        ),
        ('"$@" >&-', 2, b"runtime-backend: error[output-lost]: cannot write to standard output: it is closed\n"),
        ('"$@" 2>&-', 1, b""),
        ('"$@" 2> /dev/full', 1, b""),
        ('"$@" <&- 2>&- > /dev/full', 2, b""),
        ('"$@" > /dev/full 2>&1', 2, b""),
        ('"$@" <&- >&- 2>&-', 2, b""),
        ('exit "$({ { "$@" 3>&-; echo $? >&3; } | true; } 3>&1)"', 2, b""),
    ],
)
def test_streams(shell: str, code: int, errors: bytes, environment: Path) -> None:
    """In a real process, no state of a stream gives a traceback or an exit code of the interpreter."""
    done = run(shell, "check", str(environment))
    if "| true" in shell:  # the order of the two processes varies
        assert done.returncode in (1, code)
    else:
        assert code == done.returncode
    assert errors == done.stderr


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "cp1252"},
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "utf-16"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "POSIX"},
    ],
)
def test_locales(variables: dict[str, str], environment: Path) -> None:
    """No encoding gives a traceback; JSON is ASCII in all of them."""
    for words in (["check", str(environment)], ["check", "--json", str(environment)], ["--help"], ["cache", "size"]):
        done = run('"$@"', *words, **variables, RUNTIME_BACKEND_CACHE_DIR=str(environment / "ü"))
        assert (words[0] == "check", b"") == (bool(done.returncode), done.stderr)
        assert done.stdout


def is_running(process: int) -> bool:
    """Return whether a process runs and is not a zombie."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text("utf-8")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def test_interrupted_while_a_program_runs(tmp_path: Path) -> None:
    """Ctrl-C also ends child processes, and gives exit code 130."""
    script = write(tmp_path / "bin/python-slow", f'#!/bin/sh\necho $$ > "{tmp_path}/pid"\nexec sleep 60\n')
    script.chmod(0o755)
    command = [sys.executable, "-m", "runtime_backend", "check", str(script)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 - a shell of ours
        deadline = time.monotonic() + 20
        while not (tmp_path / "pid").is_file() or not (tmp_path / "pid").read_text().strip():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=20)
    assert (130, b"", b"runtime-backend: interrupted\n") == (process.returncode, output, errors)
    assert not is_running(int((tmp_path / "pid").read_text()))


_UNKNOWN_CHILD = """
import subprocess, sys
import runtime_backend.cli.commands as commands
from runtime_backend.cli import main
def run_command(arguments):
    print(subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).pid, flush=True)
    raise KeyboardInterrupt
commands.run_command = run_command
sys.exit(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists the children of a process: run it there")
def test_interrupted_while_a_program_starts() -> None:
    """Ctrl-C also ends a child process that nobody waits for yet."""
    done = subprocess.run(  # noqa: S603 - a command of ours
        [sys.executable, "-c", _UNKNOWN_CHILD], capture_output=True, text=True, check=False, timeout=30
    )
    assert (130, "runtime-backend: interrupted\n") == (done.returncode, done.stderr)
    assert not is_running(int(done.stdout))


def test_working_directory_that_is_gone(tmp_path: Path) -> None:
    """A removed working directory is reported."""
    folder = tmp_path / "gone"
    folder.mkdir()
    done = run(f'cd "{folder}" && rmdir "{folder}" && "$@"', "check")
    assert b"the working directory does not exist any more\nChange to another one: cd\n" in done.stderr
    assert (2, 1) == (done.returncode, done.stderr.count(b"error"))
