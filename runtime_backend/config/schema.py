"""The JSON schema of ``[tool.runtime-backend]``, for editors and validate-pyproject."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def tool_schema(tool: str = "runtime-backend") -> dict[str, Any]:
    """Return the schema of our table, for the entry point ``validate_pyproject.tool_schema``.

    :param tool: the name of the table; validate-pyproject passes the entry point's name.
    :raises ValueError: if it is another table.
    """
    if tool != "runtime-backend":
        raise ValueError(f"found tool.{tool}, expected tool.runtime-backend: no other schema is known")
    text = Path(__file__).with_name("runtime-backend.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema
