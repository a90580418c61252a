"""CUDA's own settings: which architectures, how many compilers at once, which toolkit.

Source of the figures and of torch's own behaviour: measured, see the README's section 'CUDA'.
"""

from __future__ import annotations

from .planning import CudaPlan, plan_cuda

__all__ = ["CudaPlan", "plan_cuda"]
