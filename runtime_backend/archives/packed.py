"""Archives of others: what is raised by whatever is none, and headers that may not fill the memory."""

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
with suppress(ImportError):  # Python 3.14, where the interpreter was built with it
    from compression.zstd import ZstdError  # type: ignore[import-not-found,unused-ignore]

    _UNDOCUMENTED.append(ZstdError)  # pragma: no cover - by the version

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
"""What tarfile and zipfile raise for files that are none: the first few are documented, the others came of fuzzing."""

LARGEST_HEADER = 1 << 20
"""Bytes of a header of a tar file that tells of the next member: its long name, its attributes."""
_ABOUT_OTHERS = (
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
    *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
)


class Header(tarfile.TarInfo):
    """A member of a tar file; tarfile reads a header of any size into the memory."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        """Refuse a large header; tarfile documents this method as the one to be overridden."""
        if self.type in _ABOUT_OTHERS and self.size > LARGEST_HEADER:
            raise tarfile.ReadError("a header is too large")
        found: tarfile.TarInfo = super()._proc_member(archive)  # type: ignore[misc]
        return found


def refusal(error: Exception, message: str) -> RuntimeBackendError:
    """Return what to raise for one of :data:`BROKEN`: the system's refusal, or a message about the archive."""
    if isinstance(error, OSError) and error.errno is not None:
        return SystemRefusalError(error)
    return BackendError(message)


def why_broken(error: Exception) -> str:
    """Return why an archive cannot be read, or what is in it not written."""
    if isinstance(error, OSError) and error.errno is not None:
        return reason(error, error.filename)
    return "it is not a tar or zip file, or it is damaged"
