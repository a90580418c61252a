"""Cloning an installed distribution into another environment, by its RECORD."""

from __future__ import annotations

import csv
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path, PurePosixPath

from ..installed.distributions import Distribution

_LONGEST = 127
"""Bytes of a first line that every kernel reads (``#!`` included)."""
_BY_SHELL = rb"#!/bin/sh\n'''exec' [^\n]*\n' '''\n"
"""What installers write if the path of the interpreter is too long for a first line, or contains a space."""
_BY_PYTHON = rb"#![^\n]*python[^\n/]*\n"


def clone(distribution: Distribution, prefix: Path, site: Path, python: Path) -> None:
    """Copy or link the files of a distribution.

    :param prefix: the environment to make.
    :param site: its folder of distributions.
    :param python: the interpreter for scripts, at its final path.
    :raises OSError: if a file cannot be written.
    """
    for row in csv.reader(distribution.record.splitlines()):
        target = _target(row[0], prefix, site) if row else None
        if target is None or target.exists():  # two distributions of a namespace may have the same file
            continue
        source = os.path.realpath(distribution.site / row[0])  # uv may have linked it from its cache
        if os.path.isfile(source):  # noqa: PTH113 - RECORD also lists byte code that was never written
            target.parent.mkdir(parents=True, exist_ok=True)
            _put(source, target, python if target.parent == prefix / "bin" else None)


def _target(name: str, prefix: Path, site: Path) -> Path | None:
    """Return the path for a file of RECORD; None for an absolute one, which belongs to no environment.

    Paths such as ``../../../bin/ninja`` lead out of the folder of distributions, to scripts and data.
    """
    path = PurePosixPath(name)
    if path.is_absolute():
        return None
    if ".." not in path.parts:
        return site / path
    last = len(path.parts) - path.parts[::-1].index("..")
    return prefix.joinpath(*path.parts[last:])


def _put(source: str, target: Path, python: Path | None) -> None:
    script = None if python is None else rewritten(Path(source).read_bytes(), python)
    if script is not None:
        target.write_bytes(script)
        shutil.copymode(source, target)
        return
    with suppress(OSError):  # another file system, or too many links
        os.link(source, target)
        return
    shutil.copy2(source, target)


def rewritten(content: bytes, python: Path) -> bytes | None:
    """Return a script with another interpreter; None if Python does not run it."""
    found = re.match(_BY_SHELL, content) or re.match(_BY_PYTHON, content)
    if found is None:
        return None
    path = os.fsencode(python)
    line = b"#!" + path + b"\n"
    if b" " in path or len(line) > _LONGEST:
        line = b"#!/bin/sh\n'''exec' \"" + path + b'" "$0" "$@"\n\' \'\'\'\n'
    return line + content[found.end() :]
