"""The command line: ``runtime-backend`` and ``python -m runtime_backend``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from .. import __version__
from ..errors import RuntimeBackendError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0; 1 for a refusal; 2 for wrong usage."""
    parser = _make_parser()
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except RuntimeBackendError as error:
        from ..report import without_secrets  # noqa: PLC0415 - only a refusal needs it

        print(f"runtime-backend: error: {without_secrets(str(error))}", file=sys.stderr)  # noqa: T201 - it prints
        return 1


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="runtime-backend", description="Build torch extensions against the torch that will run them."
    )
    parser.add_argument("--version", action="version", version=f"runtime-backend {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    explain = commands.add_parser(
        "explain", help="print what a build here would do, and why", description=_EXPLAIN, epilog=_EXPLAIN_CODES
    )
    explain.add_argument("source", nargs="?", default=".", help="the source tree (default: the working directory)")
    explain.add_argument("--json", action="store_true", help="print the plan as JSON")
    explain.set_defaults(run=_explain)
    cache = commands.add_parser("cache", help="list what the cache holds, or empty it", description=_CACHE)
    cache.add_argument("action", nargs="?", choices=["list", "prune"], default="list", help="(default: list)")
    cache.set_defaults(run=_cache)
    return parser


_EXPLAIN = """Print the plan for building a wheel of SOURCE for the environment that a frontend, called here and now,
would install it into: each value with its origin, every place looked at with what was found there. Nothing is built."""

_EXPLAIN_CODES = "exit code: 0 if the wheel could be built, 1 if the build would stop"


def _explain(options: argparse.Namespace) -> int:
    from .explain import explain  # noqa: PLC0415 - each command imports its own

    return explain(options.source, as_json=options.json)


_CACHE = """List what lies in the cache, with its size: runtimes that were fetched, overlays, answers of indexes, byte
code. `prune` removes all of it; what a build needs again is made again. Not while builds are running."""


def _cache(options: argparse.Namespace) -> int:
    from .cache import show_cache  # noqa: PLC0415 - as above

    return show_cache(prune=options.action == "prune")
