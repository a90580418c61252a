"""The command line: ``runtime-backend`` and ``python -m runtime_backend``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    0: success. 1: refusal. 2: wrong usage, or a refusal of ``check`` and ``cache``, whose 1 is an answer. 130: Ctrl-C.

    :param arguments: None for those of this process.
    """
    try:
        # These imports take most of the time of a short command, so Ctrl-C must be caught during them, too.
        from .commands import run_command  # noqa: PLC0415

        return run_command(sys.argv[1:] if arguments is None else list(arguments))
    except KeyboardInterrupt:
        if arguments is None:
            _ignore_interrupts()
            _end_children()
        print("runtime-backend: interrupted", file=sys.stderr)  # noqa: T201 - the command line prints
        return _INTERRUPTED


def _ignore_interrupts() -> None:
    """Ignore Ctrl-C while the interpreter exits; otherwise a second one would print a traceback."""
    import signal  # noqa: PLC0415 - only this function needs it

    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _end_children() -> None:
    """End the programs that the command started: Ctrl-C may have come before Python knew of one."""
    import os  # noqa: PLC0415 - only this function needs them

    from ..system.stopping import end, find_descendants  # noqa: PLC0415

    end(find_descendants(os.getpid()))
