"""Settings for one call: config settings ``runtime-backend.<key>`` and variables ``RUNTIME_BACKEND_<KEY>``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..formats.parsing import parse_requirement, parse_version
from ..formats.tables import S, describe, did_you_mean, find_choice, one_of
from ..system.urls import file_name
from .settings import CALL_KEYS, SETTING_PREFIX, VARIABLE_PREFIX, Chosen, Pin

LONGEST = 86_400
"""The longest time limit, in seconds: a day."""
_BOOLEANS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def split_config_settings(
    config_settings: Mapping[str, Any] | None,
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return (ours, without the prefix; the other ones for the real backend, None if there were no settings at all)."""
    if config_settings is None:
        return {}, None
    ours = {k[len(SETTING_PREFIX) :]: v for k, v in config_settings.items() if k.startswith(SETTING_PREFIX)}
    theirs = {k: v for k, v in config_settings.items() if not k.startswith(SETTING_PREFIX)}
    return ours, theirs


class CallSettings:
    """The settings for one call. Config settings win over environment variables.

    :param problems: the list to which mistakes are added.
    """

    def __init__(self, config_settings: Mapping[str, Any], environ: Mapping[str, str], problems: list[str]) -> None:
        self._environ = environ
        self._problems = problems
        variables = {k: v for k, v in environ.items() if k.startswith(VARIABLE_PREFIX) and v}
        found = {_key_of(name): (name, value) for name, value in variables.items()}
        found.update({k: (f"config setting {SETTING_PREFIX}{k}", v) for k, v in config_settings.items() if v != ""})
        self._found = found
        for key, (origin, _) in found.items():
            if key not in CALL_KEYS:
                is_variable = origin in variables
                known = [_variable_of(each) for each in CALL_KEYS] if is_variable else CALL_KEYS
                guess = did_you_mean(origin if is_variable else key, known)
                problems.append(f"{origin}: found an unknown key{guess}, expected {one_of(known)}")

    def string(self, key: str) -> Chosen[str] | None:
        """Return a string; None if it is missing or wrong."""
        origin, value = self._found.get(key, ("", None))
        if value is None:
            return None
        if not isinstance(value, str):
            self._problems.append(f"{origin}: found {describe(value)}, expected one string")
            return None
        return Chosen(value=value, origin=origin)

    def choice(self, key: str, allowed: Sequence[S]) -> Chosen[S] | None:
        """Return one of the allowed strings; None if it is missing or wrong."""
        found = self.string(key)
        if found is None:
            return None
        value = find_choice(found.value, allowed)
        if value is not None:
            return Chosen(value=value, origin=found.origin)
        guess = did_you_mean(found.value, allowed)
        self._problems.append(f"{found.origin}: found {describe(found.value)}{guess}, expected {one_of(allowed)}")
        return None

    @property
    def folder(self) -> Path:
        """The person's working directory (``PWD``), where relative paths start; not the source tree."""
        return Path(self._environ.get("PWD", ""))

    def report(self, found: Chosen[Any], expected: str) -> None:
        """Collect a mistake in a value."""
        self._problems.append(f"{found.origin}: found {describe(found.value)}, expected {expected}")

    def boolean(self, key: str) -> Chosen[bool] | None:
        """Return a boolean in any spelling of :data:`_BOOLEANS`; None if it is missing or wrong."""
        found = self.string(key)
        if found is None:
            return None
        value = _BOOLEANS.get(found.value.lower())
        if value is None:
            self.report(found, one_of(list(_BOOLEANS)))
            return None
        return Chosen(value=value, origin=found.origin)

    def seconds(self, key: str, default: float) -> Chosen[float]:
        """Return a number of seconds; the default if it is missing or wrong."""
        found = self.string(key)
        try:
            value = default if found is None else float(found.value)
        except ValueError:
            value = -1
        if not 0 < value <= LONGEST or found is None:
            if found is not None:
                self.report(found, f"a number of seconds above 0, at most {LONGEST}")
            return Chosen(value=default, origin="default")
        return Chosen(value=value, origin=found.origin)

    def foreign_boolean(self, variable: str) -> Chosen[bool]:
        """Return the boolean in a variable of a frontend; False if it is missing or wrong."""
        is_true = _BOOLEANS.get(self._environ.get(variable, "").lower(), False)
        return Chosen(value=is_true, origin=variable if is_true else "default")

    def path(self, key: str) -> Chosen[Path] | None:
        """Return a path; a relative one starts at the person's working directory."""
        found = self.string(key)
        if found is None:
            return None
        path = self.folder / os.path.expanduser(found.value)  # noqa: PTH111 - raises for ~nobody
        if "://" in found.value or not path.is_absolute():
            self.report(found, "a path, not a URL" if "://" in found.value else "an absolute path")
        return Chosen(value=path, origin=found.origin)

    def folders(self, key: str) -> tuple[Path, ...]:
        """Return absolute folders, separated as in PATH."""
        found = self.string(key)
        paths = [] if found is None else [Path(text) for text in found.value.split(os.pathsep) if text]
        for path in paths:
            if found is not None and not path.is_absolute():
                self._problems.append(f"{found.origin}: found {describe(str(path))}, expected an absolute path")
        return tuple(paths)

    def pins(self, key: str) -> tuple[Pin, ...]:
        """Return the pins, one per line."""
        found = self.string(key)
        lines = [] if found is None else [line.strip() for line in found.value.splitlines() if line.strip()]
        pins = (self._pin(line, "" if found is None else found.origin) for line in lines)
        return tuple(pin for pin in pins if pin is not None)

    def _pin(self, line: str, origin: str) -> Pin | None:
        requirement = parse_requirement(line)
        if requirement is None or not is_exact(requirement):
            expected = "'NAME==VERSION' or 'NAME @ URL-OF-A-WHEEL'"
            self._problems.append(f"{origin}: found {describe(line)}, expected {expected}")
            return None
        return Pin(name=canonicalize_name(requirement.name), requirement=requirement, origin=origin)


def is_exact(requirement: Requirement) -> bool:
    """Return whether a requirement names one version, or one wheel."""
    if requirement.url is not None:
        return file_name(requirement.url).endswith(".whl")
    specifiers = list(requirement.specifier)
    return len(specifiers) == 1 and specifiers[0].operator in ("==", "===") and _is_version(specifiers[0].version)


def _is_version(text: str) -> bool:
    """Return whether a specifier's text is a version: ``===`` allows any text, ``==`` a prefix such as ``2.*``."""
    return parse_version(text) is not None


def _variable_of(key: str) -> str:
    return f"{VARIABLE_PREFIX}{key.upper().replace('-', '_')}"


def _key_of(variable: str) -> str:
    return variable[len(VARIABLE_PREFIX) :].lower().replace("_", "-")
