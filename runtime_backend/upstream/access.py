"""Passing credentials to git in environment variables, so that no command line and no repository contains them.

git reads ``GIT_CONFIG_COUNT``, ``GIT_CONFIG_KEY_0`` ... as configuration (git 2.31 and later).
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

from ..system.printable import without_secrets


def split_access(url: str, environ: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return the URL without its secrets, and environment variables that give these secrets to git.

    Credentials apply to the whole host, since submodules are often on the same host.
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
        # git 2.55 sends the credentials with only the first of several parallel requests. A server of plain files
        # refuses the others, and git fails.
        pairs[f"http.{named}.maxRequests"] = "1"
    return clean, _with_configuration(pairs, environ)


def _with_configuration(pairs: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with more pairs of git's configuration, after the person's own."""
    count = environ.get("GIT_CONFIG_COUNT", "")
    first = int(count) if count.isdecimal() else 0  # git itself would fail on anything else
    changed = dict(environ)
    for place, (key, value) in enumerate(pairs.items(), start=first):
        changed |= {f"GIT_CONFIG_KEY_{place}": key, f"GIT_CONFIG_VALUE_{place}": value}
    return {**changed, "GIT_CONFIG_COUNT": str(first + len(pairs))}
