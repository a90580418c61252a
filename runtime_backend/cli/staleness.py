"""Stamped distributions, against the runtimes that are installed beside them now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..distributions import Distribution
from ..errors import BackendError, RuntimeReadError
from ..files import is_file
from ..frontend import Environment
from ..reasons import reason
from ..runtime import Identity, is_compatible, read_identity
from ..stamp import FILE_NAME, parse_stamp


class Finding(NamedTuple):
    """One stamped distribution."""

    distribution: Distribution
    state: str
    """``fits``, ``stale``, ``unreadable`` (stamp or runtime), or ``unknown``: built for nothing in particular."""
    built_for: str
    installed: str
    is_verified: bool = True
    """Whether it was known, when it was built, that the target would have that runtime."""

    @property
    def is_stale(self) -> bool:
        """Whether it has to be built again."""
        return self.state in ("stale", "unreadable")

    def __str__(self) -> str:
        """Return ``probe 1.0: stale: built for torch 2.7.0, installed is torch 2.8.0``."""
        name = f"{self.distribution.name} {self.distribution.version}: {self.state}"
        if self.state == "unreadable":
            return f"{name}: {self.installed}"
        guessed = "" if self.is_verified else " (unverified: the frontend's command was not seen when it was built)"
        return f"{name}: built for {self.built_for}{guessed}{'' if self.state == 'fits' else f', {self.installed}'}"

    def describe(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        return {
            "name": self.distribution.name,
            "version": self.distribution.version,
            "state": self.state,
            "built-for": self.built_for,
            "installed": self.installed,
            "verified": self.is_verified,
        }


def find_stamped(environment: Environment) -> Iterator[Finding]:
    """Yield what was found of every distribution with a stamp."""
    for distribution in environment.distributions:
        path = distribution.info / FILE_NAME
        if not is_file(path):
            continue
        try:
            stamp = parse_stamp(path.read_bytes(), str(path))
            yield _compare(distribution, stamp, environment)
        except (BackendError, RuntimeReadError, OSError, KeyError, TypeError) as error:
            told = (
                str(error) if isinstance(error, (BackendError, RuntimeReadError)) else f"{path}: {reason(error, path)}"
            )
            yield Finding(distribution=distribution, state="unreadable", built_for="", installed=told)


def _compare(distribution: Distribution, stamp: Mapping[str, Any], environment: Environment) -> Finding:
    built, installed, fits = [], [], []
    for runtime in stamp["runtimes"]:
        if runtime.get("reported") is None and runtime.get("version") is None:
            continue
        found = _installed(runtime["name"], environment)
        told = _identity(runtime, found)
        built.append(str(told))
        installed.append(f"installed is {found}" if found else f"{told.name} is not installed")
        fits.append(found is not None and is_compatible(told, found, runtime["match"]))
    if not built:
        why = "its build was given no runtime"
        return Finding(distribution=distribution, state="unknown", built_for="nothing in particular", installed=why)
    return Finding(
        distribution=distribution,
        state="fits" if all(fits) else "stale",
        built_for=", ".join(built),
        installed=", ".join(installed),
        is_verified=all(runtime.get("verified", True) for runtime in stamp["runtimes"]),
    )


def _identity(runtime: Mapping[str, Any], installed: Identity | None) -> Identity:
    """Return what a stamp says of a runtime.

    :param installed: what stands in for the facts that a stamp of an early version does not tell.
    """
    return Identity(
        name=runtime["name"],
        version=runtime["version"],
        reported=runtime["reported"],
        cuda=runtime["cuda"],
        hip=runtime["hip"],
        rocm=runtime.get("rocm", installed and installed.rocm),
        xpu=runtime.get("xpu", installed and installed.xpu),
        git_version=runtime["git-version"],
    )


def _installed(name: str, environment: Environment) -> Identity | None:
    distribution = environment.distributions.find(name)
    return None if distribution is None else read_identity(distribution, environment.distributions)
