"""The commands and their arguments. Each command imports its own modules when it runs."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from .. import __version__
from ..errors import DOCUMENTATION
from ..system.stopping import orderly
from .arguments import Parser, given, picture
from .boundary import guard
from .terminal import prepare_streams

_FAILURES = {"check": 2, "cache": 2}
"""The exit codes for a failure of commands whose 1 is an answer."""


def run_command(arguments: list[str]) -> int:
    """Run a command and return its exit code.

    :raises KeyboardInterrupt: after Ctrl-C.
    """
    prepare_streams()
    words, command = _split_command(arguments)
    with orderly():
        return guard(lambda: _run(words, command), _FAILURES.get("".join(words[:1]), 1))


def _run(words: list[str], command: list[str]) -> int:
    options = _make_parser().parse(words)
    options.command = command
    return int(options.run(options))


def _split_command(words: list[str]) -> tuple[list[str], list[str]]:
    """Return (our own words, the frontend's command after ``explain ... --``)."""
    if words[:1] != ["explain"] or "--" not in words:
        return words, []
    place = words.index("--")
    return words[:place], words[place + 1 :]


def _make_parser() -> Parser:
    parser = Parser(
        prog="runtime-backend",
        description="Build torch extensions against the torch that will run them.",
        epilog=f"documentation: {DOCUMENTATION}",
    )
    parser.add_argument("--version", action="version", version=f"runtime-backend {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for add in (_add_explain, _add_init, _add_vendor, _add_wrap, _add_check, _add_cache):
        add(commands)
    return parser


_Commands = argparse._SubParsersAction  # noqa: SLF001 - argparse has no public name for it


def _add(
    commands: _Commands[Parser],
    name: str,
    help_text: str,
    description: str,
    run: Callable[[argparse.Namespace], int],
) -> Parser:
    command = commands.add_parser(name, help=help_text, description=description)
    command.set_defaults(run=run, parser=command)
    return command


def _add_source(command: Parser) -> None:
    command.add_argument(
        "source", nargs="?", default=".", type=given, help="the source tree (default: the working directory)"
    )


def _add_force(command: Parser) -> None:
    command.add_argument(
        "--force", action="store_true", help="proceed even if nothing here seems to build against torch"
    )


def _add_explain(commands: _Commands[Parser]) -> None:
    command = _add(commands, "explain", "print what a build here would do, and why", _EXPLAIN, _explain)
    command.usage = "%(prog)s [-h] [--json] [--last] [--plot FILE] [SOURCE] [-- COMMAND ...]"
    command.epilog = (
        "example: runtime-backend explain . -- uv pip install -U torch . ; exit code: 0 if the wheel could be built, 1"
        " if the build would stop"
    )
    command.add_argument(
        "source",
        nargs="?",
        type=given,
        help="the source tree (default: the working directory); with --last: also a package's name (default: any)",
    )
    command.add_argument("--json", action="store_true", help="print the plan or the record as JSON")
    command.add_argument("--last", action="store_true", help="report what the last build did, and when")
    command.add_argument(
        "--plot", metavar="FILE", type=picture, help="with --last: draw what was compiled when (.png, .svg or .pdf)"
    )


_EXPLAIN = """Print the plan for building a wheel of SOURCE for the environment that a frontend would install it into:
each value with its origin, and each place that was searched, with the result. Nothing is built. If you add the
frontend's command after --, the plan includes its decision; a dry run of the frontend may be needed for that. With
--last, report what the last build of SOURCE (a folder or the name of a package) did, and when."""


def _explain(options: argparse.Namespace) -> int:
    if options.last:
        from .last import show_last  # noqa: PLC0415 - each command imports its own modules

        return show_last(options.source, as_json=options.json, plot=options.plot)
    if options.plot is not None:
        options.parser.error("argument --plot: expected --last with it")
    from .explain import explain  # noqa: PLC0415 - each command imports its own

    return explain(options.source or ".", options.command, as_json=options.json)


def _add_init(commands: _Commands[Parser]) -> None:
    command = _add(commands, "init", "put the shim into a package's pyproject.toml", _INIT, _init)
    command.epilog = "exit code: 0; 1 if nothing here builds against torch, or with --check if something would change"
    _add_source(command)
    _add_force(command)
    mode = command.add_mutually_exclusive_group()
    mode.add_argument("--write", action="store_true", help="apply the changes")
    mode.add_argument("--check", action="store_true", help="for CI: exit code 1 if something would change")


_INIT = """Show the changes that make the package in SOURCE build with runtime-backend, as a diff of pyproject.toml.
Comments and layout are kept; a bare setup.py gets a new pyproject.toml. Without --write, nothing is written. If nothing
in the package builds against torch, nothing is changed."""


def _init(options: argparse.Namespace) -> int:
    from .init import init  # noqa: PLC0415 - each command imports its own

    return init(options.source, write=options.write, check=options.check, force=options.force)


def _add_vendor(commands: _Commands[Parser]) -> None:
    command = _add(commands, "vendor", "copy the shim into a package", _VENDOR, _vendor)
    command.epilog = "exit code: 0; 1 with --check if the copy differs from its manifest or from this version"
    _add_source(command)
    _add_force(command)
    command.add_argument(
        "--folder", default="_vendor", type=given, help="the folder in SOURCE for the copy (default: _vendor)"
    )
    mode = command.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="for CI: compare the copy with its manifest")
    mode.add_argument("--update", action="store_true", help="replace the copy with this version, edited files too")


_VENDOR = """Copy the shim into the package in SOURCE, so that it builds without runtime-backend from an index, and set
backend-path in its pyproject.toml to the copy. A manifest in the copy has the version and the hash of every file."""


def _vendor(options: argparse.Namespace) -> int:
    from .vendor import vendor  # noqa: PLC0415 - each command imports its own

    return vendor(options.source, options.folder, check=options.check, update=options.update, force=options.force)


def _add_wrap(commands: _Commands[Parser]) -> None:
    command = _add(commands, "wrap", "make a package that builds an upstream source", _WRAP, _wrap)
    command.add_argument("requirement", type=given, help="name==version of an sdist, or git+URL@revision")
    command.add_argument("directory", nargs="?", type=given, help="the folder of the wrapper (default: wrappers/NAME)")
    command.add_argument("--update", action="store_true", help="change the existing wrapper to this version")
    command.add_argument(
        "--index-url", type=given, help="the package index (default: the one that pip or uv is configured to use)"
    )


_WRAP = """Make a package of ten lines that builds an upstream source, unmodified, in one stage: an sdist from a package
index, or a revision of a git repository with its tags and submodules. Then run: pip install ./wrappers/NAME, or:
uv add --no-workspace ./wrappers/NAME."""


def _wrap(options: argparse.Namespace) -> int:
    from .wrap import wrap  # noqa: PLC0415 - each command imports its own

    return wrap(options.requirement, options.directory, index_url=options.index_url, update=options.update)


def _add_check(commands: _Commands[Parser]) -> None:
    command = _add(commands, "check", "find distributions built for another runtime", _CHECK, _check)
    command.epilog = "exit code: 0 if all fit; 1 if one must be rebuilt; 2 if one cannot be checked"
    command.add_argument(
        "environment", nargs="?", type=given, help="a prefix or an interpreter (default: the activated one, else .venv)"
    )
    command.add_argument("--json", action="store_true", help="print the findings as JSON")


_CHECK = """Compare the runtime that every package in ENVIRONMENT was built against with the installed one, and print
the commands that rebuild the stale ones."""


def _check(options: argparse.Namespace) -> int:
    from .check import check  # noqa: PLC0415 - each command imports its own

    return check(options.environment, as_json=options.json)


def _add_cache(commands: _Commands[Parser]) -> None:
    command = _add(commands, "cache", "list, check or clean the cache", _CACHE, _cache)
    command.usage = "%(prog)s [-h] [list | size | verify | prune | clean [KIND ...]]"
    command.epilog = "exit code: 0; 1 if `verify` finds damage, or something cannot be removed"
    command.formatter_class = argparse.RawDescriptionHelpFormatter
    actions = ["list", "size", "verify", "prune", "clean"]
    command.add_argument("action", nargs="?", choices=actions, default="list", help="(default: list)")
    command.add_argument("kinds", nargs="*", metavar="KIND", help="for clean: the kinds to remove (default: all)")


_CACHE = """The cache contains fetched runtimes, overlays, upstream sources, answers of package indexes, byte code, and
records of builds. A build makes again what it needs.

  list    print each entry and its size
  size    print the total size
  verify  check files against their hashes, and find broken links and what an interrupted build left
  prune   remove what no build will use again
  clean   remove everything, or the named kinds; not while builds run"""


def _cache(options: argparse.Namespace) -> int:
    from .cache import run_cache  # noqa: PLC0415 - each command imports its own

    return run_cache(options.action, options.kinds)
