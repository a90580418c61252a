"""Comparing the build environment with a build lock and build constraints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from packaging.specifiers import SpecifierSet

from ..config.settings import BuildConstraint
from ..errors import RENEW_ENVIRONMENT, ProvisionError
from ..formats.parsing import parse_version
from ..frontend.caller import Isolation
from ..installed.distributions import Distribution, DistributionIndex
from ..locks.answer import Locked


class Demand(NamedTuple):
    """The versions of one build requirement that a build accepts."""

    name: str
    """Normalised (PEP 503)."""
    specifier: SpecifierSet
    origin: str
    pin: str | None = None
    """The one version of a build lock; None for a constraint, which does not ask for the distribution."""

    def accepts(self, version: str) -> bool:
        """Return whether a version is right; for a lock, the spelling makes no difference, but the local label does."""
        parsed = parse_version(version)
        if parsed is None or self.pin is not None:
            return parsed is not None and parsed == parse_version(str(self.pin))
        return self.specifier.contains(parsed, prereleases=True)

    def __str__(self) -> str:
        """Return ``cython==3.1.0 (/home/jo/app/pylock.build.toml)``."""
        return f"{self.name}{self.specifier} ({self.origin})"


def demands_of(locked: Iterable[Locked], constraints: Iterable[BuildConstraint]) -> tuple[Demand, ...]:
    """Return the demands of a lock and of constraints."""
    return (
        *(Demand(e.name, SpecifierSet(f"=={e.version}"), str(e.lock), pin=e.version) for e in locked),
        *(Demand(c.name, c.requirement.specifier, c.origin) for c in constraints),
    )


class Difference(NamedTuple):
    """A demand that the build environment does not meet."""

    demand: Demand
    found: Distribution | None

    def __str__(self) -> str:
        """Return ``cython 3.2.0 is installed (/tmp/…/site-packages), expected cython==3.1.0 (…)``."""
        found = self.found
        what = "is not installed" if found is None else f"{found.version} is installed ({found.site})"
        return f"{self.demand.name} {what}, expected {self.demand}"


def differences(demands: Iterable[Demand], visible: DistributionIndex) -> Iterator[Difference]:
    """Yield the demands that the distributions of a build environment do not meet."""
    for demand in demands:
        found = visible.find(demand.name)
        if demand.pin is not None if found is None else not demand.accepts(found.version):
            yield Difference(demand, found)


def installed_too_early(found: Iterable[Difference], frontend: str | None) -> ProvisionError:
    """Return the error for a version that the frontend has installed already, and does not replace."""
    way_out = "PIP_BUILD_CONSTRAINT" if frontend == "pip" else "its own build constraints"
    return ProvisionError(
        "build-requirements-differ",
        "{found}\n{frontend} installed that for build-system.requires before this hook was called, and does not"
        " replace it",
        hint="Move the build requirements of the package from build-system.requires to"
        " tool.runtime-backend.build-requires, or restrict the frontend itself: runtime-backend lock --export"
        " writes {way_out}.",
        found=_lines(found),
        frontend=frontend,
        way_out=way_out,
    )


def built_with_others(found: Iterable[Difference], isolation: Isolation) -> ProvisionError:
    """Return the error for a build environment in which other versions are."""
    return ProvisionError(
        "build-requirements-differ",
        "the build environment has other build requirements than demanded:\n{found}",
        hint=(
            RENEW_ENVIRONMENT
            if isolation == "kept"
            else "Run the same command again: the frontend asked for the build requirements before this was known. If"
            " that does not help, name them in tool.runtime-backend.build-requires and lock them: runtime-backend"
            " lock."
        ),
        found=_lines(found),
    )


def _lines(found: Iterable[Difference]) -> str:
    return "\n".join(f"  {difference}" for difference in found)
