"""Requirements files as locks, written by ``pip-compile``, ``uv pip compile``, ``uv export`` or by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import Version

from ..config.selection import Selection
from ..errors import LockError
from ..errors.reasons import DataError
from ..formats.requirements import RequirementLine, Requirements, read_requirements
from ..index.wanted import Wanted
from ..system.platforms import Platform
from ..system.printable import without_secrets
from .answer import Locked, limited, only_lock_errors
from .direct import locked_directly

_PINS = ("==", "===")


@only_lock_errors
def read(path: Path, name: str, _selection: Selection, platform: Platform) -> tuple[Locked, ...]:
    """Return the runtime of that name that the requirements and constraints together pin on this platform.

    :raises LockError: if a part of the file cannot be read, or it requires the name without pinning it.
    """
    requirements = read_requirements(path, {})
    if requirements.problems:
        # The unread parts may pin, constrain, or name an index.
        raise LockError(
            "lock-invalid",
            "{path}: parts of it cannot be read:{problems}",
            hint="Correct these lines, or name another lock.",
            path=path,
            problems="".join(f"\n  {problem}" for problem in requirements.problems),
        )
    lines = limited([line for line in requirements.lines if _is_of(line, name, platform)], name)
    locked = _combined(lines, requirements, path, name, platform) if lines else None
    return () if locked is None else (locked,)


def _is_of(line: RequirementLine, name: str, platform: Platform) -> bool:
    marker = line.requirement.marker
    is_named = canonicalize_name(line.requirement.name) == name
    return is_named and (marker is None or platform.accepts(str(marker)))


def _combined(
    lines: Sequence[RequirementLine], requirements: Requirements, path: Path, name: str, platform: Platform
) -> Locked | None:
    """Return the runtime that the lines of one name demand together; None if all of them are constraints."""
    hashes = _common_hashes(lines)
    urls = {line.requirement.url: line for line in lines if line.requirement.url is not None}
    if urls:
        url, line = next(iter(urls.items()))
        locked = locked_directly(name, url, hashes=hashes, lock=path, platform=platform, detail=line.origin)
        if len(urls) > 1 or (locked.version and not _all_allow(lines, locked.version)):
            raise _contradiction(lines, path, name)
        return locked
    pins = [(line, version) for line in lines for version in _pins(line)]
    if not pins:
        _refuse_unpinned(lines, path, name)
        return None
    line, version = next((pin for pin in pins if _all_allow(lines, pin[1])), (lines[0], ""))
    if not version:
        raise _contradiction(lines, path, name)
    indexes = _indexes(lines, requirements, Version(version))
    wanted = Wanted(name=name, version=version, indexes=indexes, hashes=hashes) if indexes else None
    return Locked(name=name, version=version, lock=path, wanted=wanted, detail=line.origin)


def _pins(line: RequirementLine) -> list[str]:
    """Return the exact versions that a line requires; ``==2.7.*`` is not exact."""
    return [pin.version for pin in line.requirement.specifier if pin.operator in _PINS and pin.version[-1:] != "*"]


def _all_allow(lines: Sequence[RequirementLine], version: str) -> bool:
    """Return whether every line allows a version: ``==2.7.0`` allows ``2.7.0+cpu``, not vice versa."""
    return all(line.requirement.specifier.contains(version, prereleases=True) for line in lines)


def _common_hashes(lines: Sequence[RequirementLine]) -> frozenset[str]:
    """Return the digests that all lines with hashes have in common.

    :raises DataError: if they have none in common.
    """
    named = [line for line in lines if line.hashes]
    common = frozenset.intersection(*(line.hashes for line in named)) if named else frozenset()
    if named and not common:
        origins = " and ".join(line.origin for line in named)
        raise DataError(f"{origins} have no --hash in common")
    return common


def _indexes(lines: Sequence[RequirementLine], requirements: Requirements, version: Version) -> tuple[str, ...]:
    """Return the indexes that may have the version, as far as the file names them.

    With ``--extra-index-url`` only, the default index may have it as well, and the file does not name that. A local
    version (``+cpu``) is an exception: default indexes do not accept local versions.
    """
    named = next((line.index_url for line in lines if line.index_url is not None), None)
    if named is not None:
        # uv removes the credentials from its comment, but not from the option.
        return (next((url for url in requirements.indexes if without_secrets(url) == without_secrets(named)), named),)
    is_known = requirements.is_default_named or version.local is not None
    return requirements.indexes if is_known else ()


def _refuse_unpinned(lines: Sequence[RequirementLine], path: Path, name: str) -> None:
    """Refuse a requirement without a pin; constraints need none.

    :raises LockError: names the requirement.
    """
    loose = [line for line in lines if not line.is_constraint]
    if loose:
        raise LockError(
            "lock-without-exact-version",
            "{origin}: found {found}, expected an exact version",
            hint="Write {name}==VERSION there, or compile the file with pip-compile or uv pip compile and name the"
            " result instead of {path}.",
            origin=loose[0].origin,
            found=loose[0].requirement,
            name=name,
            path=path.name,
        )


def _contradiction(lines: Sequence[RequirementLine], path: Path, name: str) -> LockError:
    listed = "".join(f"\n  {line.origin}: {without_secrets(str(line.requirement))}" for line in lines)
    return LockError(
        "lock-contradicts-itself",
        "{path}: its lines for {name} contradict each other:{listed}",
        hint="Compile it again, or remove the lines that are not for this platform.",
        path=path,
        name=name,
        listed=listed,
    )
