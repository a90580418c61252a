"""The build scripts of a source tree: what their text says about what else a build depends on.

Nothing is run. The scripts are the Python files at the top, what they import from the tree, and the files of CMake,
Meson and Make. A variable of the environment belongs to the key of a wheel if its name is in one of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple

_NAMES = frozenset(
    (
        *("CMakeLists.txt", "meson.build", "meson.options", "meson_options.txt", "build.rs", "pyproject.toml"),
        *("setup.cfg", "Makefile", "makefile", "GNUmakefile", "BUILD", "BUILD.bazel", "WORKSPACE"),
    )
)
_ENDINGS = (".cmake", ".mk", ".sh", ".bzl", ".bat")
_IMPORT = re.compile(r"(?m)^[ \t]*(?:from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+([^\n#]+)|import[ \t]+([^\n#]+))")
_PATH = re.compile(r"[\w./-]+\.py\b")
_WORD = re.compile(r"[A-Z_][A-Z0-9_]{2,}")
_VERSION_CONTROL = re.compile(
    r"\b(git|hg|mercurial)\b|scm|vcs|versioneer|versioningit|git.versioning|dunamai|\bpbr\b", re.IGNORECASE
)
_NATIVE = re.compile(r"\bnative\b|cpuinfo|lscpu|host_cpu", re.IGNORECASE)


class Scripts(NamedTuple):
    """What the build scripts of a source mention."""

    words: frozenset[str]
    """Words in capitals: names of variables, and their beginnings, which end in ``_``."""
    reads_version_control: bool
    """Whether the commit of the source tree may be read: for a version, for example."""
    reads_processor: bool
    """Whether the code may be compiled for the processor of this machine (``-march=native``)."""

    def as_json(self) -> dict[str, Any]:
        """Return a table for JSON."""
        return {**self._asdict(), "words": sorted(self.words)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Scripts:
        """Return what :meth:`as_json` has written.

        :raises KeyError: if something is missing.
        """
        words = frozenset(map(str, data["words"]))
        return cls(words, bool(data["reads_version_control"]), bool(data["reads_processor"]))


def is_script(path: str) -> bool:
    """Return whether a file may be a build script, by its path in the tree; only the text of such files is needed."""
    return path.endswith((".py", *_ENDINGS)) or path.rpartition("/")[2] in _NAMES


def read_scripts(texts: Mapping[str, str], folders: Collection[str]) -> Scripts:
    """Return what the build scripts of a tree mention.

    :param texts: path in the tree -> text, of all files that may be scripts.
    :param folders: the folders from which the real backend is imported.
    """
    found = [texts[path] for path in find_scripts(texts, folders)]
    return Scripts(
        words=frozenset(word for text in found for word in _WORD.findall(text)),
        reads_version_control=any(map(_VERSION_CONTROL.search, found)),
        reads_processor=any(map(_NATIVE.search, found)),
    )


def find_scripts(texts: Mapping[str, str], folders: Collection[str] = ()) -> list[str]:
    """Return the paths of the build scripts, sorted."""
    found = {path for path in texts if not path.endswith(".py")}
    pending = [path for path in texts if path.endswith(".py") and (_is_at_top(path) or _is_in(path, folders))]
    while pending:
        path = pending.pop()
        if path not in found:
            found.add(path)
            pending += _used_by(path, texts[path], texts.__contains__)
    return sorted(found)


def _is_at_top(path: str) -> bool:
    return "/" not in path


def _is_in(path: str, folders: Collection[str]) -> bool:
    return any(path.startswith(f"{folder.strip('./')}/") for folder in folders if folder.strip("./"))


def _used_by(path: str, text: str, is_there: Callable[[str], bool]) -> Iterator[str]:
    """Yield the Python files of the tree that a script imports, or names by their path."""
    here = path.rpartition("/")[0]
    for module in _imported(text):
        level = len(module) - len(module.lstrip("."))
        parts = here.split("/")[: len(here.split("/")) - level + 1] if level else []
        base = "/".join(filter(None, [*parts, *module.lstrip(".").split(".")]))
        folders = [base, "/".join(filter(None, [here, base]))]
        candidates = [f"{folder}{ending}" for folder in folders for ending in (".py", "/__init__.py")]
        yield from filter(is_there, candidates)
    for named in _PATH.findall(text):
        place = named.removeprefix("./").lstrip("/")
        yield from filter(is_there, (place, "/".join(filter(None, [here, place]))))


def _imported(text: str) -> Iterator[str]:
    """Yield the modules that a text imports, with all that may be a module: ``a.b`` for ``from a import b``."""
    for origin, names, modules in _IMPORT.findall(text):
        if origin:
            yield origin
            dot = "" if origin.endswith(".") else "."
            yield from (f"{origin}{dot}{name}" for name in re.findall(r"\w+", names))
        for module in modules.split(","):
            words = module.split()
            if words:
                yield words[0]
                parts = words[0].split(".")
                yield from (".".join(parts[:count]) for count in range(1, len(parts)))
