"""The running command of a frontend that is a Python program: its name, its options, its folder, its variables."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from .arguments import Arguments, read_arguments
from .caller import Caller
from .processes import Process


class Command(NamedTuple):
    """One running ``poetry``, ``pdm`` or ``pipenv``."""

    name: str | None
    """``install``, ``sync`` …; None where this system does not tell."""
    arguments: Arguments
    cwd: Path
    environ: Mapping[str, str]

    def names(self, *options: str, separator: str | None = ",") -> list[str]:
        """Return the names in the lists that an option, which may be repeated, was given."""
        parts = (part.strip() for value in self.arguments.values(*options) for part in value.split(separator))
        return [part for part in parts if part]

    def may_be(self, *names: str) -> bool:
        """Return whether it is one of these commands, or one that is not told."""
        return self.name is None or self.name in names


def read_command(caller: Caller, program: str, process: Process | None, *, valued: Collection[str]) -> Command:
    """Take a frontend's command line apart.

    :param program: the frontend's name: its words come after it.
    :param valued: its options that take a value.
    """
    words = _words_after(program, process.argv) if process is not None else ()
    arguments = read_arguments(words, valued=valued)
    told = process.cwd if process is not None else None
    shell = caller.environ.get("PWD")
    return Command(
        name=None if process is None else next(iter(arguments.positional), ""),
        arguments=arguments,
        cwd=told or (Path(shell) if shell else caller.cwd),
        environ=(process.environ if process is not None else None) or caller.personal_environ,
    )


def _words_after(program: str, argv: Sequence[str]) -> Sequence[str]:
    """Return what follows ``/x/bin/poetry``, ``-m poetry`` or ``/x/poetry/__main__.py``."""
    for index, word in enumerate(argv):
        path = Path(word.replace("\\", "/"))
        if path.stem == program or (path.stem == "__main__" and path.parent.name == program):
            return argv[index + 1 :]
    return argv[1:]
