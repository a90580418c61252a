"""What the commands can install: torches, packages that need one of them, and the package under test."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from ..standins import make_torches, make_wheel
from ..stock import Stock
from ..workplace import PACKAGES
from .model import Extension

TORCHES: Mapping[str, tuple[str, str | None]] = {
    "9.1.0": ("9.1.0+cu128", "12.8"),
    "9.1.0+cpu": ("9.1.0+cpu", None),
    "9.1.0+cu126": ("9.1.0+cu126", "12.6"),
    "9.2.0": ("9.2.0+cu128", "12.8"),
    "9.3.0": ("9.3.0+cu128", "12.8"),
    "9.4.0": ("9.4.0+cu128", "12.8"),
}
"""As ``standins.TORCHES``."""
_WITHDRAWN: Mapping[str, tuple[str, str | None]] = {"9.0.0": ("9.0.0+cu128", "12.8")}
"""A torch that can be installed, and that is on no index; neither is what it needs."""

_NEED: Mapping[str, tuple[str, ...]] = {
    "needy": ("torch>=9.3",),
    "needs-needy": ("needy",),
    "needs-92": ("torch==9.2.0",),
    "vision": ("torch==9.2.0",),
    "needs-torch": ("torch",),
    "unrelated": (),
}
"""Packages that stand next to the one under test, and what each requires."""

_SHOW = '''"""Prints which torch this was built against, and which one is there."""

import re
from importlib.util import find_spec
from pathlib import Path


def read() -> str:
    """Return what the torch that would be imported calls itself."""
    spec = find_spec("torch")
    if spec is None or spec.origin is None:
        return "none"
    text = (Path(spec.origin).parent / "version.py").read_text()
    return re.search("^__version__ = '(.*)'$", text, re.MULTILINE)[1]


def main() -> None:
    """Print both."""
    from .built_against import TORCH_VERSION

    print(f"built against {TORCH_VERSION}, there is {read()}.")


if __name__ == "__main__":
    main()
'''

_REFERENCE = """
import sys, types
sys.modules["torch"] = types.ModuleType("torch")
sys.modules["torch"].__version__ = "nothing"
"""


def make_indexes(folder: Path, stock: Stock) -> dict[str, list[Path]]:
    """Write the wheels, and return the indexes: ``plain`` has no variants of torch, ``variants`` has them all."""
    folder.mkdir()
    make_torches(folder, TORCHES)
    for name, requires in _NEED.items():
        module = name.replace("-", "_")
        make_wheel(folder, name, "1.0", {f"{module}/__init__.py": f'"""{name}."""\n'}, requires)
    made = sorted(folder.glob("*.whl"))
    make_torches(folder, _WITHDRAWN, ["gone"])
    make_wheel(folder, "gone", "1.0", {"gone/__init__.py": '"""What the withdrawn torch needs."""\n'})
    build = [wheel for place in (stock.wheelhouse, stock.shim) for wheel in sorted(place.glob("*.whl"))]
    return {"plain": [*(wheel for wheel in made if "+" not in wheel.name), *build], "variants": [*made, *build]}


def write_extension(folder: Path, extension: Extension, *, is_reference: bool = False) -> None:
    """Write the package under test.

    :param is_reference: whether it is built without the shim and without a torch, to see what a frontend does.
    """
    ignored = shutil.ignore_patterns("build", "*.egg-info", "__pycache__", "built_against.py", "*.so")
    shutil.copytree(PACKAGES / "probe_setuptools", folder, ignore=ignored)
    (folder / "probe_setuptools" / "show.py").write_text(_SHOW, "utf-8")
    listed = json.dumps(extension.requires)
    setup, settings = folder / "setup.py", folder / "pyproject.toml"
    code, text = setup.read_text("utf-8"), settings.read_text("utf-8")
    line = 'requires-python = ">=3.10"\n'
    if extension.is_dynamic:
        code = code.replace("\nsetup(\n", f"\nsetup(\n    install_requires={listed},\n")
        more = 'dynamic = ["dependencies"]\n'
    else:
        more = f"dependencies = {listed}\n"
    more += (
        '\n[project.scripts]\nshow-torch = "probe_setuptools.show:main"\n'
        '\n[project.optional-dependencies]\nnew = ["torch>=9.3"]\n'
    )
    text = text.replace(line, line + more)
    if is_reference:
        code = _REFERENCE + code
        text = text.replace('"runtime-backend", ', "").replace("runtime_backend.build", "setuptools.build_meta")
    setup.write_text(code, "utf-8")
    settings.write_text(text, "utf-8")
