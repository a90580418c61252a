"""The build scripts of a source tree: what their text says about what else a build depends on.

Nothing is run. The scripts are the Python files at the top, what they import from the tree, and the files of CMake,
Meson and Make. A variable of the environment belongs to the key of a wheel if its name is in one of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple

_FORMAT = 3
"""The version of what is searched for."""
_NAMES = frozenset(
    (
        *("CMakeLists.txt", "meson.build", "meson.options", "meson_options.txt", "build.rs", "pyproject.toml"),
        *("setup.cfg", "Makefile", "makefile", "GNUmakefile", "Makefile.in", "BUILD", "BUILD.bazel", "WORKSPACE"),
        *("configure", "SConstruct", "SConscript", "wscript", "Cargo.toml"),
    )
)
_ENDINGS = (".cmake", ".cmake.in", ".mk", ".am", ".ac", ".m4", ".sh", ".bzl", ".bat", ".cmd", ".ps1", ".pl")
_IMPORT = re.compile(
    r"""
    (?m:^|[;:])[ \t]*
    (?:from[ \t]+([\w.]+)[ \t]+import[ \t]*([^\n\#;]+) | import[ \t]+([^\n\#;]+))
    """,
    re.VERBOSE,
)
_PATH = re.compile(r"(?<![\w./-])[\w./-]+\.py\b")
_LONGEST = 400
"""The most characters of a module's name: a longer one is no import, and all of its beginnings are looked for."""
_MOST_NAMES = 1000
"""The most characters of imported names in parentheses."""
_WORD = re.compile(r"[A-Z_][A-Z0-9_]+")
_ASKED = re.compile(r"""(?:environ(?:\.get)?|getenv|ENV)[\[({\s"']{1,4}(\w+)""")
"""A variable that is read, whose name need not be in capitals."""
_PACKAGE = re.compile(r"(?i:find_package)[ \t]*\([ \t]*(\w+)")
"""CMake finds a package ``Foo`` by ``Foo_ROOT``, ``FOO_ROOT`` and ``Foo_DIR``."""
_END = re.compile(r"""[}"'](_[A-Z0-9_]{2,})["']""")
"""The end of a name that a script puts together: ``f"{name}_ROOT"``."""
_PLACE = re.compile(r"""(?:(?<=[\s"'(=;:,])|(?<=-[ILBF])|(?<=-isystem))(~?/[A-Za-z][^\s"'();:,$<>{}*]+)""")
_VERSION_CONTROL = re.compile(
    r"(?<![a-z])git(?![a-z])|\b(hg|svn|bzr|pbr)\b|mercurial|subversion|scm|vcs|versioneer|versioningit|git.versioning"
    r"|dynamic.versioning|dunamai|vcversioner|miniver|setupmeta",
    re.IGNORECASE,
)
_NATIVE = re.compile(
    r"\bnative\b|cpu_?info|cpu_?id|lscpu|host_cpu|source_runs|try_run|cpu_features|supports_avx", re.IGNORECASE
)
"""How code is compiled for this machine's processor; a check of CMake that runs a program finds out what it can do."""


class Scripts(NamedTuple):
    """What the build scripts of a source mention."""

    words: frozenset[str]
    """Names of variables, their beginnings, which end in ``_``, and their ends, which begin with ``*_``."""
    reads_version_control: bool
    """Whether the commit of the source tree may be read: for a version, for example."""
    reads_processor: bool
    """Whether the code may be compiled for the processor of this machine (``-march=native``)."""
    places: frozenset[str] = frozenset()
    """Absolute paths, and those in the home folder."""

    def as_json(self) -> dict[str, Any]:
        """Return a table for JSON."""
        return {"format": _FORMAT, **self._asdict(), "words": sorted(self.words), "places": sorted(self.places)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Scripts:
        """Return what :meth:`as_json` has written.

        :raises KeyError: if something is missing, or another version has written it, which searched for less.
        """
        if data["format"] != _FORMAT:
            raise KeyError("format")
        words, places = (frozenset(map(str, data[name])) for name in ("words", "places"))
        return cls(words, bool(data["reads_version_control"]), bool(data["reads_processor"]), places)


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
        words=frozenset(word for text in found for word in _find_words(text)),
        reads_version_control=any(map(_VERSION_CONTROL.search, found)),
        reads_processor=any(map(_NATIVE.search, found)),
        places=frozenset(place for text in found for place in _PLACE.findall(text)),
    )


def _find_words(text: str) -> Iterator[str]:
    yield from _WORD.findall(text)
    yield from _ASKED.findall(text)
    yield from (f"*{end}" for end in _END.findall(text))
    for package in _PACKAGE.findall(text):
        yield from (f"{package}_", f"{package.upper()}_")


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
    """Return whether a Python file is at the top; one outside of the tree is read only because a file names it."""
    return "/" not in path or path.startswith("../")


def _is_in(path: str, folders: Collection[str]) -> bool:
    return any(path.startswith(f"{folder.strip('./')}/") for folder in folders if folder.strip("./"))


def _used_by(path: str, text: str, is_there: Callable[[str], bool]) -> Iterator[str]:
    """Yield the Python files of the tree that a script imports, or names by their path."""
    here = path.rpartition("/")[0]
    for module in dict.fromkeys(_imported(text)):
        level = len(module) - len(module.lstrip("."))
        parts = here.split("/")[: len(here.split("/")) - level + 1] if level else []
        base = "/".join(filter(None, [*parts, *module.lstrip(".").split(".")]))
        folders = [base, "/".join(filter(None, [here, base]))]
        candidates = [f"{folder}{ending}" for folder in folders for ending in (".py", "/__init__.py")]
        yield from filter(is_there, candidates)
    for named in set(_PATH.findall(text)):
        place = named.removeprefix("./").lstrip("/")
        yield from filter(is_there, (place, "/".join(filter(None, [here, place]))))


def _imported(text: str) -> Iterator[str]:
    """Yield the modules that a text imports, with all that may be a module: ``a.b`` for ``from a import b``."""
    text = text.replace("\\\n", " ")
    for found in _IMPORT.finditer(text):
        origin, names, modules = found.groups(default="")
        if origin and len(origin) <= _LONGEST:
            if names.startswith("("):
                names = text[found.start(2) : found.start(2) + _MOST_NAMES].partition(")")[0]
                names = re.split(r"\n[ \t]*(?:from|import)[ \t]", names, maxsplit=1)[0]  # the bracket is not closed
            yield origin
            dot = "" if origin.endswith(".") else "."
            yield from (f"{origin}{dot}{name}" for name in re.findall(r"\w+", names))
        for module in modules.split(","):
            name = module.strip().partition(" ")[0]
            if name and len(name) <= _LONGEST:
                parts = name.split(".")
                yield from (".".join(parts[:count]) for count in range(1, len(parts) + 1))
