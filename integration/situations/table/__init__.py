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
        *("pip-upgrade-torch", "uv-pip-own-dynamic", "uv-pip-needy", "uv-pip-fresh-torch"),
        *("uv-pip-overrides", "uv-pip-stdin", "uv-pip-void-no-deps", "pip-variant-named"),
        *("pip-wheel-own", "uv-run-with-needy", "uv-script", "uv-tool-install"),
        *("uv-sync-unselected-extra", "uv-workspace-extra", "uv-pip-pin-fresh-unheard"),
        *("uv-pip-system-own", "uv-pip-no-isolation-upgrade"),
    )
)
"""One of each kind that no other test has, under the quicker frontend if it does not matter."""

_IDS = [situation.id for situation in SITUATIONS]
assert len(_IDS) == len(set(_IDS)), sorted({name for name in _IDS if _IDS.count(name) > 1})
assert set(_IDS) >= QUICK, sorted(QUICK - set(_IDS))
