"""Reading the stamps that tests look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runtime_backend.archives.stamp_file import FILE_NAME, parse_stamp
from runtime_backend.archives.wheel import read_from_dist_info


def read_stamp(wheel: Path) -> dict[str, Any] | None:
    """Return a wheel's stamp; None when it has none."""
    content = read_from_dist_info(wheel, FILE_NAME)
    return None if content is None else parse_stamp(content, f"{wheel}: {FILE_NAME}")
