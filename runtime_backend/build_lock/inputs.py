"""What a build lock was made from; the lock contains it, so that a stale lock is noticed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..config import Settings
from ..formats.parsing import parse_requirement
from ..store.names import digest

FORMAT = "1"
"""The version of the digest."""


class Inputs(NamedTuple):
    """The parts of a package's settings that decide what its build lock contains."""

    requires: tuple[str, ...]
    """The build requirements, normalised and sorted."""
    backend: str
    """The real backend, which may add requirements; for a wrapper, the upstream source, which names it."""

    @classmethod
    def of(cls, settings: Settings) -> Inputs:
        """Return the inputs of a package."""
        upstream = settings.upstream
        backend = settings.real_backend.value if upstream is None else f"{upstream} {upstream.sha256 or ''}".strip()
        return cls(tuple(sorted({_normal(text) for text in settings.build.all_requires})), backend)

    @property
    def digest(self) -> str:
        """The digest of all of them, in hex."""
        return digest([FORMAT, self.backend, *self.requires], 64)

    def difference(self, recorded: Mapping[str, Any]) -> str | None:
        """Return how the inputs that a lock records differ from these; None if they are the same.

        :param recorded: the lock's ``[tool.runtime-backend]``.
        """
        if recorded.get("inputs") == self.digest:
            return None
        before = recorded.get("requires")
        old = {str(text) for text in before} if isinstance(before, list) else set()
        new = [f"{text} is new" for text in self.requires if text not in old]
        gone = [f"{text} is gone" for text in sorted(old) if text not in self.requires]
        backend = [] if recorded.get("backend") == self.backend else [f"they are for {self.backend} now"]
        return ", ".join([*new, *gone, *backend]) or "its digest of them differs"


def _normal(text: str) -> str:
    """Return a requirement in one spelling: that of packaging, with a normalised name."""
    from packaging.utils import canonicalize_name  # noqa: PLC0415 - few packages have a build lock

    requirement = parse_requirement(text)
    if requirement is None:
        return text
    requirement.name = canonicalize_name(requirement.name)
    return str(requirement)
