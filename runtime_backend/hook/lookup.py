"""Finding a wheel for a build: in the local store, in the remote one, or on the index of the package's authors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from ..errors import NoAnswer
from ..errors.reasons import reason
from ..frontend.caller import Caller
from ..metadata.prepared import Prepared
from ..plan import Plan
from ..system.printable import without_secrets
from ..wheel_store.key import Inputs
from ..wheel_store.local import LocalStore
from ..wheel_store.machine import describe_headers
from ..wheel_store.records import Record
from ..wheel_store.trust import check_trusted, read_trusted

Say = Callable[[str], None]


def local_store(plan: Plan) -> LocalStore:
    """Return the store in the cache."""
    return LocalStore(folder=plan.cache / "store", limit=plan.settings.store.limit.value)


class Finder:
    """Finds the stored wheel of one build, whose key is locked.

    :param inputs: those of the build.
    """

    def __init__(self, plan: Plan, caller: Caller, inputs: Inputs, say: Say) -> None:
        self._plan = plan
        self._caller = caller
        self._inputs = inputs
        self._say = say
        self._store = local_store(plan)
        self.machine = describe_headers()
        """The headers and libraries of the system before the build."""
        self._prepared: Prepared | None = None
        self.notes: list[str] = []

    def find(self, prepared: Prepared | None) -> Record | None:
        """Return the wheel for this build; it is in the local store, and its hash was compared.

        :param prepared: the metadata that the frontend got before; a wheel with others is not used.
        """
        self._prepared = prepared
        return next((found for found in self._candidates() if self._is_fitting(found)), None)

    def has_changed(self) -> bool:
        """Return whether headers or libraries of the system were installed since the start of the build."""
        return describe_headers() != self.machine

    def note(self, line: str) -> None:
        """Print a line, and keep it for a person who asks later."""
        self.notes.append(without_secrets(line))
        self._say(f"note: the wheel store: {line}")

    def _candidates(self) -> Iterator[Record]:
        for find in (self._find_here, self._find_remotely, self._find_prebuilt):
            record = self._attempt(find)
            if record is not None:
                yield record

    def _attempt(self, find: Callable[[], Record | None]) -> Record | None:
        try:
            return find()
        except NoAnswer as failure:
            self.note(str(failure))
        except OSError as error:
            self.note(f"{self._store.folder}: {reason(error, self._store.folder)}")
        return None

    def _find_here(self) -> Record | None:
        record = self._store.read(self._inputs.key)
        if record is None:
            return None
        if record.remote is not None:
            remote = self._plan.settings.store.remote
            if not record.is_from(None if remote is None else remote.url):  # it is the choice of another project
                raise NoAnswer(f"{record.wheel} is not used: it is from {record.remote}, another remote store")
            self._check_trusted(record)
        elif record.machine != self.machine:
            raise NoAnswer(f"{record.wheel} is not used: headers or libraries were installed since it was built")
        try:
            self._store.checked(record)
        except NoAnswer:
            self._store.forget(self._inputs.key)
            raise
        return record

    def _check_trusted(self, record: Record) -> None:
        remote = self._plan.settings.store.remote
        if remote is not None and remote.trust is not None:
            check_trusted(record, read_trusted(remote.trust), remote.trust)

    def _find_remotely(self) -> Record | None:
        remote = self._plan.settings.store.remote
        if remote is None:
            return None
        if self._plan.is_offline and "://" in remote.url:
            raise NoAnswer(f"{remote.url} is not asked: this build is offline")
        from ..wheel_store.remotes import fetch_into, open_remote  # noqa: PLC0415 - few builds have a remote store

        try:
            store = open_remote(remote.url, self._caller.environ, self._say)
            return fetch_into(self._store, store, self._inputs.key, partial(self._as_fetched, url=remote.url))
        except NoAnswer as failure:
            raise NoAnswer(f"{remote.url} has no wheel for this build: {failure}") from None

    def _as_fetched(self, record: Record, url: str) -> Record:
        self._check_trusted(record)
        return record.fetched(url, self.machine)

    def _find_prebuilt(self) -> Record | None:
        prebuilt = self._plan.settings.prebuilt.value
        if prebuilt is None:
            return None
        from .prebuilt import fetch_prebuilt, find_prebuilt  # noqa: PLC0415 - few packages have such an index

        if self._plan.is_offline:
            raise NoAnswer(f"{prebuilt.url} is not asked: this build is offline")
        found = find_prebuilt(self._plan, prebuilt, self._prepared, self._caller.environ)

        def fill(folder: Path) -> Record:
            fetch_prebuilt(self._plan, found, folder / found.name, self._caller, self._say)
            made = Record.of(self._inputs, folder / found.name, self.machine)
            return made._replace(origin="prebuilt", url=found.url)

        return self._store.put(self._inputs.key, fill)

    def _is_fitting(self, record: Record) -> bool:
        from .fitting import find_objection  # noqa: PLC0415 - most builds find no wheel

        objection = find_objection(self._store.wheel(record), self._plan, self._prepared)
        if objection is not None:
            self.note(f"{record.wheel} {objection}")
        return objection is None
