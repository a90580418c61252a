"""What the frontend's own command asks for: ``pip install torch==2.7.0 ./package`` is about to replace another.

So is ``pip install -r requirements.txt``, where the file pins it, and ``-c constraints.txt``, once anything needs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from .arguments import Arguments, read_arguments
from .caller import Caller
from .uv import find_uv_command

COMMAND_LINE = "the frontend's command line"

_PIP_VALUED = """
--abi --build --build-constraint --cache-dir --cert --client-cert --config-settings --constraint --dest --editable
--exists-action --extra-index-url --find-links --global-option --group --implementation --index-url --keyring-provider
--log --no-binary --only-binary --only-final --platform --prefix --progress-bar --proxy --python --python-version
--report --requirement --requirements-from-script --resume-retries --retries --root --root-user-action --src --target
--timeout --trusted-host --upgrade-strategy --uploaded-prior-to --use-deprecated --use-feature --wheel-dir -C -b -c -d
-e -f -i -r -t -w
"""
PIP_VALUED = frozenset(_PIP_VALUED.split())
"""Options of pip that take a value, in pip 22.3 to 26.3."""

_REQUIREMENTS = ("-r", "--requirement", "--requirements")
_CONSTRAINTS = ("-c", "--constraint", "--constraints", "--override", "--overrides")
_CONSTRAINT_VARIABLES = {"pip": ("PIP_CONSTRAINT",), "uv": ("UV_CONSTRAINT", "UV_OVERRIDE")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Requested:
    """One requirement of the command."""

    requirement: Requirement
    origin: str
    """The command line, or file and line."""


def find_requested(caller: Caller, name: str) -> tuple[Requested, ...]:
    """Return what the command names of a runtime, with a version or as a wheel; a mere name asks for nothing new.

    A file that cannot be read is the frontend's to complain about.

    :param name: the distribution's name, normalised.
    :raises LockError: for a file of the command that is there and cannot be read.
    """
    command = _read_command(caller)
    if command is None:
        return ()
    program, arguments, folder = command
    found = [
        *(Requested(requirement=r, origin=COMMAND_LINE) for r in _from_words(program, arguments, folder)),
        *_from_files(_list_files(program, arguments, caller), folder, caller),
    ]
    return tuple(r for r in found if canonicalize_name(r.requirement.name) == name and _asks(r.requirement))


def _read_command(caller: Caller) -> tuple[str, Arguments, Path] | None:
    """Return (program, arguments, folder that it runs in) of pip or uv pip; None where it is neither, or not seen."""
    name, process = caller.frontend
    folder = caller.working_folders[0] if caller.working_folders else caller.cwd
    if name == "pip" and process is not None:
        return "pip", read_arguments(process.argv[1:], valued=PIP_VALUED), folder
    command = find_uv_command(caller)
    if command is not None and command.name.startswith("pip "):
        return command.name, command.arguments, command.cwd
    return None


def _from_words(program: str, arguments: Arguments, folder: Path) -> Iterator[Requirement]:
    if program != "pip sync":
        for word in arguments.positional:
            requirement = _read(word, folder)
            if requirement is not None:
                yield requirement


def _list_files(program: str, arguments: Arguments, caller: Caller) -> Iterator[tuple[str, bool]]:
    """Yield (file, whether it holds constraints): of the command line, then of the frontend's variables."""
    yield from ((value, False) for value in arguments.values(*_REQUIREMENTS))
    if program == "pip sync":  # of uv: its arguments are files; the first two are these words themselves
        yield from ((value, False) for value in arguments.positional[2:])
    yield from ((value, True) for value in arguments.values(*_CONSTRAINTS))
    for variable in _CONSTRAINT_VARIABLES["pip" if program == "pip" else "uv"]:
        yield from ((value, True) for value in caller.environ.get(variable, "").split())


def _from_files(files: Iterator[tuple[str, bool]], folder: Path, caller: Caller) -> Iterator[Requested]:
    for value, is_constraint in files:
        from ..requirements import read_requirements  # noqa: PLC0415 - slow to import, and most commands name no file

        path = folder / value
        if path.suffix == ".toml" or not path.is_file():  # a lock or a project, which are read as such; a URL; nothing
            continue
        environ = {**caller.environ, "PWD": str(folder)}
        for line in read_requirements(path, environ, is_constraint=is_constraint).lines:
            yield Requested(requirement=line.requirement, origin=line.origin)


def find_named_locks(caller: Caller) -> tuple[Path, ...]:
    """Return the locks that the command installs: ``pip install -r pylock.toml``, ``uv pip sync pylock.toml``."""
    command = _read_command(caller)
    if command is None:
        return ()
    program, arguments, folder = command
    files = (folder / value for value, is_constraint in _list_files(program, arguments, caller) if not is_constraint)
    return tuple(path for path in files if path.name.startswith("pylock.") and path.is_file())


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
