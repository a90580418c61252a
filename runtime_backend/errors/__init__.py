"""The error tree. Every refusal of ours is one of these; any other exception that escapes is a bug."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence

from .reasons import reason

DOCUMENTATION = "https://runtime-backend.readthedocs.io/en/stable"
"""The address that messages point to."""
SETTINGS_REFERENCE = f"The keys and their values: {DOCUMENTATION}/reference/settings.html"
RENEW_ENVIRONMENT = (
    "Remove the build environment that the frontend keeps (hatch env prune; tox --recreate), then run the same command"
    " again."
)
"""The next step if a build environment from an earlier build does not fit any more."""

FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))  # Windows has no EDQUOT
"""Error numbers of a full disk and of an exceeded quota."""


class RuntimeBackendError(Exception):
    """A refusal, with a message for a person: what failed, where, what was found and expected.

    :param stop: the name of the entry in docs/troubleshooting.md, such as ``lock-invalid``.
    :param template: the message, of one or more lines, with the facts in braces.
    :param hint: a template of the next step for the person: a command, if there is one.
    :param facts: what was found, and where. Values whose names are not in a template are kept, too.
    """

    def __init__(self, stop: str, template: str, *, hint: str | None = None, **facts: object) -> None:
        self.stop = stop
        self.facts = facts
        self.message = template.format_map(facts)
        self.hint = None if hint is None else hint.format_map(facts)
        super().__init__(self.message)

    def __str__(self) -> str:
        """Return the message, followed by the hint on lines of its own."""
        return self.message if self.hint is None else f"{self.message}\n{self.hint}"


class ConfigError(RuntimeBackendError):
    """The settings are wrong. One error reports all mistakes.

    :param problems: one line per mistake, each starting with the file and the dotted key.
    :param way_out: the next step for the person.
    """

    def __init__(self, problems: Sequence[str], *, way_out: str | None = None) -> None:
        self.problems = tuple(problems)
        super().__init__(
            "settings",
            "{count} {noun} in the settings:\n{lines}",
            hint=None if way_out is None else "{way_out}",
            count=len(self.problems),
            noun="mistake" if len(self.problems) == 1 else "mistakes",
            lines="\n".join(f"  {problem}" for problem in self.problems),
            way_out=way_out,
        )


class FileError(RuntimeBackendError):
    """A file that a person wrote cannot be read: it is missing, not a file, not UTF-8, or not valid TOML."""


class CommandError(RuntimeBackendError):
    """A command got an argument that it cannot use, or a file or folder is in its way."""


class LockError(RuntimeBackendError):
    """A lock file cannot be read, or its format version is unknown."""


class IndexLookupError(RuntimeBackendError):
    """A locked wheel was not found on the index that the lock names."""


class NoSuchProjectError(IndexLookupError):
    """An index has no page of a project."""


class TargetError(RuntimeBackendError):
    """The target was named, but is not what its name claims."""


class RuntimeReadError(RuntimeBackendError):
    """An installed runtime has no version or variant that can be read."""


class ResolutionError(RuntimeBackendError):
    """No runtime is known, several are, or the known one does not fit."""


class DecisionError(RuntimeBackendError):
    """The runtime that the target will have is unknown, or differs from the one that was set by hand."""


class ProvisionError(RuntimeBackendError):
    """The runtime is known, but it cannot be shown to the real backend."""


class BackendError(RuntimeBackendError):
    """The real backend cannot be loaded, or lacks a hook that PEP 517 requires."""


class LaterFormatError(BackendError):
    """A later version of this program wrote the stamp."""


class SourceError(RuntimeBackendError):
    """The upstream source cannot be obtained, or is not the one that was named."""


class CudaError(RuntimeBackendError):
    """The settings for CUDA cannot be applied on this machine."""


class MetadataError(RuntimeBackendError):
    """The package's metadata cannot be determined without the runtime, or were determined wrongly."""


class AdoptionError(RuntimeBackendError):
    """Nothing in the package builds against a runtime."""


class RecordError(RuntimeBackendError):
    """No build is recorded, or the record lacks what was asked for."""


class NoAnswer(Exception):  # noqa: N818 - not a refusal: the caller tries the next way, if there is one
    """One way to get an answer failed; the message is the reason."""


class SystemRefusalError(RuntimeBackendError):
    """The operating system refused a call, and no more specific error applies.

    :param error: its file names appear in the message, if it has any.
    """

    def __init__(self, error: OSError) -> None:
        self.error = error
        names = [name for name in (error.filename, error.filename2) if name is not None]
        paths = [os.fsdecode(name) if isinstance(name, bytes) else str(name) for name in names]
        if error.errno == errno.ENOENT and not paths:
            super().__init__(
                "no-working-directory",
                "the working directory does not exist any more",
                hint="Change to another one: cd",
            )
            return
        where = " -> ".join(paths) or _of_no_path(error)
        super().__init__(
            "system-refusal",
            "{where}" if error.errno is None else "{where}: {why}",
            hint=_HINTS.get(error.errno or 0),
            where=where,
            why=reason(error, *paths),
        )


def _of_no_path(error: OSError) -> str:
    """Return the place of a failure whose error has no path, as precisely as it can be known."""
    if error.errno not in FULL:
        return "the operating system refused a call"
    import shutil  # noqa: PLC0415 - rarely needed
    import tempfile  # noqa: PLC0415 - rarely needed

    folders = dict.fromkeys([tempfile.gettempdir(), os.getcwd()])  # noqa: PTH109 - only the name is used
    full = [folder for folder in folders if shutil.disk_usage(folder).free < _LITTLE]
    return f"the disk of {' and of '.join(full)}" if full else "a disk"


_LITTLE = 1 << 20
"""A disk with fewer free bytes counts as full."""
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
