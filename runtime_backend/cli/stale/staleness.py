"""Comparing stamped distributions with the runtimes that are installed next to them now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from ...archives.stamp_file import FILE_NAME
from ...errors import BackendError, LaterFormatError, RuntimeReadError
from ...errors.reasons import reason
from ...frontend.environments import Environment
from ...installed.distributions import Distribution
from ...installed.identity import Identity, is_compatible, read_identity
from ...plan.stamp import StampedRuntime, read_runtimes
from ...system.files import is_closed, is_file, read_bytes

State = Literal["fits", "stale", "unreadable", "unchecked", "unknown"]
"""How a stamped distribution is.

``unreadable``: the stamp is damaged. ``unchecked``: it cannot be compared here (a stamp of a later version, a runtime
without a readable version). ``unknown``: it was built for no particular runtime.
"""


class Finding(NamedTuple):
    """The result for one stamped distribution."""

    distribution: Distribution
    state: State
    built_for: str
    installed: str
    is_verified: bool = True
    """Whether the build knew that the target would have this runtime."""

    @property
    def is_stale(self) -> bool:
        """Whether it must be rebuilt."""
        return self.state in ("stale", "unreadable")

    @property
    def is_unchecked(self) -> bool:
        """Whether the comparison failed, and rebuilding would not help."""
        return self.state == "unchecked"

    def __str__(self) -> str:
        """Return ``probe 1.0: stale: built for torch 2.7.0, installed is torch 2.8.0``."""
        name = f"{self.distribution.name} {self.distribution.version}: {self.state}"
        if self.state in ("unreadable", "unchecked"):
            return f"{name}: {self.installed}"
        guessed = "" if self.is_verified else " (unverified: the frontend's command was not seen when it was built)"
        return f"{name}: built for {self.built_for}{guessed}{'' if self.state == 'fits' else f', {self.installed}'}"

    def describe(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "name": self.distribution.name,
            "version": self.distribution.version,
            "state": self.state,
            "built-for": self.built_for,
            "installed": self.installed,
            "verified": self.is_verified,
        }


def find_stamped(environment: Environment) -> Iterator[Finding]:
    """Yield a result for every distribution that has a stamp."""
    for distribution in environment.distributions:
        path = distribution.info / FILE_NAME
        if is_file(path):
            yield _look_at(distribution, environment)
        elif is_closed(distribution.info):
            found = f"{distribution.info}: cannot be read: permission denied"
            yield Finding(distribution=distribution, state="unchecked", built_for="", installed=found)


def _look_at(distribution: Distribution, environment: Environment) -> Finding:
    path = distribution.info / FILE_NAME
    state: State = "unchecked"
    try:
        return _compare(distribution, read_runtimes(read_bytes(path), str(path)), environment)
    except (LaterFormatError, RuntimeReadError) as error:
        found = error.message
    except BackendError as error:
        state, found = "unreadable", error.message
    except OSError as error:
        found = f"{error.filename or path}: cannot be read: {reason(error, error.filename or path)}"
    return Finding(distribution=distribution, state=state, built_for="", installed=found)


def _compare(distribution: Distribution, runtimes: list[StampedRuntime], environment: Environment) -> Finding:
    built, installed, fits = [], [], []
    for runtime in runtimes:
        if not runtime.is_known:
            continue
        found = _installed(runtime.name, environment)
        stamped = runtime.identity(found)
        built.append(str(stamped))
        installed.append(f"installed is {found}" if found else f"{stamped.name} is not installed")
        fits.append(found is not None and is_compatible(stamped, found, runtime.match))
    if not built:
        why = "its build was given no runtime"
        return Finding(distribution=distribution, state="unknown", built_for="nothing in particular", installed=why)
    return Finding(
        distribution=distribution,
        state="fits" if all(fits) else "stale",
        built_for=", ".join(built),
        installed=", ".join(installed),
        is_verified=all(runtime.is_verified for runtime in runtimes),
    )


def _installed(name: str, environment: Environment) -> Identity | None:
    distribution = environment.distributions.find(name)
    return None if distribution is None else read_identity(distribution, environment.distributions)
