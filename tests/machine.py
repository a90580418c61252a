"""Nothing of this machine counts in a test: not its programs, not the variables of whoever runs the tests.

What a build finds on one machine and not on the next (a compiler of another version, nvcc, ccache, uv) would decide
whether a test passes. So tests find their own programs only; and one that is run all the same fails the test.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

ALLOWED = {"git", "sh", "uname", "fc-list", Path(sys.executable).name}
"""Programs that tests are written with: repositories, scripts, Python; and what ``platform`` and matplotlib ask."""

KEPT = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "COVERAGE_FILE", "COVERAGE_PROCESS_START")
"""Variables without which Python, git or the runner does not work."""
_KEPT_BEGINNINGS = ("COV_CORE_", "PYTEST_", "HYPOTHESIS_")

_which = shutil.which


class Watch:
    """Whether a test is running, where its files lie, and which programs of the machine it has run."""

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
    """Return whether tests see a variable of whoever runs them."""
    return variable in KEPT or variable.startswith(_KEPT_BEGINNINGS)
