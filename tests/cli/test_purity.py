"""Whether a source is compiled against torch."""

from __future__ import annotations

from pathlib import Path

import pytest
from standins import write

from runtime_backend.cli.package.purity import why_pure

NO_SOURCE = "found no C++ or CUDA source in it"
NO_TORCH = "found C or C++ source in it, but nothing that names torch"
INSTALLS = 'from setuptools import setup\nsetup(name="x", install_requires=["torch"])\n'


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"setup.py": INSTALLS, "x/__init__.py": "import torch\n"}, NO_SOURCE),
        ({"setup.py": INSTALLS, "tests/a.cpp": "#include <torch/extension.h>\n"}, NO_SOURCE),
        ({"pyproject.toml": '[build-system]\nrequires = ["hatchling"]\n'}, NO_SOURCE),
        ({"setup.py": "print 'x'", "a.c": "int a;\n", ".git/x.cmake": "torch\n"}, NO_TORCH),
        ({"setup.py": "from . import x\n", "a.pyx": "", "CMakeLists.txt": "find_package(Eigen)\n"}, NO_TORCH),
        ({"setup.py": "import torch\n"}, None),
        ({"setup.py": "from helper import flags\n", "helper.py": "from torch.utils import cpp_extension\n"}, None),
        ({"pyproject.toml": '[build-system]\nrequires = ["setuptools", "torch>=2"]\n'}, None),
        ({"a.c": "int a;\n", "CMakeLists.txt": "find_package(Torch REQUIRED)\n"}, None),
        ({"a.c": "int a;\n", "meson.build": "dependency('libtorch')\n"}, None),
        ({"a.cu": "#include <ATen/ATen.h>\n", "setup.py": INSTALLS}, None),
        ({"a.c": "", "setup.py": INSTALLS}, None),
        ({"a.c": "", "a.h": "double f(double c9, double c10) { return c9 + c10/c9; }\n"}, NO_TORCH),
        ({"a.c": "", "a.h": "#include <c10/util/Half.h>\n"}, None),
        ({"a.c": "", "a.h": "c10::Half f();\n"}, None),
        ({"a.c": "", "a.h": "namespace c10 {\n"}, None),
        ({"src/a.rs": "", "Cargo.toml": '[dependencies]\ntch = "0.15"\n'}, None),
        ({"a.c": "", "CMakeLists.txt": "# not for torch\nfind_package(Eigen)\n"}, NO_TORCH),
        (
            {
                "pyproject.toml": '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n',
                "hatch_build.py": "from torch.utils.cpp_extension import load\n",
            },
            None,
        ),
    ],
)
def test_why(files: dict[str, str], expected: str | None, tmp_path: Path) -> None:
    """A source is pure if it has nothing to compile, or nothing that its build reads names torch."""
    for name, text in files.items():
        write(tmp_path / name, text)
    assert expected == why_pure(tmp_path)
