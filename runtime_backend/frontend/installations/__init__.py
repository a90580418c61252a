"""Commands with their own resolver: pip install, uv pip install, uv run --with …

Each reader parses one command as far as a decision needs it: its requirements, and whether an option, variable or
setting may move installed distributions although all requirements are satisfied. Everything that is not known to be
harmless is an obstacle: then the frontend is asked.
"""

from __future__ import annotations

from pathlib import Path

from ...system.files import is_file
from ..caller import Caller, once
from ..programs import find_program
from ..uv import find_uv_command
from .installation import Installation

__all__ = ["Installation", "find_front_folder", "find_installation", "find_named_locks"]


@once
def find_installation(caller: Caller) -> Installation | None:
    """Return the command that installs; None for other frontends, or if the process cannot be seen."""
    name, process = caller.frontend
    if process is None:
        return None
    if name == "pip":
        from .pip import read_pip_command  # noqa: PLC0415 - only one frontend's arguments are read

        program = find_program(process.argv, process.cwd)
        return None if program is None else read_pip_command(process, program.start, caller)
    command = find_uv_command(caller)
    if command is None:
        return None
    from .uv import read_uv_command  # noqa: PLC0415 - only one frontend's arguments are read

    return read_uv_command(command, process, caller.reader.python)


def find_front_folder(caller: Caller) -> Path | None:
    """Return the folder of ``--target`` or ``--prefix``, whose distributions come before the environment's."""
    installation = find_installation(caller)
    if installation is not None:
        return installation.folder
    if caller.frontend != ("pip", None):
        return None
    from .pip import folder_by_variables  # noqa: PLC0415 - only one frontend's arguments are read

    return folder_by_variables(caller)


def find_named_locks(installation: Installation) -> tuple[Path, ...]:
    """Return the locks (PEP 751) of a command that installs only locks: ``pip install -r pylock.toml``."""
    paths = tuple(installation.cwd / name for name in installation.files)
    is_alone = not (installation.words or installation.editables or installation.constraints)
    is_lock = all(path.name.startswith("pylock.") and path.suffix == ".toml" and is_file(path) for path in paths)
    return paths if is_alone and is_lock else ()
