"""Text that leaves this process: without credentials, and without control characters for a terminal.

Every output uses it: printed lines, the log, the plan as JSON, the stamp, the records of builds. No other code needs to
handle secrets.
"""

from __future__ import annotations

import re

_SCHEME = r"\b[A-Za-z][A-Za-z0-9+.-]{1,30}:/{1,2}"
"""The scheme of a URL; only one slash of ``https://`` is left if the URL was treated as a path."""
_UNTIL_NEXT = "(?!:/)"
"""No part of a URL extends into the next URL, so every pattern takes linear time."""
_CREDENTIALS = (
    rf"""(?P<scheme>{_SCHEME})(?P<user>(?:[^\s/"<>]+@|[^\s/@:"<>]*:(?!/|\d+[/\s])(?:{_UNTIL_NEXT}[^\s@"<>])*@)+)"""
)
_QUERY = rf"""(?P<url>{_SCHEME}(?:{_UNTIL_NEXT}[^\s?#'"<>])*)\?[^\s#'"<>]*"""
_FRAGMENT = rf"""(?P<url>{_SCHEME}(?:{_UNTIL_NEXT}[^\s#'"<>])*)#(?P<fragment>[^\s'"<>]*=[^\s'"<>]*)"""
_KNOWN = r"(?:sha\d+|md5|egg|subdirectory|name)="
"""Keys that pip and uv write into a fragment; any other part may be a secret."""

OBEYED = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
"""Control characters except tab and line feed, characters that change the direction of a line, and surrogates, which no
encoding has."""


def without_secrets(text: str) -> str:
    """Return a text without the credentials, queries and unknown fragments of its URLs.

    The user of ``ssh://git@host`` stays: the URL does not work without it, and it is not a secret.
    """
    if ":/" not in text:
        return text
    text = re.sub(_CREDENTIALS, _without_user, text)
    return re.sub(_FRAGMENT, _without_unknown, re.sub(_QUERY, r"\g<url>", text))


def printable(text: str) -> str:
    r"""Return a text that may be shown: without secrets, and with escapes like ``\x1b`` for control characters."""
    return re.sub(OBEYED, _escaped, without_secrets(text))


def _without_user(found: re.Match[str]) -> str:
    scheme, user = found["scheme"], found["user"]
    is_path = scheme.lower().startswith("file:")
    is_account = scheme.lower().endswith("ssh://") and ":" not in user
    return found[0] if is_path or is_account else scheme


def _without_unknown(found: re.Match[str]) -> str:
    parts = [part for part in found["fragment"].split("&") if re.match(_KNOWN, part)]
    return found["url"] + (f"#{'&'.join(parts)}" if parts else "")


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape", "surrogatepass").decode("ascii")
