"""An upstream source: fetched once, checked, and unpacked for every hook that needs it.

In the cache::

    <cache>/sources/0a1b2c3d4e5f6071-flash_attn-2.8.3.tar.gz     as downloaded, never changed
    <cache>/sources/tree-9c8d7e6f5a4b3c2d/flash_attn-2.8.3/      unpacked and patched, while a hook runs


    <cache>/sources/tree-9c8d7e6f5a4b3c2d.lock                   locked by that hook

Real backends write into the tree that they build, so every hook gets a new tree, always at the same path, so that
compiler caches hit. Two hooks that need the same tree wait for each other.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from ..config import Upstream
from ..errors import SourceError
from ..errors.reasons import reason
from ..store.cache import open_folder, way_out
from ..store.holding import exclusively
from ..system.files import is_folder
from .git import hide_changes
from .obtaining import archive_path, obtain
from .patches import apply_patch
from .unpacking import unpack

__all__ = ["Depot"]


class Depot(NamedTuple):
    """Fetches, stores and unpacks upstream sources.

    :param folder: the folder in the cache.
    :param environ: the frontend's environment variables: certificates, credentials, indexes.
    :param say: prints a line for the person.
    """

    folder: Path
    environ: Mapping[str, str]
    is_offline: bool
    say: Callable[[str], None]

    @contextmanager
    def tree(self, upstream: Upstream) -> Iterator[Path]:
        """Yield the unpacked and patched folder to build, for this process only; it is removed afterwards.

        :raises SourceError: if it cannot be obtained, is not the named source, or is not safe to unpack.
        """
        place = self.folder / f"tree-{_digest(upstream)}"
        with ExitStack() as stack:
            try:
                open_folder(self.folder)
                stack.enter_context(exclusively(place, lambda: self.say(f"waiting for another {upstream}")))
                stack.callback(shutil.rmtree, place, ignore_errors=True)
                tree = self._unpacked(upstream, place)
            except OSError as error:
                raise SourceError(
                    "cache-cannot-be-written",
                    "{folder} cannot be written to: {why}",
                    hint="{way_out}",
                    folder=self.folder,
                    why=reason(error, self.folder),
                    way_out=way_out(error),
                ) from None
            yield tree

    def _unpacked(self, upstream: Upstream, place: Path) -> Path:
        archive = archive_path(upstream, self.folder)
        with exclusively(archive, lambda: self.say(f"waiting: another build fetches or unpacks {archive}")):
            self._obtain(upstream)
            shutil.rmtree(place, ignore_errors=True)
            try:
                root = unpack(archive, place)
            except SourceError:
                if upstream.sha256 is not None:
                    raise
                # An archive that we packed from git has no hash: only unpacking shows that it was damaged since.
                archive.unlink()
                self._obtain(upstream)
                shutil.rmtree(place, ignore_errors=True)
                root = unpack(archive, place)
            return _patched(upstream, archive, root, self.environ)

    def _obtain(self, upstream: Upstream) -> None:
        obtain(upstream, self.folder, self.environ, is_offline=self.is_offline, say=self.say)


def _patched(upstream: Upstream, archive: Path, root: Path, environ: Mapping[str, str]) -> Path:
    for patch in upstream.patches:
        apply_patch(patch, root, environ)
    if upstream.kind == "git" and upstream.patches:
        hide_changes(root, environ)
    tree = root / (upstream.subdirectory or "")
    if not is_folder(tree):
        raise SourceError(
            "no-such-subdirectory",
            "{origin}.subdirectory: found no folder {subdirectory!r} in {archive}",
            origin=upstream.origin,
            subdirectory=upstream.subdirectory,
            archive=archive.name,
        )
    return tree


def _digest(upstream: Upstream) -> str:
    """Return a name for a tree, from its source and its patches."""
    facts = hashlib.sha256(f"{upstream.where}\0{upstream.sha256}\0{upstream.rev}".encode())
    for patch in upstream.patches:
        facts.update(hashlib.sha256(patch.read_bytes()).digest())
    return facts.hexdigest()[:16]
