"""Reading a setup.py without running it: its imports, the environment variables that it reads, its plain metadata."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from packaging.utils import canonicalize_name

from ...formats.python import dotted_name, find_setup_calls, imported_modules, read_python
from ...system.files import is_file, is_folder
from .plain_values import read_constants, read_literal
from .setup_call import Required, read_required
from .torch_users import TORCH_USERS

_TOOLS = {
    "Cython": "Cython",
    "cffi": "cffi",
    "cmake": "cmake",
    "cpuinfo": "py-cpuinfo",
    "distutils": "setuptools",
    "ninja": "ninja",
    "nanobind": "nanobind",
    "numpy": "numpy",
    "packaging": "packaging",
    "pkg_resources": "setuptools<82",
    "psutil": "psutil",
    "pybind11": "pybind11",
    "setuptools": "setuptools",
    "setuptools_scm": "setuptools-scm",
    "skbuild": "scikit-build",
    "versioneer": "versioneer",
    "wheel": "wheel",
}
"""Module that build scripts import -> its distribution. setuptools 82 dropped pkg_resources."""

_METADATA = {
    "name": "name",
    "version": "version",
    "description": "description",
    "python_requires": "requires-python",
    "install_requires": "dependencies",
    "extras_require": "optional-dependencies",
    "classifiers": "classifiers",
    "keywords": "keywords",
}
"""Argument of setup() -> the key of [project] that takes the same value."""
_NO_METADATA = frozenset(
    ("cmdclass", "data_files", "ext_modules", "include_package_data", "libraries", "options", "package_data")
) | {"package_dir", "packages", "py_modules", "setup_requires", "tests_require", "zip_safe", "exclude_package_data"}
_ENVIRON = ("os.environ.get", "os.getenv", "environ.get", "getenv", "os.environ.setdefault")


class SetupScript(NamedTuple):
    """The facts that are certain about a setup.py."""

    requires: tuple[str, ...]
    """The distributions that it imports, and those in its setup_requires."""
    unknown: tuple[str, ...]
    """The imported modules whose distribution is not known."""
    variables: tuple[str, ...]
    """The environment variables that it reads."""
    project: dict[str, Any] | None
    """Its metadata as a [project] table; None unless all of them are plain values."""
    metadata: dict[str, str]
    """Those of name and version that are plain text."""
    required: Required


def read_setup_script(source: Path) -> SetupScript:
    """Read a source tree's setup.py.

    :raises FileError: if it is not valid Python.
    """
    tree = read_python(source / "setup.py")
    imported = {name for node in ast.walk(tree) for name in imported_modules(node)}
    modules = sorted({name for name in imported if _is_foreign(name, source)} - {"torch"})
    calls, constants = find_setup_calls(tree), read_constants(tree)
    words = {word.arg: word.value for word in calls[0].keywords} if len(calls) == 1 else {}
    required = read_required(tree, constants)
    tools = _setuptools_first([_TOOLS[name] for name in modules if name in _TOOLS])
    return SetupScript(
        requires=tuple(dict.fromkeys([*tools, *required.setup_requires])),
        unknown=tuple(m for m in modules if m not in _TOOLS and canonicalize_name(m) not in TORCH_USERS),
        variables=tuple(sorted(set(_variables(tree)))),
        project=None if is_file(source / "setup.cfg") else _project(words, constants),
        metadata=dict(_plain(words, constants)),
        required=required,
    )


def _plain(words: dict[str | None, ast.expr], constants: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key in ("name", "version"):
        value = read_literal(words[key], constants) if key in words else None
        if isinstance(value, str):
            yield key, value


def _setuptools_first(required: list[str]) -> list[str]:
    """Return the requirements with one for setuptools, the real backend, in front."""
    own = [text for text in required if text.startswith("setuptools") and not text.startswith("setuptools-")]
    return [max(own, key=len, default="setuptools"), *(text for text in required if text not in own)]


def _is_foreign(name: str, source: Path) -> bool:
    """Return whether a module belongs neither to Python nor to the package. Python 3.12 dropped distutils; setuptools
    has it.
    """
    is_own = is_file(source / f"{name}.py") or is_folder(source / name)
    return not is_own and (name not in sys.stdlib_module_names or name == "distutils")


def _variables(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        name: ast.AST | None = None
        if isinstance(node, ast.Call) and dotted_name(node.func) in _ENVIRON and node.args:
            name = node.args[0]
        elif isinstance(node, ast.Subscript) and dotted_name(node.value) in ("os.environ", "environ"):
            name = node.slice
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            yield name.value


def _project(words: dict[str | None, ast.expr], constants: dict[str, Any]) -> dict[str, Any] | None:
    """Return all metadata as a [project] table: with a partial table, setuptools ignores the rest of setup()."""
    given = {word: node for word, node in words.items() if word not in _NO_METADATA}
    if not {"name", "version"} <= given.keys() or not given.keys() <= _METADATA.keys():
        return None
    values = {_METADATA[str(word)]: read_literal(node, constants) for word, node in given.items()}
    for key in ("dependencies", "keywords", "classifiers"):
        if isinstance(values.get(key), tuple):
            values[key] = list(values[key])
    return values if all(_fits(key, value) for key, value in values.items()) else None


def _fits(key: str, value: object) -> bool:
    if key in ("dependencies", "keywords", "classifiers"):
        return isinstance(value, list) and all(isinstance(text, str) for text in value)
    if key == "optional-dependencies":
        # setup() also accepts 'extra:marker' as a name.
        return isinstance(value, dict) and all(":" not in name and _fits("keywords", value[name]) for name in value)
    return isinstance(value, str)
