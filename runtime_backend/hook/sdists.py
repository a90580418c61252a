"""Sdists: packing a wrapper, and adding what the sdist of a real backend lacks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..archives.sdist import complete_sdist, files_for_a_build, pack_files
from ..config import Settings
from ..metadata.static import named_files, static_metadata
from ..system.files import is_file

_SHIM = Path(__file__).parents[1]


def pack_wrapper(settings: Settings, folder: Path) -> str:
    """Pack a wrapper, and return the sdist's name. The sdist names the upstream source, and does not contain it.

    :raises NoAnswer: if the ``[project]`` table is wrong, or lacks a static name or version.
    """
    label, text = static_metadata(settings.project, settings.source)
    files = _files_for_a_build(settings)
    files += settings.upstream.patches if settings.upstream is not None else ()
    files += [settings.source / name for name in named_files(settings.project)]
    pack_files(folder / f"{label}.tar.gz", settings.source, files, text)
    return f"{label}.tar.gz"


def finish_sdist(sdist: Path, settings: Settings, say: Callable[[str], None]) -> None:
    """Add the files that a wheel build needs; the real backend does not know of a vendored shim or a build lock."""
    added = complete_sdist(sdist, settings.source, _files_for_a_build(settings))
    if added:
        say(f"note: {sdist.name} lacked {', '.join(added[:3])}{' …' if added[3:] else ''}, needed for a build: added")


def _files_for_a_build(settings: Settings) -> list[Path]:
    lock = settings.build.lock
    is_own = lock is not None and lock.value.is_relative_to(settings.source) and is_file(lock.value)
    return [*files_for_a_build(settings.source, _SHIM), *([lock.value] if is_own and lock is not None else [])]
