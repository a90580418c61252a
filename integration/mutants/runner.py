"""A plugin of pytest: runs the collected tests once, and then, for each mutant, those that run the changed lines."""

from __future__ import annotations

import contextlib
import gc
import math
import os
import resource
import shutil
import signal
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from coverage import Coverage

from .mutants import Mutant

_SECONDS, _FACTOR = 5, 5
"""The time limit of a mutant: so many seconds of a processor, and so many times what its tests take by themselves."""
_PATIENCE = 10
"""So many times as long a mutant may wait: other programs run meanwhile."""
_MEMORY = 4 * 2**30
_STATES = {0: "survived", 2: "survived", -signal.SIGXCPU: "timeout", -signal.SIGKILL: "timeout"}
"""Exit code of a mutant -> what became of it; 2: it could not be run, which shows nothing; any other: noticed."""


class Result(NamedTuple):
    """What became of one mutant."""

    mutant: Mutant
    state: str
    """``noticed``, ``timeout`` (noticed, too: it never ends) or ``survived``."""
    test: str = ""
    """The first test that noticed it."""


class _Running(NamedTuple):
    mutant: Mutant
    folder: Path
    deadline: float


class Runner:
    """Runs the mutants.

    :param mutants: by the path of their module.
    :param workers: how many run at once.
    :param tell: called with every result.
    """

    def __init__(self, mutants: Mapping[Path, Sequence[Mutant]], workers: int, tell: Callable[[Result], None]) -> None:
        self._mutants = mutants
        self._workers = workers
        self._tell = tell
        self._failed, self._failure = False, ""
        self._durations: dict[str, float] = {}
        """Test -> its seconds of a processor."""
        self._running: dict[int, _Running] = {}
        self._noticing: Counter[str] = Counter()
        self.problem: str | None = None
        """Why nothing was run."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note whether a test failed, and how."""
        if report.failed:
            self._failed, self._failure = True, report.longreprtext

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run everything; called by pytest when the tests are collected."""
        self._items = {item.nodeid: item for item in session.items}
        covering = self._run_clean()
        if self.problem is None:
            gc.freeze()
            with contextlib.ExitStack() as stack:
                self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mutants-")))
                for path, mutants in self._mutants.items():
                    self._run_module(mutants, covering[path])
                while self._running:
                    self._wait()
        return True

    def _run_clean(self) -> dict[Path, dict[int, list[str]]]:
        """Run all tests without a mutant; return which of them run which line of which module.

        A mutant is applied to modules that are loaded; what only their import runs is not among those lines.
        """
        paths = {path: str(path.absolute()) for path in self._mutants}
        coverage = Coverage(data_file=None, include=list(paths.values()), config_file=False)
        coverage.start()
        items = list(self._items.values())
        for item, following in zip(items, [*items[1:], None], strict=True):
            coverage.switch_context(item.nodeid)
            began = time.process_time()
            item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
            self._durations[item.nodeid] = time.process_time() - began
            if self._failed:
                self.problem = f"{item.nodeid} fails without any mutant:\n{self._failure}"
                break
        coverage.stop()
        data = coverage.get_data()
        return {path: data.contexts_by_lineno(name) for path, name in paths.items()}

    def _run_module(self, mutants: Iterable[Mutant], covering: Mapping[int, list[str]]) -> None:
        for mutant in mutants:
            tests = {test for line in mutant.lines for test in covering.get(line, ()) if test}
            if not tests:
                self._tell(Result(mutant, "survived"))
                continue
            while len(self._running) >= self._workers:
                self._wait()
            self._start(mutant, list(self._in_order(tests)))

    def _in_order(self, tests: set[str]) -> Iterator[str]:
        """Yield tests: first what noticed most other mutants, then the quickest of each file by turns."""
        files: dict[str, list[str]] = defaultdict(list)
        for test in sorted(tests, key=lambda test: (self._durations[test], test)):
            files[test.partition("::")[0]].append(test)
        turns = {test: turn for found in files.values() for turn, test in enumerate(found)}
        yield from sorted(tests, key=lambda test: (-self._noticing[test], turns[test], self._durations[test], test))

    def _start(self, mutant: Mutant, tests: Sequence[str]) -> None:
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        limit = math.ceil(_SECONDS + _FACTOR * sum(self._durations[test] for test in tests))
        pid = os.fork()
        if not pid:
            self._be_mutant(mutant, tests, folder, limit)
        self._running[pid] = _Running(mutant, folder, time.monotonic() + _PATIENCE * limit)

    def _be_mutant(self, mutant: Mutant, tests: Sequence[str], folder: Path, limit: int) -> None:
        """Run tests until one fails; never returns.

        :param limit: in seconds of a processor.
        """
        try:
            os.setsid()
            null = os.open(os.devnull, os.O_RDWR)
            for descriptor in range(3):
                os.dup2(null, descriptor)
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
            items = [self._items[test] for test in tests]
            vars(items[0].config)["_tmp_path_factory"]._basetemp = folder  # noqa: SLF001 - mutants run side by side
            mutant.apply()
            for item, following in zip(items, [*items[1:], None], strict=True):
                item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
                if self._failed:
                    (folder / "noticed").write_text(item.nodeid, "utf-8")
                    os._exit(1)
            os._exit(0)
        finally:
            os._exit(2)

    def _wait(self) -> None:
        """Wait for one mutant to end, or end it."""
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid in self._running:
                self._end(pid, self._running.pop(pid), _STATES.get(os.waitstatus_to_exitcode(status), "noticed"))
                return
            now = time.monotonic()
            for pid, running in list(self._running.items()):
                if now > running.deadline:
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
                    self._end(pid, self._running.pop(pid), "timeout")
                    return
            time.sleep(0.002)

    def _end(self, pid: int, running: _Running, state: str) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)  # what its tests started
        noted = running.folder / "noticed"
        test = noted.read_text("utf-8") if noted.is_file() else ""
        self._noticing[test] += 1
        shutil.rmtree(running.folder, ignore_errors=True)
        self._tell(Result(running.mutant, state, test))
