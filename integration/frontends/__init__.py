"""The frontends, one module a family; each knows how its users come to a package that needs torch."""

from __future__ import annotations

from . import build, hatch, nox, pdm, pip, pip_tools, pipenv, poetry, tox, uv_made, uv_pip, uv_sync
from .scenario import Frontend

_FAMILIES = (pip, uv_pip, uv_made, uv_sync, pip_tools, poetry, pdm, pipenv, build, hatch, tox, nox)

FRONTENDS: tuple[Frontend, ...] = tuple(frontend for family in _FAMILIES for frontend in family.FRONTENDS)
"""The rows of the table, in its order."""
