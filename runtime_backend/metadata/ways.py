"""Choosing the ways by which a hook may answer."""

from __future__ import annotations

from typing import Literal

from ..config import Settings
from ..real.hooks import hook_kind
from .static import is_complete

Way = Literal["wrapper", "static", "stub", "real"]
"""``wrapper``: a wrapper's own files; the docstring of this package explains the others."""


_SAME_FOR_EDITABLES = ("mesonpy", "scikit_build_core.build")
"""Real backends that add nothing to the metadata of an editable. meson-python has no hook for them: it would build."""


def way_by_files(hook: str, settings: Settings) -> Way | None:
    """Return the way that needs only the files of the source tree, neither runtime nor real backend.

    ``metadata = "auto"`` answers statically only for wheels, and for editables of known real backends: others may add a
    requirement to the metadata of an editable (hatchling: ``editables``). A wrapper's editable is a wheel; its sdist
    contains the wrapper.
    """
    kind, is_wrapper = hook_kind(hook), settings.upstream is not None
    if kind == "sdist" and is_wrapper:
        return "wrapper"
    if kind != "metadata" or settings.metadata.value not in ("auto", "static"):
        return None
    is_same = settings.real_backend.value.partition(":")[0] in _SAME_FOR_EDITABLES
    is_meant = hook == "prepare_metadata_for_build_wheel" or is_wrapper or is_same
    return "static" if settings.metadata.value == "static" or (is_meant and is_complete(settings.project)) else None


def ways_by_backend(hook: str, settings: Settings, *, is_lacking: bool) -> tuple[Way, ...]:
    """Return the ways to try, in order, if the files alone do not answer.

    :param is_lacking: whether torch is needed and still missing for the real backend.
    """
    wanted, kind = settings.metadata.value, hook_kind(hook)
    if kind == "sdist" and settings.upstream is not None:
        return ()
    if kind == "wheel" or wanted == "real":
        return ("real",)
    if wanted == "stub":
        return ("stub",)
    if wanted == "static" and kind == "metadata":
        return ()
    return ("stub", "real") if is_lacking else ("real",)
