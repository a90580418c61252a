"""Requirements files as pip reads them: their requirements and constraints, including those of nested files.

The rules are those of pip's own parser, in its order: lines are joined, comments removed, variables expanded, and the
text before the first word with a dash is the requirement. pip stops at the first mistake; here, each becomes a problem
in the result, and the caller decides.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from packaging.requirements import Requirement

from ...errors import LockError
from ...errors.reasons import reason
from ...system.files import is_file, read_bytes
from ...system.printable import without_secrets
from ..parsing import read_requirement
from .lines import decode, expand, logical_lines
from .options import split_line

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|file:", re.IGNORECASE)
_EXTRAS = re.compile(r"\[[^\[\]]*\]$")
_SHOWN = 200
"""At most this many characters of a line are shown in a message."""


class RequirementLine(NamedTuple):
    """One requirement or constraint."""

    requirement: Requirement
    """A wheel that is named by its path or URL only is ``name @ URL``; its file name has the version."""
    hashes: frozenset[str]
    """The SHA-256 digests that ``--hash`` allows, in hex."""
    origin: str
    """The file and line: ``requirements/base.txt:12``."""
    is_constraint: bool
    index_url: str | None
    """The index in uv's comment ``# from <url>`` below it."""


class Requirements(NamedTuple):
    """The content of a requirements file and of all files that it names."""

    lines: tuple[RequirementLine, ...]
    indexes: tuple[str, ...]
    """``--index-url`` first, then each ``--extra-index-url``; none after ``--no-index``."""
    problems: tuple[str, ...]
    """Parts that could not be read or followed, each starting with file and line."""
    unnamed: tuple[tuple[str, Path], ...] = ()
    """(text, its file) of each folder, archive or repository without a name."""
    is_default_named: bool = False
    """Whether it contains ``--index-url`` or ``--no-index``; else pip also uses its own default index, first."""


def read_requirements(path: Path, environ: Mapping[str, str], *, is_constraint: bool = False) -> Requirements:
    """Read a requirements file and the files that it names.

    :param environ: values for ``${NAME}``. Its ``PWD`` is the folder that pip ran in, to which paths of wheels are
        relative; without it, they are relative to the file.
    :raises LockError: if this file cannot be read. A nested file that cannot be read is one of the problems.
    """
    reader = _Reader(path, environ)
    try:
        reader.read(path, is_constraint=is_constraint)
    except (OSError, ValueError, LookupError) as error:
        raise LockError(
            "lock-unreadable", "{path}: cannot be read: {why}", path=path, why=reason(error, path)
        ) from None
    return reader.answer()


