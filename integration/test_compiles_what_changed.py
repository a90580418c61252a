"""A second ``pip install -e``: only what changed is compiled, counted by the calls of the compiler."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from .combinations import some
from .compilers import Compiler
from .real_torch import lighten, own_target
from .stock import NEWEST_PIP, NEWEST_UV
from .workplace import Target, Workplace

_SETUP = """
import os
from setuptools import setup
from torch.utils.cpp_extension import BuildExtension, CppExtension

built_for = os.environ["OP_BUILT_FOR"]
macros = [("OP_BUILT_FOR", f'"{built_for}"')]
setup(
    ext_modules=[CppExtension("op_setuptools._C", ["csrc/axpy.cpp", "csrc/plain.cpp"], define_macros=macros)],
    cmdclass={"build_ext": BuildExtension},
)
"""


def _install(place: Workplace, target: Target, frontend: str, package: Path, compiler: Compiler) -> None:
    # torch calls compilers through ccache where that is installed.
    how: dict[str, Any] = {"CXX": compiler.path, "CFLAGS": "-O0 -g0", "MAX_JOBS": "2", "CCACHE_DISABLE": "1"}
    if frontend == "pip":
        place.run(target.python, "-m", "pip", "install", "--no-deps", "-e", package, wait=600, **how)
    else:
        uv = ("pip", "install", f"--python={target.python}", "--no-deps", "--reinstall", "-e", package)
        place.uv(NEWEST_UV, *uv, wait=600, **how)


@some("frontend", ["pip", "uv"], "uv")
def test_setuptools_with_ninja(place: Workplace, real_target: Target, frontend: str) -> None:
    """BuildExtension compiles by ninja, which sees the objects of the installation before."""
    target, package, compiler = own_target(place, real_target), place.package("op_setuptools"), Compiler(place.folder)
    lighten(package)
    (package / "setup.py").write_text(_SETUP, "utf-8")
    (package / "csrc/plain.h").write_text("#define ANSWER 1\n", "utf-8")
    (package / "csrc/plain.cpp").write_text('#include "plain.h"\nint plain() { return ANSWER; }\n', "utf-8")
    _install(place, target, frontend, package, compiler)
    assert compiler.compiled() == ["axpy.cpp", "plain.cpp"]
    _install(place, target, frontend, package, compiler)
    assert compiler.compiled() == []
    os.utime(package / "csrc/plain.h")
    _install(place, target, frontend, package, compiler)
    assert compiler.compiled() == ["plain.cpp"]
    check = "import torch, op_setuptools as p; assert p.BUILT_FOR == f'torch {torch.__version__}'"
    place.run(target.python, "-W", "ignore", "-c", check, cwd=place.folder / "home")


_CRUDE_SETUP = """
import os
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

class BuildExtension(build_ext):
    def build_extensions(self):
        compile_all = self.compiler.compile

        def compile_missing(sources, output_dir=None, **how):
            objects = self.compiler.object_filenames(sources, output_dir=output_dir)
            return objects if all(map(os.path.exists, objects)) else compile_all(sources, output_dir=output_dir, **how)

        self.compiler.compile = compile_missing
        super().build_extensions()

macros = [("BUILT_FOR", '"%s"' % os.environ["BUILT_FOR"])]
extension = Extension("probe_setuptools._compiled", ["csrc/compiled.c"], define_macros=macros)
setup(ext_modules=[extension], cmdclass={"build_ext": BuildExtension})
"""
_MODULE = """
#include <Python.h>
PyMODINIT_FUNC PyInit__compiled(void) {
  static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_compiled", NULL, -1, NULL, NULL, NULL, NULL, NULL};
  PyObject *module = PyModule_Create(&definition);
  PyModule_AddStringConstant(module, "built_for", BUILT_FOR);
  return module;
}
"""


def _crude_package(place: Workplace) -> Path:
    """Return a package that compiles only what has no object, without a look at times and options."""
    package = place.package("probe_setuptools")
    (package / "setup.py").write_text(_CRUDE_SETUP, "utf-8")
    (package / "csrc/compiled.c").write_text(_MODULE, "utf-8")
    (package / "probe_setuptools/__init__.py").write_text("from ._compiled import built_for\n", "utf-8")
    with (package / "pyproject.toml").open("a", encoding="utf-8") as settings:
        settings.write('[tool.runtime-backend.env]\nBUILT_FOR = "{torch.version}"\n')
    return package


@some("frontend", ["pip", "uv"], "uv")
def test_never_a_mix_of_two_torches(place: Workplace, frontend: str) -> None:
    """Objects are reused for the torch that they were compiled for alone; the extension beside the sources follows."""
    package, compiler = _crude_package(place), Compiler(place.folder, "cc")
    target = place.target("2.6.0", pip=NEWEST_PIP)
    seen = []
    for torch in ("2.6.0", "2.7.0", "2.6.0", "2.7.0"):
        place.install(target.python, f"torch==={torch}")
        how: dict[str, Any] = {"CC": compiler.path, "CCACHE_DISABLE": "1"}
        if frontend == "pip":
            place.run(target.python, "-m", "pip", "install", "-e", package, **how)
        else:
            place.uv(NEWEST_UV, "pip", "install", f"--python={target.python}", "--reinstall", "-e", package, **how)
        ask = "import probe_setuptools as package; print(package.built_for)"
        found = place.run(target.python, "-B", "-c", ask, cwd=place.folder / "home").output.strip()
        seen.append((torch, found, len(compiler.compiled())))
    assert seen == [("2.6.0", "2.6.0", 1), ("2.7.0", "2.7.0", 1), ("2.6.0", "2.6.0", 0), ("2.7.0", "2.7.0", 0)]


def test_two_builds_at_once(place: Workplace) -> None:
    """Two targets with the same torch share a source folder and its objects: the second build waits for the first."""
    package, compiler = _crude_package(place), Compiler(place.folder, "cc")
    targets = [place.target("2.6.0", name=name) for name in ("one", "two")]
    how: dict[str, Any] = {"CC": compiler.path, "CCACHE_DISABLE": "1"}
    command = (place.stock.uv(NEWEST_UV), "pip", "install", "-v", "-e", package, "--python")
    started = [place.start(*command, target.python, UV_CACHE_DIR=target.prefix / "uv", **how) for target in targets]
    done = [running.wait() for running in started]
    assert [0, 0] == [result.code for result in done], done
    assert compiler.compiled() == ["compiled.c"]
    for target in targets:
        ask = "import probe_setuptools as package; print(package.built_for)"
        assert place.run(target.python, "-B", "-c", ask, cwd=place.folder / "home").output == "2.6.0\n"
