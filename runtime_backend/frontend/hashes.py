"""Which frontends check the hash of what a hook asks for by URL."""

from __future__ import annotations

from packaging.version import Version

from ..formats.parsing import parse_version
from .caller import Caller, once
from .environments import read_pyvenv_cfg

_UNCHECKING = ("poetry", "pdm")
"""Frontends that ignore the hash (poetry 2.5, pdm 2.29: facts on asking, section 6)."""
_CHECKING_UV = "0.13"
"""uv 0.8.24 and 0.10.12 ignore the hash; 0.13.9 checks it."""


@once
def checks_hashes(caller: Caller) -> bool:
    """Return whether the frontend compares a file that a hook asks for with the hash in its URL."""
    name = caller.frontend[0]
    if name != "uv":
        return name not in _UNCHECKING
    version = parse_version(read_pyvenv_cfg(caller.prefix).get("uv", ""))
    return version is None or version >= Version(_CHECKING_UV)
