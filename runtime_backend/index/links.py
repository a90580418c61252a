"""The links of an HTML page of an index (PEP 503).

The standard library's parser is too slow: its time grows with the square of the length of an open tag, so that a page
of some hundred kilobytes would stop a build for hours. This parser reads each character at most twice.
"""

from __future__ import annotations

import html
import re
from typing import NamedTuple

_TAG = re.compile(r"<!--|<(a|base)(?=[\s/>])", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"[\s/]*([^\s/>=]+|=)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']*)))?")


_READ = ("href", "data-yanked")


class Link(NamedTuple):
    """One link."""

    target: str
    yanked: str | None = None
    """The attribute ``data-yanked`` (PEP 592); None if there is none."""


def find_links(text: str) -> tuple[str, list[Link]]:
    """Return (the base of the links, possibly empty; the links)."""
    base = ""
    links: list[Link] = []
    place = 0
    while (found := _TAG.search(text, place)) is not None:
        if found.group(1) is None:
            end = text.find("-->", found.end())
            place = len(text) if end < 0 else end
            continue
        values, place = _read_attributes(text, found.end())
        target = values.get("href")
        if target and found.group(1).lower() == "a":
            links.append(Link(target, values.get("data-yanked")))
        elif target:
            base = base or target
    return base, links


def _read_attributes(text: str, place: int) -> tuple[dict[str, str], int]:
    """Return the relevant attributes of a tag, which begin at a place, and the place where they end."""
    values: dict[str, str] = {}
    while (found := _ATTRIBUTE.match(text, place)) is not None:
        place = found.end()
        name = found.group(1).lower()
        if name in _READ and not values.get(name):
            values[name] = _unescape(next((value for value in found.groups()[1:] if value), ""))
    return values, place


def _unescape(value: str) -> str:
    try:
        return html.unescape(value).strip()
    except ValueError:  # a character reference with 5,000 digits
        return ""
