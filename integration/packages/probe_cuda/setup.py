"""Calls nvcc as torch.utils.cpp_extension does: by PYTORCH_NVCC, else in CUDA_HOME, which has to be set."""

import os
import shlex
import subprocess
from importlib.util import find_spec
from pathlib import Path

import torch
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

HOME = os.environ["CUDA_HOME"]


class NvccBuild(build_ext):
    """Compiles with nvcc, and links with it, against the runtime's shared library and the driver's stub."""

    def build_extension(self, ext: Extension) -> None:
        """Build it."""
        target = Path(self.get_ext_fullpath(ext.name))
        compiled = Path(self.build_temp, "probe.o")
        for folder in (target.parent, compiled.parent):
            folder.mkdir(parents=True, exist_ok=True)
        nvcc = shlex.split(os.environ.get("PYTORCH_NVCC", f"{HOME}/bin/nvcc"))
        number = os.environ["TORCH_CUDA_ARCH_LIST"].replace(".", "")
        flags = [f"-gencode=arch=compute_{number},code=sm_{number}", "-Xcompiler=-fPIC", f"-I{HOME}/include"]
        subprocess.run([*nvcc, "-c", ext.sources[0], "-o", compiled, *flags], check=True)
        libraries = [f"-L{HOME}/lib64", "-lcudart", "-lcuda", "-Xlinker=--no-undefined"]
        subprocess.run(["nvcc", "-shared", compiled, "-o", target, "-cudart=shared", *libraries], check=True)


class WriteBuiltAgainst(build_py):
    """Adds built_against.py to the package."""

    def run(self) -> None:
        """Write it where the wheel is gathered."""
        super().run()
        other = find_spec("notorch_dep") is not None
        text = f"TORCH_VERSION = {str(torch.__version__)!r}\nOTHER = {other}\n"
        Path(self.build_lib, "probe_cuda", "built_against.py").write_text(text, encoding="utf-8")


setup(
    ext_modules=[Extension("probe_cuda._kernel", ["csrc/kernel.cu"])],
    cmdclass={"build_ext": NvccBuild, "build_py": WriteBuiltAgainst},
)
