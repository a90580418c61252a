"""All situations, and those that every run of the tests takes."""

from __future__ import annotations

from ..model import Situation
from . import asked, files, made, moved, places, projects

SITUATIONS: tuple[Situation, ...] = (
    *moved.SITUATIONS,
    *asked.SITUATIONS,
    *files.SITUATIONS,
    *places.SITUATIONS,
    *made.SITUATIONS,
    *projects.SITUATIONS,
)

QUICK = frozenset(
    (
        *("pip-upgrade-torch", "uv-pip-reinstall-own-torch"),
        *("pip-own-newer", "uv-pip-own-dynamic", "uv-pip-needy"),
        *("uv-pip-fresh-torch", "pip-group", "uv-pip-overrides", "uv-pip-stdin"),
        *("uv-pip-void-no-deps", "pip-variant-named", "uv-pip-variant-upgraded"),
        *("pip-wheel-own", "uv-run-with-needy", "uv-run-beside-environment", "uv-script", "uv-tool-install"),
        *("uv-sync-not-torch-inexact", "uv-sync-unselected-extra", "uv-workspace-extra", "uv-pip-pin-fresh-unheard"),
        *("uv-pip-system-own", "uv-pip-no-isolation-upgrade"),
    )
)
"""One of each kind, the quicker frontend if it does not matter."""

_IDS = [situation.id for situation in SITUATIONS]
assert len(_IDS) == len(set(_IDS)), sorted({name for name in _IDS if _IDS.count(name) > 1})
assert set(_IDS) >= QUICK, sorted(QUICK - set(_IDS))
