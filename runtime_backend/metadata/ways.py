"""Which ways a hook answers in."""

from __future__ import annotations

from ..config import Settings
from .static import is_complete

_PACKING = ("get_requires_for_build_sdist", "build_sdist")
_DESCRIBING = ("prepare_metadata_for_build_wheel", "prepare_metadata_for_build_editable")
_BUILDING = ("build_wheel", "build_editable")


def plan_ways(hook: str, settings: Settings, *, is_lacking: bool) -> tuple[str, ...]:
    """Return the ways to take, one after the other, until one leads to an answer.

    Statically answered is the metadata of wheels only, unless the settings say so: a real backend may add a requirement
    to that of an editable build (hatchling: ``editables``). A wrapper's editable is a wheel; its sdist is the wrapper.

    :param is_lacking: whether torch is needed, and the real backend would not see it.
    """
    is_wrapper = settings.upstream is not None
    if is_wrapper and hook in _PACKING:
        return ("wrapper",)
    wanted = settings.metadata.value
    if hook in _BUILDING or wanted == "real":
        return ("real",)
    if wanted == "static" and hook in _DESCRIBING:
        return ("static",)
    if wanted == "stub":
        return ("stub",)
    is_static = (hook == _DESCRIBING[0] or (is_wrapper and hook in _DESCRIBING)) and is_complete(settings.project)
    return (*(["static"] if is_static else []), *(["stub"] if is_lacking else []), "real")
