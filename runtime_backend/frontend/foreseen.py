"""The config settings of a hook before its call: frontends check whether a hook exists without passing them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..system.files import read_text
from .caller import Caller

_HOOK_ARGUMENTS = 3
"""pyproject-hooks runs ``_in_process.py HOOK FOLDER``, with the hook's arguments in ``FOLDER/input.json``."""
_WORD = r"(?s)(?:-C=?|--config-settings?=)?(runtime-backend\.[\w-]+)=(.*)"
"""A config setting on the command line of pip, build or uv; the option may be a separate argument."""


def foresee_config_settings(caller: Caller) -> Mapping[str, Any]:
    """Return the config settings of the coming call, as far as they are visible.

    They are the hook's arguments in the file by pyproject-hooks, else our settings on the frontend's command line.
    """
    if len(caller.argv) == _HOOK_ARGUMENTS:
        given = _read_arguments(Path(caller.argv[2]) / "input.json")
        if "config_settings" in given:
            return given["config_settings"] or {}
    process = caller.frontend[1]
    words = () if process is None else process.argv
    found = (re.fullmatch(_WORD, word) for word in words)
    return {match[1]: match[2] for match in found if match is not None}


def _read_arguments(path: Path) -> Mapping[str, Any]:
    try:
        return dict(json.loads(read_text(path))["kwargs"])
    except (ValueError, KeyError, TypeError):
        return {}
