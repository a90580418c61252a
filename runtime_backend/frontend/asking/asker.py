"""The asker: a command is asked once, and the answer is kept for all hooks that it calls.

Kept answers are in the cache, named by a hash of the frontend's process (pid, start time) and its command line::

    <cache>/asked/5f1c….json     the answer
    <cache>/asked/5f1c….lock     held by the hook that asks; uv calls the hooks of several packages at the same time
    <cache>/asked/.new-5f1c…-…/  the shadow environment and the shadow cache while it asks

The nested frontend calls our hooks, too: a variable makes them answer with metadata and ask nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ...errors import DecisionError
from ...errors.reasons import reason
from ...store.atomic import unfinished
from ...store.cache import open_folder, way_out
from ...store.holding import exclusively
from ...store.names import digest
from ...system.files import is_folder, list_names
from ..caller import Caller
from ..installations.installation import Installation
from .answer import Answer, Change, read_answer
from .guard import GUARD

_DAY = 24 * 60 * 60


class Asker(NamedTuple):
    """Asks the frontend of one hook call. ``say`` prints a line for the person."""

    folder: Path
    """The folder of kept answers."""
    caller: Caller
    limit: float
    """The time limit of a dry run, in seconds."""
    is_offline: bool
    say: Callable[[str], None]

    def recall(self, installation: Installation) -> Answer | None:
        """Return the answer of an earlier hook of the same command; None if there was none."""
        return read_answer(self._entry(installation).with_suffix(".json"))

    def ask(self, installation: Installation) -> Answer:
        """Return the changes that a command is about to make.

        :raises DecisionError: if the frontend does not answer.
        """
        entry = self._entry(installation)
        try:
            open_folder(self.folder)
            with exclusively(entry):
                return self.recall(installation) or self._ask(installation, entry)
        except OSError as error:
            raise DecisionError(
                "cache-cannot-be-written",
                "the frontend's answer cannot be kept in {folder}: {why}",
                hint="{way_out}",
                folder=self.folder,
                why=reason(error, self.folder),
                way_out=way_out(error),
            ) from None

    def _ask(self, installation: Installation, entry: Path) -> Answer:
        with unfinished(entry) as work:
            work.mkdir()
            answer = self._run(installation, work)
        if not answer.has_secrets:  # else the next hook asks again
            with unfinished(entry) as new:
                new.write_text(answer.as_json(), "utf-8")
                new.replace(entry.with_suffix(".json"))
        self._forget()
        return answer

    def _run(self, installation: Installation, work: Path) -> Answer:
        from .pip import dry_runs_of_pip  # noqa: PLC0415 - most decisions are proved
        from .uv import dry_runs_of_uv  # noqa: PLC0415 - most decisions are proved

        environ = {**(installation.environ or self.caller.personal_environ), GUARD: "1"}
        environ.pop("RUNTIME_BACKEND_LOG", None)  # the log is for the hooks of the build, not of the dry run
        make = dry_runs_of_pip if installation.program.startswith("pip ") else dry_runs_of_uv
        labels, changes = list[str](), dict[str, Change]()
        for asked in make(installation, environ, work, self.caller, is_offline=self.is_offline):
            changes.update(asked.run(self.limit, partial(self._announce, asked.label)))
            labels.append(asked.label)
        return Answer(command=", ".join(labels), changes=changes)

    def _announce(self, label: str) -> None:
        self.say(f"asking the frontend what it is about to install ({label}) ...")

    def _entry(self, installation: Installation) -> Path:
        process = installation.process
        facts = [process.pid, process.started, list(process.argv), str(process.cwd), self.is_offline]
        return self.folder / digest([json.dumps(facts)], 32)

    def _forget(self) -> None:
        """Remove answers older than a day: no command runs that long."""
        import shutil  # noqa: PLC0415 - most decisions are proved
        import time  # noqa: PLC0415 - most decisions are proved

        for name in list_names(self.folder):
            path = self.folder / name
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _DAY:
                    shutil.rmtree(path) if is_folder(path) else path.unlink()
