"""The command that builds an installed distribution again, from where it came, for the runtime that is there now.

Frontends keep wheels that they have built, whatever torch those were for: each command goes past that cache.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from ..distributions import Distribution
from ..files import is_file, read_text
from ..frontend import Environment


def rebuild_command(distribution: Distribution, environment: Environment) -> str:
    """Return a line for a shell.

    pip, where pip has installed it, or where somebody else has and pip is there; else uv.
    """
    installer = read_text(distribution.info / "INSTALLER").strip().lower()
    origin = _origin(distribution)
    if installer != "uv" and environment.distributions.find("pip") is not None:
        python = environment.prefix / ("Scripts/python.exe" if _is_windows(environment) else "bin/python")
        words = [str(python), "-m", "pip", "install", "--force-reinstall", "--no-deps", "--no-cache-dir", *origin]
        return shlex.join(words)
    project = environment.prefix.parent
    where = ["--project", str(project)] if is_file(project / "uv.lock") else []
    clean = ["uv", "cache", "clean", distribution.name]
    install = ["uv", "pip", "install", *where, "--python", str(environment.prefix), "--no-deps", "--reinstall", *origin]
    return f"{shlex.join(clean)} && {shlex.join(install)}"


def _is_windows(environment: Environment) -> bool:
    return is_file(environment.prefix / "Scripts" / "python.exe")


def _origin(distribution: Distribution) -> list[str]:
    """Return the words that name where it came from (PEP 610); what came from an index is built, not downloaded."""
    try:
        direct = json.loads(distribution.direct_url)
        url = str(direct["url"])
    except (ValueError, KeyError, TypeError):
        return ["--no-binary", distribution.name, f"{distribution.name}=={distribution.version}"]
    folder = direct.get("subdirectory")
    fragment = f"#subdirectory={folder}" if folder else ""
    if "vcs_info" in direct:
        return [f"{distribution.name} @ {_revision(url, direct['vcs_info'])}{fragment}"]
    if "dir_info" in direct:
        path = str(Path(url2pathname(urlsplit(url).path)))
        return ["-e", path] if direct["dir_info"].get("editable") else [path]
    return [f"{distribution.name} @ {url}{fragment}"]


def _revision(url: str, info: Mapping[str, Any]) -> str:
    return f"{info.get('vcs', 'git')}+{url}@{info.get('commit_id') or info.get('requested_revision') or 'HEAD'}"