class _Reader:
    """Reads files in the order of the lines that name them."""

    def __init__(self, top: Path, environ: Mapping[str, str]) -> None:
        self._lines: list[RequirementLine] = []
        self._problems: list[str] = []
        self._unnamed: list[tuple[str, Path]] = []
        self._top = top
        self._environ = environ
        self._index: list[str] = []
        self._extra: list[str] = []
        self._no_index = False
        self._seen: set[tuple[str, bool]] = set()

    def answer(self) -> Requirements:
        """Return the result, with each index once."""
        return Requirements(
            lines=tuple(self._lines),
            indexes=() if self._no_index else tuple(dict.fromkeys([*self._index, *self._extra])),
            problems=tuple(self._problems),
            unnamed=tuple(self._unnamed),
            is_default_named=self._no_index or bool(self._index),
        )

    def read(self, path: Path, *, is_constraint: bool) -> None:
        """Add the content of a file, at most once as requirements and once as constraints: files may form cycles."""
        key = (os.path.realpath(path), is_constraint)
        if key in self._seen:
            return
        self._seen.add(key)
        for number, text, index in logical_lines(decode(read_bytes(path))):
            origin = f"{path}:{number}"
            try:
                self._read_line(expand(text, self._environ), path, origin, index=index, is_constraint=is_constraint)
            except (ValueError, RecursionError) as error:
                why = reason(error)
                self._problems.append(f"{origin}: {without_secrets(f'{_shortened(text)}: {_shortened(why)}')}")

    def _read_line(self, line: str, path: Path, origin: str, *, index: str | None, is_constraint: bool) -> None:
        """Add the content of one line. pip ignores most options after a requirement or a nested file.

        :raises ValueError: if pip would refuse the line.
        """
        text, options = split_line(line)
        if text:
            requirement = self._parse_requirement(text, path)
            if requirement is None:
                self._unnamed.append((text, path))
            else:
                hashes = frozenset(h.partition(":")[2].lower() for h in options["hash"] if h.startswith("sha256:"))
                self._lines.append(
                    RequirementLine(
                        requirement=requirement,
                        hashes=hashes,
                        origin=origin,
                        is_constraint=is_constraint,
                        index_url=index,
                    )
                )
        elif options["editable"]:
            self._unnamed.append((options["editable"][-1], path))
        elif options["requirement"] or options["constraint"]:
            # A file that a constraint file names with -r contains requirements again.
            nested = (options["requirement"] or options["constraint"])[0]
            self._follow(nested, path, origin, is_constraint=not options["requirement"])
        else:
            self._index = options["index-url"][-1:] or self._index
            self._extra += options["extra-index-url"]
            self._no_index |= bool(options["no-index"])

    def _follow(self, nested: str, path: Path, origin: str, *, is_constraint: bool) -> None:
        if nested.lower().startswith(("http://", "https://")):
            self._problems.append(f"{origin}: found a file on the network, expected a local one")
            return
        place = path.parent / (_path_of(nested) if nested.lower().startswith("file:") else nested)
        try:
            self.read(place, is_constraint=is_constraint)
        except (OSError, ValueError, LookupError) as error:
            self._problems.append(f"{origin}: {place}: cannot be read: {reason(error, place)}")

    def _parse_requirement(self, text: str, path: Path) -> Requirement | None:
        """Parse a requirement; None for a folder, source archive or repository without a name.

        :raises ValueError: for any other text.
        """
        separator = "; " if _URL.match(text) else ";"
        location, _, marker = (part.strip() for part in text.partition(separator))
        suffix = f" ; {marker}" if marker else ""
        before, _, after = (part.strip() for part in location.partition("@"))
        if _URL.match(location):
            return _named_by_url(location, "", suffix)
        if after and not _looks_like_path(before):
            is_path = not _URL.match(after)
            return read_requirement(f"{before} @ {self._as_url(after, path)}{suffix}" if is_path else text)
        extras = _EXTRAS.search(location)
        bare = location[: extras.start()] if extras else location
        if bare.lower().endswith(".whl"):
            return _named_by_url(self._as_url(bare, path), extras.group() if extras else "", suffix)
        return None if _looks_like_path(location) else read_requirement(text)

    def _as_url(self, location: str, path: Path) -> str:
        """Return the URL of a wheel's path, which is relative to the folder of the top file if it does not exist."""
        places = [Path(folder) for folder in (self._environ.get("PWD"), self._top.parent, path.parent) if folder]
        found = [place / location for place in places if is_file(place / location)]
        return (found or [self._top.parent / location])[0].absolute().as_uri()


def _shortened(text: str) -> str:
    """Return the part of a line that fits into a message: a line may have megabytes."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} ..."


def _named_by_url(url: str, extras: str, suffix: str) -> Requirement | None:
    """Return ``name @ URL`` for a wheel, or for a URL with ``#egg=NAME``; None if the name is not known."""
    parts = urlsplit(url)
    file = unquote(parts.path.rpartition("/")[2])
    egg = re.search(r"(?:^|&)egg=([^&\[]+)", parts.fragment)
    name = file.partition("-")[0] if file.lower().endswith(".whl") else egg and egg.group(1)
    return read_requirement(f"{name}{extras} @ {url}{suffix}") if name else None


def _path_of(url: str) -> str:
    from urllib.request import url2pathname  # noqa: PLC0415 - slow to import, and rarely needed

    return url2pathname(urlsplit(url).path)


def _looks_like_path(text: str) -> bool:
    return text.startswith(".") or "/" in text or os.sep in text
