"""The compiled module; all the rest is in pyproject.toml."""

import os

from setuptools import setup
from torch.utils.cpp_extension import BuildExtension, CppExtension

# Set by [tool.runtime-backend.env]; a build without the shim leaves it unset.
built_for = os.environ.get("OP_BUILT_FOR", "unknown")

setup(
    ext_modules=[
        CppExtension("op_setuptools._C", ["csrc/axpy.cpp"], define_macros=[("OP_BUILT_FOR", f'"{built_for}"')])
    ],
    cmdclass={"build_ext": BuildExtension},
)
