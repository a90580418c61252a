"""Prebuilt wheels: what the authors of a package have built, for the runtime that its local version names.

flash-attn's ``2.8.3+cu12torch2.9cxx11abiTRUE`` and others are chosen by setup.py files by hand, without a hash. Here
the version and the label must be the decided ones, the index must state a hash, and the file is checked: by its stamp,
or by the symbols that it needs from torch.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from packaging.version import Version

from ..archives.linkage import Library, Unread, find_missing, is_shared_object, list_libraries, read_library, shown
from ..archives.packed import BROKEN
from ..errors import IndexLookupError, NoAnswer, NoSuchProjectError
from ..formats.parsing import parse_wheel_name
from ..index.pages import read_page
from ..index.wanted import IndexFile
from ..system.platforms import Platform

_LARGEST = 4 << 30
"""The most bytes of a compiled file that is checked."""


def choose_prebuilt(
    index: str, name: str, wanted: Version, platform: Platform, environ: Mapping[str, str]
) -> IndexFile | None:
    """Return the wheel on an index that is exactly the wanted one; None if there is none.

    :param name: the package's normalised name.
    :param wanted: the package's version, with the label as its local part.
    :raises NoAnswer: if the index does not answer, or states no hash.
    """
    try:
        files = read_page(index, name, environ)
    except NoSuchProjectError:
        return None
    except IndexLookupError as failure:
        raise NoAnswer(f"{index}: {failure}") from None
    fitting = [file for file in files if file.yanked is None and _has_version(file.name, wanted)]
    found = platform.best_wheel((file.name, file) for file in fitting)
    if found is not None and found.sha256 is None:
        raise NoAnswer(f"{found.name} is not taken: the index states no hash for it ({index})")
    return found


def _has_version(name: str, version: Version) -> bool:
    named = parse_wheel_name(name)
    return named is not None and named[1] == version


def check_symbols(wheel: Path, torch: Path, name: str = "") -> None:
    """Refuse a wheel whose compiled files need what the installed torch does not have.

    :param torch: the folder of the package ``torch``.
    :param name: the wheel's name on the index, for messages.
    :raises NoAnswer: names the file and the symbols; also if that cannot be checked.
    """
    libraries, name = list_libraries(torch), name or wheel.name
    if not libraries:
        raise NoAnswer(f"{name} is not taken: {torch} has no libraries to check it against")
    try:
        with tempfile.TemporaryDirectory(prefix="runtime-backend-") as folder:
            users = [found for found in _unpack(wheel, name, Path(folder)) if found.is_torchs_user]
            _check(name, users, libraries)
    except ModuleNotFoundError:
        raise NoAnswer(f"{name} is not taken: to check its symbols, pyelftools must be installed") from None
    except BROKEN:
        raise NoAnswer(f"{name} is not taken: it is not a wheel, or damaged") from None


def _unpack(wheel: Path, name: str, folder: Path) -> Iterator[Library]:
    """Unpack the shared objects of a wheel one by one, and read each."""
    with zipfile.ZipFile(wheel) as archive:
        for number, item in enumerate(archive.infolist()):
            if not is_shared_object(item.filename):
                continue
            if item.file_size > _LARGEST:
                raise NoAnswer(f"{name} is not taken: {item.filename} is too large to be checked")
            path = folder / str(number)
            with archive.open(item) as packed, path.open("wb") as file:
                shutil.copyfileobj(packed, file, 1 << 20)
            try:
                library = read_library(path, item.filename)
            except NoAnswer as failure:
                raise NoAnswer(f"{name} is not taken: {item.filename}: {failure}") from None
            path.unlink()
            if library is not None:
                yield library


def _check(name: str, users: Sequence[Library], libraries: Sequence[Path]) -> None:
    if not users:
        raise NoAnswer(f"{name} is not taken: it has no stamp, and no compiled file that links against torch")
    unread: list[Unread] = []
    found = find_missing(users, libraries, unread)
    if unread:
        raise NoAnswer(f"{name} is not taken: {unread[0]}")
    for library, missing in zip(users, found, strict=True):
        if missing:
            raise NoAnswer(
                f"{name} is refused, because its label is wrong: {library.name} needs what this torch does not"
                f" have: {shown(missing)}"
            )
