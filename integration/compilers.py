"""Compilers that write down what they compile."""

from __future__ import annotations

from pathlib import Path

_COMPILER = """#!/bin/sh
case " $* " in *" -c "*) for word; do case $word in *.cpp|*.c) basename "$word" >>{log};; esac; done;; esac
exec {compiler} "$@"
"""


class Compiler:
    """A compiler that writes down what it compiles."""

    def __init__(self, folder: Path, name: str = "c++") -> None:
        self._log = folder / "compiled.log"
        self.path = folder / name
        compiler = f"/usr/bin/{name}"
        self.path.write_text(_COMPILER.format(log=self._log, compiler=compiler), "utf-8")
        self.path.chmod(0o755)

    def compiled(self) -> list[str]:
        """Return the files of the package that were compiled since the last question."""
        names = self._log.read_text("utf-8").split() if self._log.exists() else []
        self._log.unlink(missing_ok=True)
        return sorted(name for name in names if not name.startswith(("CMake", "sanitycheck", "test")))


def watched_compilers(folder: Path) -> Compiler:
    """Make a folder with all the names of compilers, for the beginning of PATH, and return one of them."""
    folder.mkdir()
    made = [Compiler(folder, name) for name in ("cc", "gcc", "c++", "g++")]
    return made[0]
