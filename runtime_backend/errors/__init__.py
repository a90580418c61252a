"""The error tree: every refusal of ours is one of these; anything else that escapes is a bug."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence

from .reasons import reason

DOCUMENTATION = "https://github.com/runtime-backend/runtime-backend"
"""Where messages send people to read; its first page is the README, a section of it is ``#settings``."""


FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))  # Windows has no quota of that name
"""The numbers of the errors of a full disk, and of a person's full share of it."""


class RuntimeBackendError(Exception):
    """A refusal, told in full: what was looked for, where, what was found, and what to run next.

    :param message: one or more lines, without a trailing full stop rule.
    :param hint: the next step for the person, a command where there is one.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Return the message, with the hint on lines of its own."""
        return self.message if self.hint is None else f"{self.message}\n{self.hint}"


class ConfigError(RuntimeBackendError):
    """The settings are wrong; all their mistakes at once.

    :param problems: one line a mistake, each led by file and dotted key.
    """

    def __init__(self, problems: Sequence[str], *, hint: str | None = None) -> None:
        self.problems = tuple(problems)
        noun = "mistake" if len(self.problems) == 1 else "mistakes"
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"{len(self.problems)} {noun} in the settings:\n{lines}", hint=hint)


class FileError(RuntimeBackendError):
    """A file that a person wrote cannot be read: it is not there, not a file, not UTF-8, or not TOML."""


class CommandError(RuntimeBackendError):
    """A command was given something that it cannot work with, or something is in its way."""


class LockError(RuntimeBackendError):
    """A lock file cannot be read, or its version is unknown."""


class IndexLookupError(RuntimeBackendError):
    """A locked wheel was not found on the index that its lock names."""


class NoSuchProjectError(IndexLookupError):
    """An index has no page of a project."""


class TargetError(RuntimeBackendError):
    """The target was named, and it is not what it was said to be."""


class RuntimeReadError(RuntimeBackendError):
    """An installed runtime does not say what it is."""


class ResolutionError(RuntimeBackendError):
    """No runtime is known, several are, or the one that is known does not fit."""


class DecisionError(RuntimeBackendError):
    """It is not known which runtime the target will have, or another one than was set by hand."""


class ProvisionError(RuntimeBackendError):
    """The runtime is known, but it cannot be shown to the real backend."""


class BackendError(RuntimeBackendError):
    """The real backend cannot be loaded, or lacks a hook that PEP 517 demands."""


class LaterFormatError(BackendError):
    """A stamp was written by a later version of this program."""


class SourceError(RuntimeBackendError):
    """The upstream source cannot be had, or is not the one that was named."""


class CudaError(RuntimeBackendError):
    """CUDA's own settings cannot be followed here."""


class MetadataError(RuntimeBackendError):
    """What the package is cannot be told without the runtime, or was told wrongly."""


class AdoptionError(RuntimeBackendError):
    """Nothing in a package builds against a runtime."""


class RecordError(RuntimeBackendError):
    """No build is recorded, or its record lacks what was asked for."""


class NoAnswer(Exception):  # noqa: N818 - no refusal: the next way is taken, where there is one
    """One way to an answer leads nowhere; it says why."""


class SystemRefusalError(RuntimeBackendError):
    """The operating system refused something at a place where nothing better is known.

    :param error: with the path, where there is one.
    """

    def __init__(self, error: OSError) -> None:
        self.error = error
        names = [name for name in (error.filename, error.filename2) if name is not None]
        paths = [os.fsdecode(name) if isinstance(name, bytes) else str(name) for name in names]
        if error.errno == errno.ENOENT and not paths:
            super().__init__("the working directory is not there any more", hint="Change to another one: cd")
        else:
            where = " -> ".join(paths) or _of_no_path(error)
            why = f"{where}: {reason(error, *paths)}" if error.errno is not None else where
            super().__init__(why, hint=_HINTS.get(error.errno or 0))


def _of_no_path(error: OSError) -> str:
    """Return where it was refused, as far as that can be known."""
    if error.errno not in FULL:
        return "the operating system refused a call"
    import shutil  # noqa: PLC0415 - hardly ever needed
    import tempfile  # noqa: PLC0415

    folders = dict.fromkeys([tempfile.gettempdir(), os.getcwd()])  # noqa: PTH109 - their names are all that is wanted
    full = [folder for folder in folders if shutil.disk_usage(folder).free < _LITTLE]
    return f"the disk of {' and of '.join(full)}" if full else "a disk"


_LITTLE = 1 << 20
"""Free bytes of a disk that is as good as full."""
_CACHE = "RUNTIME_BACKEND_CACHE_DIR=/another/folder"
_HINTS = {
    **dict.fromkeys(
        (errno.EMFILE, errno.ENFILE), "Allow more open files, then run the same command again: ulimit -n 4096"
    ),
    **dict.fromkeys(
        (errno.EACCES, errno.EPERM, errno.EROFS),
        f"Change its permissions. If the path is in the cache, you can use another cache folder: {_CACHE}",
    ),
    **dict.fromkeys(
        FULL,
        "Free some space there: `runtime-backend cache clean` removes what no build uses. You can also use folders on"
        f" another disk: TMPDIR=/another/folder for temporary files, {_CACHE} for the cache.",
    ),
    errno.ENAMETOOLONG: f"Use a shorter path. If the path is in the cache: {_CACHE}",
}
