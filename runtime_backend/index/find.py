"""Finding a wheel on indexes. Results are stored, since files on an index never change and every hook asks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from packaging.specifiers import SpecifierSet

from ..errors import IndexLookupError
from ..formats.jsontext import parse_json
from ..formats.parsing import parse_wheel_name
from ..store.atomic import write
from ..store.cache import open_folder
from ..store.names import digest
from ..system.files import read_bytes
from ..system.platforms import UNFIT, Platform
from ..system.printable import without_secrets
from .wanted import IndexFile, Wanted


class Indexes(NamedTuple):
    """Looks up wheels on package indexes for one hook call.

    :param folder: the folder of stored results.
    :param platform: the platform that a wheel must fit.
    """

    folder: Path
    platform: Platform
    environ: Mapping[str, str]
    is_offline: bool

    def find(self, wanted: Wanted) -> IndexFile:
        """Return the wheel with its URL, and its hash from the lock, else from the index.

        :raises IndexLookupError: if no index has it or can be reached, or the file is not the locked one.
        """
        kept = self._folder_entry(wanted)
        found = _read_kept(kept)
        if found is None:
            found = self._look_up(wanted)
            _keep(kept, found)
        return found

    def _look_up(self, wanted: Wanted) -> IndexFile:
        if self.is_offline:
            raise _not_found(wanted, ["no index was asked: this build is offline"])
        from .pages import read_page  # noqa: PLC0415 - most hooks ask no index

        files: list[IndexFile] = []
        results: list[str] = []
        for index in wanted.indexes:
            try:
                listed = read_page(index, wanted.name, self.environ)
            except IndexLookupError as error:
                results.append(f"{index}: {error}")
                continue
            found = list(_matching(listed, wanted))
            results.append(f"{index}: {_summary(listed, wanted, is_matched=bool(found))}")
            files += found
            if found and wanted.hashes:  # with a hash, the file is the same on every index
                break
        return self._choose(files, wanted, results)

    def _choose(self, files: list[IndexFile], wanted: Wanted, results: list[str]) -> IndexFile:
        versions = sorted({str(named[1]) for file in files if (named := parse_wheel_name(file.name)) is not None})
        if len(versions) > 1 and not wanted.hashes:
            results.append(f"{' and '.join(versions)} all satisfy =={wanted.version}, and no hash selects one")
            raise _not_found(wanted, results)
        if wanted.file is not None:
            best = files[0] if files else None
        else:
            best = self.platform.best_wheel((file.name, file) for file in files)
        if best is None:
            raise _not_found(wanted, [*results, *([UNFIT] if files else [])])
        return best

    def _folder_entry(self, wanted: Wanted) -> Path:
        tags = [] if wanted.file is not None else [str(tag) for tag in self.platform.tags[:1]]
        facts = [wanted.name, wanted.version, wanted.indexes, wanted.file, sorted(wanted.hashes), tags]
        return self.folder / f"{digest([json.dumps(facts)], 64)}.json"


def _matching(files: Iterable[IndexFile], wanted: Wanted) -> Iterator[IndexFile]:
    """Yield the files that the lock means. A named file without a hash on the index gets the locked one."""
    for file in files:
        if wanted.file is not None:
            if file.name == wanted.file and (file.sha256 is None or not wanted.hashes or file.sha256 in wanted.hashes):
                yield file._replace(sha256=file.sha256 or next(iter(wanted.hashes), None))
        elif (not wanted.hashes or file.sha256 in wanted.hashes) and _is_version(file.name, wanted.version):
            yield file


def _is_version(name: str, version: str) -> bool:
    """Return whether a wheel has a version: ``==2.7.0`` includes ``2.7.0+cu126`` (PEP 440)."""
    named = parse_wheel_name(name)
    return named is not None and SpecifierSet(f"=={version}").contains(named[1], prereleases=True)


def _summary(files: list[IndexFile], wanted: Wanted, *, is_matched: bool) -> str:
    """Return what an index has, to explain why that is not enough.

    :param is_matched: whether some files match the lock, but are for other platforms.
    """
    named = [file for file in files if file.name == wanted.file]
    if named and wanted.hashes:
        return f"found {wanted.file} with sha256 {named[0].sha256}, expected {' or '.join(wanted.hashes)}"
    versions = [file for file in files if wanted.file is None and _is_version(file.name, wanted.version)]
    if not versions:
        return f"found {len(files)} files, none of them {wanted}"
    if is_matched:
        return f"found {len(files)} files, {len(versions)} of them {wanted.version}"
    if not any(file.sha256 for file in versions):
        return f"found {len(versions)} wheels of {wanted.version} without a hash, expected the locked hash"
    return f"found {len(files)} files, {len(versions)} of them {wanted.version}, none with a locked hash"


def _not_found(wanted: Wanted, results: list[str]) -> IndexLookupError:
    lines = "\n".join(f"  {line}" for line in results)
    return IndexLookupError(
        "locked-wheel-not-found",
        "{wanted} is locked without a URL, and was not found on the index that the lock names ({indexes}):\n{lines}",
        hint="Install {name} {version} in the environment that the wheel is for and run the same command again, or"
        " name its wheel: RUNTIME_BACKEND_PIN='{name} @ URL-OF-THE-WHEEL'.",
        wanted=wanted,
        indexes=", ".join(wanted.indexes),
        lines=lines,
        name=wanted.name,
        version=wanted.version,
    )


def _read_kept(path: Path) -> IndexFile | None:
    """Return a stored result; None if it cannot be read, and is to be looked up again."""
    try:
        data = parse_json(read_bytes(path), is_own=True)
        sha256 = data["sha256"]
        return IndexFile(name=str(data["name"]), url=str(data["url"]), sha256=None if sha256 is None else str(sha256))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(path: Path, file: IndexFile) -> None:
    """Store a result, unless its URL expires or contains a secret."""
    if without_secrets(file.url) != file.url:
        return
    text = json.dumps({"name": file.name, "url": file.url, "sha256": file.sha256})
    with suppress(OSError):  # without a cache, the next hook looks it up again
        open_folder(path.parent)
        write(path, text.encode())
