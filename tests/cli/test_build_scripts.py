"""Whether a package builds against torch, from the files that its build would run and read."""

from __future__ import annotations

from pathlib import Path

import pytest
from standins import write

from runtime_backend.cli.adopt.adoption import adopt
from runtime_backend.cli.package.build_scripts import read_build_scripts
from runtime_backend.errors import AdoptionError
from runtime_backend.formats.toml import loads

SETUP = "from setuptools import Extension, setup\n"
PROJECT = "[project]\nname = 'x'\nversion = '1'\ndependencies = ['torch>=2']\n"


def backend(name: str, requires: str = "[]", more: str = "") -> str:
    """Return a pyproject.toml with a real backend."""
    return f"[build-system]\nrequires = {requires}\nbuild-backend = '{name}'\n{more}\n{PROJECT}"


AGAINST_TORCH: dict[str, dict[str, str]] = {
    "import": {"setup.py": f"{SETUP}import torch as t\n"},
    "import of a part": {"setup.py": f"{SETUP}import numpy, torch.utils.cpp_extension\n"},
    "from": {"setup.py": f"{SETUP}from torch.utils import cpp_extension\n"},
    "in a function": {"setup.py": f"{SETUP}def f():\n    from torch import version\n"},
    "in a try": {"setup.py": f"{SETUP}try:\n    import torch\nexcept ImportError:\n    pass\n"},
    "by importlib": {"setup.py": f"{SETUP}import importlib\nimportlib.import_module('torch.utils')\n"},
    "by __import__": {"setup.py": f"{SETUP}__import__('torch')\n"},
    "its folder": {"setup.py": f"{SETUP}from importlib.util import find_spec\nfind_spec('torch').origin\n"},
    "its version": {"setup.py": f"{SETUP}from importlib import metadata\nmetadata.version('torch')\n"},
    "a path": {"setup.py": f"{SETUP}import os\nos.path.join(site, 'torch', 'include')\n"},
    "a path of pathlib": {"setup.py": f"{SETUP}site / 'torch'\n"},
    "a path in one text": {"setup.py": f"{SETUP}x = f'{{site}}/torch/include'\n"},
    "a library": {"setup.py": f"{SETUP}Extension('x', ['x.cpp'], libraries=['c10'])\n"},
    "another process": {"setup.py": f"{SETUP}import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import torch'])\n"},
    "installs it": {"setup.py": f"{SETUP}import os\nos.system('pip install torch==2.7')\n"},
    "imports torchvision": {"setup.py": f"{SETUP}import torchvision\n"},
    "setup_requires": {"setup.py": f"{SETUP}setup(setup_requires='torch')\n"},
    "setup_requires in setup.cfg": {"setup.py": SETUP, "setup.cfg": "[options]\nsetup_requires = torch>=2\n"},
    "a module beside it": {"setup.py": f"{SETUP}import build_tools.flags\n", "build_tools/flags.py": "import torch\n"},
    "a module of a module": {"setup.py": f"{SETUP}from tools import a\n", "tools/a.py": "from .b import c\n", "tools/b.py": "import torch\n"},
    "a parent": {"setup.py": f"{SETUP}from a.b import c\n", "a/b.py": "from . import d\n", "a/d/__init__.py": "import torch"},
    "the package itself": {"setup.py": f"{SETUP}from x import __version__\n", "x/__init__.py": "class A:\n    import torch\n"},
    "a helper that compiles": {"setup.py": f"{SETUP}import h\n", "h.py": "def f():\n    from torch.utils.cpp_extension import load\n"},
    "a file that it runs": {"setup.py": f"{SETUP}exec(open('x/about.py').read())\n", "x/about.py": "import torch\n"},
    "cmdclass": {"pyproject.toml": f"{PROJECT}[tool.setuptools.cmdclass]\nbuild_ext = 'torch.utils.cpp_extension.BuildExtension'\n"},
    "cmdclass of the package": {"pyproject.toml": f"{PROJECT}[tool.setuptools.cmdclass]\nbuild_ext = 'a.b.Build'\n", "a/b.py": "import torch\n"},
    "required": {"pyproject.toml": backend("setuptools.build_meta", "['Torch']")},
    "required by another name": {"pyproject.toml": backend("setuptools.build_meta", "['torch-scatter']")},
    "required through another": {"pyproject.toml": backend("setuptools.build_meta", "['timm']")},
    "the shim is required": {"pyproject.toml": backend("setuptools.build_meta", "['runtime-backend']")},
    "match-runtime": {"pyproject.toml": backend("setuptools.build_meta", more="[tool.runtime-backend]\nmatch-runtime = ['jax']")},
    "hatch": {"pyproject.toml": backend("hatchling.build"), "hatch_build.py": "import torch\n"},
    "hatch, elsewhere": {"pyproject.toml": backend("hatchling.build", more="[tool.hatch.build.hooks.custom]\npath = 'b/h.py'"), "b/h.py": "import torch\n"},
    "hatch, a target": {
        "pyproject.toml": backend("hatchling.build", more="[tool.hatch.build.targets.wheel.hooks.custom]\npath = 'h.py'"),
        "h.py": "import torch\n",
    },
    "poetry": {"pyproject.toml": backend("poetry.core.masonry.api", more="[tool.poetry.build]\nscript = 'build.py'"), "build.py": "import torch\n"},
    "poetry, a text": {"pyproject.toml": backend("poetry.core.masonry.api", more="[tool.poetry]\nbuild = 'b.py'"), "b.py": "import torch\n"},
    "pdm": {"pyproject.toml": backend("pdm.backend", more="[tool.pdm.build]\ncustom-hook = 'h.py'"), "h.py": "import torch\n"},
    "in the source tree": {"pyproject.toml": backend("mine.api:hooks", more="backend-path = ['_build']"), "_build/mine/api.py": "import torch\n"},
    "in the source tree, requiring it": {
        "pyproject.toml": backend("mine", more="backend-path = ['.']"),
        "mine.py": "def get_requires_for_build_wheel(config_settings=None):\n    return ['torch']\n",
    },
    "not for type checkers": {
        "setup.py": f"{SETUP}import x\n",
        "x.py": "from typing import TYPE_CHECKING\nif not TYPE_CHECKING:\n    import torch\n",
    },
    "CMake": {"pyproject.toml": backend("scikit_build_core.build"), "CMakeLists.txt": "find_package(Torch REQUIRED)\n"},
    "CMake, in a folder": {"pyproject.toml": backend("py_build_cmake.build"), "cmake/deps.cmake": "  list(APPEND X ${TORCH_LIBRARIES})\n"},
    "CMake by setup.py": {"setup.py": f"{SETUP}run(['cmake', '.'])\n", "CMakeLists.txt": "find_package(Torch)\n"},
    "CMake by skbuild": {"setup.py": "from skbuild import setup\n", "csrc/CMakeLists.txt": "find_package(Torch)\n"},
    "CMake by hatch's plugin": {"pyproject.toml": backend("hatchling.build", "['scikit-build-core']"), "CMakeLists.txt": "find_package(Torch)"},
    "meson": {"pyproject.toml": backend("mesonpy"), "meson.build": "torch = dependency('Torch')\n"},
    "Cargo": {"pyproject.toml": backend("maturin"), "Cargo.toml": '[dependencies]\ntch = "0.17"\n'},
    "Cargo by setuptools-rust": {"pyproject.toml": backend("setuptools.build_meta", "['setuptools_rust']"), "rust/Cargo.toml": 'torch-sys = "1"\n'},
    "a backend that nobody knows": {"pyproject.toml": backend("some.backend"), "meson.build": "dependency('torch')\n"},
}  # fmt: skip


