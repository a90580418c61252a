"""The parts of a ``[project]`` table that may be in files: the readme and the license."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from ..errors.reasons import reason
from ..formats.tables import Table, describe
from ..system.files import read_bytes

_SUFFIXES = {".md": "text/markdown", ".rst": "text/x-rst"}


def read_license(table: Table, source: Path) -> dict[str, Any]:
    """Return the license: an expression (PEP 639) or a text, and the license files.

    :param source: the source tree.
    """
    value = table.value("license")
    patterns = table.strings("license-files")
    files = None if patterns is None else _license_files(table, patterns, source)
    if isinstance(value, str):
        if any(text.startswith("License ::") for text in table.strings("classifiers") or ()):
            table.report("license", "a classifier 'License ::' as well", "one of the two")
        return {"license_expression": value, "license_files": files}
    old = table.table("license")
    if old is None:
        return {"license_files": files}
    if files is not None:
        table.report("license-files", "a license that is a table as well", "an SPDX expression as license")
    text = _text_or_file(old, source)
    old.close()
    return {"license": text and "\n".join(text.splitlines())}


def _license_files(table: Table, patterns: list[str], source: Path) -> list[str]:
    found: set[str] = set()
    for pattern in patterns:
        matching = [] if _leads_out(pattern) else [path for path in source.glob(pattern) if path.is_file()]
        if not matching:
            table.report("license-files", describe(pattern), "a pattern of files inside the project")
        found.update(path.relative_to(source).as_posix() for path in matching)
    return sorted(found)


def _leads_out(pattern: str) -> bool:
    paths = PurePosixPath(pattern), PureWindowsPath(pattern)
    return not paths[0].parts or any(path.anchor or ".." in path.parts for path in paths)


def read_readme(table: Table, source: Path) -> dict[str, str | None]:
    """Return the readme's content type and text.

    :param source: the source tree.
    """
    value = table.value("readme")
    if isinstance(value, str):
        kind = _SUFFIXES.get(PurePosixPath(value).suffix.lower())
        if kind is None:
            table.report("readme", describe(value), f"a name with one of the endings {', '.join(_SUFFIXES)}")
        return {"description_content_type": kind, "description": _read(table, "readme", source)}
    inner = table.table("readme")
    if inner is None:
        return {}
    kind = inner.line("content-type")
    if not kind:
        inner.report("content-type", "none", "one")
    text = _text_or_file(inner, source)
    inner.close()
    return {"description_content_type": kind, "description": text}


def _text_or_file(table: Table, source: Path) -> str | None:
    """Return the value of ``text``, or the content of ``file``; a table must have one of the two."""
    if ("text" in table) == ("file" in table):
        table.report("text", "both or neither of text and file", "one of the two")
    text = "" if table.value("text") == "" else table.string("text")
    return _read(table, "file", source) if "file" in table else text


def _read(table: Table, name: str, source: Path) -> str | None:
    """Return the content of the file that a key names."""
    file = table.string(name)
    if file is None:
        return None
    try:
        return read_bytes(source / file).decode()
    except (OSError, UnicodeDecodeError) as error:
        table.problems.append(f"{table.file}: {table.dotted(name)}: {file}: {reason(error, source / file)}")
        return None
