"""The dependencies of an installed distribution, with theirs: what belongs to a runtime."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..formats.parsing import marker_holds, parse_requirement
from .distributions import Distribution, DistributionIndex


def find_closure(root: Distribution, extras: set[str], index: DistributionIndex) -> tuple[Distribution, ...]:
    """Return the distribution and all its installed dependencies, in the order in which they are found."""
    environment = {key: str(value) for key, value in default_environment().items()}
    found = {root.name: root}
    pending, seen = [(root, frozenset(extras))], {(root.name, frozenset(extras))}
    while pending:
        distribution, wanted = pending.pop()
        for requirement in _active_requirements(distribution, wanted, environment):
            name = canonicalize_name(requirement.name)
            needed = found.get(name) or index.find(name)
            step = (name, frozenset(requirement.extras))
            if needed is not None and step not in seen:
                seen.add(step)
                found[name] = needed
                pending.append((needed, step[1]))
    return tuple(found.values())


def find_missing(root: Distribution, extras: set[str], index: DistributionIndex) -> list[str]:
    """Return the requirements of a distribution and its dependencies that are not installed."""
    environment = {key: str(value) for key, value in default_environment().items()}
    return [
        str(requirement)
        for distribution in find_closure(root, extras, index)
        for requirement in _active_requirements(
            distribution, frozenset(extras) if distribution is root else frozenset(), environment
        )
        if index.find(canonicalize_name(requirement.name)) is None
    ]


def _active_requirements(
    distribution: Distribution, extras: frozenset[str], environment: dict[str, str]
) -> Iterator[Requirement]:
    for text in distribution.requires:
        if not extras and _is_of_extra(text):
            continue
        requirement = parse_requirement(text)
        if requirement is None:  # the syntax of old eggs is ignored
            continue
        if any(marker_holds(requirement, {**environment, "extra": extra}) for extra in ("", *extras)):
            yield requirement


def _is_of_extra(text: str) -> bool:
    """Return whether a requirement certainly belongs to an extra, to avoid parsing the hundreds that sympy has."""
    marker = text.partition(";")[2]
    return "extra ==" in marker and " or " not in marker