@pytest.mark.parametrize("shape", AGAINST_TORCH)
def test_against_torch(shape: str, tmp_path: Path) -> None:
    """A package is converted if anything that its build runs or reads may need torch."""
    for name, text in AGAINST_TORCH[shape].items():
        write(tmp_path / name, text)
    assert "runtime_backend.build" == loads(adopt(tmp_path).after)["build-system"]["build-backend"]


PURE: dict[str, dict[str, str]] = {
    "words": {"setup.py": f"'''import torch'''\n{SETUP}setup(description='like torch', install_requires=['torch'])\n# import torch\n"},
    "joined texts": {"setup.py": f"{SETUP}', '.join(['torch'])\nprint('torch')\nx / 2\n"},
    "near names": {"setup.py": f"{SETUP}import torchless, mytorch\nfrom .torch import x\nrun('build torch-ext/x.cpp')\n"},
    "a script that it installs": {"setup.py": f"{SETUP}setup(scripts=['bin/train.py'])\n", "bin/train.py": "import torch\n"},
    "a module in a function of the package": {
        "setup.py": f"{SETUP}from x import __version__\n",
        "x/__init__.py": "def f():\n    from . import models\ng = lambda: __import__('torch')\n",
        "x/models.py": "import torch\n",
    },
    "for type checkers": {
        "setup.py": f"{SETUP}import x\n",
        "x.py": "import typing\nif typing.TYPE_CHECKING:\n    import torch\n    from y import z\n",
        "y.py": "import torch\n",
    },
    "a module of the same name elsewhere": {"setup.py": f"{SETUP}import x\n", "x/__init__.py": "import types\n", "x/types.py": "import torch\n"},
    "no Python": {"setup.py": f"{SETUP}import x\n", "x.py": "print 'import torch'\n"},
    "modules that import each other": {"setup.py": f"{SETUP}import a\n", "a.py": "import b\n", "b.py": "import a, setup\n"},
    "CMake without torch": {"pyproject.toml": backend("scikit_build_core.build"), "CMakeLists.txt": "project(x) # for torch\n#torch\n"},
    "meson without torch": {"pyproject.toml": backend("mesonpy"), "meson.build": "project('x')\n", "CMakeLists.txt": "find_package(Torch)"},
    "Cargo without torch": {"pyproject.toml": backend("maturin"), "Cargo.toml": '[dependencies]\npyo3 = "1"\nmatch = "1"\n'},
    "a build folder": {"pyproject.toml": backend("scikit_build_core.build"), "build/x.cmake": "Torch\n"},
    "an environment": {"pyproject.toml": backend("scikit_build_core.build"), "env/pyvenv.cfg": "", "env/x.cmake": "Torch\n"},
    "a hidden folder": {"pyproject.toml": backend("scikit_build_core.build"), ".x/x.cmake": "Torch\n"},
    "setuptools beside CMake": {"pyproject.toml": backend("setuptools.build_meta"), "example/CMakeLists.txt": "find_package(Torch)\n"},
    "tables of other types": {"pyproject.toml": f"{PROJECT}[tool]\nhatch = 3\npoetry = {{ build = 3 }}\n[build-system]\nrequires = []\nbuild-backend = 'setuptools.build_meta'\n"},
}  # fmt: skip


