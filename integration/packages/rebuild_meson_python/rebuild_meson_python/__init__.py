"""A package whose values come from each kind of its sources."""

from ._numbers import from_cpp, from_cython
from .built_against import OTHER, SETTING, TORCH_VERSION

__all__ = ["OTHER", "SETTING", "TORCH_VERSION", "from_cpp", "from_cython"]
