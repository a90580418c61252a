"""``runtime-backend --print-completion SHELL``: a script that completes our command line in a shell.

The script is static: a completion starts no Python, and no other command loads anything for it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from .terminal import out

SHELLS = ("bash", "zsh", "fish", "tcsh", "powershell")

_PLACES = {
    "source": "directory",
    "directory": "directory",
    "folder": "directory",
    "environment": "file",
    "plot": "file",
}
"""Argument -> what it names; a folder may also be an interpreter in an environment."""


class PrintCompletion(argparse.Action):
    """The option that prints the script and ends the process."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,  # noqa: ARG002 - argparse's own
        values: Any,  # noqa: ANN401 - argparse's own
        option_string: str | None = None,  # noqa: ARG002 - argparse's own
    ) -> None:
        """Print the script."""
        out(make_script(parser, values))
        parser.exit()


def make_script(parser: argparse.ArgumentParser, shell: str) -> str:
    """Return the script for a shell.

    :raises ModuleNotFoundError: if the extra is not installed.
    """
    import shtab  # noqa: PLC0415 - an extra

    from .cache import KINDS  # noqa: PLC0415 - only this option needs it

    for action in _actions(parser):
        if action.dest in _PLACES:
            action.complete = shtab.CHOICE_FUNCTIONS[_PLACES[action.dest]]  # type: ignore[attr-defined] # as shtab asks
        elif action.dest == "kinds":  # no choices of argparse, which would refuse an action without kinds
            action.choices = list(KINDS)
        elif isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - argparse has no public name for it
            for listed in action._choices_actions:  # noqa: SLF001 - nor for these
                action.choices[listed.dest].description = listed.help  # fish shows it in one line
    return shtab.complete(parser, shell).rstrip()


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield the arguments of a parser, and of the parsers of its commands."""
    for action in parser._actions:  # noqa: SLF001 - argparse has no public name for them
        yield action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - nor for these
            for command in action.choices.values():
                yield from _actions(command)
