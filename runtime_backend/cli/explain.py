"""``runtime-backend explain``: the plan for building a source tree here."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

from ..config import load_settings
from ..errors import ConfigError
from ..frontend import find_start, read_caller
from ..plan import make_plan
from ..report import describe_plan, without_secrets
from ..tree import plan_tree, render
from .terminal import coloured, wants_colour

HOOK = "get_requires_for_build_wheel"
"""The plan is that of the first hook: what it requires, a frontend would install."""


def explain(source: str, *, as_json: bool) -> int:
    """Print the plan, and return 1 if the build would stop.

    :raises ConfigError: when there is no such source tree, or its settings are wrong.
    """
    tree = Path(source).resolve()
    if not tree.is_dir():
        raise ConfigError([f"{source}: found no folder, expected a source tree with a pyproject.toml"])
    # The build would run in a process of the frontend's, which is not there: nothing of this one's path counts.
    caller = replace(read_caller(), cwd=tree, sys_path=(), is_hook=False)
    settings = load_settings(tree, start=find_start(caller), environ=caller.environ)
    plan = make_plan(HOOK, settings, caller)
    if as_json:
        print(json.dumps(describe_plan(plan), indent=2, ensure_ascii=False))  # noqa: T201 - the command line prints
    else:
        is_coloured = wants_colour(sys.stdout, os.environ)
        for line in render(plan_tree(plan)):
            print(coloured(line) if is_coloured else line)  # noqa: T201
        if plan.refusal is not None:
            print(f"the build would stop: {without_secrets(str(plan.refusal))}")  # noqa: T201
    return 0 if plan.refusal is None else 1
