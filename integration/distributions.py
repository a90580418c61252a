"""Building our own sdist and wheel, with the same bytes every time: ``nox -s dist``.

setuptools takes times, modes and owners from the files that it packs: SOURCE_DATE_EPOCH counts only in wheels.
So the sdist is packed again, and the wheel is built from it, with one umask.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from runtime_backend import __version__

REPOSITORY = Path(__file__).parents[1]
_UMASK = 0o022


def main(arguments: Sequence[str] | None = None) -> int:
    """Build twice, in two folders; keep the result in ``dist/`` if both are the same, and return the exit code."""
    parser = argparse.ArgumentParser(prog="nox -s dist --", description=__doc__)
    parser.add_argument("--tag", help="the tag of the release, which must agree with the version and the changelog")
    tag = parser.parse_args(arguments).tag
    problem = None if tag is None else find_disagreement(tag, (REPOSITORY / "CHANGELOG.md").read_text("utf-8"))
    if problem is not None:
        print(f"error: {problem}")
        return 1
    with tempfile.TemporaryDirectory() as name:
        first, second = (build(Path(name, folder)) for folder in ("first", "the-second"))
        hashes, again = hashes_of(first), hashes_of(second)
        for file, digest in hashes.items():
            print(f"{digest}  {file}")
        if hashes != again:
            print(f"error: found other bytes in the second build, expected the same: {again}")
            return 1
        shutil.rmtree(REPOSITORY / "dist", ignore_errors=True)
        shutil.copytree(first, REPOSITORY / "dist")
    return 0


def find_disagreement(tag: str, changelog: str) -> str | None:
    """Return what differs between a tag, the version and the changelog's first heading; None if nothing does."""
    if tag != f"v{__version__}":
        return f"found the tag {tag}, expected v{__version__}, the version in runtime_backend/__init__.py"
    heading = changelog.partition("\n## ")[2].partition("\n")[0]
    if not re.fullmatch(rf"{re.escape(__version__)}, \d{{4}}-\d\d-\d\d", heading):
        return f"CHANGELOG.md: found the heading {heading!r}, expected '{__version__}, YEAR-MONTH-DAY'"
    return None


def hashes_of(folder: Path) -> dict[str, str]:
    """Return the name and the SHA-256 hash of each file in a folder."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def build(folder: Path) -> Path:
    """Build the sdist of the commit that is checked out, and the wheel from the sdist; return the folder of both."""
    tree, out, unpacked = folder / "tree", folder / "dist", folder / "unpacked"
    archive = _run(["git", "archive", "--format=tar", "HEAD"], REPOSITORY)
    epoch = int(_run(["git", "log", "-1", "--format=%ct", "HEAD"], REPOSITORY))
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(tree, filter="data")
    _build("--sdist", tree, out, epoch)
    (sdist,) = out.iterdir()
    repack(sdist, epoch)
    with tarfile.open(sdist) as tar:
        tar.extractall(unpacked, filter="data")
    (source,) = unpacked.iterdir()
    _build("--wheel", source, out, epoch)
    return out


def repack(sdist: Path, epoch: int) -> None:
    """Pack an sdist again: sorted, with one time for all files, no owner, and modes that depend on no umask."""
    with tarfile.open(sdist) as old:
        members = sorted(old.getmembers(), key=lambda member: member.name)
        contents = {member.name: file.read() for member in members if (file := old.extractfile(member)) is not None}
    packed = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=epoch) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as new,
    ):
        for member in members:
            fresh = tarfile.TarInfo(member.name)
            fresh.type, fresh.size, fresh.mtime = member.type, member.size, epoch
            fresh.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            new.addfile(fresh, io.BytesIO(contents.get(member.name, b"")))
    sdist.write_bytes(packed.getvalue())


def _build(kind: str, source: Path, out: Path, epoch: int) -> None:
    # Without isolation: the group "release" pins the versions of build and setuptools, which decide the bytes, too.
    words = [sys.executable, "-m", "build", "--no-isolation", kind, "--outdir", str(out), str(source)]
    _run(words, source, SOURCE_DATE_EPOCH=str(epoch))


def _run(words: Sequence[str], folder: Path, **variables: str) -> bytes:
    environ = {**os.environ, **variables}
    return subprocess.run(words, cwd=folder, env=environ, umask=_UMASK, stdout=subprocess.PIPE, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
