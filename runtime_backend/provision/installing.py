"""Running an installer: its output is passed on as it comes, and it does not outlive the build that needs it."""

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
"""Seconds between two looks at whether the frontend is still there."""
_KEPT = 1 << 16
"""Bytes of the output that are looked at afterwards."""
# uv, pip and Python, and the numbers of the same on Linux.
_FULL = rb"(?i)no space left on device|disk quota exceeded|os error (?:28|122)\b|\[Errno (?:28|122)\]"


class Ended(NamedTuple):
    """How an installer ended."""

    code: int
    is_disk_full: bool = False
    is_abandoned: bool = False
    """Whether it was ended because the frontend is gone."""


def run_installer(command: Sequence[str], environ: Mapping[str, str], cwd: Path, *, kept: Sequence[int] = ()) -> Ended:
    """Run an installer; whatever ends this function early ends the installer too.

    :param kept: descriptors that it gets: while it runs on after this process was killed, it holds the same locks.
    :raises OSError: when it cannot be started.
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
            with suppress(subprocess.TimeoutExpired):  # a terminal has interrupted it as well
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
    """Wait for an installer, and pass on what it prints, for as long as the frontend is there."""
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
            elif process.poll() is not None:  # something that it has started has its output open
                break
    return Ended(code=process.wait(), is_disk_full=bool(re.search(_FULL, output)))


def _pass_on(descriptor: int, selector: selectors.BaseSelector, output: bytearray) -> None:
    data = os.read(descriptor, _KEPT)
    if not data:
        selector.unregister(descriptor)
        return
    output += data
    del output[:-_KEPT]
    with suppress(OSError):  # nobody reads it
        os.write(2, data)
