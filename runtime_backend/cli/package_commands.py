"""The commands on a package, with their arguments: explain, init, vendor, wrap, lock."""

from __future__ import annotations

import argparse

from .arguments import Parser, given, picture
from .subcommands import Commands, add_command, add_force, add_source


def add_explain(commands: Commands[Parser]) -> None:
    """Add ``explain``."""
    command = add_command(commands, "explain", "print what a build here would do, and why", _EXPLAIN, _explain)
    command.usage = "%(prog)s [-h] [--json] [--last] [--plot FILE] [SOURCE] [-- COMMAND ...]"
    command.show_examples(
        "runtime-backend explain",
        "runtime-backend explain . -- uv pip install -U torch .",
        "runtime-backend explain --last",
        ending="exit code: 0 if the wheel could be built; 1 if the build would stop",
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


def add_init(commands: Commands[Parser]) -> None:
    """Add ``init``."""
    command = add_command(commands, "init", "put the shim into a package's pyproject.toml", _INIT, _init)
    command.show_examples(
        "runtime-backend init",
        "runtime-backend init --write",
        ending="exit code: 0; 1 if nothing here builds against torch. With --check: 0 if there is nothing to change; 1"
        " if something would change or is wrong",
    )
    add_source(command)
    add_force(command)
    command.add_argument(
        "--build-lock", action="store_true", help="also move the build requirements to where `lock` can lock them"
    )
    mode = command.add_mutually_exclusive_group()
    mode.add_argument("--write", action="store_true", help="apply the changes")
    mode.add_argument("--check", action="store_true", help="for CI: exit code 1 if something would change or is wrong")


_INIT = """Show the changes that make the package in SOURCE build with runtime-backend, as a diff of pyproject.toml.
Comments and layout are kept; a bare setup.py gets a new pyproject.toml. Without --write, nothing is written. If nothing
in the package builds against torch, nothing is changed."""


def _init(options: argparse.Namespace) -> int:
    from .init import init  # noqa: PLC0415 - each command imports its own

    return init(
        options.source,
        write=options.write,
        check=options.check,
        force=options.force,
        build_lock=options.build_lock,
    )


def add_vendor(commands: Commands[Parser]) -> None:
    """Add ``vendor``."""
    command = add_command(commands, "vendor", "copy the shim into a package", _VENDOR, _vendor)
    command.show_examples(
        "runtime-backend vendor",
        "runtime-backend vendor --check",
        ending="exit code: 0; 1 with --check if the copy was changed, or would not reach the users of the fork",
    )
    add_source(command)
    add_force(command)
    command.add_argument(
        "--folder",
        type=given,
        help="the folder in SOURCE for the copy (default: where backend-path has a copy, or else _vendor)",
    )
    mode = command.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="for CI: compare the copy with its manifest")
    mode.add_argument("--update", action="store_true", help="replace the copy with this version, edited files too")


_VENDOR = """Copy the shim into the package in SOURCE, so that it builds without runtime-backend from an index, and set
backend-path in its pyproject.toml to the copy. A manifest in the copy has the version and the hash of every file."""


def _vendor(options: argparse.Namespace) -> int:
    from .vendor import vendor  # noqa: PLC0415 - each command imports its own

    return vendor(options.source, options.folder, check=options.check, update=options.update, force=options.force)


def add_wrap(commands: Commands[Parser]) -> None:
    """Add ``wrap``."""
    command = add_command(commands, "wrap", "make a package that builds an upstream source", _WRAP, _wrap)
    command.show_examples(
        "runtime-backend wrap torch-householder==1.0.1",
        "runtime-backend wrap git+https://example.org/package.git@v1.0",
        "runtime-backend wrap torch-householder==1.0.1 --update",
        ending="exit code: 0; 1 if the source cannot be obtained, or another wrapper is there",
    )
    command.add_argument("requirement", type=given, help="name==version of an sdist, or git+URL@revision")
    command.add_argument("directory", nargs="?", type=given, help="the folder of the wrapper (default: wrappers/NAME)")
    command.add_argument("--update", action="store_true", help="change the existing wrapper to this version")
    command.add_argument(
        "--index-url", type=given, help="the package index (default: the one that pip or uv is configured to use)"
    )


_WRAP = """Make a wrapper: a short pyproject.toml that builds an upstream source, unmodified, in one stage. The source
is an sdist from a package index, or a revision of a git repository with its tags and submodules. Then run:
pip install ./wrappers/NAME, or: uv add --no-workspace ./wrappers/NAME."""


def _wrap(options: argparse.Namespace) -> int:
    from .wrap import wrap  # noqa: PLC0415 - each command imports its own

    return wrap(options.requirement, options.directory, index_url=options.index_url, update=options.update)


def add_lock(commands: Commands[Parser]) -> None:
    """Add ``lock``."""
    command = add_command(commands, "lock", "lock the build requirements of a package", _LOCK, _lock)
    command.show_examples(
        "runtime-backend lock",
        "runtime-backend lock --upgrade cython",
        "runtime-backend lock --export uv",
        ending="exit code: 0; 1 with --check if the lock is stale or missing",
    )
    add_source(command)
    command.add_argument(
        "--upgrade",
        action="append",
        nargs="?",
        const="",
        default=[],
        metavar="NAME",
        help="take the newest version of NAME, or of everything; else versions in the lock are kept",
    )
    mode = command.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="for CI: compare the lock with what it was made from")
    mode.add_argument(
        "--export",
        metavar="FRONTEND",
        choices=["uv", "pip", "poetry"],
        help="write the consumer's build-constraints, locked, where uv, pip or poetry reads them",
    )
    command.add_argument(
        "--hashes", action="store_true", help="with --export pip: with hashes; pip then refuses everything without one"
    )


_LOCK = """Make the build lock that SOURCE names (build-lock), or renew it: the build requirements with all that they
require, with versions and hashes of wheels (PEP 751). uv makes it for all platforms; without uv, pip makes it for this
one. With --export, SOURCE is the consumer's project: what its build-constraints and build locks allow is written where
the frontend reads it, so that it applies to all packages that are built, also to those without the shim."""


def _lock(options: argparse.Namespace) -> int:
    from .lock import export, lock  # noqa: PLC0415 - each command imports its own

    if options.export is not None:
        return export(options.source, options.export, upgraded=options.upgrade, with_hashes=options.hashes)
    return lock(options.source, upgraded=options.upgrade, check=options.check)
