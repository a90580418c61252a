"""Settings for CUDA, and partly for ROCm: architectures, number of parallel compilers, toolkit.

The figures and torch's behaviour were measured; see the README's section 'CUDA'.
"""

from __future__ import annotations

from .choice import ToolkitPlan
from .compiler_cache import CompilerCache, CompilerScript, plan_compiler_cache
from .home import CudaHome
from .inputs import Workbench
from .setup_flags import find_own_architectures
from .table import CudaPlan, plan_cuda

__all__ = [
    "CompilerCache",
    "CompilerScript",
    "CudaHome",
    "CudaPlan",
    "ToolkitPlan",
    "Workbench",
    "find_own_architectures",
    "plan_compiler_cache",
    "plan_cuda",
]
