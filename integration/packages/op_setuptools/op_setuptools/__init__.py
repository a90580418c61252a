"""One fused operator, compiled against the torch that runs it."""

import torch  # before _C: it loads the libraries that _C is linked to

from . import _C  # noqa: F401  (registers the operators)

op = torch.ops.op_setuptools.axpy
built_for = torch.ops.op_setuptools.built_for

__all__ = ["built_for", "op"]
