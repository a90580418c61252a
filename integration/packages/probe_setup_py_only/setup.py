"""All of the metadata is here, below an import of torch and of a sibling file: nothing is known without running it."""

from importlib.util import find_spec
from pathlib import Path

import torch
from probe_version import VERSION
from setuptools import setup
from setuptools.command.build_py import build_py


class WriteBuiltAgainst(build_py):
    """Adds built_against.py to the package."""

    def run(self) -> None:
        """Write it where the wheel is gathered, or for an editable build beside the sources, as build_ext does."""
        super().run()
        folder = Path("." if self.editable_mode else self.build_lib, "probe_setup_py_only")
        other = find_spec("notorch_dep") is not None
        text = f"TORCH_VERSION = {str(torch.__version__)!r}\nOTHER = {other}\n"
        (folder / "built_against.py").write_text(text, encoding="utf-8")


setup(
    name="probe-setup-py-only",
    version=VERSION,
    description="No [project] table: the metadata is in setup.py",
    license="MIT",
    python_requires=">=3.10",
    packages=["probe_setup_py_only"],
    cmdclass={"build_py": WriteBuiltAgainst},
)
