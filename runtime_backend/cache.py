"""Where this person's cache lies."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def find_cache(named: Path | None, environ: Mapping[str, str]) -> Path:
    """Return the folder of our cache, which need not exist yet.

    :param named: the one that the settings name.
    """
    if named is not None:
        return named
    if os.name == "nt" and environ.get("LOCALAPPDATA"):
        return Path(environ["LOCALAPPDATA"]) / "runtime-backend" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "runtime-backend"
    base = environ.get("XDG_CACHE_HOME", "")
    # The XDG specification: a relative path is invalid and is ignored.
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "runtime-backend"
