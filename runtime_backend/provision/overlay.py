"""The overlay: a folder of links through which the real backend sees a runtime.

Its path is stable, one per runtime identity, so that compiler caches keep working. An editable build, which is rebuilt
without us, gets an overlay that belongs to its environment only. The overlay of a runtime in the target contains the
runtime and its dependencies. A runtime in the build environment, whose path differs in every build, gets an overlay
without its dependencies.
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
"""The folder in an overlay that CMake searches like a site-packages: it leads to ``torch/share/cmake``."""


class Overlay(NamedTuple):
    """A planned overlay; :meth:`shown` makes it."""

    path: Path
    """The stable path."""
    links: Links
    is_temporary: bool = False
    """Whether its targets are removed after this build."""

    @property
    def folder(self) -> LinkedFolder:
        """The folder of links."""
        prefixes = dict(_prefixes(self.links.targets))
        targets = {**self.links.targets, **prefixes}
        texts = _PLUGIN if prefixes else {}
        return LinkedFolder(path=self.path, targets=targets, texts=texts, is_temporary=self.is_temporary)

    def shown(self, *, is_lasting: bool = False) -> AbstractContextManager[Path]:
        """Make the overlay for this build, and yield its path.

        :param is_lasting: whether the result of the build uses it after the build, too.
        :raises ProvisionError: if the cache cannot be written to, or the system has no symbolic links.
        """
        return self.folder.shown(lambda error: _cannot_write(self.path, error), is_lasting=is_lasting)


def plan_overlay(cache: Path, borrowed: Sequence[tuple[Borrowed, Identity]], links: Links) -> Overlay:
    """Return the overlay for some runtimes of the target; nothing is written yet.

    The path depends on the runtime's identity, on its files, and on the names and versions of the other entries, not on
    the environment: the same torch in a new environment has the same path, so the compiler cache still hits.
    """
    owners = [(runtime.distribution, identity) for runtime, identity in borrowed]
    return Overlay(path=_stable_path(cache, owners, sorted(links.targets)), links=links)


def plan_view(cache: Path, present: Sequence[tuple[Distribution, Identity]]) -> Overlay:
    """Return the overlay for runtimes in a build environment that is removed after the build."""
    targets = {name: path for owner, _ in present for name, path in locate_imports(owner, ()).items()}
    links = Links(targets=targets, left_out=())
    return Overlay(path=_stable_path(cache, present, ["alone", *sorted(targets)]), links=links, is_temporary=True)


def _stable_path(cache: Path, owners: Sequence[tuple[Distribution, Identity]], entries: Sequence[str]) -> Path:
    parts = [sys.implementation.cache_tag or "", *entries]
    for distribution, identity in owners:
        parts += [str(identity), *(fact or "" for fact in identity.facts.values())]
        parts += _content(distribution)
    label = "-".join(safe_name(f"{identity.name}-{identity.reported}") for _, identity in owners)
    return cache / "overlays" / f"{label}-{digest(parts)}"


def _content(distribution: Distribution) -> list[str]:
    """Return what identifies the files of a runtime: their hashes; for an editable one, its location."""
    return distribution.content if distribution.has_hashes else [str(distribution.info)]


def _prefixes(targets: Mapping[str, Path]) -> Iterator[tuple[str, Path]]:
    for entry, path in targets.items():
        if is_folder(path / "share" / "cmake"):
            yield f"{PREFIX}/{entry}", path


# scikit-build-core adds the folders of this plugin to the CMake variable CMAKE_PREFIX_PATH, before the site-packages of
# the build interpreter. Some projects read that variable themselves; it does not include the environment variable.
_PLUGIN = {
    f"{PREFIX}-0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {PREFIX}\nVersion: 0\n",
    f"{PREFIX}-0.dist-info/entry_points.txt": f"[cmake.prefix]\n{PREFIX} = {PREFIX}\n",
}


_OR_REQUIRE = "; or let the frontend install torch into the build environment: RUNTIME_BACKEND_PROVISION=require"


def _cannot_write(path: Path, error: OSError) -> ProvisionError:
    return ProvisionError(
        "overlay-cannot-be-made",
        "the overlay {path} cannot be made: {why}",
        hint="{way_out}",
        path=path,
        why=reason(error),
        way_out=way_out(error, _OR_REQUIRE),
    )
