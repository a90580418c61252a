"""Putting the shim into a package. Nothing is invented: notes ask the person for what is not known."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from packaging.utils import canonicalize_name

from ...config.build_requires import SHIM
from ...config.consumer import PRODUCER_KEYS
from ...errors import AdoptionError
from ...formats.parsing import requirement_name
from ...system.files import is_file
from ..package.build_scripts import BuildScripts, read_build_scripts
from ..package.setup_cfg import read_setup_cfg
from ..package.setup_scripts import SetupScript, read_setup_script
from ..package.stated_requirements import Manifests, table_of, texts_of
from ..package.torch_evidence import needs_native_torch
from ..package.torch_users import TORCH_USERS, may_use_torch
from .declaring import BACKEND, declare, setup_requires
from .documents import no_package, parse, read_pyproject, with_line_ends
from .locking import lock_requires
from .notes import describe, find_ignored
from .tables import tidy

__all__ = ["BACKEND", "SHIM", "Adoption", "adopt", "builds_against_torch", "tidy"]

_LOOKED_AT = ("pyproject.toml", "setup.py", "setup.cfg", "CMakeLists.txt", "meson.build", "Cargo.toml")


class Adoption(NamedTuple):
    """A pyproject.toml before and after."""

    before: str
    """Empty if there is no file yet."""
    after: str
    notes: tuple[str, ...]
    """Facts and open questions for the person; if nothing changes, mistakes."""


def adopt(source: Path, *, is_forced: bool = False, is_locked: bool = False) -> Adoption:
    """Return the pyproject.toml that declares the shim in a source tree; nothing is written.

    :param is_forced: declare the shim even if nothing builds against torch.
    :param is_locked: declare a build lock, too.
    :raises AdoptionError: if nothing builds against torch.
    :raises CommandError: if the folder is not the source tree of a package.
    :raises FileError: if pyproject.toml or setup.py cannot be read.
    :raises ConfigError: if a key of pyproject.toml has a value of another type.
    """
    import tomlkit  # noqa: PLC0415 - the command line's extra

    before = read_pyproject(source)
    script = _read_script(source)
    if script is None and not is_file(source / "pyproject.toml"):
        raise no_package(source)
    text = before.removeprefix("\ufeff").replace("\r\n", "\n")
    document = parse(text, source)
    manifests = Manifests(source, document.unwrap(), script, read_setup_cfg(source))
    scripts = read_build_scripts(source, manifests.document)
    change = declare(document, manifests, scripts)
    if is_locked:
        lock_requires(document)
    if not is_forced and not _is_declared(manifests.document) and not _builds_against_torch(manifests, scripts):
        looked_at = ", ".join(name for name in _LOOKED_AT if is_file(source / name))
        raise AdoptionError(
            "nothing-to-adopt",
            "found nothing here that builds against torch (looked at {looked_at}); nothing was changed",
            hint="A package that needs torch only when it runs does not need runtime-backend. If the build needs"
            " torch, run the same command with --force.",
            looked_at=looked_at,
        )
    after = tomlkit.dumps(document)
    notes = (
        ["removed the byte order mark: pip and setuptools refuse it"] if text != before.replace("\r\n", "\n") else []
    )
    notes += describe(change, manifests, scripts) if after != text else list(find_ignored(manifests))
    return Adoption(before, before if after == before else with_line_ends(before, after), tuple(notes))


def builds_against_torch(source: Path, document: Mapping[str, Any]) -> bool:
    """Return whether a package declares a part of the shim, or builds against torch.

    :param document: its pyproject.toml; empty if there is none.
    :raises FileError: if setup.py cannot be read.
    """
    manifests = Manifests(source, document, _read_script(source), read_setup_cfg(source))
    return _is_declared(document) or _builds_against_torch(manifests, read_build_scripts(source, document))


def _read_script(source: Path) -> SetupScript | None:
    return read_setup_script(source) if is_file(source / "setup.py") else None


def _is_declared(document: Mapping[str, Any]) -> bool:
    """Return whether a package declares at least a part of the shim, or sets ``match-runtime``."""
    build_system = table_of(document, "build-system")
    is_backend = _is_ours(build_system.get("build-backend"))
    is_required = SHIM in map(requirement_name, texts_of(build_system.get("requires")))
    return is_backend or is_required or not PRODUCER_KEYS.isdisjoint(table_of(document, "tool", SHIM))


def _is_ours(backend: object) -> bool:
    """Return whether a backend is this one, correctly spelt or not."""
    return canonicalize_name(str(backend).partition(".")[0]) == SHIM


def _builds_against_torch(manifests: Manifests, scripts: BuildScripts) -> bool:
    asked = [*texts_of(table_of(manifests.document, "build-system").get("requires")), *setup_requires(manifests)]
    named = any(name == "torch" or name in TORCH_USERS or may_use_torch(name) for name in map(requirement_name, asked))
    is_used = named or scripts.needs_torch or bool(scripts.users)
    return is_used or needs_native_torch(manifests.source, manifests.document, scripts)
