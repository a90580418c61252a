"""Version constraints in poetry's syntax: ``^2.7``, ``~2.7``, ``2.7.*``, ``>=2.6,<3 || 3.1``."""

from __future__ import annotations

import re
from functools import lru_cache

from packaging.specifiers import SpecifierSet
from packaging.version import Version

_TERM = re.compile(r"(?:(\^|~=|~|===|[<>=!]=|[<>=])\s*)?([^\s,]+)")


@lru_cache(maxsize=1024)  # a lock may repeat a constraint a thousand times
def allows(constraint: str, version: str) -> bool:
    """Return whether a constraint allows a version; True if the constraint's syntax is unknown."""
    try:
        return any(_specifiers(part).contains(version, prereleases=True) for part in re.split(r"\|\|?", constraint))
    except ValueError:  # InvalidSpecifier, InvalidVersion, or a number with 5,000 digits
        return True


def as_specifier(constraint: str) -> str | None:
    """Return a constraint in PEP 440; None if PEP 440 cannot express it, or its syntax is unknown."""
    try:
        return None if "|" in constraint else str(_specifiers(constraint))
    except ValueError:
        return None


def _specifiers(part: str) -> SpecifierSet:
    return SpecifierSet(",".join(_in_pep_440(*term) for term in _TERM.findall(part) if term[1] != "*"))


def _in_pep_440(operator: str, version: str) -> str:
    """Return one term as a specifier: a caret fixes the first nonzero part, a tilde the first two parts."""
    if operator not in ("^", "~"):
        return f"{'==' if operator in ('', '=') else operator}{version}"
    release = Version(version).release
    kept = next((place for place, part in enumerate(release) if part), len(release) - 1)
    if operator == "~":
        kept = min(1, len(release) - 1)
    above = ".".join(map(str, (*release[:kept], release[kept] + 1)))
    return f">={version},<{above}"
