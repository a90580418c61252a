"""A real backend with the two hooks that PEP 517 demands; its wheel holds nothing compiled."""

from __future__ import annotations

from typing import Any

from backends.making import make_sdist, make_wheel


def build_wheel(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:  # noqa: ARG001
    """Make a wheel that left its extension out."""
    return make_wheel(wheel_directory, compiled=False)


def build_sdist(sdist_directory: str, config_settings: Any = None) -> str:  # noqa: ARG001
    """Make an sdist."""
    return make_sdist(sdist_directory)
