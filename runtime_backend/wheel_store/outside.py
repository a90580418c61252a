"""What the files of a source tree name outside of it, by their text: ``#include "../../shared/x.h"``.

A path may start at the folder of its file, or at any other folder of the tree: that is decided by options of compilers,
and by the working directory of a script.
"""

from __future__ import annotations

import os
import re
import string
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

_CODE = (
    *(".c", ".cc", ".cpp", ".cxx", ".c++", ".cu", ".h", ".hh", ".hpp", ".hxx", ".cuh", ".inl", ".inc", ".ipp", ".tpp"),
    *(".ixx", ".cppm", ".hip", ".m", ".mm", ".s", ".asm", ".ptx", ".cl", ".metal", ".ispc", ".i", ".def", ".proto"),
    *(".f", ".f90", ".f95", ".rs", ".pyx", ".pxd", ".pxi", ".in", ".toml", ".cfg", ".ini", ".txt", ".rsp", ".gn"),
)
_UPWARD = re.compile(rb"(?:\.\./)+[\w./+-]*")
_BLOCK = 4 << 20
_LONGEST = 4096
"""Bytes of the longest path, which may be in two blocks."""
_CLIMBS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], int]], ...] = (
    (re.compile(r"""(?:["'/]\.\.["'][\s,]*)+"""), lambda found: found.group().count("..")),
    (re.compile(r"\.parent(?:\.parent\b)+"), lambda found: found.group().count(".parent") - 1),
    (re.compile(r"\bparents\[[ ]*(\d{1,3})"), lambda found: int(found.group(1))),
    (re.compile(r"\bpardir\b(?:[\s,.\w]{0,20}\bpardir\b)*"), lambda found: found.group().count("pardir")),
)
"""How Python goes up from the folder of a script, and by how many folders."""
_BARE = re.compile(r"(?<![\w.])\.\.(?![\w./])")
_BUILD_FILES = (".cmake", "CMakeLists.txt", "meson.build")
_CALLS = f"{string.ascii_letters}{string.digits}_.( \t\n"
_WINDOW = 200
"""Characters in front of ``__file__`` that may call ``dirname``."""


def is_code(name: str) -> bool:
    """Return whether compilers or build tools may read paths in a file."""
    return name.lower().endswith(_CODE)


def find_upward(file: IO[bytes]) -> set[bytes]:
    """Return the paths in a file that begin with ``../``."""
    found, before, block = set[bytes](), b"", b" "
    while block:
        block = file.read(_BLOCK)
        text = before + block
        matches = _UPWARD.finditer(text) if b"../" in text else ()
        found.update(match.group() for match in matches if match.end() < len(text) or not block)
        before = text[-_LONGEST:]
    return found


def list_places(upward: bytes, tree: Path) -> Iterator[Path]:
    """Yield where a path leads from the folders of a tree, outside of it.

    Without a name at its end, it is left out: most such paths start at their file.
    """
    name = os.fsdecode(upward)
    rest = name.lstrip("./")
    folder = tree
    for _ in range(name[: len(name) - len(rest)].count("../") if rest else 0):
        folder = folder.parent
        if folder == folder.parent:  # the root, which has a folder of many names
            return
        yield folder / rest


def find_above(path: str, text: str) -> str | None:
    """Return how a build script names a folder above the source tree without a path; None if it names none.

    :param path: its path in the tree.
    """
    depth = 0 if path.startswith("../") else path.count("/")
    if path.endswith(".py"):
        found = [*_find_climbs(text), *_find_dirnames(text)]
        return max(found)[1] if sum(ups for ups, _ in found) > depth else None
    return ".." if path.endswith(_BUILD_FILES) and not depth and _BARE.search(text) else None


def _find_climbs(text: str) -> Iterator[tuple[int, str]]:
    """Yield (folders, text) of what goes up highest, of each kind."""
    for pattern, count in _CLIMBS:
        found = max(((count(match), match.group()) for match in pattern.finditer(text)), default=None)
        if found is not None:
            yield found[0], found[1].strip("\"'/, \n")


def _find_dirnames(text: str) -> Iterator[tuple[int, str]]:
    """Yield the same of ``dirname(dirname(__file__))``."""
    ends = [match.start() for match in re.finditer("__file__", text)]
    windows = [text[max(0, end - _WINDOW) : end] for end in ends]
    calls = max((window[len(window.rstrip(_CALLS)) :].count("dirname(") for window in windows), default=0)
    if calls > 1:
        yield calls - 1, "dirname(" * calls + "__file__"
