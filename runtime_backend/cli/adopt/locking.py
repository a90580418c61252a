"""Moving the build requirements of a package to where they can be locked."""

from __future__ import annotations

from typing import Any

from ...config.build_requires import SHIM, SHIM_REQUIRES
from ...formats.parsing import requirement_name
from .tables import array, set_tool_table, tidy, tool_table

LOCK = "pylock.build.toml"
"""The name of the build lock in a package that does not name another."""


def lock_requires(document: Any) -> None:  # noqa: ANN401 - tomlkit's
    """Move the build requirements to ``build-requires``, and name a build lock, in a document that declares the shim.

    What the shim itself requires stays: next to a vendored one, the frontend has to install it.
    """
    build_system, ours = document["build-system"], dict(tool_table(document))
    before = [str(entry) for entry in build_system["requires"]]
    moved = [text for text in before if requirement_name(text) not in (SHIM, *SHIM_REQUIRES)]
    for place in reversed([place for place, text in enumerate(before) if text in moved]):
        del build_system["requires"][place]
    tidy(build_system, before)
    table = tool_table(document)
    if "build-requires" in ours:
        for text in moved:
            table["build-requires"].append(text)
        moved = []
    new = {"build-requires": array(moved), "build-lock": LOCK}
    set_tool_table(document, {**ours, **{key: value for key, value in new.items() if key not in ours}})
