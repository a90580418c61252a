"""A dry run: the command, and how to read what it prints."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ...errors import DecisionError
from ...errors.reasons import reason
from .answer import Change

_PATIENCE = 2.0
"""Seconds after which a person is told what is going on."""


class DryRun(NamedTuple):
    """One command that changes nothing, and tells what another one would change."""

    label: str
    """For people: ``uv pip install --dry-run``."""
    argv: Sequence[str]
    environ: Mapping[str, str]
    cwd: Path
    read: Callable[[str, str], Mapping[str, Change]]
    """Takes what was printed (standard output, standard error), and returns the changes by normalised name."""
    text: str = ""
    """What the command reads from standard input."""

    def run(self, limit: float, on_slow: Callable[[], None]) -> Mapping[str, Change]:
        """Run it, and return the changes.

        :param limit: seconds that it may take.
        :param on_slow: called once if it takes more than two seconds.
        :raises DecisionError: when it fails, takes longer, or cannot be started.
        """
        try:
            process = subprocess.Popen(  # noqa: S603 - the frontend itself
                list(self.argv),
                env=dict(self.environ),
                cwd=self.cwd,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,  # it is ended with all that it has started
            )
        except OSError as error:
            raise DecisionError(f"{self.label} cannot be started: {reason(error)}") from None
        is_done = False
        try:
            output, errors = self._communicate(process, limit, on_slow)
            is_done = True
        finally:
            if not is_done:
                _kill(process)
            _close(process)
        if process.returncode != 0:
            raise DecisionError(
                f"{self.label} failed with exit code {process.returncode}, so that it is not known what the command is"
                f" about to install:\n{_last_lines(errors or output)}",
                hint="If the frontend itself would stop here, mend what it reports; it was asked by this command:\n"
                f"  {' '.join(self.argv)}",
            )
        return self.read(output, errors)

    def _communicate(
        self, process: subprocess.Popen[str], limit: float, on_slow: Callable[[], None]
    ) -> tuple[str, str]:
        try:
            return process.communicate(self.text, timeout=min(_PATIENCE, limit))
        except subprocess.TimeoutExpired:
            pass
        try:
            if limit > _PATIENCE:
                on_slow()
                return process.communicate(timeout=limit - _PATIENCE)
        except subprocess.TimeoutExpired:
            pass
        raise DecisionError(
            f"{self.label} took more than {limit:g} s, so that it is not known what the command is about to install",
            hint="Allow more seconds: RUNTIME_BACKEND_ASK_TIMEOUT=900, then run the same command again.",
        )


def _kill(process: subprocess.Popen[str]) -> None:
    """End a process with all that it has started, which may go on without it."""
    if os.name == "nt":  # pragma: no cover - Windows
        process.kill()
    else:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _close(process: subprocess.Popen[str]) -> None:
    for stream in filter(None, (process.stdin, process.stdout, process.stderr)):
        with suppress(BrokenPipeError):
            stream.close()


def _last_lines(text: str) -> str:
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return "\n".join(f"  {line}" for line in lines[-12:])
