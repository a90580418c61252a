"""The compiled module; all the rest is in pyproject.toml."""

from setuptools import setup
from torch.utils.cpp_extension import BuildExtension, CUDAExtension

setup(
    ext_modules=[CUDAExtension("op_cuda._C", ["csrc/axpy.cu"])],
    cmdclass={"build_ext": BuildExtension},
)
