"""The command line: ``runtime-backend`` and ``python -m runtime_backend``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    0; 1 for a refusal; 2 for wrong usage, and for a refusal of ``check`` and ``cache``, whose 1 is an answer; 130 after
    Ctrl-C.

    :param arguments: None: those of this process.
    """
    try:
        # Most of the time that a short command takes are these imports: Ctrl-C comes while they are made, too.
        from .commands import run_command  # noqa: PLC0415

        return run_command(sys.argv[1:] if arguments is None else list(arguments))
    except KeyboardInterrupt:
        if arguments is None:
            _ignore_interrupts()
        print("runtime-backend: interrupted", file=sys.stderr)  # noqa: T201 - the command line prints
        return _INTERRUPTED


def _ignore_interrupts() -> None:
    """Let the interpreter end in peace: a second Ctrl-C meanwhile would be a traceback."""
    import signal  # noqa: PLC0415 - for this alone

    signal.signal(signal.SIGINT, signal.SIG_IGN)
