"""The links of an HTML page of an index (PEP 503).

The parser of the standard library does not serve: its time grows with the square of an open tag, so that a page of some
hundred kilobytes would stop a build for hours. Each letter is looked at twice at most here.
"""

from __future__ import annotations

import html
import re

_TAG = re.compile(r"<!--|<(a|base)(?=[\s/>])", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"[\s/]*([^\s/>=]+|=)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']*)))?")


def find_links(text: str) -> tuple[str, list[str]]:
    """Return (what the links are relative to, or nothing; the targets of the links)."""
    base = ""
    links: list[str] = []
    place = 0
    while (found := _TAG.search(text, place)) is not None:
        if found.group(1) is None:
            end = text.find("-->", found.end())
            place = len(text) if end < 0 else end
            continue
        target, place = _read_target(text, found.end())
        if target and found.group(1).lower() == "a":
            links.append(target)
        elif target:
            base = base or target
    return base, links


def _read_target(text: str, place: int) -> tuple[str, int]:
    """Return the first ``href`` of the tag whose attributes begin at a place, and where they end."""
    target = ""
    while (found := _ATTRIBUTE.match(text, place)) is not None:
        place = found.end()
        if found.group(1).lower() == "href" and not target:
            target = next((value for value in found.groups()[1:] if value), "")
    try:
        return html.unescape(target).strip(), place
    except ValueError:  # a character of 5,000 digits
        return "", place
