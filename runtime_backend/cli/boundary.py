"""The command line's error boundary: every failure that is not a bug becomes a message and an exit code."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import RuntimeBackendError, SystemRefusalError
from .terminal import OutputLost, flush_output, say

_CLI = "runtime-backend[cli]"

EXTRAS = {
    "build": _CLI,
    "elftools": _CLI,
    "tomlkit": _CLI,
    "matplotlib": "runtime-backend[plot]",
    "shtab": "runtime-backend[completion]",
}
"""Library -> the extra that installs it. Commands need these libraries; builds do not."""


def guard(run: Callable[[], int], failure: int = 1) -> int:
    """Run a command and return its exit code; every failure that is not a bug becomes a message.

    :param failure: the exit code for a failure.
    :raises SystemExit: for --help, --version and wrong usage.
    :raises KeyboardInterrupt: after Ctrl-C.
    """
    try:
        try:
            code = _report(run, failure)
        except SystemExit:  # --help, --version, or wrong usage
            flush_output()
            raise
        flush_output()
    except OutputLost:
        return failure
    return code


def _report(run: Callable[[], int], failure: int) -> int:
    try:
        return run()
    except RuntimeBackendError as error:
        message = str(error)
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in EXTRAS:
            raise
        message = f"{library} is not installed\nRun: pip install '{EXTRAS[library]}'"
    except OSError as error:
        message = str(SystemRefusalError(error))
    except UnicodeEncodeError as error:
        message = _of_encoding(error)
    say(f"error: {message}")
    return failure


def _of_encoding(error: UnicodeEncodeError) -> str:
    if error.encoding.replace("-", "").lower() == "utf8":
        return f"the name {error.object!r} is not UTF-8\nRename the file or folder."
    return (
        f"the name {error.object!r} does not exist in {error.encoding}, the encoding of this locale\n"
        "Run the same command in another locale: LC_ALL=C.UTF-8"
    )
