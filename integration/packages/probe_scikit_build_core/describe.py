"""Print what this build sees, as the module built_against.py."""

from importlib.util import find_spec

import torch

print(f"TORCH_VERSION = {str(torch.__version__)!r}")
print(f"OTHER = {find_spec('notorch_dep') is not None}")
