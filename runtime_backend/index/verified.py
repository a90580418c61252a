"""Checking the hash of a wheel for a frontend that ignores the hash of a URL that a hook requires.

Measured: facts on asking, section 6; facts on build locks, section 1. The wheel is downloaded into our cache, compared
with the locked hash, and given to the frontend as a file::

    <cache>/verified/9f86d081…/torch-2.7.0+cu126-cp311-cp311-linux_x86_64.whl
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from ..errors import NoAnswer, ProvisionError
from ..errors.reasons import reason
from ..store.atomic import unfinished
from ..store.cache import open_folder, way_out
from ..store.holding import exclusively
from ..system.files import file_digest, is_file
from ..system.urls import file_name


class Verifying(NamedTuple):
    """One wheel to download and check before a frontend installs it."""

    url: str
    sha256: str
    folder: Path
    """The folder of all checked wheels."""
    way_out: str
    """What to do instead if there is no such wheel."""

    @property
    def path(self) -> Path:
        """The file that the frontend installs."""
        return self.folder / self.sha256[:16] / file_name(self.url)

    def verify(self, environ: Mapping[str, str], say: Callable[[str], None], *, is_offline: bool) -> None:
        """Make sure that the right wheel is at the path.

        :raises ProvisionError: if it cannot be downloaded, or is not the locked one.
        """
        place = self.path.parent
        try:
            open_folder(self.folder)
            with exclusively(place, lambda: say(f"waiting: another build fetches {self.path}")):
                if is_file(self.path) and file_digest(self.path) == self.sha256:
                    return
                if is_offline and not self.url.startswith("file:"):
                    raise self._stop("cannot be fetched: this build is offline")
                place.mkdir(exist_ok=True)
                with unfinished(place) as new:
                    self._fetch(new, environ, say)
                    new.replace(self.path)
        except OSError as error:
            raise ProvisionError(
                "cache-cannot-be-written",
                "{path} cannot be written: {why}",
                hint="{way_out}",
                path=self.path,
                why=reason(error, self.path),
                way_out=way_out(error),
            ) from None

    def _fetch(self, new: Path, environ: Mapping[str, str], say: Callable[[str], None]) -> None:
        from .downloads import download  # noqa: PLC0415 - few builds need it

        try:
            download(self.url, new, environ, say)
            found = file_digest(new)
            if found != self.sha256:
                raise self._stop(f"found sha256 {found}, expected {self.sha256} from the lock")
        except NoAnswer as failure:
            raise self._stop(f"cannot be fetched: {failure}") from None

    def _stop(self, what: str) -> ProvisionError:
        return ProvisionError(
            "hash-differs",
            "{url}: {what}",
            hint="The frontend does not check the hash itself. {way_out}",
            url=self.url,
            what=what,
            way_out=self.way_out,
        )
