"""The running command of poetry, pdm or pipenv: name, options, working directory and environment."""

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
    """``install``, ``sync`` …; None if this system does not show it."""
    arguments: Arguments
    cwd: Path
    environ: Mapping[str, str]

    def names(self, *options: str, separator: str | None = ",") -> list[str]:
        """Return the names in the lists of an option, which may be repeated."""
        parts = (part.strip() for value in self.arguments.values(*options) for part in value.split(separator))
        return [part for part in parts if part]

    def may_be(self, *names: str) -> bool:
        """Return whether it is one of these commands, or unknown."""
        return self.name is None or self.name in names


def read_command(caller: Caller, program: str, process: Process | None, *, valued: Collection[str]) -> Command:
    """Parse a frontend's command line.

    :param program: the frontend's name, after which its arguments start.
    :param valued: its options with a value.
    """
    words = _words_after(program, process.argv) if process is not None else ()
    arguments = read_arguments(words, valued=valued)
    own = process.cwd if process is not None else None
    shell = caller.environ.get("PWD")
    return Command(
        name=None if process is None else next(iter(arguments.positional), ""),
        arguments=arguments,
        cwd=own or (Path(shell) if shell else caller.cwd),
        environ=(process.environ if process is not None else None) or caller.personal_environ,
    )


def _words_after(program: str, argv: Sequence[str]) -> Sequence[str]:
    """Return the arguments after ``/x/bin/poetry``, ``-m poetry`` or ``/x/poetry/__main__.py``."""
    for index, word in enumerate(argv):
        path = Path(word.replace("\\", "/"))
        if path.stem == program or (path.stem == "__main__" and path.parent.name == program):
            return argv[index + 1 :]
    return argv[1:]
