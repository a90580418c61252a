"""What the parsers of several commands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from .arguments import Parser, given

Commands = argparse._SubParsersAction  # noqa: SLF001 - argparse has no public name for it


def add_command(
    commands: Commands[Parser],
    name: str,
    help_text: str,
    description: str,
    run: Callable[[argparse.Namespace], int],
) -> Parser:
    """Add a command with its own parser, and return that.

    :param run: runs the command and returns its exit code.
    """
    command = commands.add_parser(name, help=help_text, description=description)
    command.set_defaults(run=run, parser=command)
    return command


def add_source(command: Parser) -> None:
    """Add the argument for a source tree."""
    command.add_argument(
        "source", nargs="?", default=".", type=given, help="the source tree (default: the working directory)"
    )


def add_force(command: Parser) -> None:
    """Add the option for packages in which no use of torch is found."""
    command.add_argument(
        "--force", action="store_true", help="proceed even if nothing here seems to build against torch"
    )
