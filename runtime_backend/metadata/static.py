"""Metadata from a complete ``[project]`` table (PEP 621), written by packaging."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from packaging.utils import canonicalize_name

from ..errors import NoAnswer


def is_complete(project: Mapping[str, Any]) -> bool:
    """Return whether a ``[project]`` table has name and version, and nothing is dynamic."""
    return isinstance(project.get("name"), str) and isinstance(project.get("version"), str) and not _dynamic(project)


def write_static(project: Mapping[str, Any], source: Path, folder: Path) -> str:
    """Write a dist-info folder with METADATA, and return its name.

    License files that the table does not name appear only in the wheel, because each real backend finds them in its
    own way.

    :param source: the source tree with the readme.
    :raises NoAnswer: if the table is incomplete or wrong.
    """
    if not is_complete(project):
        left = ", ".join(_dynamic(project)) or "name or version"
        raise NoAnswer(f"pyproject.toml: project: found no static {left}, expected a complete table")
    label, text = static_metadata(project, source)
    made = folder / f"{label}.dist-info"
    made.mkdir(exist_ok=True)
    (made / "METADATA").write_bytes(text)
    return made.name


def static_metadata(project: Mapping[str, Any], source: Path) -> tuple[str, bytes]:
    """Return ``name-version`` for file names, and the content of METADATA or of an sdist's PKG-INFO.

    :raises NoAnswer: if the table is wrong, or lacks a static name or version.
    """
    from packaging.metadata import InvalidMetadata, Metadata, RawMetadata  # noqa: PLC0415 - imports email

    from .project_table import read_project  # noqa: PLC0415 - rarely needed

    if not hasattr(Metadata, "as_rfc822"):  # a vendored shim does not install its requirements
        raise NoAnswer("found an old packaging, expected packaging>=26.1 in build-system.requires")
    raw = cast("RawMetadata", read_project(project, source))
    try:
        text = bytes(Metadata.from_raw(raw, validate=False).as_rfc822())
    except InvalidMetadata as error:
        raise NoAnswer(f"pyproject.toml: project: {error}") from None
    label = f"{canonicalize_name(raw['name']).replace('-', '_')}-{raw['version']}"
    head, end, body = text.partition(b"\n\n")
    return label, re.sub(_WORD, _as_usual, head) + end + body


_WORD = rb"(?m)^(?:dynamic: [a-z-]+$|[a-z-]+(?=:))"


def _as_usual(found: re.Match[bytes]) -> bytes:
    """Return a field's name in the case that real backends use: some readers of METADATA are case-sensitive."""
    return found[0].title().replace(b"-Url", b"-URL")


def named_files(project: Mapping[str, Any]) -> list[str]:
    """Return the files with the readme and the license of a ``[project]`` table."""
    texts = (project.get("readme"), project.get("license"))
    named = (text.get("file") if isinstance(text, dict) else None for text in texts)
    plain = [texts[0]] if isinstance(texts[0], str) else []
    return [name for name in (*plain, *named) if isinstance(name, str)]


def _dynamic(project: Mapping[str, Any]) -> list[str]:
    dynamic = project.get("dynamic", [])
    return [str(name) for name in dynamic] if isinstance(dynamic, list) else ["metadata (dynamic is not a list)"]
