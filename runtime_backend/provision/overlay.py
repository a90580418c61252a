"""The overlay: a folder of links through which the real backend sees a runtime.

It has a stable path, one for each runtime identity, so that compiler caches keep working; an editable, which is rebuilt
without us, gets one of its environment's own. An overlay for a runtime of the target shows that and its dependencies.
One for a runtime that was installed into the build environment shows that alone, whose own path is another one in every
build.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from ..errors import ProvisionError
from ..errors.reasons import reason
from ..installed.distributions import Distribution, locate_imports
from ..installed.identity import Identity
from ..store.cache import way_out
from ..store.linked import LinkedFolder
from ..store.names import digest, safe_name
from ..system.files import is_folder
from .links import Borrowed, Links

PREFIX = "runtime_backend_prefix"
"""The folder of an overlay that CMake finds the runtimes in as in a site-packages: as ``torch/share/cmake``."""


class Overlay(NamedTuple):
    """An overlay as planned; :meth:`shown` makes it."""

    path: Path
    """The stable path."""
    links: Links
    is_passing: bool = False
    """Whether what it leads to goes with this build."""

    @property
    def folder(self) -> LinkedFolder:
        """The folder."""
        prefixes = dict(_prefixes(self.links.targets))
        targets = {**self.links.targets, **prefixes}
        texts = _PLUGIN if prefixes else {}
        return LinkedFolder(path=self.path, targets=targets, texts=texts, is_passing=self.is_passing)

    def shown(self, *, is_lasting: bool = False) -> AbstractContextManager[Path]:
        """Show the overlay for this build, and yield where it is.

        :param is_lasting: whether what is built looks at it when the build is over, too.
        :raises ProvisionError: when the cache cannot be written to, or the system has no symbolic links.
        """
        return self.folder.shown(lambda error: _cannot_write(self.path, error), is_lasting=is_lasting)


def plan_overlay(cache: Path, borrowed: Sequence[tuple[Borrowed, Identity]], links: Links) -> Overlay:
    """Return the overlay for some runtimes of the target; nothing is written yet.

    The path holds what the runtime *is* (what it calls itself, and every file it installed) and what is shown with it
    in which version, not where it lies: the same torch in a fresh environment keeps its path, and so the compiler cache
    its hits.
    """
    owners = [(runtime.distribution, identity) for runtime, identity in borrowed]
    return Overlay(path=_stable_path(cache, owners, sorted(links.targets)), links=links)


def plan_view(cache: Path, present: Sequence[tuple[Distribution, Identity]]) -> Overlay:
    """Return the overlay for runtimes that are in a build environment which goes with the build."""
    targets = {name: path for owner, _ in present for name, path in locate_imports(owner, ()).items()}
    links = Links(targets=targets, left_out=())
    return Overlay(path=_stable_path(cache, present, ["alone", *sorted(targets)]), links=links, is_passing=True)


def _stable_path(cache: Path, owners: Sequence[tuple[Distribution, Identity]], entries: Sequence[str]) -> Path:
    parts = [sys.implementation.cache_tag or "", *entries]
    for distribution, identity in owners:
        parts += [str(identity), *(fact or "" for fact in identity.facts.values())]
        parts += _content(distribution)
    label = "-".join(safe_name(f"{identity.name}-{identity.reported}") for _, identity in owners)
    return cache / "overlays" / f"{label}-{digest(parts)}"


def _content(distribution: Distribution) -> list[str]:
    """Return the lines of RECORD that hold hashes of installed files, in an order of their own.

    Left out is what each installer writes in its own way: dist-info, scripts, byte code. An editable runtime has no
    such lines; there, the place is all that tells one from another.
    """
    lines = distribution.record.splitlines()
    kept = [line for line in lines if ",sha256=" in line and ".dist-info/" not in line and not line.startswith("../")]
    is_editable = not any("/" in line for line in kept)
    return [str(distribution.info)] if is_editable else sorted(kept)


def _prefixes(targets: Mapping[str, Path]) -> Iterator[tuple[str, Path]]:
    for entry, path in targets.items():
        if is_folder(path / "share" / "cmake"):
            yield f"{PREFIX}/{entry}", path


# scikit-build-core puts what this plugin names into the CMake variable CMAKE_PREFIX_PATH, before the site-packages of
# the build interpreter. Some projects look through that variable by themselves, and the environment's one is not in it.
_PLUGIN = {
    f"{PREFIX}-0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {PREFIX}\nVersion: 0\n",
    f"{PREFIX}-0.dist-info/entry_points.txt": f"[cmake.prefix]\n{PREFIX} = {PREFIX}\n",
}


_OR_REQUIRE = (
    "; or have torch installed into the build environment instead of borrowed: RUNTIME_BACKEND_PROVISION=require"
)


def _cannot_write(path: Path, error: OSError) -> ProvisionError:
    return ProvisionError(
        f"the overlay {path} cannot be made: {reason(error)}",
        hint=way_out(error, _OR_REQUIRE),
    )