@pytest.mark.parametrize("shape", PURE)
def test_pure(shape: str, tmp_path: Path) -> None:
    """A package that only mentions torch is not converted."""
    for name, text in PURE[shape].items():
        write(tmp_path / name, text)
    with pytest.raises(AdoptionError, match="found nothing here that builds against torch"):
        adopt(tmp_path)


def test_import_above_the_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An import from above the tree finds nothing."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "setup.py", "from .... import x\nimport a\n")
    write(tmp_path / "a/__init__.py", "from ... import b\n")
    assert not read_build_scripts(Path(), {}).needs_torch


@pytest.mark.parametrize(
    ("setup", "wanted"),
    [
        ("from torch.utils.cpp_extension import BuildExtension", "setup.py"),
        ("from torch.utils import cpp_extension\nx = cpp_extension.BuildExtension", "setup.py"),
        ("from torch.utils.cpp_extension import BuildExtension as B", "setup.py"),
        ("import torch\nimport a.b", "a/b.py"),
        ("from torch.utils.cpp_extension import BuildExtension as B\nB.with_options(use_ninja=True)", "setup.py"),
        ("from torch.utils.cpp_extension import BuildExtension as B\nB.with_options(use_ninja=False)", None),
        ("from torch.utils.cpp_extension import CppExtension", None),
        ("class B(cpp_extension.BuildExtension):\n    def f(self):\n        self.g(use_ninja=False)", None),
        ("if x:\n    B = BuildExtension.with_options(use_ninja=False)", "setup.py"),
        ("B = BuildExtension.with_options(use_ninja=False) if x else y", "setup.py"),
    ],
)
def test_ninja(setup: str, wanted: str | None, tmp_path: Path) -> None:
    """A package with torch's BuildExtension wants ninja, unless it turns ninja off."""
    write(tmp_path / "setup.py", setup)
    write(tmp_path / "a/b.py", "class B(BuildExtension):\n    pass\n")
    assert wanted == read_build_scripts(tmp_path, {}).wants_ninja


def test_users(tmp_path: Path) -> None:
    """Each imported distribution that requires torch is listed once, by its name."""
    write(
        tmp_path / "setup.py",
        "import torchvision.io, pytorch_lightning\nfrom torchvision import x\nfrom .timm import y\n",
    )
    assert ("torchvision", "pytorch-lightning") == read_build_scripts(tmp_path, {}).users
