"""``runtime-backend wrap``: a package of ten lines that builds somebody else's source."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from packaging.utils import canonicalize_name

from ..cache import find_cache
from ..config import Upstream
from ..errors import ConfigError
from ..files import is_file, read_text
from ..upstream import Depot
from .terminal import out, say
from .upstream_metadata import Package, ask_metadata, read_package
from .upstreams import find_upstream

_SECRETS = {
    "git": "the credentials are not written; git asks its credential helper or ~/.netrc for them at every build",
    "sdist": "the index's credentials are not written; a build takes the index from UV_DEFAULT_INDEX or PIP_INDEX_URL",
}
"""What becomes of the secrets that a requirement or an index came with."""


def wrap(requirement: str, directory: str | None, *, index_url: str | None) -> int:
    """Make the wrapper, and return the exit code.

    :raises ConfigError: when the requirement is none, or something else lies where the wrapper would go.
    :raises SourceError: when there is no such source.
    """
    upstream, name, environ, has_secrets = find_upstream(requirement, index_url, os.environ)
    named = os.environ.get("RUNTIME_BACKEND_CACHE_DIR")
    cache = find_cache(Path(named) if named else None, os.environ)
    depot = Depot(folder=cache / "sources", environ=environ, is_offline=False, say=say)
    with depot.tree(upstream) as tree:
        package = read_package(tree, name)
    if package.is_open:
        package = ask_metadata(package, upstream, say)
    if package.name is None:
        raise ConfigError([f"{requirement}: its source does not tell its name; expected 'NAME @ {requirement}'"])
    folder = Path(directory or Path("wrappers") / canonicalize_name(package.name))
    _write(folder, "\n".join(_lines(upstream, package)) + "\n")
    if has_secrets:
        say(f"note: {_SECRETS[upstream.kind]}")
    _tell(folder, package)
    return 0


def _lines(upstream: Upstream, package: Package) -> Iterator[str]:
    yield "# Builds the source below, unmodified, against the torch that will run it. Made by: runtime-backend wrap"
    yield "[build-system]"
    yield f"requires = {_toml(['runtime-backend', *package.build_requires])}"
    yield 'build-backend = "runtime_backend.build"'
    yield ""
    yield "[project]"
    yield from _assigned("name", package.name)
    yield from _assigned("version", package.version)
    yield from _assigned("dynamic", list(package.dynamic))
    yield from _assigned("requires-python", package.requires_python)
    yield from _assigned("dependencies", list(package.dependencies))
    if package.optional_dependencies:
        yield ""
        yield "[project.optional-dependencies]"
        for extra, requirements in package.optional_dependencies.items():
            yield f"{_toml(extra)} = {_toml(list(requirements))}"
    if package.match_runtime:
        yield ""
        yield "[tool.runtime-backend]"
        yield from _assigned("match-runtime", list(package.match_runtime))
    yield ""
    yield "[tool.runtime-backend.source]"
    yield from _assigned(upstream.kind, upstream.where)
    yield from _assigned("sha256", upstream.sha256)
    yield from _assigned("rev", upstream.rev)
    yield from _assigned("subdirectory", upstream.subdirectory)


def _assigned(key: str, value: str | list[str] | None) -> Iterator[str]:
    if value:
        yield f"{key} = {_toml(value)}"


def _toml(value: str | list[str]) -> str:
    """Return a value as TOML spells it; for strings and arrays of them that is as JSON does."""
    return json.dumps(value, ensure_ascii=False)


def _write(folder: Path, text: str) -> None:
    path = folder / "pyproject.toml"
    if is_file(path) and read_text(path) != text:
        raise ConfigError(
            [f"{path}: found another one, expected nothing there"],
            hint=f"It is not overwritten. Name another folder, or remove it first. It would have become:\n{text}",
        )
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f".pyproject.toml.{os.getpid()}"
    new.write_text(text, "utf-8")
    new.replace(path)


def _tell(folder: Path, package: Package) -> None:
    for note in package.notes:
        say(f"note: {note}")
    shown = folder if folder.is_absolute() else f"./{folder.as_posix()}"
    out(f"{folder / 'pyproject.toml'} builds {package.name} {package.version or ''}".rstrip())
    out(f"next: pip install {shown}, or: uv add {shown}")
