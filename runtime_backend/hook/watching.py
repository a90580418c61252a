"""Watching a build: its output is passed on with an estimate of the progress, and kept; the build is recorded."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from importlib import import_module
from io import FileIO
from pathlib import Path
from shlex import quote
from threading import Thread

from ..config.names import find_name
from ..errors import RuntimeBackendError, SystemRefusalError
from ..errors.reasons import reason
from ..formats.tables import Table
from ..frontend.caller import Caller
from ..plan import Plan
from ..real.calling import Run
from ..system.printable import printable
from ..system.progress import Estimate
from ..watch.diagnostics import Diagnostics
from ..watch.ninja import Step, read_timeline
from ..watch.records import STOPPED, TAKEN, Build, forget_builds, made_folder, output_path, write_build
from ..watch.relay import can_follow, run_followed, run_plain

Say = Callable[[str], None]

NINJA_STATUS = "[%f/%t %es] "
"""The status that ninja prints on a terminal: finished steps, all steps, and seconds."""


@contextmanager
def watch(plan: Plan, caller: Caller, say: Say) -> Iterator[Watched]:
    """Watch a build until the context ends, and record it in the cache. A failure to record does not fail the build.

    :param plan: the plan of the stage.
    """
    began, start, outcome = time.time(), time.monotonic(), "failed"
    with _made_folder(plan, caller, began, say) as folder:
        try:
            with _follow(plan, folder, caller, say) as watched:
                yield watched
            outcome = "built"
        finally:
            if folder is not None:
                build = _describe(plan, caller, began, time.monotonic() - start, outcome)
                _record(folder, build._replace(timeline=_timeline(plan, began)), say)


def record_taken(plan: Plan, caller: Caller, whence: str, began: float, say: Say) -> None:
    """Record that a wheel was taken from the store, instead of a build.

    :param whence: who made the wheel.
    :param began: seconds since the epoch.
    """
    with _made_folder(plan, caller, began, say) as folder:
        if folder is not None:
            _record(folder, _describe(plan, caller, began, time.time() - began, f"{TAKEN}: {whence}"), say)


def record_stopped(plan: Plan, caller: Caller, refusal: RuntimeBackendError, began: float) -> None:
    """Record that nothing was built, with the message as the output; if that is impossible, nothing is said.

    :param began: seconds since the epoch.
    """
    with _made_folder(plan, caller, began, _ignore) as folder:
        if folder is not None:
            log = Log(output_path(folder))
            log.write(f"{printable(str(refusal))}\n".encode(errors="backslashreplace"))
            log.close()
            build = _describe(plan, caller, began, time.time() - began, f"{STOPPED}: {refusal.stop}")
            _record(folder, build._replace(runtimes={}), _ignore)


def _ignore(_: str) -> None:
    pass


@contextmanager
def _made_folder(plan: Plan, caller: Caller, began: float, say: Say) -> Iterator[Path | None]:
    """Make the folder of a record; None if it cannot be made."""
    with ExitStack() as stack:
        stack.callback(forget_builds, plan.cache)
        try:
            folder = stack.enter_context(made_folder(plan.cache, caller.cwd, began))
        except OSError as error:
            say(f"note: this build is not recorded, and its output is not kept: {SystemRefusalError(error).message}")
            folder = None
        yield folder


def _record(folder: Path, build: Build, say: Say) -> None:
    try:
        write_build(folder, build)
    except OSError as error:
        say(f"note: this build is not recorded: {SystemRefusalError(error).message}")


def _describe(plan: Plan, caller: Caller, began: float, seconds: float, outcome: str) -> Build:
    jobs = [variable.value for variable in plan.variables if variable.name == "MAX_JOBS" and variable.value is not None]
    return Build(
        source=str(caller.cwd),
        hook=plan.hook,
        frontend=plan.frontend,
        began=began,
        seconds=seconds,
        outcome=outcome,
        runtimes={identity.name: identity.reported or identity.version for identity in plan.identities},
        max_jobs=jobs[0] if jobs else caller.environ.get("MAX_JOBS"),
        name=find_package_name(plan, caller),
        timeline=(),
    )


def _timeline(plan: Plan, began: float) -> tuple[Step, ...]:
    return read_timeline([*plan.build_folders, *_folders_of_meson(plan.settings.source)], began)


def find_package_name(plan: Plan, caller: Caller) -> str | None:
    """Return the normalised name of the package that is built; None if it is known only after building."""
    return find_name(caller.cwd, Table({"project": plan.settings.project}, file="pyproject.toml"))


def _folders_of_meson(tree: Path) -> list[Path]:
    """Return meson-python's build folders: a temporary one, and that of an editable."""
    return [*tree.glob(".mesonpy-*"), *tree.glob("build/cp*")]


