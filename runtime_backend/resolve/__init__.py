"""Which runtime a build is for: what is installed, locked or named, and what the frontend's command makes of it."""

from __future__ import annotations

from .resolution import Resolution
from .resolver import Outcome, Resolver

__all__ = ["Outcome", "Resolution", "Resolver"]
