"""Editing tables of a pyproject.toml by tomlkit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...config.build_requires import SHIM

_WIDTH = 100
"""Characters of the longest array that stays on one line."""


def tool_table(document: Any) -> Any:  # noqa: ANN401 - tomlkit's tables
    """Return our table in a document; an empty one, which is not in the document, if there is none."""
    return document.get("tool", {}).get(SHIM, {})


def set_tool_table(document: Any, ours: Mapping[str, Any]) -> None:  # noqa: ANN401 - tomlkit's tables
    """Add the keys that our table lacks; the table, too, if there is none."""
    import tomlkit  # noqa: PLC0415 - the command line's extra
    from tomlkit.items import InlineTable  # noqa: PLC0415 - the command line's extra

    if "tool" not in document:
        document["tool"] = tomlkit.table(is_super_table=True)
    table = document["tool"].get(SHIM)
    if isinstance(document["tool"], InlineTable) and table is None:
        document["tool"][SHIM] = table = tomlkit.inline_table()
    if table is None:
        document["tool"][SHIM] = tomlkit.item(dict(ours))
        if not tomlkit.dumps(document).partition(f"[tool.{SHIM}]")[0].endswith("\n\n"):
            document["tool"][SHIM].trivia.indent = "\n"
        return
    for key, value in ours.items():
        if key not in table:
            table[key] = value


def array(texts: Sequence[str]) -> Any:  # noqa: ANN401 - tomlkit's tables
    """Return an array, on several lines if it is long."""
    import tomlkit  # noqa: PLC0415 - the command line's extra

    array = tomlkit.item(list(texts))
    return array.multiline(len(array.as_string()) > _WIDTH)


def tidy(build_system: Any, before: list[str]) -> None:  # noqa: ANN401 - tomlkit's tables
    """Reformat the array of build requirements if it has changed.

    An array of several lines may contain comments, so it keeps its layout.
    """
    import tomlkit  # noqa: PLC0415 - the command line's extra

    now = [str(entry) for entry in build_system["requires"]]
    if now != before and "\n" not in build_system["requires"].as_string():
        build_system["requires"] = tomlkit.item(now)
