"""Values for the key of a wheel: variables, config settings, and the content of places outside the source tree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..frontend.caller import Caller
from ..system.printable import without_secrets
from ..wheel_store.places import describe_place
from ..wheel_store.scripts import Scripts
from ..wheel_store.variables import find_parts, is_part
from . import Plan

_PATH = re.compile(r"(?:^|(?<=[\s=,;:'\"])|(?<=-[ILBF])|(?<=-isystem)|(?<=-iquote)|(?<=-idirafter))(/[^\s,;:'\"]+)")
_OF_THE_SYSTEM = ("/usr/", "/bin/", "/lib", "/dev/", "/proc/", "/sys/", "/etc/", "/opt/rocm")
"""Their content is described by the versions of compilers and of ROCm, and on this machine by the headers."""


def find_variables(plan: Plan, caller: Caller, scripts: Scripts) -> Iterator[tuple[str, Any]]:
    """Yield the variables that the settings set, and those of the environment that build scripts or compilers read."""
    planned = {variable.name: variable.value for variable in plan.variables}
    values = {name: value for name, value in planned.items() if value is not None and is_part(name, [name])}
    for name, value in {**find_parts(caller.environ, scripts.words), **values}.items():
        yield name, _fingerprint(value, plan, caller)


def _fingerprint(value: str, plan: Plan, caller: Caller) -> Any:  # noqa: ANN401 - JSON
    """Return a value without the paths of this build; the content of other folders counts, too."""
    for place, name in ((plan.settings.source, "source"), (plan.cache, "cache"), (caller.prefix, "build-environment")):
        value = value.replace(str(place), f"{{{name}}}")
    value = without_secrets(value)
    contents = describe_places(_PATH.findall(value), plan, caller)
    return {"value": value, "contents": contents} if contents else value


def describe_places(places: Iterable[str], plan: Plan, caller: Caller) -> dict[str, str]:
    """Return a digest of what is at each place that is neither the system's nor made for this build."""
    known = (*_OF_THE_SYSTEM, str(plan.settings.source), str(plan.cache), str(caller.prefix))
    found: dict[str, str] = {}
    for place in sorted(places):
        path = caller.environ.get("HOME", "") + place[1:] if place.startswith("~") else place
        is_root = path.strip("/").count("/") == 0  # such as /home, to which a script adds names
        content = None if is_root or path.startswith(known) else describe_place(Path(path))
        found.update({} if content is None else {place: content})
    return found


def clean(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return config settings as JSON, without credentials."""
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, Mapping):
        return {str(key): clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)
