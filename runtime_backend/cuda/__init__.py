"""The variables that CUDA's own settings come to: which architectures, how many compilers at once.

Source of the figures and of torch's own behaviour: measured, see the README's section 'CUDA'.
"""

from __future__ import annotations

from .architectures import Architectures, decide_architectures
from .jobs import COMPILER_MEMORY, NVCC_MEMORY, decide_jobs

__all__ = ["COMPILER_MEMORY", "NVCC_MEMORY", "Architectures", "decide_architectures", "decide_jobs"]
