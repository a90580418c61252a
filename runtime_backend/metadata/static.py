"""The metadata that a ``[project]`` table tells by itself (PEP 621), written by packaging."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from packaging.utils import canonicalize_name

from ..errors import NoAnswer


def is_complete(project: Mapping[str, Any]) -> bool:
    """Return whether a ``[project]`` table leaves nothing to the real backend."""
    return isinstance(project.get("name"), str) and isinstance(project.get("version"), str) and not _dynamic(project)


def write_static(project: Mapping[str, Any], source: Path, folder: Path) -> str:
    """Write the dist-info with METADATA, and return its name.

    License files that the table does not name are left to the wheel: each real backend finds them in its own way.

    :param source: the source tree, in which the readme lies.
    :raises NoAnswer: when the table leaves something to the real backend, or is wrong.
    """
    if not is_complete(project):
        left = ", ".join(_dynamic(project)) or "name or version"
        raise NoAnswer(f"pyproject.toml: project: it leaves {left} to the real backend")
    label, text = static_metadata(project, source)
    made = folder / f"{label}.dist-info"
    made.mkdir(exist_ok=True)
    (made / "METADATA").write_bytes(text)
    return made.name


def static_metadata(project: Mapping[str, Any], source: Path) -> tuple[str, bytes]:
    """Return ``name-version``, as files are called by it, and the text of METADATA, or of an sdist's PKG-INFO.

    :raises NoAnswer: when the table is wrong, or leaves name or version open.
    """
    from packaging.metadata import InvalidMetadata, Metadata, RawMetadata  # noqa: PLC0415 - it loads email

    from .project_table import read_project  # noqa: PLC0415 - only where it is needed

    if not hasattr(Metadata, "as_rfc822"):  # a vendored shim installs nothing by itself
        raise NoAnswer("this packaging writes no metadata; expected packaging>=26.1 in build-system.requires")
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
    """Return a field's name as real backends write it: not all that read METADATA know that the case means nothing."""
    return found[0].title().replace(b"-Url", b"-URL")


def named_files(project: Mapping[str, Any]) -> list[str]:
    """Return the files that a ``[project]`` table takes a part of the metadata from."""
    texts = (project.get("readme"), project.get("license"))
    named = (text.get("file") if isinstance(text, dict) else None for text in texts)
    plain = [texts[0]] if isinstance(texts[0], str) else []
    return [name for name in (*plain, *named) if isinstance(name, str)]


def _dynamic(project: Mapping[str, Any]) -> list[str]:
    dynamic = project.get("dynamic", [])
    return [str(name) for name in dynamic] if isinstance(dynamic, list) else ["what dynamic says"]
