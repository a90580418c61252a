"""The variables of the environment that belong to the key of a wheel."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

_FLAGS = frozenset(
    (
        *("CC", "CXX", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "LDSHARED", "LDCXXSHARED", "AR", "ARFLAGS", "LD"),
        *("CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "LIBRARY_PATH", "LD_LIBRARY_PATH", "LD_RUN_PATH"),
        *("COMPILER_PATH", "GCC_EXEC_PREFIX", "NVCC_PREPEND_FLAGS", "NVCC_APPEND_FLAGS", "NVCC_CCBIN", "NVCCFLAGS"),
        *("CUDAHOSTCXX", "CUDAFLAGS", "CUDAARCHS", "CUDA_INC_PATH", "CUDNN_HOME", "CUDNN_PATH", "PYTORCH_ROCM_ARCH"),
        *("HIPFLAGS", "HIPCXX", "HIPCC_COMPILE_FLAGS_APPEND", "SOURCE_DATE_EPOCH", "MACOSX_DEPLOYMENT_TARGET"),
        *("ARCHFLAGS", "SDKROOT", "_PYTHON_HOST_PLATFORM", "CL", "_CL_", "INCLUDE", "LIB", "LIBPATH", "LINK"),
        *("VCToolsVersion", "WindowsSDKVersion", "VSCMD_ARG_TGT_ARCH", "DIST_EXTRA_CONFIG", "RUSTFLAGS", "DEBUG"),
        *("FORCE_CUDA", "FORCE_ROCM", "USE_CUDA", "USE_ROCM", "USE_NINJA", "PYTHONOPTIMIZE", "CUDA_BIN_PATH"),
        *("FC", "FFLAGS", "FCFLAGS", "F77", "F90", "OBJC", "OBJCFLAGS", "AS", "ASFLAGS", "LIBS", "RUSTC", "MKLROOT"),
        *("AMDGPU_TARGETS", "GPU_TARGETS", "HCC_AMDGPU_TARGET", "CCC_OVERRIDE_OPTIONS"),
    )
)
"""What setuptools, CMake, Meson, torch and compilers read."""
_BEGINNINGS = (
    *("TORCH_", "CMAKE_", "SKBUILD_", "MESON", "DISTUTILS_", "SETUPTOOLS_", "PKG_CONFIG", "CARGO_", "PBR_"),
    *("HATCH_", "PYTHON_CONFIGURE", "OpenMP_", "CUTLASS_", "HIP_", "NPY_", "PYO3_", "MATURIN_", "CONAN_", "VCPKG_"),
)

_NO_PART = frozenset(
    (
        # paths and facts of the machine, which the key has in another form
        *("PATH", "HOME", "PWD", "OLDPWD", "USER", "USERNAME", "LOGNAME", "SHELL", "TMPDIR", "TEMP", "TMP", "HOSTNAME"),
        *("VIRTUAL_ENV", "CONDA_DEFAULT_ENV", "PYTHONPATH", "PYTHONHOME", "PYTHON", "LANG", "TERM"),
        *("CUDA_HOME", "CUDA_PATH", "CUDACXX", "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"),
        *("ROCM_HOME", "ROCM_PATH", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "UV", "EDITOR"),
        *("PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE"),
        # job counts
        *("MAX_JOBS", "CMAKE_BUILD_PARALLEL_LEVEL", "MAKEFLAGS", "NINJA_STATUS", "NVCC_THREADS", "NJOBS", "NUM_JOBS"),
        *("OMP_NUM_THREADS", "MKL_NUM_THREADS", "CARGO_BUILD_JOBS"),
        # caches
        *("PYTORCH_NVCC", "TORCH_EXTENSIONS_DIR", "TORCH_HOME", "CMAKE_CXX_COMPILER_LAUNCHER"),
        *("CMAKE_C_COMPILER_LAUNCHER", "CMAKE_CUDA_COMPILER_LAUNCHER", "CARGO_HOME", "CARGO_TARGET_DIR"),
        # ours, which a plan contains in another form
        "SKBUILD_BUILD_DIR",
    )
)
_NO_PART_BEGINNINGS = (
    *("CCACHE_", "SCCACHE_", "RUNTIME_BACKEND_", "PIP_", "UV_", "XDG_", "GITHUB_", "CI_", "SSH_", "_PYPROJECT_HOOKS"),
    *("POETRY_", "PDM_", "NVIDIA_", "AWS_", "LC_", "PYTEST_", "COVERAGE_"),
)
"""Variables of tools that change no build, unless a build script names them."""
_SECRET = re.compile(
    r"(?:TOKEN|SECRET|PASSW(?:OR)?D|PASSPHRASE|CREDENTIAL|API_?KEY|ACCESS_KEY|PRIVATE_KEY|AUTH|COOKIE)(?:S|_ID)?(?:_|$)",
    re.IGNORECASE,
)


def is_part(name: str, words: Collection[str] = ()) -> bool:
    """Return whether a variable of the environment belongs to the key.

    :param words: the words of the build scripts: names, beginnings of names (``X_``), and ends of names (``*_X``).
    """
    if name in _NO_PART or _SECRET.search(name):
        return False
    if name in words or name in _FLAGS:
        return True
    if name.startswith(_NO_PART_BEGINNINGS):
        return False
    marks = [place for place, letter in enumerate(name) if letter == "_"]
    return (
        name.startswith(_BEGINNINGS)
        or any(name[: place + 1] in words for place in marks if place > 1)
        or any(f"*{name[place:]}" in words for place in marks)
    )


def find_parts(environ: Mapping[str, str], words: Collection[str]) -> dict[str, str]:
    """Return the variables that belong to the key: name -> value."""
    return {name: value for name, value in sorted(environ.items()) if is_part(name, words)}
