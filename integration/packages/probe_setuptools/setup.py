"""Needs torch for its first line, as most packages of the trade do; looks at it only while building."""

from importlib.util import find_spec
from pathlib import Path

import torch
from setuptools import Extension, setup
from setuptools.command.build_py import build_py


class WriteBuiltAgainst(build_py):
    """Adds built_against.py to the package."""

    def run(self) -> None:
        """Write it where the wheel is gathered, or for an editable build beside the sources, as build_ext does."""
        super().run()
        folder = Path("." if self.editable_mode else self.build_lib, "probe_setuptools")
        other = find_spec("notorch_dep") is not None
        text = f"TORCH_VERSION = {str(torch.__version__)!r}\nOTHER = {other}\n"
        (folder / "built_against.py").write_text(text, encoding="utf-8")


setup(
    # A compiled file, however empty, makes a platform wheel, as a real package's is.
    ext_modules=[Extension("probe_setuptools._compiled", ["csrc/compiled.c"])],
    cmdclass={"build_py": WriteBuiltAgainst},
)
