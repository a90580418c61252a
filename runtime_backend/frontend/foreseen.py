"""The config settings of a hook before it is called: whether it is there at all is asked first, without them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..system.files import read_text
from .caller import Caller

_HOOK_ARGUMENTS = 3
"""pyproject-hooks starts ``_in_process.py HOOK FOLDER``, with the arguments of the hook in ``FOLDER/input.json``."""
_WORD = r"(?s)(?:-C=?|--config-settings?=)?(runtime-backend\.[\w-]+)=(.*)"
"""As pip, build and uv write them; the option may be a word of its own."""


def foresee_config_settings(caller: Caller) -> Mapping[str, Any]:
    """Return the config settings with which a hook is about to be called, as far as they are seen.

    Of the hook's arguments, where pyproject-hooks has left them; else those of ours on the frontend's command line.
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
