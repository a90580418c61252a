"""What commands print, and how."""

from __future__ import annotations

import difflib
import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import TextIO

from ..printable import OBEYED, printable, without_secrets

_COLOURS = {"+": "\033[32m", "-": "\033[31m", "@": "\033[36m"}


def out(line: str, paint: Callable[[str], str] | None = None) -> None:
    """Print a line of the answer.

    :param paint: puts colours into the line, when nothing else in it is left that a terminal obeys.
    """
    shown = printable(line)
    print(shown if paint is None else paint(shown))  # noqa: T201 - the command line prints


def out_json(document: object) -> None:
    """Print an answer as JSON; what a terminal would obey is escaped as JSON does it."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    print(OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", without_secrets(text)))  # noqa: T201 - as above


def say(line: str) -> None:
    """Print a line about the answer, on standard error."""
    print(f"runtime-backend: {printable(line)}", file=sys.stderr, flush=True)  # noqa: T201 - as above


def wants_colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Return whether to use colours: NO_COLOR, then FORCE_COLOR, then whether a terminal is there to show them."""
    if environ.get("NO_COLOR"):
        return False
    return bool(environ.get("FORCE_COLOR")) or stream.isatty()


def coloured(line: str) -> str:
    """Return a line with its origin dimmed and its key in bold."""
    head, bracket, origin = line.partition("  [")
    stem = head.rstrip().rfind("─ ") + 2 if "─ " in head else 0
    key, colon, rest = head[stem:].partition(":")
    shown = f"{head[:stem]}\033[1m{key}\033[0m{colon}{rest}" if colon else head
    return f"{shown}\033[2m{bracket}{origin}\033[0m" if bracket else shown


def show_diff(name: str, before: str, after: str) -> None:
    """Print what changes in a file, as a unified diff; coloured where somebody looks at it."""
    is_coloured = wants_colour(sys.stdout, os.environ)
    was = f"a/{name}" if before else os.devnull
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), was, f"b/{name}", lineterm="")
    for line in lines:
        out(line, _painted if is_coloured else None)


def _painted(line: str) -> str:
    colour = _COLOURS.get(line[:1], "")
    return f"{colour}{line}\033[0m" if colour else line
