"""Values for the key of a wheel: variables, config settings, and the content of places outside the source tree."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..frontend.caller import Caller
from ..system.printable import without_secrets
from ..wheel_store.places import describe_packages, describe_place
from ..wheel_store.scripts import Scripts
from ..wheel_store.variables import find_parts, is_part
from . import Plan

_PATH = re.compile(r"(?:^|(?<=[\s=,;:'\"])|(?<=-[ILBF])|(?<=-isystem)|(?<=-iquote)|(?<=-idirafter))(/[^\s,;:'\"]+)")
_OF_THE_SYSTEM = re.compile(
    r"""
    /( bin | sbin | lib(32|64|x32)? | etc | proc | sys | dev(?!/shm/) | opt/rocm[^/]*
     | usr/(?!local/|src/)[^/]+
     | usr/local/( bin | sbin | lib(32|64)? | include | share | etc | games | man | cuda[^/]* )
    )(/.*)?
    """,
    re.VERBOSE | re.DOTALL,
)
"""Folders described by the versions of compilers, CUDA and ROCm, and on this machine by the headers. A person's own are
sometimes next to them: ``/usr/src/app``, ``/usr/local/cutlass``, ``/dev/shm/headers``.
"""
_OF_AN_ENVIRONMENT = ("bin", "include", "lib", "lib64", "share", "etc", "Scripts")
"""Folders of an environment whose content is described by its distributions, or by conda's packages."""


def find_variables(plan: Plan, caller: Caller, scripts: Scripts) -> Iterator[tuple[str, Any]]:
    """Yield the variables that the settings set, and those of the environment that build scripts or compilers read."""
    planned = {variable.name: variable.value for variable in plan.variables}
    values = {name: value for name, value in planned.items() if value is not None and is_part(name, [name])}
    for name, value in {**find_parts(caller.environ, scripts.words), **values}.items():
        yield name, _fingerprint(value, plan, caller)


def _fingerprint(value: str, plan: Plan, caller: Caller) -> Any:  # noqa: ANN401 - JSON
    """Return a value without the paths of this build; the content of other folders counts, too."""
    value = without_secrets(value)
    contents = describe_places(_PATH.findall(value), plan, caller)
    value = _without_paths(value, plan, caller)
    return {"value": value, "contents": contents} if contents else value


def _without_paths(text: str, plan: Plan, caller: Caller) -> str:
    for place, name in ((plan.settings.source, "source"), (plan.cache, "cache"), (caller.prefix, "build-environment")):
        text = re.sub(rf"{re.escape(str(place))}(?=[/\s,;:'\"]|$)", f"{{{name}}}", text)
    return text


def describe_places(places: Iterable[str], plan: Plan, caller: Caller) -> dict[str, str]:
    """Return a digest of what is at each place that is neither the system's nor made for this build."""
    found: dict[str, str] = {}
    for place in sorted(places):
        path = caller.environ.get("HOME", "") + place[1:] if place.startswith("~") else place
        content = _describe(os.path.normpath(path), plan, caller)
        found.update({} if content is None else {_without_paths(place, plan, caller): content})
    return found


def _describe(path: str, plan: Plan, caller: Caller) -> str | None:
    is_root = path.count("/") == 1  # such as /home, to which a script adds names
    made = [plan.settings.source, plan.cache, *([caller.prefix] if caller.isolation == "throwaway" else [])]
    if is_root or _OF_THE_SYSTEM.fullmatch(path) or _is_in(path, made):
        return None
    if path == str(caller.prefix) or _is_in(path, [caller.prefix / name for name in _OF_AN_ENVIRONMENT]):
        return describe_packages(caller.prefix)
    return describe_place(Path(path))


def _is_in(path: str, folders: Iterable[Path]) -> bool:
    return any(Path(path).is_relative_to(folder) for folder in folders)


def clean(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return config settings as JSON, without credentials."""
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, Mapping):
        return {str(key): clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)
