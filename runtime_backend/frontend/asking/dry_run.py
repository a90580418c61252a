"""A dry run: the command, and the reader of its output."""

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
"""Seconds until a line reports the dry run."""


class DryRun(NamedTuple):
    """A command that changes nothing, and prints the changes that another command would make."""

    label: str
    """The name for people: ``uv pip install --dry-run``."""
    argv: Sequence[str]
    environ: Mapping[str, str]
    cwd: Path
    read: Callable[[str, str], Mapping[str, Change]]
    """Takes (standard output, standard error), and returns normalised name -> change."""
    text: str = ""
    """The standard input of the command."""

    def run(self, limit: float, on_slow: Callable[[], None]) -> Mapping[str, Change]:
        """Run it, and return normalised name -> change.

        :param limit: the time limit in seconds.
        :param on_slow: called once if it takes more than two seconds.
        :raises DecisionError: if it fails, takes longer, or cannot be started.
        """
        process = self._start()
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
                "dry-run-failed",
                "{label} failed with exit code {returncode}, so it is not known what the command installs:\n{output}",
                hint="If the frontend itself stops with the same error, correct that first. The dry run was:\n"
                "  {command}",
                label=self.label,
                returncode=process.returncode,
                output=_last_lines(errors or output),
                command=" ".join(self.argv),
            )
        return self.read(output, errors)

    def _start(self) -> subprocess.Popen[str]:
        try:
            return subprocess.Popen(  # noqa: S603 - the frontend itself
                list(self.argv),
                env=dict(self.environ),
                cwd=self.cwd,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,  # so that it can be killed with its children
            )
        except OSError as error:
            raise DecisionError(
                "dry-run-failed", "{label} cannot be started: {why}", label=self.label, why=reason(error)
            ) from None

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
            "dry-run-took-too-long",
            "{label} took more than {limit:g} s, so it is not known what the command installs",
            hint="Allow more seconds: RUNTIME_BACKEND_ASK_TIMEOUT=900, then run the same command again.",
            label=self.label,
            limit=limit,
        )


def _kill(process: subprocess.Popen[str]) -> None:
    """Kill a process and its children, which would go on otherwise."""
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
