"""Which runtime a build is for: what is installed, locked or named, and what the frontend's command makes of it."""

from __future__ import annotations

from .decision import Decision
from .package import is_refused
from .resolution import Resolution, direct_archive
from .resolver import Outcome, Resolver

__all__ = ["Decision", "Outcome", "Resolution", "Resolver", "direct_archive", "is_refused"]
