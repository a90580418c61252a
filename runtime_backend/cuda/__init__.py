"""CUDA's own settings, as far as they go ROCm's, too: which architectures, how many compilers at once, which toolkit.

Source of the figures and of torch's own behaviour: measured, see the README's section 'CUDA'.
"""

from __future__ import annotations

from .choice import ToolkitPlan
from .compiler_cache import CompilerCache, cache_variables
from .home import CudaHome
from .inputs import Workbench
from .setup_flags import find_own_architectures
from .table import CudaPlan, plan_cuda

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
