"""The wheel store in a build: a wheel that is there is taken instead of compiling, and a new one is kept."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from ..config.settings import Upstream
from ..errors import NoAnswer
from ..errors.reasons import reason
from ..formats.jsontext import parse_json
from ..frontend.caller import Caller
from ..metadata.prepared import Prepared
from ..plan import Plan
from ..plan.store_inputs import BuildInputs, find_inputs
from ..store.atomic import write
from ..store.cache import open_folder
from ..store.names import digest
from ..system.files import read_text
from ..wheel_store.lookups import Lookup, write_lookup
from ..wheel_store.records import Record, now
from ..wheel_store.scripts import Scripts
from ..wheel_store.source import read_source
from ..wheel_store.source_files import summarised, write_files
from .lookup import Finder, local_store
from .watching import find_package_name, record_taken

Say = Callable[[str], None]


@contextmanager
def opened_store(plan: Plan, caller: Caller, theirs: Mapping[str, Any] | None, say: Say) -> Iterator[Storing | None]:
    """Find the key of a build, and lock it until the context ends; None if the store cannot be used.

    :param theirs: the config settings for the real backend.
    """
    with ExitStack() as stack:
        yield _open(plan, caller, theirs or {}, say, stack)


def _open(plan: Plan, caller: Caller, theirs: Mapping[str, Any], say: Say, stack: ExitStack) -> Storing | None:
    store = local_store(plan)
    try:
        open_folder(store.folder)
        found = find_inputs(plan, caller, theirs, lambda upstream: _scripts_of(upstream, plan, caller, say))
        stack.enter_context(store.held(found.inputs.key, lambda: say("waiting: another build makes the same wheel")))
    except NoAnswer as failure:
        say(f"note: the wheel store is not used: {failure}")
        return None
    except OSError as error:
        say(f"note: the wheel store is not used: {store.folder}: {reason(error, store.folder)}")
        return None
    return Storing(plan, caller, found, say)


def _scripts_of(upstream: Upstream, plan: Plan, caller: Caller, say: Say) -> Scripts:
    """Return what the build scripts of an upstream source mention; it never changes, so it is unpacked only once."""
    facts = [upstream.where, upstream.sha256 or upstream.rev or "", upstream.subdirectory or ""]
    patches = [path.read_bytes().decode("latin-1") for path in upstream.patches]
    path = plan.cache / "store" / ".scripts" / f"{digest([*facts, *patches], 64)}.json"
    with suppress(ValueError, KeyError, TypeError):
        return Scripts.from_json(parse_json(read_text(path), is_own=True))
    from .upstream_tree import depot_of  # noqa: PLC0415 - few packages are wrappers

    with depot_of(plan, caller, say).tree(upstream) as tree:
        scripts = read_source(tree, is_complete=True).scripts
    path.parent.mkdir(exist_ok=True)
    write(path, json.dumps(scripts.as_json()).encode())
    return scripts


class Storing:
    """The store in one build, whose key is locked.

    :param found: the inputs of the build.
    """

    def __init__(self, plan: Plan, caller: Caller, found: BuildInputs, say: Say) -> None:
        self._plan = plan
        self._caller = caller
        self._found = found
        self._say = say
        self._store = local_store(plan)
        self._finder = Finder(plan, caller, found.inputs, say)
        self._began = time.time()
        self._files = {} if found.source is None else summarised(found.source.files)

    def take(self, prepared: Prepared | None, folder: Path) -> str | None:
        """Put the stored wheel for this build into a folder, and return its name; None if there is none.

        :param prepared: the metadata that the frontend got before; a wheel with others is not used.
        """
        record = self._finder.find(prepared)
        self._keep_lookup("nothing" if record is None else record.whence)
        if record is None:
            return None
        from .finishing import finish_stored  # noqa: PLC0415 - a build imports it while it compiles

        shutil.copyfile(self._store.wheel(record), folder / record.wheel)
        finish_stored(self._plan, folder / record.wheel, record.origin_table())
        record_taken(self._plan, self._caller, record.whence, self._began, self._say)
        self._say(
            f"took {record.wheel} from the wheel store ({record.whence}, {record.made[:10]}), and compiled nothing."
            f" To compile it: RUNTIME_BACKEND_{'PREBUILT' if record.origin == 'prebuilt' else 'STORE'}=off"
        )
        return record.wheel

    def keep(self, wheel: Path, *, is_fresh: bool) -> None:
        """Store a new wheel, and put it into the remote store if that is wanted; failures are notes.

        A wheel without compiled files takes less time to build than to compare.

        :param is_fresh: whether nothing of an earlier build was used: objects may be of another source, since
            setuptools compares their times with those of some of their sources only.
        """
        from ..archives.wheel import count_compiled  # noqa: PLC0415 - a build imports it while it compiles

        objection = self._objection(wheel)
        if not is_fresh:
            self._finder.notes.append(f"{wheel.name} is not kept: its build folder had objects of an earlier build")
            self._keep_lookup("nothing")
        elif objection is not None:
            self._finder.note(f"{wheel.name} is not kept: {objection}")
        elif count_compiled(wheel):
            self._keep(wheel)

    def _objection(self, wheel: Path) -> str | None:
        changed = None if self._found.source is None else self._found.source.find_changed()
        if changed is not None:
            return f"{changed} changed while it was built"
        if self._finder.has_changed():
            return "headers or libraries were installed while it was built"
        if wheel.stat().st_size > self._store.limit:
            return f"it is larger than the limit of {self._store.limit / 1e9:g} GB"
        return None

    def _keep(self, wheel: Path) -> None:
        def fill(folder: Path) -> Record:
            shutil.copyfile(wheel, folder / wheel.name)
            write_files(folder, self._files)
            return Record.of(self._found.inputs, folder / wheel.name, self._finder.machine)

        try:
            record = self._store.put(self._found.inputs.key, fill)
            self._store.shrink(kept=record.key)
        except OSError as error:
            self._finder.note(f"{wheel.name} is not kept: {reason(error, self._store.folder)}")
        else:
            self._upload(record)

    def _upload(self, record: Record) -> None:
        remote = self._plan.settings.store.remote
        is_wanted = remote is not None and (remote.write == "always" or (remote.write == "ci" and self._is_in_ci))
        if remote is None or not is_wanted or self._plan.is_offline:
            return
        from ..wheel_store.remotes import open_remote, write_wheel  # noqa: PLC0415 - few builds have a remote store

        try:
            store = open_remote(remote.url, self._caller.environ, self._say)
            write_wheel(store, record, self._store.wheel(record))
            self._say(f"put {record.wheel} into {remote.url}")
        except NoAnswer as failure:
            self._finder.note(f"{record.wheel} is not put into {remote.url}: {failure}")

    @property
    def _is_in_ci(self) -> bool:
        return self._caller.environ.get("CI", "").lower() not in ("", "0", "false")

    def _keep_lookup(self, result: str) -> None:
        settings = self._plan.settings
        lookup = Lookup(
            source=str(settings.upstream or settings.source),
            tree=str(settings.source),
            name=find_package_name(self._plan, self._caller),
            when=now(),
            result=result,
            inputs=self._found.inputs,
            notes=tuple(self._finder.notes),
            files=self._files,
        )
        with suppress(OSError):  # nobody can ask why, then
            write_lookup(self._store.folder, lookup)
