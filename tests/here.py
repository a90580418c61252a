"""A stand-in for build's isolated environment: the current one, in which nothing is installed."""

from __future__ import annotations

import sys


class HereEnvironment:
    """Replaces build's isolated environment by the current one."""

    installed: list[str] = []  # noqa: RUF012 - what a test reads

    def __init__(self, *, installer: str) -> None:
        assert installer in ("pip", "uv")

    def __enter__(self) -> HereEnvironment:  # noqa: PYI034 - typing has Self from 3.11 on
        """Enter."""
        self.installed.clear()
        return self

    def __exit__(self, *_: object) -> None:
        """Exit."""

    python_executable = sys.executable

    def make_extra_environ(self) -> dict[str, str]:
        """Return None."""
        return {}

    def install(self, requirements: list[str]) -> None:
        """Record the requirements instead of installing them."""
        self.installed.extend(requirements)
