"""Dry runs: input, time limit, and the messages about failures."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime_backend.errors import DecisionError
from runtime_backend.frontend.asking import dry_run as module
from runtime_backend.frontend.asking.answer import Change
from runtime_backend.frontend.asking.dry_run import DryRun


def dry_run(body: str, *, read: Callable[[str, str], dict[str, Change]] = lambda *_: {}, text: str = "") -> DryRun:
    """Return a dry run of a few lines of Python."""
    argv = [sys.executable, "-IS", "-c", body]
    return DryRun(label="a dry run", argv=argv, environ={"A": "1"}, cwd=Path("/"), read=read, text=text)


def never() -> None:
    """Fail, because the dry run must not be slow."""
    raise AssertionError


def test_dry_run() -> None:
    """A dry run gets only its variables, its folder and its text, and its output is read."""
    body = "import os, sys; print(os.getcwd(), os.environ['A'], sys.stdin.read()); print('e\\xff', file=sys.stderr)"
    run = dry_run(body, read=lambda output, errors: {output: Change(version=errors)}, text="hello")
    assert {"/ 1 hello\n": Change(version="e\xff\n")} == run.run(60, never)


def test_output_that_is_no_text() -> None:
    """The output of a frontend may contain invalid UTF-8."""
    body = "import sys; sys.stdout.buffer.write(b'a\\xff')"
    assert {"a\ufffd": Change(version="")} == dry_run(body, read=lambda o, e: {o: Change(version=e)}).run(60, never)


def test_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow dry run is reported once."""
    monkeypatch.setattr(module, "_PATIENCE", 0.01)
    told: list[str] = []
    dry_run("import time; time.sleep(0.2)", text="x" * 200_000).run(60, lambda: told.append("slow"))
    assert ["slow"] == told


SLEEPER = "import subprocess, sys; child = subprocess.Popen([sys.executable, '-ISc', 'import time; time.sleep(30)'])"


def is_running(pid: int) -> bool:
    """Return whether a process is running, and no zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text("utf-8").rpartition(")")[2].split()[0] not in "ZX"


def ended(pid: int) -> bool:
    """Return whether a process ends within five seconds."""
    until = time.monotonic() + 5
    while time.monotonic() < until and is_running(pid):
        time.sleep(0.01)
    return not is_running(pid)


@pytest.mark.parametrize("patience", [0.01, 60.0])
@pytest.mark.parametrize("rest", ["child.wait()", "pass"], ids=["both", "the child alone"])
def test_time_limit(patience: float, rest: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the time limit, a dry run and its children are killed, and the hint offers a longer limit."""
    monkeypatch.setattr(module, "_PATIENCE", patience)
    told, note = list[str](), tmp_path / "pid"
    run = dry_run(f"{SLEEPER}; open({str(note)!r}, 'w').write(str(child.pid)); {rest}")
    with pytest.raises(DecisionError) as caught:
        run.run(1.5, lambda: told.append("slow"))
    assert (
        "a dry run took more than 1.5 s, so it is not known what the command installs\n"
        "Allow more seconds: RUNTIME_BACKEND_ASK_TIMEOUT=900, then run the same command again."
    ) == str(caught.value)
    assert (["slow"] if patience < 1 else []) == told
    assert ended(int(note.read_text("utf-8")))


@pytest.mark.parametrize("stream", ["stderr", "stdout"])
def test_failure(stream: str) -> None:
    """The message has the last lines of stderr, or of stdout if stderr is empty."""
    run = dry_run(f"import sys\nfor i in range(20): print('line', i, '  \\n', file=sys.{stream})\nsys.exit(3)")
    with pytest.raises(DecisionError) as caught:
        run.run(60, never)
    assert [
        "a dry run failed with exit code 3, so it is not known what the command installs:",
        *(f"  line {number}" for number in range(8, 20)),
    ] == caught.value.message.splitlines()
    assert (
        "If the frontend itself stops with the same error, correct that first. The dry run was:\n"
        f"  {' '.join(run.argv)}"
    ) == caught.value.hint


def test_no_program(tmp_path: Path) -> None:
    """A missing frontend is reported."""
    run = dry_run("")._replace(argv=[str(tmp_path / "absent")])
    with pytest.raises(DecisionError) as caught:
        run.run(60, never)
    missing = f"No such file or directory: {tmp_path / 'absent'}"
    assert f"a dry run cannot be started: {missing}" == str(caught.value)
