"""What programs print: compilers, about their version."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence


def printed_by(command: Sequence[str], environ: Mapping[str, str], seconds: float) -> str:
    """Return what a program prints to both streams, whatever its exit code is.

    :param seconds: the time limit.
    :raises OSError: if it cannot be run.
    :raises subprocess.SubprocessError: if it takes longer.
    """
    done = subprocess.run(  # noqa: S603 - a compiler that the build will run
        list(command),
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=seconds,
        check=False,
    )
    return done.stdout
