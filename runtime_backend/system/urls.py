"""URLs of wheels."""

from __future__ import annotations

import re
from pathlib import Path

_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]+:"


def file_name(url: str) -> str:
    """Return a URL's file name; URLs spell ``+`` as ``%2B``, file names do not."""
    return url_path(url).rpartition("/")[2]


def url_path(url: str) -> str:
    """Return a URL's path, unquoted; nothing for what is no URL (``http://[x/``)."""
    from urllib.parse import unquote, urlsplit  # noqa: PLC0415 - most hooks read no URL

    try:
        return unquote(urlsplit(url).path)
    except ValueError:
        return ""


def as_url(location: str, folder: Path) -> str:
    """Return a URL for a URL or a path, the latter relative to a folder."""
    return (
        location
        if re.match(_SCHEME, location) and not Path(location).is_absolute()
        else (folder / location).absolute().as_uri()
    )
