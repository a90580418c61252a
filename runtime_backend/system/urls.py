"""URLs of wheels."""

from __future__ import annotations

import re
from pathlib import Path

_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]+:"


def file_name(url: str) -> str:
    """Return the file name in a URL, unquoted: URLs encode ``+`` as ``%2B``."""
    return url_path(url).rpartition("/")[2]


def url_path(url: str) -> str:
    """Return a URL's path, unquoted; empty for an invalid URL (``http://[x/``)."""
    from urllib.parse import unquote, urlsplit  # noqa: PLC0415 - most hooks read no URL

    try:
        return unquote(urlsplit(url).path)
    except ValueError:
        return ""


def as_url(location: str, folder: Path) -> str:
    """Return the URL of a location: a URL, or a path relative to a folder."""
    return (
        location
        if re.match(_SCHEME, location) and not Path(location).is_absolute()
        else (folder / location).absolute().as_uri()
    )
