"""The command that rebuilds an installed distribution from its origin, for the runtime that is installed now.

Frontends cache the wheels that they build without regard to torch, so each command bypasses their cache.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from ...formats.jsontext import parse_json
from ...formats.parsing import parse_version
from ...frontend.environments import Environment
from ...installed.distributions import Distribution
from ...system.files import is_file, read_text


class Rebuilding(NamedTuple):
    """How to rebuild a distribution."""

    command: str | None
    """A line for a shell; None if the origin of the distribution is not known."""
    note: str | None = None
    """What the person needs to know about the command."""


class _Origin(NamedTuple):
    """The origin of a distribution, as words of a command."""

    words: list[str]
    note: str | None = None


def plan_rebuilding(distribution: Distribution, environment: Environment) -> Rebuilding:
    """Return how to rebuild a distribution.

    The command uses pip if pip is in the environment, unless uv installed the distribution; else uv.
    """
    origin = _find_origin(distribution)
    if origin is None:
        path = distribution.info / "direct_url.json"
        return Rebuilding(
            command=None,
            note=f"{distribution.name} {distribution.version}: found no origin in {path}, expected one (PEP 610):"
            " install it again from its source",
        )
    installer = read_text(distribution.info / "INSTALLER").strip().lower()
    if installer != "uv" and environment.distributions.find("pip") is not None:
        python = environment.prefix / ("Scripts/python.exe" if _is_windows(environment) else "bin/python")
        words = [str(python), "-m", "pip", "install", "--force-reinstall", "--no-deps", "--no-cache-dir", *origin.words]
        return Rebuilding(command=shlex.join(words), note=origin.note)
    project = environment.prefix.parent
    where = ["--project", str(project)] if is_file(project / "uv.lock") else []
    clean = ["uv", "cache", "clean", distribution.name]
    install = ["uv", "pip", "install", *where, "--python", str(environment.prefix), "--no-deps", "--reinstall"]
    command = f"{shlex.join(clean)} && {shlex.join([*install, *origin.words])}"
    return Rebuilding(command=command, note=origin.note)


def _is_windows(environment: Environment) -> bool:
    return is_file(environment.prefix / "Scripts" / "python.exe")


def _find_origin(distribution: Distribution) -> _Origin | None:
    """Return the origin (PEP 610); None if it cannot be read.

    A distribution from an index is built, not downloaded. So is one from a wheel file: the file was built for the old
    runtime.
    """
    if not is_file(distribution.info / "direct_url.json"):
        return _Origin(_of_index(distribution.name, distribution.version))
    try:
        direct = parse_json(distribution.direct_url)
        url, path = str(direct["url"]), urlsplit(str(direct["url"])).path
        file = unquote(path.rpartition("/")[2])
        if not (url + file).isprintable():  # line breaks or control characters in a command
            return None
        if file.lower().endswith(".whl"):
            return _of_wheel(distribution, file)
        words = _of_url(distribution.name, url, path, direct)
    except (ValueError, LookupError, TypeError, AttributeError):  # JSON, but not as in PEP 610
        return None
    return _Origin(words) if all(map(str.isprintable, words)) else None


def _of_wheel(distribution: Distribution, file: str) -> _Origin:
    name, version = distribution.name, distribution.version
    return _Origin(
        _of_index(name, _public(version)),
        f"{name} {version} was installed from the file {file}; the command builds it from the sdist on the index:"
        " if you have its source, build that instead",
    )


def _of_index(name: str, version: str) -> list[str]:
    return ["--no-binary", name, f"{name}=={version}"]


def _public(version: str) -> str:
    """Return the version of the sdist: only builders of wheels add local labels (``+cu126``)."""
    found = parse_version(version)
    return version if found is None else found.public


def _of_url(name: str, url: str, path: str, direct: Mapping[str, Any]) -> list[str]:
    """Return the words for a source tree, a repository or an archive.

    :raises ValueError: if the folder is not an absolute path. Values of a wrong type raise TypeError or AttributeError.
    """
    folder = direct.get("subdirectory")
    fragment = f"#subdirectory={folder}" if folder else ""
    if "vcs_info" in direct:
        return [f"{name} @ {_revision(url, direct['vcs_info'])}{fragment}"]
    if "dir_info" in direct:
        tree = Path(url2pathname(path))
        if not tree.is_absolute():
            raise ValueError(url)
        return ["-e", str(tree)] if direct["dir_info"].get("editable") else [str(tree)]
    return [f"{name} @ {url}{fragment}"]


def _revision(url: str, info: Mapping[str, Any]) -> str:
    return f"{info.get('vcs', 'git')}+{url}@{info.get('commit_id') or info.get('requested_revision') or 'HEAD'}"
