"""The metadata that a ``[project]`` table tells by itself (PEP 621), written by pyproject-metadata."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from ..errors import NoAnswer
from ..errors.reasons import reason


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
    try:
        from pyproject_metadata import StandardMetadata  # noqa: PLC0415 - only where it is needed
        from pyproject_metadata.errors import ConfigurationError  # noqa: PLC0415
    except ModuleNotFoundError as error:  # a vendored shim installs nothing by itself
        raise NoAnswer(f"{error.name} is not installed; add it to build-system.requires") from None
    try:
        metadata = StandardMetadata.from_pyproject({"project": dict(project)}, source)
        metadata.dynamic_metadata = [field for name in _dynamic(project) for field in _FIELDS.get(name, ())]
        if metadata.version is None:
            raise NoAnswer("pyproject.toml: project.version: found none")
        text = bytes(metadata.as_rfc822())
    except (ConfigurationError, OSError, ValueError) as error:
        raise NoAnswer(f"pyproject.toml: project: {reason(error)}") from None
    return f"{canonicalize_name(metadata.name).replace('-', '_')}-{metadata.version}", text


def named_files(project: Mapping[str, Any]) -> list[str]:
    """Return the files that a ``[project]`` table takes a part of the metadata from."""
    texts = (project.get("readme"), project.get("license"))
    named = (text.get("file") if isinstance(text, dict) else None for text in texts)
    plain = [texts[0]] if isinstance(texts[0], str) else []
    return [name for name in (*plain, *named) if isinstance(name, str)]


_FIELDS = {
    "dependencies": ("Requires-Dist",),
    "optional-dependencies": ("Requires-Dist", "Provides-Extra"),
    "requires-python": ("Requires-Python",),
}
"""The fields of PKG-INFO that a dynamic key leaves open (PEP 643)."""


def _dynamic(project: Mapping[str, Any]) -> list[str]:
    dynamic = project.get("dynamic", [])
    return [str(name) for name in dynamic] if isinstance(dynamic, list) else ["what dynamic says"]
