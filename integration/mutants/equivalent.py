"""The mutants that no test can notice, each with the reason why: ``equivalent.toml``."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .mutants import Key, Mutant

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LIST = Path(__file__).with_name("equivalent.toml")


def read_equivalent() -> dict[Key, str]:
    """Return the list: function, what it was, what it becomes -> the reason."""
    found: dict[Key, str] = {}
    for reason in tomllib.loads(LIST.read_text("utf-8"))["reason"]:
        for function, was, becomes in reason["mutants"]:
            found[f"runtime_backend.{function}", was, becomes] = reason["why"]
    return found


def unneeded(equivalent: Iterable[Key], run: Iterable[Mutant], survived: Iterable[Mutant]) -> list[Key]:
    """Return what is listed of the modules that were run, and is no survivor."""
    modules, keys = {mutant.module for mutant in run}, {mutant.key for mutant in survived}
    listed = [key for key in equivalent if any(key[0].startswith(f"{module}.") for module in modules)]
    return [key for key in listed if key not in keys]
