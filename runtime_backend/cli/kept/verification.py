"""``runtime-backend cache verify``: comparing the cache's content with its hashes."""

from __future__ import annotations

import csv
import re
import tarfile
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ...archives.packed import BROKEN
from ...installed.distributions import Distribution, DistributionIndex
from ...system.files import file_digest, is_file, is_folder, is_there, list_names
from ...wheel_store.local import LocalStore
from ..cache import links_in
from ..terminal import out, say
from .environments import find_sites, find_source, list_environments

_SHOWN = 3
"""At most this many files of one distribution are named."""
_DIGEST = re.compile(r"[0-9a-f]{16}")
"""Start of the names of files that are stored by their SHA-256."""


class Damage(NamedTuple):
    """A cache entry that has changed since it was stored."""

    kind: str
    path: Path
    found: str


def verify_cache(cache: Path) -> int:
    """Print the damaged entries, and the command that removes them; return 1 if there are any."""
    finders = (_in_runtimes, _in_environments, _in_sources, _in_wheels, find_in_store, _in_links)
    return report_damages([damage for find in finders for damage in find(cache)], cache)


def report_damages(damages: Sequence[Damage], folder: Path) -> int:
    """Print damaged entries of a folder, and the command that removes them; return 1 if there are any."""
    for damage in damages:
        out(f"{damage.path}: {damage.found}")
    kinds = dict.fromkeys(damage.kind for damage in damages)
    if kinds:
        out(f"next: runtime-backend cache clean {' '.join(kinds)}")
    else:
        out(f"{folder}: found no damage")
    return 1 if kinds else 0


def _in_runtimes(cache: Path) -> Iterator[Damage]:
    for kind in ("fetched", "toolkits"):
        for folder in _folders(cache / kind):
            say(f"checking {folder}")
            yield from _in_distributions(kind, folder, [folder])


def _in_environments(cache: Path) -> Iterator[Damage]:
    for folder in list_environments(cache / "environments"):
        say(f"checking {folder}")
        sites = find_sites(folder)
        if find_source(folder) is None or not sites or not is_file(folder / "bin" / "python"):
            found = "its record, its Python or its folder of distributions is missing"
            yield Damage(kind="environments", path=folder, found=found)
        else:
            yield from _in_distributions("environments", folder, sites)


def _in_distributions(kind: str, folder: Path, sites: Sequence[Path]) -> Iterator[Damage]:
    for distribution in DistributionIndex(sites):
        found = list(_wrong_files(distribution))
        more = f" and {len(found) - _SHOWN} more" if found[_SHOWN:] else ""
        if found:
            yield Damage(kind=kind, path=folder, found=f"{', '.join(found[:_SHOWN])}{more}")


def _wrong_files(distribution: Distribution) -> Iterator[str]:
    """Yield the files that differ from RECORD. Paths outside the folder are scripts of the installer, and skipped."""
    try:
        rows = list(csv.reader(distribution.record.splitlines()))
    except csv.Error:
        rows = []
    if not rows:
        yield f"{distribution.info.name}/RECORD is missing or damaged"
    for name, stated, *_ in (row for row in rows if len(row) > 1):
        algorithm, _, expected = stated.partition("=")
        if algorithm == "sha256" and not name.startswith("..") and not _has_digest(distribution.site / name, expected):
            yield f"{name} is missing or changed"


def _has_digest(path: Path, expected: str) -> bool:
    if not is_file(path):
        return False
    found = urlsafe_b64encode(bytes.fromhex(file_digest(path))).decode().rstrip("=")
    return found == expected


def _in_sources(cache: Path) -> Iterator[Damage]:
    for path in _files(cache / "sources"):
        is_kept = _DIGEST.match(path.name) and path.suffix != ".lock"
        # The name of a packed checkout is a digest of its origin, so only its completeness can be checked.
        if is_kept and not file_digest(path).startswith(path.name[:16]) and not _is_whole_checkout(path):
            yield Damage(kind="sources", path=path, found="the archive is damaged")


def _is_whole_checkout(path: Path) -> bool:
    if path.suffix != ".tar":
        return False
    try:
        with tarfile.open(path, "r:") as archive:
            return any(member.name.endswith("/.git") for member in archive)
    except BROKEN:
        return False


def _in_wheels(cache: Path) -> Iterator[Damage]:
    for folder in _folders(cache / "verified"):
        for path in _files(folder):
            if path.suffix == ".whl" and not file_digest(path).startswith(folder.name):
                yield Damage(kind="verified", path=path, found="the wheel is damaged")


def find_in_store(cache: Path) -> Iterator[Damage]:
    """Yield the damaged wheels of the wheel store."""
    for path, found in LocalStore(folder=cache / "store", limit=0).find_damaged():
        yield Damage(kind="store", path=path, found=found)


def _in_links(cache: Path) -> Iterator[Damage]:
    for kind in ("overlays", "cuda"):
        for held in _folders(cache / kind / ".held"):
            links = links_in(held)
            lost = [path for path in links if not is_there(path)]
            if lost and len(lost) < len(links):  # else the whole environment is gone, which is not damage
                yield Damage(kind=kind, path=held, found=f"{lost[0].name} leads nowhere")


def _folders(folder: Path) -> list[Path]:
    return [folder / name for name in list_names(folder) if not name.startswith(".") and is_folder(folder / name)]


def _files(folder: Path) -> list[Path]:
    return [folder / name for name in list_names(folder) if not name.startswith(".") and is_file(folder / name)]
