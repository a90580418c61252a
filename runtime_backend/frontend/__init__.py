"""Finding the target and the consumer through the frontend's process."""

from __future__ import annotations

from .asking.guard import is_asking
from .caller import Caller, read_caller
from .detectors import find_believed, find_places, find_start, find_uv_options
from .environments import Environment, EnvironmentReader
from .folders import upward_in
from .foreseen import foresee_config_settings
from .installations import Installation, find_installation, find_named_locks
from .managers import find_managed
from .places import LateLock, Named, Place, Stated
from .postponement import find_postponement
from .processes import Process
from .programs import find_program
from .stated import named_place
from .uv import find_uv_command

__all__ = [
    "Caller",
    "Environment",
    "EnvironmentReader",
    "Installation",
    "LateLock",
    "Named",
    "Place",
    "Process",
    "Stated",
    "find_believed",
    "find_installation",
    "find_managed",
    "find_named_locks",
    "find_places",
    "find_postponement",
    "find_program",
    "find_start",
    "find_uv_command",
    "find_uv_options",
    "foresee_config_settings",
    "is_asking",
    "named_place",
    "read_caller",
    "upward_in",
]
