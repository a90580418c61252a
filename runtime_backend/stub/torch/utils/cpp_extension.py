"""``torch.utils.cpp_extension``: the functions that build scripts call before anything is compiled.

The names and the constants are those of torch 2.13, ``torch/utils/cpp_extension.py``.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any, NoReturn

from setuptools import Extension
from setuptools.command.build_ext import build_ext

from .. import _notes

__getattr__ = _notes.absent(__name__)

IS_WINDOWS = sys.platform == "win32"
IS_MACOS = sys.platform.startswith("darwin")
IS_LINUX = sys.platform.startswith("linux")
LIB_EXT = ".pyd" if IS_WINDOWS else ".so"
EXEC_EXT = ".exe" if IS_WINDOWS else ""
CLIB_PREFIX = "" if IS_WINDOWS else "lib"
CLIB_EXT = ".dll" if IS_WINDOWS else ".so"
SHARED_FLAG = "/DLL" if IS_WINDOWS else "-shared"
TORCH_LIB_PATH = str(Path(__file__).parents[1] / "lib")

CUDA_HOME = CUDNN_HOME = ROCM_HOME = MIOPEN_HOME = HIP_HOME = SYCL_HOME = None
IS_HIP_EXTENSION = False
COMMON_NVCC_FLAGS = [
    "-D__CUDA_NO_HALF_OPERATORS__",
    "-D__CUDA_NO_HALF_CONVERSIONS__",
    "-D__CUDA_NO_BFLOAT16_CONVERSIONS__",
    "-D__CUDA_NO_HALF2_OPERATORS__",
    "--expt-relaxed-constexpr",
]
COMMON_MSVC_FLAGS = ["/MD", "/wd4819", "/wd4251", "/wd4244", "/wd4267", "/wd4275", "/wd4018", "/wd4190", "/wd4624"]
CUDA_GCC_VERSIONS: dict[str, Any] = {}
BUILT_FROM_SOURCE_VERSION_PATTERN = re.compile(r"\d+\.\d+\.\d+\w+\+\w+")


def CppExtension(name: str, sources: list[str], *args: Any, **kwargs: Any) -> Extension:  # noqa: ANN401, N802
    """Return the extension as described; torch's own include folders do not matter here."""
    kwargs["language"] = "c++"
    return Extension(name, sources, *args, **kwargs)


CUDAExtension = SyclExtension = CppExtension


class BuildExtension(build_ext):
    """The command for setuptools; it is never run."""

    @classmethod
    def with_options(cls, **options: Any) -> type[BuildExtension]:  # noqa: ANN401
        """Return a command with other defaults."""

        class WithOptions(cls):  # type: ignore[misc, valid-type]  # as in torch
            def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
                super().__init__(*args, **{**kwargs, **options})

        return WithOptions

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.no_python_abi_suffix = kwargs.get("no_python_abi_suffix", False)
        self.use_ninja = kwargs.get("use_ninja", True)

    def run(self) -> NoReturn:
        """Refuse to run: compiling needs the real torch."""
        raise _notes.NotInStub(_notes.unknown(f"{__name__}.BuildExtension.run"))


def include_paths(*_: Any, **__: Any) -> list[str]:  # noqa: ANN401
    """Return the folders of torch's headers, which do not exist."""
    include = Path(__file__).parents[1] / "include"
    return [str(include), str(include / "torch" / "csrc" / "api" / "include")]


def library_paths(*_: Any, **__: Any) -> list[str]:  # noqa: ANN401
    """Return the folder of torch's libraries, which does not exist."""
    return [TORCH_LIB_PATH]


def is_ninja_available() -> bool:
    """Return whether ninja is on PATH."""
    return shutil.which("ninja") is not None


def verify_ninja_availability() -> None:
    """Raise the exception that torch raises without ninja."""
    if not is_ninja_available():
        raise RuntimeError("Ninja is required to load C++ extensions (pip install ninja to get it)")


def get_cxx_compiler() -> str:
    """Return the C++ compiler in the environment, else the default."""
    return os.environ.get("CXX", "cl" if IS_WINDOWS else "c++")


def check_compiler_ok_for_platform(compiler: str) -> bool:  # noqa: ARG001 - torch's signature
    """Return True; the build will check it."""
    return True


def check_compiler_is_gcc(compiler: str) -> bool:
    """Return whether a compiler's name is that of gcc or g++."""
    return bool(re.search(r"g(cc|\+\+)", Path(compiler).name))
