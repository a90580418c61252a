"""The frontends, one module a family; each knows how its users come to a package that needs torch."""

from __future__ import annotations

from dataclasses import replace

from . import build, hatch, nox, pdm, pip, pip_tools, pipenv, poetry, tox, uv_made, uv_pip, uv_sync
from .scenario import Frontend

_FAMILIES = (pip, uv_pip, uv_made, uv_sync, pip_tools, poetry, pdm, pipenv, build, hatch, tox, nox)


def _rebuilding(frontend: Frontend) -> Frontend:
    """Return a frontend with the scenario *rebuilds*: that of an editable, with another package."""
    if "editable" not in frontend.scenarios:
        return frontend
    scenarios = {**frontend.scenarios, "rebuilds": frontend.scenarios["editable"]}
    ways_out = dict(frontend.ways_out)
    if "editable" in ways_out:
        ways_out["rebuilds"] = replace(ways_out["editable"], run=None)
    return replace(frontend, scenarios=scenarios, ways_out=ways_out)


FRONTENDS: tuple[Frontend, ...] = tuple(_rebuilding(f) for family in _FAMILIES for f in family.FRONTENDS)
"""The rows of the table, in its order."""
