"""Finding the target and the consumer through the frontend's process."""

from __future__ import annotations

from .caller import Caller, read_caller
from .detectors import find_places, find_start, find_uv_options
from .environments import Environment, EnvironmentReader
from .places import LateLock, Named, Place, Stated
from .postponement import find_postponement
from .requested import Requested, find_requested

__all__ = [
    "Caller",
    "Environment",
    "EnvironmentReader",
    "LateLock",
    "Named",
    "Place",
    "Requested",
    "Stated",
    "find_places",
    "find_postponement",
    "find_requested",
    "find_start",
    "find_uv_options",
    "read_caller",
]
