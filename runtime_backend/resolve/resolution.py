"""The resolution: the runtime for a wheel, its origin, and its sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from packaging.specifiers import SpecifierSet

from ..config.settings import Match
from ..frontend.environments import Environment
from ..installed.distributions import Distribution, archive_sha256
from ..installed.identity import Identity, is_compatible

if TYPE_CHECKING:
    from ..index.wanted import Wanted


How = Literal["installed", "locked", "asked", "pinned", "named", "importable"]
"""``named``: by its version in the command; ``importable``: it is in the build environment."""


class Resolution(NamedTuple):
    """The runtime for a wheel."""

    identity: Identity
    how: How
    origin: str
    distribution: Distribution | None = None
    """The installed distribution, if there is one for this version of Python."""
    environment: Environment | None = None
    url: str | None = None
    sha256: str | None = None
    is_direct: bool = True
    """Whether it must come from that URL; False if the frontend found the URL on an index."""
    wanted: Wanted | None = None
    """The file to find on an index, if a lock has no URL."""
    missing: str | None = None
    """Why there is no wheel in the lock."""
    pin: SpecifierSet | None = None
    """The specifier of a pin by version: ``==2.7.0`` accepts ``2.7.0+cu126``, too (PEP 440)."""

    def __str__(self) -> str:
        """Return ``torch 2.7.0+cu126 (locked: /home/jo/project/uv.lock)``."""
        return f"{self.identity} ({self.how}: {self.origin})"

    def accepts(self, identity: Identity, match: Match) -> bool:
        """Return whether a wheel for that identity is also one for this runtime."""
        if self.pin is not None and self.identity.reported is None:
            return self.pin.contains(identity.version, prereleases=True)
        return is_compatible(identity, self.identity, match)

    def found(self, installed: Resolution) -> Resolution:
        """Return a locked or pinned runtime with the facts of the installed one, which can be reused."""
        return self._replace(
            identity=installed.identity,
            distribution=installed.distribution,
            environment=installed.environment,
        )


def installed_resolution(identity: Identity, distribution: Distribution, environment: Environment) -> Resolution:
    """Return the resolution for a runtime that is installed in the target."""
    url, sha256 = direct_archive(distribution.direct_url)
    is_wheel = url is not None and sha256 is not None and url.endswith(".whl")
    return Resolution(
        identity=identity,
        how="installed",
        origin=str(environment.prefix),
        distribution=distribution,
        environment=environment,
        url=url if is_wheel else None,
        sha256=sha256 if is_wheel else None,
    )


def direct_archive(text: str) -> tuple[str | None, str | None]:
    """Return (URL, sha256) in the ``direct_url.json`` of an installed archive (PEP 610); None for missing ones."""
    from ..formats.jsontext import parse_json  # noqa: PLC0415 - most runtimes come from an index

    try:
        data = parse_json(text)
        return str(data["url"]), archive_sha256(data["archive_info"])
    except (ValueError, KeyError, TypeError):
        return None, None