class Watched:
    """A running build, and the file with its output (None if it is not kept).

    :param run: runs the command of the build, and returns the exit code.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self.output: Path | None = None

    def run(self, command: Sequence[str], environ: Mapping[str, str], folder: Path) -> int:
        """Run the command; this idle process imports the modules that finish the wheel at the same time."""
        Thread(target=import_module, args=(".finishing", __package__), daemon=True).start()
        return self._run(command, environ, folder)


def _follow(plan: Plan, folder: Path | None, caller: Caller, say: Say) -> AbstractContextManager[Watched]:
    if can_follow():
        return _keep(Log(None if folder is None else output_path(folder)), say)
    own = {*caller.environ, *(variable.name for variable in plan.variables)}
    added = {} if "NINJA_STATUS" in own else {"NINJA_STATUS": NINJA_STATUS}
    return nullcontext(Watched(lambda command, environ, at: run_plain(command, {**environ, **added}, at)))


@contextmanager
def _keep(log: Log, say: Say) -> Iterator[Watched]:
    diagnostics = Diagnostics()

    def keep(data: bytes) -> None:
        log.write(data)
        diagnostics.feed(data)

    def run(command: Sequence[str], environ: Mapping[str, str], folder: Path) -> int:
        if watched.output is not None:
            say(f"building; {_follow_command(watched.output)} shows the progress")
        code = run_followed(command, environ, folder, Estimate(time.monotonic).annotate, keep)
        if code is not None:
            return code
        watched.output = None
        log.close()
        say("note: the output of this build is not kept: the process has too many open files")
        return run_plain(command, environ, folder)

    watched = Watched(run)
    watched.output = log.path if log.error is None else None
    try:
        yield watched
    except SystemExit:  # the real backend failed, and its whole output is passed on
        _repeat(diagnostics, say)
        raise
    finally:
        log.close()
        if log.error is not None:
            say(f"note: the output of this build is not kept, or only in part: {reason(log.error)}")


def _follow_command(path: Path) -> str:
    """Return the command that follows a growing file."""
    return f"`tail -f {quote(str(path))}`" if os.name == "posix" else f'`Get-Content -Wait "{path}"`'


def _repeat(diagnostics: Diagnostics, say: Say) -> None:
    """Repeat the first errors at the end of the output: frontends show all of it, and few people scroll up."""
    lines = diagnostics.lines()
    if lines:
        say("the first errors in the output:")
        for line in lines:
            say(f"  {line}")


class Log:
    """The file with the output of a build; after the first failure nothing more is written.

    :param path: None if the output is not kept.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.error: OSError | None = None
        self._file: FileIO | None = None
        if path is not None:
            try:
                self._file = FileIO(path, "w")
            except OSError as error:
                self.error = error

    def write(self, data: bytes) -> None:
        """Write unbuffered, since a person may follow the file."""
        if self._file is not None:
            try:
                rest = memoryview(data)
                while rest:
                    rest = rest[self._file.write(rest) :]
            except OSError as error:
                self.error = error
                self.close()

    def close(self) -> None:
        """Close the file; later output is dropped."""
        if self._file is not None:
            self._file.close()
            self._file = None
