"""CUDA's own settings, as far as they go ROCm's, too: which architectures, how many compilers at once, which toolkit.

Source of the figures and of torch's own behaviour: measured, see the README's section 'CUDA'.
"""

from __future__ import annotations

from .bench import Workbench
from .caching import CompilerCache, cache_variables
from .choosing import ToolkitPlan
from .flags import find_own_architectures
from .home import CudaHome
from .planning import CudaPlan, plan_cuda

__all__ = [
    "CompilerCache",
    "CudaHome",
    "CudaPlan",
    "ToolkitPlan",
    "Workbench",
    "cache_variables",
    "find_own_architectures",
    "plan_cuda",
]
