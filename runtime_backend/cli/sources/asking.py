"""Asking the real backend of an upstream source for its metadata with ``build``, through this shim, without torch."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...config import Upstream
from ...errors import NoAnswer
from ...formats.parsing import requirement_name
from ...system.files import read_text
from ..adopt.shim import REQUIRES, SHIM, copy_shim
from ..isolation import install, isolated, last_words, step
from ..package.torch_users import TORCH_USERS

if TYPE_CHECKING:
    from build import ProjectBuilder
    from build.env import DefaultIsolatedEnv

RUNTIMES = TORCH_USERS | {"torch"}
"""torch, and what requires torch: hundreds of MB, which the stand-in torch makes unnecessary."""


def ask_metadata(name: str | None, requires: Sequence[str], upstream: Upstream, say: Callable[[str], None]) -> str:
    """Return the METADATA of the wheel, if they do not depend on torch.

    ``build`` calls the hooks as a frontend does: in an isolated environment, through this shim, with a stand-in torch.
    No runtime is installed.

    :param requires: the build requirements.
    :raises NoAnswer: if the real backend gives no certain answer; its message is the reason.
    """
    import build  # noqa: PLC0415 - the command line's extra

    try:
        with tempfile.TemporaryDirectory(prefix="runtime-backend-wrap-") as work:
            return _ask(_make_wrapper(name, upstream, Path(work) / "wrapper"), requires, Path(work) / "made", say)
    except (build.BuildException, build.BuildBackendException, subprocess.CalledProcessError) as error:
        raise NoAnswer(last_words(error)) from None


def _ask(folder: Path, requires: Sequence[str], made: Path, say: Callable[[str], None]) -> str:
    import pyproject_hooks  # noqa: PLC0415 - build's own
    from build import ProjectBuilder  # noqa: PLC0415 - the command line's extra

    with isolated() as environment:
        _install([*REQUIRES, *requires], environment, say)
        builder = ProjectBuilder.from_isolated_env(environment, folder, pyproject_hooks.quiet_subprocess_runner)
        with step("asking its build backend for its requirements, with a stand-in torch", say):
            more = builder.get_requires_for_build("wheel")
        _install(sorted(more - {*requires}), environment, say)
        with step("asking its build backend for the metadata, with a stand-in torch", say):
            return _describe(builder, made)


def _install(requirements: Sequence[str], environment: DefaultIsolatedEnv, say: Callable[[str], None]) -> None:
    wanted = [text for text in requirements if requirement_name(text) not in RUNTIMES]
    install(wanted, environment, "to ask for the metadata", say)


def _describe(builder: ProjectBuilder, made: Path) -> str:
    found = builder.prepare("wheel", made)
    if found is None:
        raise NoAnswer("it has no hook prepare_metadata_for_build_wheel")
    return read_text(Path(found) / "METADATA")


def _make_wrapper(name: str | None, upstream: Upstream, folder: Path) -> Path:
    """Make a wrapper with all metadata dynamic, and a copy of the running shim in it."""
    import tomlkit  # noqa: PLC0415 - the command line's extra

    copy_shim(folder / "_vendor" / SHIM.name)
    patches = [f"{number}.patch" for number, _ in enumerate(upstream.patches)]
    for patch, copy in zip(upstream.patches, patches, strict=True):
        shutil.copyfile(patch, folder / copy)
    document = {
        "build-system": {"requires": [], "build-backend": "runtime_backend.build", "backend-path": ["_vendor"]},
        "project": {
            "name": name or "upstream",
            "dynamic": ["version", "dependencies", "optional-dependencies", "requires-python"],
        },
        "tool": {
            "runtime-backend": {"metadata": "stub", "provision": "none", "source": source_table(upstream, patches)}
        },
    }
    (folder / "pyproject.toml").write_text(tomlkit.dumps(document), "utf-8")
    return folder


def source_table(upstream: Upstream, patches: Sequence[str]) -> dict[str, str | list[str]]:
    """Return a source as a table of the settings.

    :param patches: the paths of its patches, relative to the folder of the settings.
    """
    values = {
        upstream.kind: upstream.where,
        "sha256": upstream.sha256,
        "rev": upstream.rev,
        "subdirectory": upstream.subdirectory,
        "patches": list(patches),
    }
    return {key: value for key, value in values.items() if value}
