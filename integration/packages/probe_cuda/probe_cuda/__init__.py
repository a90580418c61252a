"""A package that knows what its build saw: see built_against, which the build writes."""

from .built_against import OTHER, TORCH_VERSION

__all__ = ["OTHER", "TORCH_VERSION"]
