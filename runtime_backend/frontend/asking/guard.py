"""The guard of hooks that a nested frontend calls: they answer metadata, and ask nothing."""

from __future__ import annotations

from collections.abc import Mapping

GUARD = "_RUNTIME_BACKEND_ASKING"
"""The variable that such hooks see."""


def is_asking(environ: Mapping[str, str]) -> bool:
    """Return whether this hook is called by a frontend that we ask."""
    return bool(environ.get(GUARD))
