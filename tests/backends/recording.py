"""A real backend with every hook, which records how it is called and what it sees.

In a file, since hooks that build are called in another process: the variable RECORDED names it, where a test wants it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from backends.making import make_dist_info, make_sdist, make_wheel

__version__ = "9.9"


def calls() -> list[tuple[Any, ...]]:
    """Return what was called, each hook with its arguments."""
    return [tuple(record["call"]) for record in _records()]


def seen() -> list[dict[str, Any]]:
    """Return what each call saw."""
    return _records()


def _records() -> list[dict[str, Any]]:
    path = Path(os.environ["RECORDED"])
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []


def _record(*call: object) -> None:
    if "RECORDED" not in os.environ:
        return
    config = os.environ.get("DIST_EXTRA_CONFIG")
    record = {
        "call": call,
        "process": os.getpid(),
        "cwd": str(Path.cwd()),
        "environ": dict(os.environ),
        "path": list(sys.path),
        "setuptools": Path(config).read_text("utf-8") if config else None,
    }
    with Path(os.environ["RECORDED"]).open("a", encoding="utf-8") as file:
        file.write(f"{json.dumps(record)}\n")


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:
    """Require nonsense, a runtime, and what is no requirement."""
    _record("get_requires_for_build_wheel", config_settings)
    return ["nonsense-of-a-wheel>=3", "Torch>=1", "not a requirement!"]


def get_requires_for_build_editable(config_settings: Any = None) -> list[str]:
    """Require nonsense."""
    _record("get_requires_for_build_editable", config_settings)
    return ["nonsense-of-an-editable"]


def get_requires_for_build_sdist(config_settings: Any = None) -> list[str]:
    """Require nonsense."""
    _record("get_requires_for_build_sdist", config_settings)
    return ["nonsense-of-an-sdist"]


def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: Any = None) -> str:
    """Make the metadata."""
    _record("prepare_metadata_for_build_wheel", metadata_directory, config_settings)
    return make_dist_info(metadata_directory)


def prepare_metadata_for_build_editable(metadata_directory: str, config_settings: Any = None) -> str:
    """Make the metadata."""
    _record("prepare_metadata_for_build_editable", metadata_directory, config_settings)
    return make_dist_info(metadata_directory)


def build_wheel(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    """Make a wheel."""
    _record("build_wheel", wheel_directory, config_settings, metadata_directory)
    return make_wheel(wheel_directory)


def build_editable(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    """Make a wheel without anything compiled, as is right here."""
    _record("build_editable", wheel_directory, config_settings, metadata_directory)
    return make_wheel(wheel_directory, compiled=False)


def build_sdist(sdist_directory: str, config_settings: Any = None) -> str:
    """Make an sdist."""
    _record("build_sdist", sdist_directory, config_settings)
    return make_sdist(sdist_directory)
