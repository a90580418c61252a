"""The smallest backend PEP 517 allows: two hooks, no metadata of its own accord, and torch imported with the module."""

import tarfile
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

# What pyproject.toml says too: a frontend may get it from there, without this file.
METADATA = """\
Metadata-Version: 2.4
Name: probe-in-tree
Version: 1.0
Summary: A backend of its own, which imports torch at its top
License-Expression: MIT
Requires-Python: >=3.10
"""
WHEEL = "Wheel-Version: 1.0\nGenerator: tree_backend\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def build_wheel(
    wheel_directory: str, config_settings: dict[str, Any] | None = None, metadata_directory: str | None = None
) -> str:
    """Pack the package, with what this build sees."""
    other = find_spec("notorch_dep") is not None
    files = {
        "probe_in_tree/__init__.py": Path("probe_in_tree/__init__.py").read_text(encoding="utf-8"),
        "probe_in_tree/built_against.py": f"TORCH_VERSION = {str(torch.__version__)!r}\nOTHER = {other}\n",
        "probe_in_tree-1.0.dist-info/METADATA": METADATA,
        "probe_in_tree-1.0.dist-info/WHEEL": WHEEL,
    }
    # Hashes and sizes may be left out of RECORD.
    record = "probe_in_tree-1.0.dist-info/RECORD"
    files[record] = "".join(f"{name},,\n" for name in [*files, record])
    name = "probe_in_tree-1.0-py3-none-any.whl"
    with zipfile.ZipFile(Path(wheel_directory, name), "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
    return name


def build_sdist(sdist_directory: str, config_settings: dict[str, Any] | None = None) -> str:
    """Pack the sources."""
    name = "probe_in_tree-1.0.tar.gz"
    with tarfile.open(Path(sdist_directory, name), "w:gz", format=tarfile.PAX_FORMAT) as sdist:
        for path in ("pyproject.toml", "backend/tree_backend.py", "probe_in_tree/__init__.py"):
            sdist.add(path, f"probe_in_tree-1.0/{path}")
        metadata = Path(sdist_directory, "PKG-INFO")
        metadata.write_text(METADATA, encoding="utf-8")
        sdist.add(metadata, "probe_in_tree-1.0/PKG-INFO")
        metadata.unlink()
    return name
