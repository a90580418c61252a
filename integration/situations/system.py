"""A system's Python, as a distribution or an image brings it, with packages of its own."""

from __future__ import annotations

import shutil
import sys
import sysconfig
from pathlib import Path


def make_system(folder: Path) -> Path:
    """Make a Python of its own, out of links to the standard library of the one that runs; return its interpreter."""
    base = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    library = folder / "lib" / version
    (library / "site-packages").mkdir(parents=True)
    for entry in Path(sysconfig.get_path("stdlib")).iterdir():
        if entry.name != "site-packages":
            (library / entry.name).symlink_to(entry)
    (folder / "include").mkdir()
    (folder / "include" / version).symlink_to(sysconfig.get_path("include", vars={"base": sys.base_prefix}))
    (folder / "bin").mkdir()
    python = folder / "bin" / version
    shutil.copy2(base, python)
    (folder / "bin" / "python").symlink_to(version)
    return python
