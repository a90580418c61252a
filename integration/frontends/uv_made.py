"""uv, for environments of its own making: of a script, of a tool."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..scene import PROBE
from ..stock import NEWEST_UV
from .scenario import NEW, TORCH, Built, Frontend, Trial

Make = Callable[[Trial, str], Path]
"""Run the command with a requirement of torch, and return the prefix of the environment that uv has made."""


def _script(scene: Trial, torch: str) -> Path:
    cache = scene.folder / "uv-cache"
    name = PROBE.replace("_", "-")
    text = (
        f'# /// script\n# requires-python = ">=3.10"\n# dependencies = ["{torch}", "{name}"]\n'
        f'# [tool.uv.sources]\n# {name} = {{ path = "{scene.package}" }}\n# ///\nimport {PROBE}\n'
    )
    scene.write("script.py", text)
    scene.run(scene.place.stock.uv(scene.version), "run", "script.py", UV_CACHE_DIR=cache)
    return next(cache.glob("environments-v*/script-*"))


def _tool(scene: Trial, torch: str) -> Path:
    tools = scene.folder / "tools"
    if "[project.scripts]" not in (scene.package / "pyproject.toml").read_text("utf-8"):
        scene.append(f'[project.scripts]\nprobe = "{PROBE}:main"\n')
    words = ("tool", "install", scene.package, "--with", torch)
    scene.run(scene.place.stock.uv(scene.version), *words, UV_TOOL_DIR=tools, UV_TOOL_BIN_DIR=scene.folder / "bin")
    return next(tools.glob("probe-*"))


def _frontend(name: str, make: Make) -> Frontend:
    def fresh(scene: Trial) -> Built:
        return Built(torch=TORCH, prefix=make(scene, f"torch=={TORCH}"))

    def unpinned(scene: Trial) -> Built:
        return Built(torch=NEW, prefix=make(scene, "torch"))

    return Frontend(name=name, versions=(NEWEST_UV,), scenarios={"fresh": fresh, "unpinned": unpinned})


FRONTENDS = (_frontend("`uv run script.py`", _script), _frontend("`uv tool install`", _tool))
