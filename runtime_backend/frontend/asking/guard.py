"""The guard of hooks that a nested frontend calls: they answer with metadata, and ask nothing."""

from __future__ import annotations

from collections.abc import Mapping

GUARD = "_RUNTIME_BACKEND_ASKING"
"""The variable that marks a dry run of ours."""


def is_asking(environ: Mapping[str, str]) -> bool:
    """Return whether this hook is called in a dry run that we started."""
    return bool(environ.get(GUARD))
