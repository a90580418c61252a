"""The runtime that a wheel is to be built against: which, whence, and where it can be had."""

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
"""``named``: by its version in the command; ``importable``: in the build environment already."""


class Resolution(NamedTuple):
    """The runtime that the wheel is to be built against."""

    identity: Identity
    how: How
    origin: str
    distribution: Distribution | None = None
    """Where it is installed, if it is, for an interpreter of this version."""
    environment: Environment | None = None
    url: str | None = None
    sha256: str | None = None
    is_direct: bool = True
    """Whether it has to come from that URL; False: the frontend took it from an index, of which the URL is a part."""
    wanted: Wanted | None = None
    """How the wheel is found on an index, where a lock gives no URL."""
    missing: str | None = None
    """Why a lock's wheel cannot be had."""
    pin: SpecifierSet | None = None
    """What a pin by version accepts: ``==2.7.0`` accepts ``2.7.0+cu126`` as well (PEP 440)."""

    def __str__(self) -> str:
        """Return ``torch 2.7.0+cu126 (locked: /home/jo/project/uv.lock)``."""
        return f"{self.identity} ({self.how}: {self.origin})"

    def accepts(self, identity: Identity, match: Match) -> bool:
        """Return whether a wheel built against that identity is one built against this."""
        if self.pin is not None and self.identity.reported is None:
            return self.pin.contains(identity.version, prereleases=True)
        return is_compatible(identity, self.identity, match)

    def found(self, installed: Resolution) -> Resolution:
        """Return what a lock or a pin names, found installed: known in full, and fit to be reused."""
        return self._replace(
            identity=installed.identity,
            distribution=installed.distribution,
            environment=installed.environment,
        )


def installed_resolution(identity: Identity, distribution: Distribution, environment: Environment) -> Resolution:
    """Return the resolution for a runtime that is installed where the wheel goes."""
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
    """Return (URL, sha256) of an installed archive's ``direct_url.json`` (PEP 610), as far as it has both."""
    from ..formats.jsontext import parse_json  # noqa: PLC0415 - most runtimes come from an index

    try:
        data = parse_json(text)
        return str(data["url"]), archive_sha256(data["archive_info"])
    except (ValueError, KeyError, TypeError):
        return None, None
