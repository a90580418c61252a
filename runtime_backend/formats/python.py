"""Python that is not run: what it imports and calls, and by which names."""

from __future__ import annotations

import ast
import warnings
from pathlib import Path

from ..errors import FileError
from ..errors.reasons import reason
from ..system.files import read_bytes

_HAVE_SETUP = ("setuptools", "distutils.core", "skbuild", "numpy.distutils.core")
"""The modules that have setup()."""


def read_python(path: Path) -> ast.Module:
    """Return what is written in a file.

    :raises FileError: when it cannot be read, or is not Python.
    """
    try:
        with warnings.catch_warnings():  # of its strings, for example: whoever runs it sees them
            warnings.simplefilter("ignore")
            return ast.parse(read_bytes(path), str(path))
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {reason(error, path)}") from None
    except SyntaxError as error:
        raise FileError(f"{path}: {reason(error)}") from None
    except (ValueError, RecursionError, MemoryError):
        raise FileError(f"{path}: not valid Python: it has a NUL in it, or is nested too deeply") from None


def find_python(path: Path) -> ast.Module | None:
    """Return what is written in a file; None where there is none, or no Python: who runs it says what is wrong."""
    try:
        return read_python(path)
    except FileError:
        return None


def dotted_name(node: ast.AST) -> str:
    """Return ``a.b`` for the attribute b of a, and so on; nothing for what is more than names.

    ``ast.unparse`` would give the same, in a time that grows with the square of what is called in a row.
    """
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(names)]) if isinstance(node, ast.Name) else ""


def last_name(node: ast.AST) -> str:
    """Return ``b`` for a name b, and for the attribute b of anything; nothing for anything else."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def imported_names(node: ast.AST) -> list[str]:
    """Return what a node imports, with its module: ``a.b`` for ``from a import b``, ``b`` for ``from . import b``."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        stem = f"{node.module}." if node.module else ""
        return [f"{stem}{alias.name}" for alias in node.names]
    return []


def imported_modules(node: ast.AST) -> list[str]:
    """Return the top-level modules that a node imports; those of its own package are none."""
    is_own = isinstance(node, ast.ImportFrom) and node.level > 0
    return [] if is_own else [name.partition(".")[0] for name in imported_names(node)]


def find_setup_calls(tree: ast.Module) -> list[ast.Call]:
    """Return the calls of setup(), by whatever name it was imported."""
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
