"""The local store: finished wheels in the cache, of which those that were not used for longest leave first."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from ..errors import NoAnswer
from ..errors.reasons import reason
from ..store.atomic import replacing_folder
from ..store.cache import open_folder
from ..store.holding import exclusively, lock_of, remove, remove_lock
from ..store.sweeping import Left, remove_unused
from ..system.files import file_digest, is_file, is_folder, list_names, read_bytes
from .records import RECORD, Record, parse_record
from .source_files import read_files


class LocalStore(NamedTuple):
    """The wheels in the cache.

    :param folder: its folder in the cache.
    :param limit: the most bytes of all wheels.
    """

    folder: Path
    limit: int

    @contextmanager
    def held(self, key: str, on_wait: Callable[[], None]) -> Iterator[None]:
        """Lock a key, so that of two builds one compiles; the lock's time says when a wheel was last used.

        :raises OSError: if the cache cannot be written to.
        """
        open_folder(self.folder)
        with exclusively(self._entry(key), on_wait):
            try:
                yield
            finally:  # of a failed build, nothing stays
                if not is_folder(self._entry(key)):
                    remove_lock(self._entry(key))

    def read(self, key: str) -> Record | None:
        """Return the record of a key; None if there is no wheel.

        :raises NoAnswer: if it is damaged.
        """
        path = self._entry(key) / RECORD
        try:
            return parse_record(read_bytes(path), key) if is_file(path) else None
        except OSError as error:
            raise NoAnswer(f"{path} cannot be read: {reason(error, path)}") from None

    def wheel(self, record: Record) -> Path:
        """Return the file of a stored wheel."""
        return self._entry(record.key) / record.wheel

    def checked(self, record: Record) -> Path:
        """Return the file of a stored wheel after its hash was compared.

        :raises NoAnswer: if it is not the file that was stored.
        """
        wheel = self.wheel(record)
        if not is_file(wheel):
            raise NoAnswer(f"{wheel}: found no file")
        try:
            found = file_digest(wheel)
        except OSError as error:
            raise NoAnswer(f"{wheel} cannot be read: {reason(error, wheel)}") from None
        if found != record.sha256:
            raise NoAnswer(f"{wheel} was changed: found sha256 {found}, expected {record.sha256}")
        return wheel

    def source_files(self, record: Record) -> dict[str, str]:
        """Return the files of the tree that a stored wheel was built from, as :mod:`.source_files` keeps them."""
        return read_files(self._entry(record.key))

    def put(self, key: str, fill: Callable[[Path], Record]) -> Record:
        """Store a wheel in one step, instead of an earlier one with its key, which must be locked.

        :param fill: writes the wheel into a folder, and returns its record.
        :raises OSError: if the cache cannot be written to.
        """
        with replacing_folder(self._entry(key)) as new:
            new.mkdir()
            record = fill(new)
            (new / RECORD).write_bytes(record.text())
        return record

    def forget(self, key: str) -> None:
        """Remove a damaged wheel. The key must be locked."""
        with suppress(OSError):  # another person's
            remove(self._entry(key))

    def list_records(self) -> list[Record]:
        """Return the records of all wheels, the last used ones first. Damaged ones are left out."""
        found = []
        for key in self._keys():
            with suppress(NoAnswer):
                record = self.read(key)
                found += [] if record is None else [record]
        return sorted(found, key=lambda record: self.last_used(record.key), reverse=True)

    def last_used(self, key: str) -> float:
        """Return when a build last used a wheel, in seconds since the epoch."""
        for path in (lock_of(self._entry(key)), self._entry(key)):
            with suppress(OSError):
                return path.stat().st_mtime
        return 0

    def find_damaged(self) -> Iterator[tuple[Path, str]]:
        """Yield the folder of each damaged wheel, and what was found."""
        for key in self._keys():
            damage = self._damage(key)
            if damage is not None:
                yield self._entry(key), damage

    def _damage(self, key: str) -> str | None:
        try:
            record = self.read(key)
            if record is None:
                return "its record is missing"
            self.checked(record)
        except NoAnswer as failure:
            return str(failure)
        return None

    def shrink(self, kept: str | None = None, *, limit: int | None = None) -> Left:
        """Remove the wheels that were not used for longest, until the rest is within the limit.

        :param kept: the key of a wheel that stays.
        :param limit: bytes, instead of the limit of the settings.
        """
        keys = sorted(self._keys(), key=lambda key: (key != kept, -self.last_used(key)))
        total, left = 0, Left()
        for key in keys:
            total += _size(self._entry(key))
            if key != kept and total > (self.limit if limit is None else limit):
                left |= remove_unused(self._entry(key))
        return left

    def _entry(self, key: str) -> Path:
        return self.folder / key

    def _keys(self) -> list[str]:
        names = (name for name in list_names(self.folder) if not name.startswith(".") and not name.endswith(".lock"))
        return [name for name in names if is_folder(self.folder / name)]


def _size(folder: Path) -> int:
    total = 0
    for name in list_names(folder):
        with suppress(OSError):  # another process has removed it
            total += os.stat(folder / name).st_size  # noqa: PTH116 - thousands of wheels
    return total
