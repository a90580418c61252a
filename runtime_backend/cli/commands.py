"""Running a command. Each command imports its own modules when it runs."""

from __future__ import annotations

import argparse

from .. import __version__
from ..errors import DOCUMENTATION
from ..system.stopping import orderly
from .arguments import Parser
from .boundary import guard
from .completion import SHELLS, PrintCompletion
from .environment_commands import add_cache, add_check, add_store
from .package_commands import add_explain, add_init, add_lock, add_vendor, add_wrap
from .terminal import prepare_streams

_FAILURES = {"check": 2, "cache": 2, "store": 2}
"""The exit codes for a failure of commands whose 1 is an answer."""


def run_command(arguments: list[str]) -> int:
    """Run a command and return its exit code.

    :raises KeyboardInterrupt: after Ctrl-C.
    """
    prepare_streams()
    words, command = split_command(arguments)
    with orderly():
        return guard(lambda: _run(words, command), _FAILURES.get("".join(words[:1]), 1))


def _run(words: list[str], command: list[str]) -> int:
    options = make_parser().parse(words)
    options.command = command
    return int(options.run(options))


def _guide(_: argparse.Namespace) -> int:
    from .guide import guide  # noqa: PLC0415 - each command imports its own

    return guide()


def split_command(words: list[str]) -> tuple[list[str], list[str]]:
    """Return (our own words, the frontend's command after ``explain ... --``)."""
    if words[:1] != ["explain"] or "--" not in words:
        return words, []
    place = words.index("--")
    return words[:place], words[place + 1 :]


def make_parser() -> Parser:
    """Return the parser of the whole command line."""
    parser = Parser(
        prog="runtime-backend",
        description="Build torch extensions against the torch that will run them."
        " Without a command: what to do next in the working directory.",
    )
    parser.show_examples(
        "runtime-backend explain --help",
        "source <(runtime-backend --print-completion bash)",
        "runtime-backend --print-completion fish > ~/.config/fish/completions/runtime-backend.fish",
        ending=f"documentation: {DOCUMENTATION}",
    )
    parser.add_argument("--version", action="version", version=f"runtime-backend {__version__}")
    parser.add_argument(
        "--print-completion",
        action=PrintCompletion,
        choices=SHELLS,
        metavar="SHELL",
        help=f"print a script that completes commands and options in {', '.join(SHELLS[:-1])} or {SHELLS[-1]}",
    )
    parser.set_defaults(run=_guide, parser=parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for add in (add_explain, add_init, add_vendor, add_wrap, add_lock, add_check, add_cache, add_store):
        add(commands)
    return parser
