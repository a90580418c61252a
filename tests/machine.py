"""Hiding the machine from tests: its programs, and the variables of the person who runs the tests.

Otherwise, programs of the machine (a compiler of another version, nvcc, ccache, uv) would decide whether a test passes.
So tests find only their own programs, and a test that runs another one fails.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

ALLOWED = {"git", "sh", "uname", "fc-list", Path(sys.executable).name}
"""Programs that tests use: git, shells, Python; and those that ``platform`` and matplotlib run."""

KEPT = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "COVERAGE_FILE", "COVERAGE_PROCESS_START")
"""Variables that Python, git or the test runner needs."""
_KEPT_BEGINNINGS = ("COV_CORE_", "PYTEST_", "HYPOTHESIS_")

_which = shutil.which


class Watch:
    """Whether a test is running, its folder, and the programs of the machine that it ran."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.found: list[str] = []

    def which(self, cmd: str, mode: int = os.F_OK | os.X_OK, path: str | None = None) -> str | None:
        """Find a program as ``shutil.which`` does, unless it is the machine's."""
        found = _which(cmd, mode, path)
        return found if found is None or self.folder is None or self._is_of_tests(found) else None

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Refuse to run a program of the machine (an audit hook)."""
        if event == "subprocess.Popen" and self.folder is not None:
            executable, words, _, environ = arguments
            program = os.fsdecode(executable or words[0])
            path = (environ or os.environ).get("PATH")
            found = program if os.sep in program else _which(program, path=path)
            if found is not None and os.path.lexists(found) and not self._is_of_tests(found):
                self.found.append(found)
                raise AssertionError(f"a test has run {found}, which is this machine's")

    def _is_of_tests(self, program: str) -> bool:
        assert self.folder is not None
        path = Path(program)
        is_own = path.parent.resolve().is_relative_to(self.folder)
        return is_own or path.name in ALLOWED or program == sys.executable


WATCH = Watch()
shutil.which = WATCH.which  # type: ignore[assignment] # before anybody has imported it by name
sys.addaudithook(WATCH.hear)


def is_kept(variable: str) -> bool:
    """Return whether tests see a variable of the machine."""
    return variable in KEPT or variable.startswith(_KEPT_BEGINNINGS)
