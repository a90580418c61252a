"""``torch.__config__``: how every published torch is built, as far as build scripts ask."""

from __future__ import annotations

from . import _notes

__getattr__ = _notes.absent(__name__)


def parallel_info() -> str:
    """Return what torch says of its threads: its wheels are built with OpenMP."""
    return "ATen/Parallel:\n\tat::get_num_threads() : 1\nATen parallel backend: OpenMP\n"
