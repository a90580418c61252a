"""Settings of a consumer that have no effect, because they are at the wrong place or under a misspelt name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

_OF_PACKAGES = {
    **{name: name for name in ("env", "cuda", "provision", "unresolved", "editable-env", "build-lock", "prebuilt")},
    "match-runtime": "match",
}
"""A producer's setting -> the key of a consumer's table for one package."""


def find_ignored(path: Path, ours: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    """Yield a note about each setting at the place of a producer's, in a project that is no producer.

    :param ours: the table ``[tool.runtime-backend]`` of the document.
    """
    build_system = document.get("build-system")
    backend = build_system.get("build-backend") if isinstance(build_system, dict) else None
    if str(backend).startswith("runtime_backend."):
        return
    for key, of_package in _OF_PACKAGES.items():
        if key in ours:
            yield (
                f"{path}: tool.runtime-backend.{key} is ignored, because this project does not build with"
                f" runtime_backend; for a package that it uses: tool.runtime-backend.packages.NAME.{of_package}"
            )


def find_misspelt(names: Sequence[str], wanted: str) -> str | None:
    """Return the name with settings that is close to a package's name, if none is that name.

    :param wanted: normalised.
    """
    from difflib import get_close_matches  # noqa: PLC0415 - every hook loads this module

    written = {str(canonicalize_name(name)): name for name in names}
    near = [] if wanted in written else get_close_matches(wanted, written, n=1, cutoff=0.8)
    return written[near[0]] if near else None
