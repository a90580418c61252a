"""CUDA's own settings, as far as they go ROCm's, too: which architectures, how many compilers at once, which toolkit.

Source of the figures and of torch's own behaviour: measured, see the README's section 'CUDA'.
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
