"""Finding a package's name before it is built: a consumer's settings for a package are found by its name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from pathlib import Path

from packaging.utils import canonicalize_name

from ..formats.headers import read_headers
from ..formats.python import find_python, find_setup_calls
from ..formats.tables import Table
from ..system.files import read_text


def find_name(source: Path, document: Table) -> str | None:
    """Return the normalised name of the package in a source tree, without running code; None if no file has it.

    :param document: the package's pyproject.toml.
    """
    found = next((name for name in _candidates(source, document) if name), None)
    return None if found is None else canonicalize_name(found)


def _candidates(source: Path, document: Table) -> Iterator[str | None]:
    data = document.value("project"), document.value("tool")
    project, tool = (item if isinstance(item, dict) else {} for item in data)
    poetry = tool.get("poetry")
    for table in (project, poetry if isinstance(poetry, dict) else {}):
        name = table.get("name")
        yield name if isinstance(name, str) else None
    yield read_headers(read_text(source / "PKG-INFO")).first("Name")
    yield _from_setup_cfg(read_text(source / "setup.cfg"))
    yield _from_setup_py(find_python(source / "setup.py"))


def _from_setup_cfg(text: str) -> str | None:
    parser = ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except ConfigParserError:
        return None
    return parser.get("metadata", "name", fallback=None)


def _from_setup_py(tree: ast.Module | None) -> str | None:
    """Return the literal ``name=`` of a call of ``setup``."""
    calls = [] if tree is None else find_setup_calls(tree)
    values = (word.value for call in calls for word in call.keywords if word.arg == "name")
    return next((v.value for v in values if isinstance(v, ast.Constant) and isinstance(v.value, str)), None)
