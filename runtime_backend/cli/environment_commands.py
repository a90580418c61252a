"""The commands on environments and the cache, with their arguments: check, cache, store."""

from __future__ import annotations

import argparse

from .arguments import Parser, given
from .subcommands import Commands, add_command


def add_check(commands: Commands[Parser]) -> None:
    """Add ``check``."""
    command = add_command(commands, "check", "find distributions built for another runtime", _CHECK, _check)
    command.show_examples(
        "runtime-backend check",
        "runtime-backend check .venv --json",
        ending="exit code: 0 if all fit; 1 if one must be rebuilt; 2 if one cannot be checked",
    )
    command.add_argument(
        "environment", nargs="?", type=given, help="a prefix or an interpreter (default: the activated one, else .venv)"
    )
    command.add_argument("--json", action="store_true", help="print the findings as JSON")


_CHECK = """Compare the runtime that every package in ENVIRONMENT was built against with the installed one, and print
the commands that rebuild the stale ones."""


def _check(options: argparse.Namespace) -> int:
    from .check import check  # noqa: PLC0415 - each command imports its own

    return check(options.environment, as_json=options.json)


def add_cache(commands: Commands[Parser]) -> None:
    """Add ``cache``."""
    command = add_command(commands, "cache", "list, check or clean the cache", _CACHE, _cache)
    command.usage = "%(prog)s [-h] [list | size | verify | prune | clean [KIND ...]]"
    command.show_examples(
        "runtime-backend cache",
        "runtime-backend cache clean asked index",
        ending="exit code: 0; 1 if `verify` finds damage, or something cannot be removed",
    )
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


def add_store(commands: Commands[Parser]) -> None:
    """Add ``store``."""
    command = add_command(commands, "store", "list, explain and share finished wheels", _STORE, _store)
    command.usage = "%(prog)s [-h] [--json] [ls | explain [SOURCE] | push | pull | lock [KEY ...] | verify | prune]"
    command.show_examples(
        "runtime-backend store explain .",
        "runtime-backend store push grouped-gemm",
        "runtime-backend store prune --size '5 GB'",
        ending="exit code: 0; 1 if no wheel was found, one is damaged, or a transfer failed; 2 for other failures",
    )
    actions = ["ls", "explain", "push", "pull", "lock", "verify", "prune"]
    command.add_argument("action", nargs="?", choices=actions, default="ls", help="(default: ls)")
    command.add_argument("names", nargs="*", metavar="KEY", type=given, help="keys or packages; for explain: a source")
    command.add_argument("--size", help="for prune: the limit, such as '5 GB' (default: that of the settings)")
    command.add_argument("--json", action="store_true", help="for ls and explain: print JSON")


_STORE = """Builds keep finished wheels in the cache, and take one instead of compiling if all its inputs are equal.

  ls       list the wheels, the last used ones first
  explain  show why the last build of SOURCE found a wheel or not: the nearest one, and what differs
  push     put wheels into the remote store
  pull     get wheels from the remote store: those of the list of trusted wheels, or the named KEYs
  lock     add wheels to the list of trusted ones, store.lock
  verify   check the wheels against their hashes
  prune    remove the wheels that were not used for longest, until the rest is within the limit"""


def _store(options: argparse.Namespace) -> int:
    from .store import run_store  # noqa: PLC0415 - each command imports its own

    return run_store(options.action, options.names, size=options.size, as_json=options.json)
