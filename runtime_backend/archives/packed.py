"""Reading foreign archives: all exceptions that damaged files cause, and a limit for the size of headers."""

from __future__ import annotations

import struct
import tarfile
import zipfile
import zlib
from contextlib import suppress
from lzma import LZMAError

from ..errors import BackendError, RuntimeBackendError, SystemRefusalError
from ..errors.reasons import reason

_UNDOCUMENTED: list[type[Exception]] = [struct.error]
with suppress(ImportError):  # Python 3.14, if the interpreter was built with it
    from compression.zstd import ZstdError  # type: ignore[import-not-found,unused-ignore]

    _UNDOCUMENTED.append(ZstdError)  # pragma: no cover - depends on the version

BROKEN: tuple[type[Exception], ...] = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    LZMAError,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
    LookupError,
    TypeError,
    ArithmeticError,
    MemoryError,
    *_UNDOCUMENTED,
)
"""Exceptions of tarfile and zipfile for invalid files: the first few are documented, fuzzing found the others."""

LARGEST_HEADER = 1 << 20
"""The most bytes of a tar header that describes the next member: its long name, its attributes."""
_ABOUT_OTHERS = (
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
    *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
)


class Header(tarfile.TarInfo):
    """A member of a tar file with a limited header; tarfile reads a header of any size into memory."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        """Refuse a large header. tarfile documents that this method may be overridden."""
        if self.type in _ABOUT_OTHERS and self.size > LARGEST_HEADER:
            raise tarfile.ReadError("a header is too large")
        found: tarfile.TarInfo = super()._proc_member(archive)  # type: ignore[misc]
        return found


def refusal(error: Exception, message: str) -> RuntimeBackendError:
    """Return the error for one of :data:`BROKEN`: that of the system, or a message about the archive."""
    if isinstance(error, OSError) and error.errno is not None:
        return SystemRefusalError(error)
    return BackendError("wheel-unreadable", "{text}", text=message)


def why_broken(error: Exception) -> str:
    """Return why an archive cannot be read, or its content cannot be written."""
    if isinstance(error, OSError) and error.errno is not None:
        return reason(error, error.filename)
    return "it is not a tar or zip file, or it is damaged"
