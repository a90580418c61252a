"""A backend whose hooks are methods; torch is imported when a wheel is built and not before."""

import tarfile
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

Settings = dict[str, Any] | None

DIST_INFO = "probe_object-1.0.dist-info"
METADATA = """\
Metadata-Version: 2.4
Name: probe-object
Version: 1.0
Summary: A backend that is an object within an object within a module
License-Expression: MIT
Requires-Python: >=3.10
"""
WHEEL = "Wheel-Version: 1.0\nGenerator: object_backend\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def describe() -> str:
    """Say what this build sees, as a module."""
    import torch

    return f"TORCH_VERSION = {str(torch.__version__)!r}\nOTHER = {find_spec('notorch_dep') is not None}\n"


def pack(folder: str, files: dict[str, str]) -> str:
    """Write a wheel of these files."""
    files = {**files, f"{DIST_INFO}/METADATA": METADATA, f"{DIST_INFO}/WHEEL": WHEEL}
    # Hashes and sizes may be left out of RECORD.
    record = f"{DIST_INFO}/RECORD"
    files[record] = "".join(f"{name},,\n" for name in [*files, record])
    name = "probe_object-1.0-py3-none-any.whl"
    with zipfile.ZipFile(Path(folder, name), "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
    return name


class Hooks:
    """The hooks, bound to one object."""

    def prepare_metadata_for_build_wheel(self, metadata_directory: str, config_settings: Settings = None) -> str:
        """Write the metadata, without torch."""
        folder = Path(metadata_directory, DIST_INFO)
        folder.mkdir()
        (folder / "METADATA").write_text(METADATA, encoding="utf-8")
        (folder / "WHEEL").write_text(WHEEL, encoding="utf-8")
        return DIST_INFO

    def build_wheel(
        self, wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None
    ) -> str:
        """Pack the package, with what this build sees."""
        package = Path("probe_object/__init__.py").read_text(encoding="utf-8")
        return pack(wheel_directory, {"probe_object/__init__.py": package, "probe_object/built_against.py": describe()})

    def build_editable(
        self, wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None
    ) -> str:
        """Write built_against.py beside the sources and pack a path to them."""
        Path("probe_object/built_against.py").write_text(describe(), encoding="utf-8")
        return pack(wheel_directory, {"probe_object.pth": f"{Path.cwd()}\n"})

    def build_sdist(self, sdist_directory: str, config_settings: Settings = None) -> str:
        """Pack the sources."""
        name = "probe_object-1.0.tar.gz"
        with tarfile.open(Path(sdist_directory, name), "w:gz", format=tarfile.PAX_FORMAT) as sdist:
            for path in ("pyproject.toml", "backend/object_backend.py", "probe_object/__init__.py"):
                sdist.add(path, f"probe_object-1.0/{path}")
            metadata = Path(sdist_directory, "PKG-INFO")
            metadata.write_text(METADATA, encoding="utf-8")
            sdist.add(metadata, "probe_object-1.0/PKG-INFO")
            metadata.unlink()
        return name


class Backend:
    """What pyproject.toml's "object_backend:Backend.hooks" goes through."""

    hooks = Hooks()
