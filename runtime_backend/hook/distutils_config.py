"""The distutils configuration of a build with setuptools: a build folder for each runtime, and objects that stay."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from ..frontend.caller import Caller
from ..plan import Plan
from ..system.files import read_text

_BUILD_EXT = ("build_ext", "BuildExtension", "cls_with_options")
"""Sections for the command that compiles: setuptools', torch's, and torch's with options.

A configuration is read by the name of the command, but when setuptools makes an editable, by the name of its class.
"""
_OWN_CLASS = r"(?m)^\s*class\s+(\w+)\s*\([^)]*(?:BuildExtension|build_ext)\b[^)]*\)\s*:"


class HeldObjects(NamedTuple):
    """The folder for the objects of an editable of setuptools, held for this build."""

    folder: str
    python: Path | None
    """The interpreter of the build environment at a path that stays; None for its usual path."""


def config_text(label: str, objects: str | None = None, commands: Sequence[str] = (), *, is_editable: bool) -> str:
    """Return a configuration with a build folder for one runtime.

    An editable build writes its extensions next to the sources, where those for another runtime may be, so they are
    always linked and copied there (``force``). ninja decides which objects are compiled, if they are in a folder that
    stays; without ninja, all are.

    :param objects: the folder for objects; None for setuptools' temporary one.
    :param commands: the names of the package's own commands that compile.
    """
    folder = f"build_temp = {objects}\n" if objects else ""
    names = (*_BUILD_EXT, *commands) if objects else _BUILD_EXT[:1]
    forced = "".join(f"[{name}]\nforce = 1\n{folder}" for name in dict.fromkeys(names)) if is_editable else ""
    return f"[build]\nbuild_base = build/{label}\n{forced}"


def find_commands(source: Path) -> list[str]:
    """Return the classes in setup.py that are derived from the commands that compile."""
    return re.findall(_OWN_CLASS, read_text(source / "setup.py"))


def hold_objects(plan: Plan, caller: Caller, stack: ExitStack, say: Callable[[str], None]) -> HeldObjects | None:
    """Hold the folder for the objects of an editable of setuptools; None for other builds, or without a cache."""
    is_setuptools = plan.settings.real_backend.value.startswith("setuptools.") or bool(plan.settings.backend_path)
    if plan.real_hook != "build_editable" or plan.build_label is None or not is_setuptools:
        return None
    from ..editable.objects import plan_objects  # noqa: PLC0415 - most builds are of wheels

    objects = plan_objects(plan.cache, plan.settings.source, plan.build_label)
    is_new = caller.isolation == "throwaway" and caller.executable.is_relative_to(caller.prefix)
    try:
        place = stack.enter_context(objects.held(caller.prefix if is_new else None, say))
    except OSError:  # everything is compiled then
        return None
    python = None if place is None else place / caller.executable.relative_to(caller.prefix)
    return HeldObjects(objects.folder, python)
