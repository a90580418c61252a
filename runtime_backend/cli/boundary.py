"""The command line's error boundary: every failure that is not a bug becomes a message and an exit code."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import CommandError, RuntimeBackendError, SystemRefusalError
from .terminal import OutputLost, flush_output, report

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
        refusal = error
    except ModuleNotFoundError as error:
        refusal = _of_library(error)
    except OSError as error:
        refusal = SystemRefusalError(error)
    except UnicodeEncodeError as error:
        refusal = _of_encoding(error)
    report(refusal)
    return failure


def _of_library(error: ModuleNotFoundError) -> CommandError:
    """Return the refusal of a command whose extra is not installed; any other missing module is a bug."""
    library = (error.name or "").partition(".")[0]
    if library not in EXTRAS:
        raise error
    return CommandError(
        "no-library",
        "{library} is not installed",
        hint="Run: pip install '{extra}'",
        library=library,
        extra=EXTRAS[library],
    )


def _of_encoding(error: UnicodeEncodeError) -> CommandError:
    if error.encoding.replace("-", "").lower() == "utf8":
        return CommandError(
            "name-not-printable",
            "the name {name!r} is not UTF-8",
            hint="Rename the file or folder.",
            name=error.object,
        )
    return CommandError(
        "name-not-printable",
        "the name {name!r} does not exist in {encoding}, the encoding of this locale",
        hint="Run the same command in another locale: LC_ALL=C.UTF-8",
        name=error.object,
        encoding=error.encoding,
    )
