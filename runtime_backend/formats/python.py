"""Parsing Python code that is not run: its imports, calls and names."""

from __future__ import annotations

import ast
import warnings
from pathlib import Path

from ..errors import FileError
from ..errors.reasons import reason
from ..system.files import read_bytes

_HAVE_SETUP = ("setuptools", "distutils.core", "skbuild", "numpy.distutils.core")
"""Modules that have a function setup()."""


def read_python(path: Path) -> ast.Module:
    """Parse a file.

    :raises FileError: if it cannot be read, or is not valid Python.
    """
    try:
        with warnings.catch_warnings():  # such as those about its strings: running the file shows them
            warnings.simplefilter("ignore")
            return ast.parse(read_bytes(path), str(path))
    except OSError as error:
        raise FileError(
            "python-file-unreadable", "{path}: cannot be read: {why}", path=path, why=reason(error, path)
        ) from None
    except SyntaxError as error:
        raise FileError("python-file-unreadable", "{path}: {why}", path=path, why=reason(error)) from None
    except (ValueError, RecursionError, MemoryError):
        raise FileError(
            "python-file-unreadable", "{path}: not valid Python: found a NUL, or too deep nesting", path=path
        ) from None


def find_python(path: Path) -> ast.Module | None:
    """Parse a file; None if it is missing or not valid Python, which running it will report."""
    try:
        return read_python(path)
    except FileError:
        return None


def dotted_name(node: ast.AST) -> str:
    """Return ``a.b`` for the attribute b of the name a, and so on; empty for other expressions.

    ``ast.unparse`` would give the same, but its time grows with the square of the number of chained calls.
    """
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(names)]) if isinstance(node, ast.Name) else ""


def last_name(node: ast.AST) -> str:
    """Return ``b`` for a name b, and for the attribute b of any expression; empty for other expressions."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def imported_names(node: ast.AST) -> list[str]:
    """Return the names that a node imports, with their module: ``a.b`` for ``from a import b``, ``b`` for ``from .
    import b``.
    """
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        stem = f"{node.module}." if node.module else ""
        return [f"{stem}{alias.name}" for alias in node.names]
    return []


def imported_modules(node: ast.AST) -> list[str]:
    """Return the top-level modules that a node imports, except those of its own package."""
    is_own = isinstance(node, ast.ImportFrom) and node.level > 0
    return [] if is_own else [name.partition(".")[0] for name in imported_names(node)]


def find_setup_calls(tree: ast.Module) -> list[ast.Call]:
    """Return the calls of setup(), imported under any name."""
    names = {"setup", "setuptools.setup", "distutils.core.setup"}
    calls: list[ast.Call] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {f"{alias.asname}.setup" for alias in node.names if alias.asname and alias.name in _HAVE_SETUP}
        elif isinstance(node, ast.ImportFrom) and node.module in _HAVE_SETUP:
            names |= {alias.asname for alias in node.names if alias.asname and alias.name == "setup"}
        elif isinstance(node, ast.Call):
            calls.append(node)
    return [call for call in calls if dotted_name(call.func) in names]
