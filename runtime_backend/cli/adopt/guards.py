"""Composing ``match-runtime`` from what a package requires of a runtime at build time and at run time.

Both apply, since the package is built against the runtime that will run it. A marker on a build requirement restricts
where the build needs the runtime; a marker on one of the package's own requirements only restricts where the specifier
applies.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import Specifier
from packaging.version import Version

_COMPARISON = re.compile(r"(?P<what>\S+) (?P<operator>[<>=!]=?|in|not in) (?P<value>\"[^\"]*\")")
_OPPOSITES = {"<": ">=", ">": "<=", "==": "!=", "in": "not in"}


def compose_guards(name: str, built: Sequence[str], own: Sequence[str]) -> list[str]:
    """Return the entries of ``match-runtime`` for one runtime. The settings combine all entries that apply.

    :param name: the runtime's normalised name.
    :param built: the build requirements of the runtime (PEP 508); empty if the build needs it everywhere.
    :param own: the package's own requirements of the runtime.
    """
    entries: dict[str, list[str]] = {}
    for text in built or [name]:
        entries.setdefault(marker_of(text), []).append(text)
    condition = "" if _holds_always(list(entries)) else " or ".join(f"({marker})" for marker in entries)
    for text in own:
        if Requirement(text).specifier:
            entries.setdefault(_both(condition, marker_of(text)), []).append(text)
    return [_entry(name, marker, texts) for marker, texts in entries.items()]


def marker_of(text: str) -> str:
    """Return the marker of a requirement (PEP 508); empty if it has none."""
    return str(Requirement(text).marker or "")


def _holds_always(markers: Sequence[str]) -> bool:
    """Return whether one of the markers is always true, or two are opposites."""
    found = [match.groups() for match in map(_COMPARISON.fullmatch, markers) if match is not None]
    opposites = [(what, _OPPOSITES.get(operator), value) for what, operator, value in found]
    return "" in markers or any(opposite in found for opposite in opposites)


def _both(first: str, second: str) -> str:
    """Return the conjunction of two markers; empty if both are empty."""
    markers = list(dict.fromkeys(str(Marker(text)) for text in (first, second) if text))
    return str(Marker(" and ".join(f"({text})" for text in markers))) if markers else ""


def _entry(name: str, marker: str, texts: Sequence[str]) -> str:
    """Merge requirements with the same marker into one; a requirement that equals the result keeps its spelling."""
    found = [Requirement(text) for text in texts]
    clauses = _narrowest([clause for item in found for clause in item.specifier])
    extras = sorted({extra for item in found for extra in item.extras})
    for text, item in zip(texts, found, strict=True):
        if (set(item.specifier), sorted(item.extras), marker_of(text)) == (clauses, extras, marker):
            return text
    inside = f"[{','.join(extras)}]" if extras else ""
    quoted = marker if "'" in marker else marker.replace('"', "'")
    return f"{name}{inside}{','.join(sorted(map(str, clauses)))}{f'; {quoted}' if marker else ''}"


def _narrowest(clauses: Sequence[Specifier]) -> set[Specifier]:
    """Return the clauses without redundant ones: wider bounds, and everything else if there is a pin."""
    kept = set(clauses)
    pins = [clause for clause in clauses if clause.operator == "==" and not clause.version.endswith(".*")]
    is_exact = any(clause.operator == "===" for clause in clauses)  # ===2.7.0 does not match 2.7.0+cpu; ==2.7.0 does
    if pins and not is_exact and all(clause.contains(pins[0].version, prereleases=True) for clause in clauses):
        return {pins[0]}
    for operator, narrow in ((">=", max), ("<", min)):
        bounds = [clause for clause in kept if clause.operator == operator]
        kept -= {*bounds} - {narrow(bounds, key=lambda clause: Version(clause.version), default=None)}
    return kept
