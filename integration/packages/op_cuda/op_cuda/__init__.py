"""One fused operator, compiled against the torch that runs it."""

import torch  # before _C: it loads the libraries that _C is linked to

from . import _C

op = _C.axpy
runs_on = ("cuda",) if torch.cuda.is_available() else ()

__all__ = ["op", "runs_on"]
