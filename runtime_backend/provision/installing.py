"""Running an installer: its output is forwarded, and it ends when the build that needs it ends."""

from __future__ import annotations

import os
import re
import selectors
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ..system.stopping import PATIENCE, SIGNALS

_STEP = 0.5
"""Seconds between two checks that the frontend still exists."""
_KEPT = 1 << 16
"""Bytes of the last output that are kept for analysis."""
# The messages of uv, pip and Python, and the error numbers on Linux.
_FULL = rb"(?i)no space left on device|disk quota exceeded|os error (?:28|122)\b|\[Errno (?:28|122)\]"


class Ended(NamedTuple):
    """How an installer ended."""

    code: int
    is_disk_full: bool = False
    is_abandoned: bool = False
    """Whether it was ended because the frontend is gone."""


def run_installer(command: Sequence[str], environ: Mapping[str, str], cwd: Path, *, kept: Sequence[int] = ()) -> Ended:
    """Run an installer; if this function ends early for any reason, so does the installer.

    :param kept: descriptors of locks that it inherits, so that it still has them if this process is killed.
    :raises OSError: if it cannot be started.
    """
    is_piped = os.name == "posix" and not os.isatty(2)  # on a terminal it shows its own progress
    with subprocess.Popen(  # noqa: S603 - the frontend itself, or the pip of this interpreter
        command,
        env=dict(environ),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if is_piped else 2,  # standard output is the real backend's
        stderr=subprocess.STDOUT if is_piped else None,
        pass_fds=tuple(kept) if os.name == "posix" else (),
    ) as process:
        try:
            return _attend(process, os.getppid())
        except KeyboardInterrupt:
            with suppress(subprocess.TimeoutExpired):  # a terminal interrupts the installer as well
                process.wait(_STEP)
            raise
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in SIGNALS:
        if process.poll() is not None:
            return
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)


def _attend(process: subprocess.Popen[bytes], parent: int) -> Ended:
    """Wait for an installer and forward its output, as long as the frontend exists."""
    output = bytearray()
    with selectors.DefaultSelector() as selector:
        if process.stdout is not None:
            selector.register(process.stdout, selectors.EVENT_READ)
        while selector.get_map() or process.poll() is None:
            if os.getppid() != parent:
                return Ended(code=-1, is_abandoned=True)
            if not selector.get_map():
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_STEP)
            elif ready := selector.select(_STEP):
                _pass_on(ready[0][0].fd, selector, output)
            elif process.poll() is not None:  # a process that it started still has its output open
                break
    return Ended(code=process.wait(), is_disk_full=bool(re.search(_FULL, output)))


def _pass_on(descriptor: int, selector: selectors.BaseSelector, output: bytearray) -> None:
    data = os.read(descriptor, _KEPT)
    if not data:
        selector.unregister(descriptor)
        return
    output += data
    del output[:-_KEPT]
    with suppress(OSError):  # standard error is closed
        os.write(2, data)
