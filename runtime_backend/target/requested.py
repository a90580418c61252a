"""What the frontend's own command line asks for: ``pip install torch==2.7.0 ./package`` is about to replace another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from .arguments import read_arguments
from .caller import Caller
from .detectors import PIP_VALUED, find_uv_command


def find_requested(caller: Caller, name: str) -> tuple[Requirement, ...]:
    """Return what the command names of a runtime, with a version or as a wheel; a mere name asks for nothing new.

    :param name: the distribution's name, normalised.
    """
    folder = caller.working_folders[0] if caller.working_folders else caller.cwd
    found = (_read(word, folder) for word in _words(caller))
    return tuple(r for r in found if r is not None and canonicalize_name(r.name) == name and _asks(r))


def _words(caller: Caller) -> Sequence[str]:
    """Return the positional arguments of pip or uv pip."""
    name, process = caller.frontend
    if name == "pip" and process is not None:
        return read_arguments(process.argv[1:], valued=PIP_VALUED).positional
    command = find_uv_command(caller)
    return command.arguments.positional if command is not None and command.name.startswith("pip ") else ()


def _read(word: str, folder: Path) -> Requirement | None:
    """Return a word as a requirement; the path or URL of a wheel is one, too."""
    if word.endswith(".whl"):  # first: a file name may pass for a name (PEP 508)
        return next(_read_wheel(word, folder), None)
    try:
        return Requirement(word)
    except InvalidRequirement:
        return None


def _read_wheel(word: str, folder: Path) -> Iterator[Requirement]:
    try:
        name = parse_wheel_filename(word.replace("\\", "/").rpartition("/")[2].replace("%2B", "+"))[0]
    except InvalidWheelFilename:
        return
    yield Requirement(f"{name} @ {word if '://' in word else (folder / word).absolute().as_uri()}")


def _asks(requirement: Requirement) -> bool:
    is_for_here = requirement.marker is None or requirement.marker.evaluate()
    return is_for_here and bool(requirement.url or requirement.specifier)
