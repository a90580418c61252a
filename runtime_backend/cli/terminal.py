"""Printing, with standard streams that may be closed, full, not UTF-8, or not read by anything."""

from __future__ import annotations

import codecs
import difflib
import errno
import io
import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NoReturn, TextIO

from ..errors import CommandError, RuntimeBackendError
from ..errors.reasons import reason
from ..system.printable import printable

_COLOURS = {"+": "\033[32m", "-": "\033[31m", "@": "\033[36m"}

_ASCII = {"├": "|", "└": "`", "─": "-", "│": "|"}
"""Replacements for the lines of a tree in encodings without these characters."""
_HANDLER = "runtime-backend"


class OutputLost(Exception):  # noqa: N818 - not a message: the failure was reported, and the boundary ends the command
    """Standard output accepts no more data."""


def prepare_streams() -> None:
    """Make every line printable in any encoding, and open standard streams that are closed.

    A file that is opened later would get the descriptor of a closed stream, and the output of child processes. Printing
    to a standard output that was closed fails, as on a full disk.
    """
    for descriptor, mode in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        if not _is_open(descriptor):
            os.set_inheritable(os.open(os.devnull, mode), True)  # noqa: FBT003 - the argument is positional
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            setattr(sys, name, open(descriptor, "w", encoding="utf-8", closefd=False))  # noqa: SIM115 - until the end
    codecs.register_error(_HANDLER, _in_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "surrogateescape", "backslashreplace"):
            stream.reconfigure(errors=_HANDLER)


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _in_ascii(error: UnicodeError) -> tuple[str | bytes, int]:
    """Return the replacement for a character that a stream's encoding lacks."""
    if isinstance(error, UnicodeEncodeError):
        found = _ASCII.get(error.object[error.start])
        if found is not None:
            return found, error.start + 1
        error.end = error.start + 1
    return codecs.backslashreplace_errors(error)


def out(line: str, paint: Callable[[str], str] | None = None) -> None:
    """Print a line of the answer.

    :param paint: adds colours to the line after all other control characters were removed.
    :raises OutputLost: if standard output accepts no more data.
    """
    shown = printable(line)
    try:
        print(shown if paint is None else paint(shown))  # noqa: T201 - the command line prints
    except OSError as error:
        _lose_output(error)


def out_json(document: object) -> None:
    """Print an answer as JSON in ASCII, so that its reader need not know the encoding."""
    out(
        json.dumps(document, indent=2).replace("\x7f", "\\u007f")
    )  # the only control character that json does not escape


def say(line: str) -> None:
    """Print a line to standard error."""
    complain(f"runtime-backend: {line}")


def report(error: RuntimeBackendError) -> None:
    """Print a refusal to standard error, with the name of its entry in the documentation."""
    say(f"error[{error.stop}]: {error}")


def complain(text: str) -> None:
    """Print lines to standard error; a failure to print is ignored."""
    try:
        print(printable(text), file=sys.stderr, flush=True)  # noqa: T201 - the command line prints
    except OSError:
        _silence(sys.stderr)


def flush_output() -> None:
    """Write the buffered rest of the answer.

    :raises OutputLost: if standard output accepts no more data.
    """
    try:
        sys.stdout.flush()
    except OSError as error:
        _lose_output(error)


def _lose_output(error: OSError) -> NoReturn:
    _silence(sys.stdout)
    if not isinstance(error, BrokenPipeError):  # a reader such as `head` has closed the pipe
        why = "it is closed" if error.errno == errno.EBADF else reason(error)
        report(CommandError("output-lost", "cannot write to standard output: {why}", why=why))
    raise OutputLost


def _silence(stream: TextIO) -> None:
    """Redirect a stream to nowhere: the interpreter flushes it on exit, and would fail again."""
    with suppress(OSError, ValueError):  # a stream need not have a descriptor
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def wants_colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Return whether to use colours: NO_COLOR, then FORCE_COLOR, then whether the stream is a terminal."""
    if environ.get("NO_COLOR"):
        return False
    return bool(environ.get("FORCE_COLOR")) or (stream.isatty() and environ.get("TERM") != "dumb")


def coloured(line: str) -> str:
    """Return a line with its origin dimmed and its key in bold."""
    head, bracket, origin = line.partition("  [")
    stem = head.rstrip().rfind("─ ") + 2 if "─ " in head else 0
    key, colon, rest = head[stem:].partition(":")
    shown = f"{head[:stem]}\033[1m{key}\033[0m{colon}{rest}" if colon else head
    return f"{shown}\033[2m{bracket}{origin}\033[0m" if bracket else shown


def show_diff(name: str, before: str, after: str) -> None:
    """Print the change of a file as a unified diff, coloured on a terminal."""
    is_coloured = wants_colour(sys.stdout, os.environ)
    was = f"a/{name}" if before else os.devnull
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), was, f"b/{name}", lineterm="")
    for line in lines:
        out(line, _painted if is_coloured else None)


def _painted(line: str) -> str:
    colour = _COLOURS.get(line[:1], "")
    return f"{colour}{line}\033[0m" if colour else line
