"""An extension with random requirements, whose build records the torch that it saw; and its like without the shim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from .random_packages import Release, draw, draw_requirements, draw_torch

_KINDS = {"static": 5, "dynamic": 2, "setup.py": 2}

_SYSTEM = """\
[build-system]
requires = ["runtime-backend", "setuptools>=77"]
build-backend = "runtime_backend.build"

[tool.runtime-backend]
build-backend = "setuptools.build_meta"
match-runtime = ["torch>=2.4"]
"""
_PLAIN_SYSTEM = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"
"""
_RECORD = """
import torch
from setuptools.command.build_py import build_py


class Record(build_py):
    def run(self):
        super().run()
        folder = Path("." if self.editable_mode else self.build_lib, "ext")
        (folder / "built_against.py").write_text(f"TORCH_VERSION = {str(torch.__version__)!r}\\n")


SETTINGS["cmdclass"] = {"build_py": Record}
"""
_SETUP = """\
from pathlib import Path

from setuptools import Distribution, setup


class Binary(Distribution):
    # a platform wheel, as a package with kernels has, without a compiler
    def has_ext_modules(self):
        return True


SETTINGS = {settings}
{record}
setup(distclass=Binary, **SETTINGS)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Extension:
    """The package that is built, named ``ext``."""

    kind: str
    """``static``: all metadata in pyproject.toml; ``dynamic``: requirements in setup.py; ``setup.py``: all there."""
    requires: tuple[str, ...]
    fast: tuple[str, ...]

    def __str__(self) -> str:
        """Return a line for a person."""
        return f"{Release(name='ext', version='1.0', requires=self.requires, fast=self.fast)} ({self.kind})"


def draw_extension(dice: Random, releases: Sequence[Release]) -> Extension:
    """Return an extension, often one that leaves it to the user to install torch."""
    requires = draw_requirements(dice, releases) if dice.random() < 0.75 else ()
    fast = (draw_torch(dice),) if dice.random() < 0.3 else ()
    return Extension(kind=draw(dice, _KINDS), requires=requires, fast=fast)


def make_extension(folder: Path, extension: Extension, *, plain: bool) -> None:
    """Write its source tree.

    :param plain: without the shim and without a look at torch, with the same requirements.
    """
    (folder / "ext").mkdir(parents=True)
    (folder / "ext" / "__init__.py").touch()
    system = _PLAIN_SYSTEM if plain else _SYSTEM
    (folder / "pyproject.toml").write_text(system + _project_table(extension), "utf-8")
    settings: dict[str, object] = {"packages": ["ext"]}
    if extension.kind == "setup.py":
        settings |= {"name": "ext", "version": "1.0"}
    if extension.kind != "static":
        settings |= {"install_requires": list(extension.requires), "extras_require": {"fast": list(extension.fast)}}
    text = _SETUP.format(settings=settings, record="" if plain else _RECORD)
    (folder / "setup.py").write_text(text, "utf-8")


def _project_table(extension: Extension) -> str:
    if extension.kind == "setup.py":
        return ""
    lines = ["", "[project]", 'name = "ext"', 'version = "1.0"']
    if extension.kind == "dynamic":
        lines += ['dynamic = ["dependencies", "optional-dependencies"]']
    else:
        # a list of str in Python is one in TOML, too, unless a string holds both kinds of quotes
        lines += [f"dependencies = {list(extension.requires)}"]
        lines += ["[project.optional-dependencies]", f"fast = {list(extension.fast)}"]
    return "\n".join(lines) + "\n"
