"""Credentials for git, handed over in variables: then no command line and no repository's config holds them.

git reads ``GIT_CONFIG_COUNT``, ``GIT_CONFIG_KEY_0`` ... as configuration (git 2.31 and later).
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

from ..system.printable import without_secrets


def split_access(url: str, environ: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return the URL without its secrets, and the variables with which git still uses them.

    Credentials count for the whole host, since submodules are often on the same one.
    """
    clean = without_secrets(url)
    if clean == url:
        return url, dict(environ)
    pairs = {f"url.{url}.insteadOf": clean}
    parts = urlsplit(url)
    if "@" in parts.netloc:
        host = parts._replace(path="/", query="", fragment="")
        named = without_secrets(urlunsplit(host))
        pairs[f"url.{urlunsplit(host)}.insteadOf"] = named
        # Of several requests at once, git 2.55 sends the credentials with the first one alone: where a repository is
        # served as plain files, the others are refused, and that is the end of it.
        pairs[f"http.{named}.maxRequests"] = "1"
    return clean, _with_configuration(pairs, environ)


def _with_configuration(pairs: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with more pairs of git's configuration, after those that the person has."""
    count = environ.get("GIT_CONFIG_COUNT", "")
    first = int(count) if count.isdecimal() else 0  # git itself would stop at anything else
    changed = dict(environ)
    for place, (key, value) in enumerate(pairs.items(), start=first):
        changed |= {f"GIT_CONFIG_KEY_{place}": key, f"GIT_CONFIG_VALUE_{place}": value}
    return {**changed, "GIT_CONFIG_COUNT": str(first + len(pairs))}
