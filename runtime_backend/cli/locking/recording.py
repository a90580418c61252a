"""Recording what a real backend asks for by itself: when a hook answers from the lock, it is not installed yet."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Literal

from ...config import Settings
from ...config.build_requires import SHIM, SHIM_REQUIRES
from ...formats.parsing import requirement_name
from ..adopt.shim import REQUIRES, copy_shim
from ..adopt.shim import SHIM as PACKAGE
from ..isolation import install, isolated, last_words, step

_KINDS: tuple[Literal["sdist", "wheel", "editable"], ...] = ("sdist", "wheel", "editable")
_ALONE = {"BUILD_LOCK": "off", "METADATA": "stub", "PROVISION": "none"}
"""Settings for one call: the real backend answers with a stand-in torch, and no runtime is looked for."""


def ask_requirements(settings: Settings, say: Callable[[str], None]) -> list[str]:
    """Return what the real backend requires in addition to the package's own build requirements.

    It is installed in a temporary environment, and asked through this shim. If it gives no answer, a line is printed.
    """
    import build  # noqa: PLC0415 - the command line's extra

    own = settings.build.all_requires
    left_out = {SHIM, *SHIM_REQUIRES, *(rule.name for rule in settings.runtimes), *map(requirement_name, own)}
    try:
        with tempfile.TemporaryDirectory(prefix="runtime-backend-lock-") as folder:
            found = _ask(settings.source, own, Path(folder), say)
    except (build.BuildException, build.BuildBackendException, subprocess.CalledProcessError) as error:
        say(
            f"note: the real backend could not be asked for its requirements ({last_words(error)}); name what it needs"
            " in build-requires"
        )
        return []
    return sorted(text for text in found if requirement_name(text) not in left_out)


def _ask(source: Path, requires: Sequence[str], folder: Path, say: Callable[[str], None]) -> Collection[str]:
    import pyproject_hooks  # noqa: PLC0415 - build's own
    from build import ProjectBuilder  # noqa: PLC0415 - the command line's extra

    copy_shim(folder / PACKAGE.name)
    changes = {"PYTHONPATH": str(folder), **{f"RUNTIME_BACKEND_{name}": value for name, value in _ALONE.items()}}

    def run(cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None) -> None:
        pyproject_hooks.quiet_subprocess_runner(cmd, cwd, {**(extra_environ or {}), **changes})

    with isolated() as environment:
        install([*REQUIRES, *requires], environment, "to ask for its requirements", say)
        builder = ProjectBuilder.from_isolated_env(environment, os.fspath(source), run)
        with step("asking the real backend for its requirements, with a stand-in torch", say):
            return {text for kind in _KINDS for text in builder.get_requires_for_build(kind)}
