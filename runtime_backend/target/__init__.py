"""Finding the target and the consumer through the frontend's process."""

from __future__ import annotations

from .caller import Caller, read_caller
from .detectors import find_places
from .environments import Environment, EnvironmentReader
from .places import Named, Place
from .requested import find_requested

__all__ = [
    "Caller",
    "Environment",
    "EnvironmentReader",
    "Named",
    "Place",
    "find_places",
    "find_requested",
    "read_caller",
]
