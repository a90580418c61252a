"""Upstream sources: fetched once, always checked, patched, and new for every hook."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from hooks import Said
from repositories import GIT, git, make_repository
from servers import Server, serving
from standins import blocked, write
from test_unpacking import make_tar
from toolkits import make_program

from runtime_backend.config import Upstream
from runtime_backend.config.settings import UpstreamKind
from runtime_backend.errors import SourceError
from runtime_backend.index import downloads
from runtime_backend.store.sweeping import sweep
from runtime_backend.system.files import is_there
from runtime_backend.upstream import Depot, obtaining
from runtime_backend.upstream.git import Git, find_commit


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Return a server with small limits for downloads."""
    monkeypatch.setattr(downloads, "LARGEST_FILE", 1000)
    with serving(monkeypatch) as found:
        yield found


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """Return variables with only git on PATH."""
    for name, value in GIT.items():
        monkeypatch.setenv(name, value)
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "NETRC": str(tmp_path / "netrc"), **GIT}


def make_depot(tmp_path: Path, environ: dict[str, str], said: Said | None = None, *, is_offline: bool = False) -> Depot:
    """Return an empty depot, or the same one again."""
    return Depot(folder=tmp_path / "cache/sources", environ=environ, is_offline=is_offline, say=said or Said())


def make_upstream(kind: UpstreamKind, where: str, **fields: Any) -> Upstream:
    """Return a source of the settings."""
    given = {"sha256": None, "rev": None, "subdirectory": None, "patches": (), "origin": "pyproject.toml: source"}
    return Upstream(kind=kind, where=where, **{**given, **fields})


def archive_of(folder: Path, *members: tuple[str, dict[str, object]]) -> tuple[Path, str]:
    """Return an sdist and its hash."""
    path = make_tar(folder, *(members or (("x-1/a.txt", {"content": b"one\n"}), ("x-1/sub/b.txt", {"content": b"b"}))))
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def test_url(server: Server, tmp_path: Path, environ: dict[str, str]) -> None:
    """An archive is fetched once; each hook gets a new tree at the same path."""
    path, sha256 = archive_of(tmp_path)
    server.pages["/files/x-1.tar.gz"] = (200, "application/gzip", path.read_bytes())
    url = server.url("/files/x-1.tar.gz", "jo:secret@")
    said, trees = Said(), []
    for is_offline in (False, True):
        depot = make_depot(tmp_path, environ, said, is_offline=is_offline)
        with depot.tree(make_upstream("url", url, sha256=sha256)) as tree:
            trees.append((tree, sorted(entry.name for entry in tree.iterdir())))
            (tree / "build").mkdir()
        assert not tree.exists()
    assert 1 == len(set(map(str, trees)))
    assert ["a.txt", "sub"] == trees[0][1]
    assert [("/files/x-1.tar.gz", "Basic am86c2VjcmV0")] == server.asked
    assert [f"fetching {url}"] == said.lines
    kept = [entry.name for entry in (tmp_path / "cache/sources").iterdir() if not entry.name.endswith(".lock")]
    assert [f"{sha256[:16]}-x-1.tar.gz"] == kept


def test_tampered(server: Server, tmp_path: Path, environ: dict[str, str]) -> None:
    """Another file than the named one is an error, and not stored."""
    path, sha256 = archive_of(tmp_path)
    server.pages["/x-1.tar.gz"] = (200, "application/gzip", path.read_bytes() + b"more")
    upstream = make_upstream("url", server.url("/x-1.tar.gz"), sha256=sha256)
    with pytest.raises(SourceError, match=f"found sha256 [0-9a-f]{{64}}, expected {sha256}") as caught:
        make_depot(tmp_path, environ).tree(upstream).__enter__()
    assert "pyproject.toml: source.sha256" in caught.value.message
    assert "The file or the hash was changed. Nothing was unpacked." == caught.value.hint
    assert [] == list((tmp_path / "cache/sources").glob("*.gz"))


@pytest.mark.parametrize(
    ("name", "way_out"),
    [
        (
            "my_ext-1.0.tar.gz",
            "To change the wrapper to the file and the hash of the index: runtime-backend wrap my-ext==1.0 '{folder}'"
            " --update",
        ),
        ("v1.0.tar.gz", "If the new file is intended, change sha256 in {folder}/pyproject.toml."),
    ],
)
def test_tampered_wrapper(name: str, way_out: str, tmp_path: Path, environ: dict[str, str]) -> None:
    """The command that changes the wrapper names the package, its version and the wrapper's folder."""
    path = archive_of(tmp_path)[0].rename(tmp_path / name)
    folder = tmp_path / "my wrappers"
    upstream = make_upstream("url", path.as_uri(), sha256="a" * 64, folder=folder)
    with pytest.raises(SourceError, match="expected aaaa") as caught:
        make_depot(tmp_path, environ).tree(upstream).__enter__()
    assert f"Nothing was unpacked. {way_out.format(folder=folder)}" in str(caught.value.hint)


def test_tampered_sdist(server: Server, tmp_path: Path, environ: dict[str, str]) -> None:
    """The same for an sdist of an index that names no hashes."""
    server.pages["/files/x-1.tar.gz"] = (200, "application/gzip", b"other")
    server.json([{"filename": "x-1.tar.gz", "url": "/files/x-1.tar.gz", "hashes": {}}], "/simple/x/")
    upstream = make_upstream("sdist", "x==1", sha256="a" * 64, folder=tmp_path)
    with pytest.raises(SourceError, match="expected aaaa") as caught:
        make_depot(tmp_path, {**environ, "PIP_INDEX_URL": server.url()}).tree(upstream).__enter__()
    assert f"runtime-backend wrap x==1 {tmp_path} --update" in str(caught.value.hint)


def test_tampered_in_the_cache(tmp_path: Path, environ: dict[str, str]) -> None:
    """A stored archive is checked as well, and fetched again."""
    path, sha256 = archive_of(tmp_path)
    upstream = make_upstream("url", path.as_uri(), sha256=sha256)
    depot = make_depot(tmp_path, environ, is_offline=True)  # a file needs no network
    with depot.tree(upstream):
        pass
    kept = next((tmp_path / "cache/sources").glob("*.gz"))
    kept.write_bytes(b"other")
    with depot.tree(upstream) as tree:
        assert "one\n" == (tree / "a.txt").read_text()
    assert path.read_bytes() == kept.read_bytes()


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ((404, "text/plain", b""), "HTTP 404 Not Found"),
        ((503, "text/plain", b""), "HTTP 503 Service Unavailable"),
        ((200, "text/plain", b"x" * 1001), "more than 1000 bytes"),
    ],
)
def test_download_that_fails(
    page: tuple[int, str, bytes], told: str, server: Server, tmp_path: Path, environ: dict[str, str]
) -> None:
    """The error has the reason."""
    server.pages["/x-1.tar.gz"] = page
    with pytest.raises(SourceError, match=told):
        make_depot(tmp_path, environ).tree(make_upstream("url", server.url("/x-1.tar.gz"), sha256="a" * 64)).__enter__()


def test_no_such_file(tmp_path: Path, environ: dict[str, str]) -> None:
    """A missing file and an interrupted response are errors with the reason."""
    with pytest.raises(SourceError, match=r"cannot be fetched: /no/x.tar.gz: found no file"):
        make_depot(tmp_path, environ).tree(make_upstream("url", "file:///no/x.tar.gz", sha256="a" * 64)).__enter__()


class Halved:
    """A response that ends early."""

    headers = {"Content-Length": "10"}  # noqa: RUF012 - as an answer has it

    def __init__(self) -> None:
        self._blocks = [b"12345", b""]

    def read(self, _: int) -> bytes:
        """Return the next block."""
        return self._blocks.pop(0)


def test_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long download reports its progress; a truncated one fails."""
    monkeypatch.setattr(downloads, "_PATIENCE", 0)
    said = Said()
    with pytest.raises(OSError, match="ended after 5 of 10 bytes"):
        downloads._write(Halved(), tmp_path / "x", said)  # type: ignore[arg-type]  # noqa: SLF001 - no server breaks off at will
    assert ["fetching: 0 MiB of 0"] == said.lines


def test_offline(tmp_path: Path, environ: dict[str, str]) -> None:
    """Offline, a source that is not in the cache is an error."""
    upstream = make_upstream("url", "https://example.org/x-1.tar.gz", sha256="a" * 64)
    with pytest.raises(SourceError, match=r"x-1\.tar\.gz: found nothing in the cache .* offline"):
        make_depot(tmp_path, environ, is_offline=True).tree(upstream).__enter__()


@pytest.mark.parametrize("name", ["PIP_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_INDEX"])
def test_sdist(name: str, server: Server, tmp_path: Path, environ: dict[str, str]) -> None:
    """An sdist is found on the index that the environment names, by its hash."""
    path, sha256 = archive_of(tmp_path)
    server.pages["/files/x_y-1.0.tar.gz"] = (200, "application/gzip", path.read_bytes())
    files = ["x_y-1.0-py3-none-any.whl", "x_y-0.9.tar.gz", "x_y-1.0.zip", "x_y-1.0.tar.gz"]
    hashes = ["a" * 64, sha256, "b" * 64, sha256]
    listed = [
        {"filename": f, "url": f"/files/{f}", "hashes": {"sha256": h}} for f, h in zip(files, hashes, strict=True)
    ]
    server.json(listed, "/simple/x-y/")
    index = f"mine={server.url()}" if name == "UV_INDEX" else server.url()
    depot = make_depot(tmp_path, {**environ, name: index})
    with depot.tree(make_upstream("sdist", "X.y==1", sha256=sha256)) as tree:
        assert "one\n" == (tree / "a.txt").read_text()


def test_sdist_that_is_not_found(server: Server, tmp_path: Path, environ: dict[str, str]) -> None:
    """The error lists every index, or the variables if there is none."""
    server.json([], "/simple/x/")
    upstream = make_upstream("sdist", "x==1", sha256="a" * 64)
    named = {"PIP_INDEX_URL": server.url(), "PIP_EXTRA_INDEX_URL": f"{server.url('/other')} {server.url()}"}
    with pytest.raises(SourceError) as caught:
        make_depot(tmp_path, {**environ, **named}).tree(upstream).__enter__()
    assert [
        "x==1: found no sdist on any index:",
        f"  {server.url()}: found 0 files, none of them the sdist with the sha256 {'a' * 64}",
        f"  {server.url('/other')}: HTTP 404 Not Found",
    ] == caught.value.message.splitlines()
    with pytest.raises(SourceError, match="no variable names one: UV_DEFAULT_INDEX, UV_INDEX_URL, PIP_INDEX_URL"):
        make_depot(tmp_path, environ).tree(upstream).__enter__()


PATCH = """#!/bin/sh
test "$1 $2 $3" = "--strip=1 --fuzz=0 --batch" || exit 2
for word; do case $word in --dry-run) check=--check ;; --input=*) file=${word#--input=} ;; esac; done
GIT_CEILING_DIRECTORIES=${PWD%/*} exec git apply $check "$file" 2>&1
"""
"""A stand-in for patch; integration/test_machine.py runs the real one."""


@pytest.mark.parametrize("way", ["git", "patch"])
def test_patches(way: str, tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Patches are applied with git or patch, even inside a repository; another patch gives another tree."""
    git(tmp_path, "init", "-q")
    if way == "patch":
        program = str(make_program(tmp_path / "bin/patch", PATCH))
        monkeypatch.setattr(shutil, "which", lambda name, path: program if name == "patch" else None)  # noqa: ARG005
    path, sha256 = archive_of(tmp_path)
    patch = write(tmp_path / "a.patch", "--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-one\n+two\n")
    upstream = make_upstream("url", path.as_uri(), sha256=sha256, patches=(patch,))
    depot = make_depot(tmp_path, environ)
    with depot.tree(upstream) as tree:
        assert "two\n" == (tree / "a.txt").read_text()
    with depot.tree(make_upstream("url", path.as_uri(), sha256=sha256)) as other:
        assert ("one\n", False) == ((other / "a.txt").read_text(), other == tree)
    patch.write_text(patch.read_text().replace("one", "three"))
    with pytest.raises(SourceError, match=r"a\.patch does not apply to the source: ") as caught:
        depot.tree(upstream).__enter__()
    assert "a.txt" in caught.value.message


def test_nothing_to_patch_with(tmp_path: Path, environ: dict[str, str]) -> None:
    """Without git and patch, a patch is an error."""
    path, sha256 = archive_of(tmp_path)
    upstream = make_upstream("url", path.as_uri(), sha256=sha256, patches=(write(tmp_path / "p", ""),))
    with pytest.raises(SourceError, match="found neither git nor patch on PATH"):
        make_depot(tmp_path, {**environ, "PATH": str(tmp_path)}).tree(upstream).__enter__()


def test_cache_that_cannot_be_written(tmp_path: Path, environ: dict[str, str]) -> None:
    """The error names the path, and the variable for another cache."""
    upstream = make_upstream("url", "file:///x.tar.gz", sha256="a" * 64)
    depot = Depot(folder=blocked(tmp_path), environ=environ, is_offline=False, say=Said())
    with pytest.raises(SourceError, match="below cannot be written to: ") as caught:
        depot.tree(upstream).__enter__()
    assert "RUNTIME_BACKEND_CACHE_DIR" in str(caught.value)


@pytest.mark.parametrize("moment", ["downloaded", "copied", "unpacked"])
def test_full_disk(
    moment: str, server: Server, tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is reported at any step, without another request, and no partial file is left."""
    path, sha256 = archive_of(tmp_path)
    server.pages["/x.tar.gz"] = (200, "application/gzip", path.read_bytes())
    url = server.url("/x.tar.gz") if moment == "downloaded" else path.as_uri()
    if moment == "unpacked":
        monkeypatch.setattr("shutil.copyfileobj", refuse)
    else:
        monkeypatch.setattr(
            obtaining, "download", lambda url, _, *rest: downloads.download(url, Path("/dev/full"), *rest)
        )
    with pytest.raises(SourceError) as caught:
        make_depot(tmp_path, environ).tree(make_upstream("url", url, sha256=sha256)).__enter__()
    assert f"{tmp_path}/cache/sources cannot be written to: No space left on device" in caught.value.message
    assert "Free some space there (`runtime-backend cache clean` removes what no build uses), or" in (
        caught.value.hint or ""
    )
    assert len(server.asked) == (moment == "downloaded")
    kept = [path.name for path in (tmp_path / "cache/sources").iterdir() if path.suffix != ".lock"]
    assert [f"{sha256[:16]}-{path.name}"] * (moment == "unpacked") == kept


def test_file_that_cannot_be_made(server: Server, tmp_path: Path) -> None:
    """If no file can be made, one request is sent, and the error is the disk's."""
    server.pages["/x.tar.gz"] = (200, "application/gzip", b"x")
    with pytest.raises(FileNotFoundError):
        downloads.download(server.url("/x.tar.gz"), tmp_path / "no/x.tar.gz", {"NETRC": "/nowhere"}, Said())
    assert 1 == len(server.asked)


def refuse(*_: object) -> None:
    """Raise the error of a full disk."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_full_disk_of_git(tmp_path: Path, environ: dict[str, str]) -> None:
    """The error has git's output, and the command that frees space."""
    write(tmp_path / "bin/git", "#!/bin/sh\necho 'fatal: write error: No space left on device' >&2\nexit 128\n")
    (tmp_path / "bin/git").chmod(0o755)
    environ = {**environ, "PATH": f"{tmp_path}/bin:{environ['PATH']}"}
    with pytest.raises(SourceError) as caught:
        Git(tmp_path, environ).run("fetch")
    assert "git fetch ended with code 128:\n  fatal: write error: No space left on device\nFree some space" in str(caught.value)  # fmt: skip


GIT_OF_ANOTHER = """
import os, pathlib, sys
from runtime_backend.system.stopping import orderly
from runtime_backend.config import Upstream
from runtime_backend.upstream import Depot
upstream = Upstream(kind="git", where="https://example.org/x", rev="0" * 40, sha256=None, subdirectory=None, patches=(), origin="")
depot = Depot(folder=pathlib.Path(sys.argv[1]), environ=dict(os.environ), is_offline=False, say=lambda line: None)
with orderly(), depot.tree(upstream):
    pass
"""


@pytest.mark.once
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_stopped(number: signal.Signals, tmp_path: Path, environ: dict[str, str]) -> None:
    """A stopped build ends git and leaves nothing; a later build removes the files of a killed one."""
    pid, sources = tmp_path / "pid", tmp_path / "cache/sources"
    write(tmp_path / "bin/git", f"#!/bin/sh\necho $$ > {pid}.new; mv {pid}.new {pid}; exec sleep 60\n").chmod(0o755)
    more = {"PATH": f"{tmp_path}/bin:{environ['PATH']}", "PYTHONPATH": str(Path(downloads.__file__).parents[2])}
    with subprocess.Popen([sys.executable, "-c", GIT_OF_ANOTHER, sources], env={**os.environ, **more}) as process:  # noqa: S603
        while not pid.exists():
            assert process.poll() is None
        assert ".new-" in " ".join(os.listdir(sources))
        process.send_signal(number)
    assert -number == process.returncode
    git = int(pid.read_text())
    assert (number == signal.SIGKILL) == (".new-" in " ".join(os.listdir(sources)))
    if number == signal.SIGKILL:
        os.kill(git, signal.SIGKILL)
        sweep(tmp_path / "cache")
    assert [] == [name for name in os.listdir(sources) if not name.endswith(".lock")]
    while is_there(Path(f"/proc/{git}")):  # until init has waited for it
        pass


def test_subdirectory(tmp_path: Path, environ: dict[str, str]) -> None:
    """The package may be in a subdirectory."""
    path, sha256 = archive_of(tmp_path)
    depot = make_depot(tmp_path, environ)
    with depot.tree(make_upstream("url", path.as_uri(), sha256=sha256, subdirectory="sub")) as tree:
        assert ["b.txt"] == [entry.name for entry in tree.iterdir()]
    with pytest.raises(SourceError, match="found no folder 'sup' in"):
        depot.tree(make_upstream("url", path.as_uri(), sha256=sha256, subdirectory="sup")).__enter__()


def test_two_at_once(tmp_path: Path, environ: dict[str, str]) -> None:
    """The second hook for the same tree reports that it waits, and gets a new tree."""
    path, sha256 = archive_of(tmp_path)
    upstream = make_upstream("url", path.as_uri(), sha256=sha256)
    said, waits, seen = Said(), Event(), []

    def say(line: str) -> None:
        said(line)
        waits.set()

    def other() -> None:
        depot = Depot(folder=tmp_path / "cache/sources", environ=environ, is_offline=False, say=say)
        with depot.tree(upstream) as tree:
            seen.append((tree / "a.txt").read_text())

    with make_depot(tmp_path, environ).tree(upstream) as tree:
        (tree / "a.txt").write_text("changed")
        thread = Thread(target=other)
        thread.start()
        assert waits.wait(20)
    thread.join(20)
    assert (["one\n"], f"waiting for another {path.as_uri()}") == (seen, said.lines[0])


@pytest.fixture
def _file_submodules(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], tmp_path: Path) -> None:
    config = write(tmp_path / "gitconfig", "[protocol.file]\nallow = always\n")
    environ["GIT_CONFIG_GLOBAL"] = str(config)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))


@pytest.mark.usefixtures("_file_submodules")
def test_git(tmp_path: Path, environ: dict[str, str]) -> None:
    """A commit is checked out with its submodules, even if no branch contains it; later, no network is needed."""
    make_repository(tmp_path / "cutlass", "gemm.h", "one")
    make_repository(tmp_path / "repo", "setup.py", "one")
    git(tmp_path / "repo", "submodule", "--quiet", "add", (tmp_path / "cutlass").as_uri(), "third_party/cutlass")
    old = make_repository(tmp_path / "repo", "setup.py", "two")
    make_repository(tmp_path / "repo", "setup.py", "three")
    make_repository(tmp_path / "cutlass", "gemm.h", "two")
    upstream = make_upstream("git", (tmp_path / "repo").as_uri(), rev=old)
    said = Said()
    for is_offline in (False, True):
        with make_depot(tmp_path, environ, said, is_offline=is_offline).tree(upstream) as tree:
            assert ("two", "one") == (
                (tree / "setup.py").read_text(),
                (tree / "third_party/cutlass/gemm.h").read_text(),
            )
            assert old == git(tree, "rev-parse", "HEAD")
            assert "" == git(tree, "status", "--porcelain")
    assert [f"fetching {upstream}, with its tags and submodules"] == said.lines


@pytest.mark.usefixtures("_file_submodules")
@pytest.mark.parametrize("version", [2, 0])
def test_git_tags(version: int, tmp_path: Path, environ: dict[str, str]) -> None:
    """A commit has its history and tags in every hook, and a submodule does not make it a changed one."""
    write(tmp_path / "gitconfig", f"[protocol]\nversion = {version}\n[protocol.file]\nallow = always\n")
    repository = tmp_path / "repo"
    make_repository(tmp_path / "cutlass", "gemm.h", "one")
    make_repository(repository, "setup.py", "one")
    git(repository, "tag", "-a", "v1.2.3", "-m", "x")
    git(repository, "submodule", "--quiet", "add", (tmp_path / "cutlass").as_uri(), "third_party/cutlass")
    commit = make_repository(repository, "setup.py", "two")
    make_repository(repository, "setup.py", "three")
    git(repository, "tag", "v2")
    upstream = make_upstream("git", repository.as_uri(), rev=commit)
    for _ in range(2):
        with make_depot(tmp_path, environ).tree(upstream) as tree:
            assert f"v1.2.3-1-g{commit[:7]}" == git(tree, "describe", "--tags", "--long", "--dirty", "--abbrev=7")


def test_git_of_a_clone_without_history(tmp_path: Path, environ: dict[str, str]) -> None:
    """A shallow clone, as in CI, is a valid source."""
    make_repository(tmp_path / "repo", "setup.py", "one")
    commit = make_repository(tmp_path / "repo", "setup.py", "two")
    git(tmp_path, "clone", "--quiet", "--depth=1", (tmp_path / "repo").as_uri(), "clone")
    with make_depot(tmp_path, environ).tree(make_upstream("git", (tmp_path / "clone").as_uri(), rev=commit)) as tree:
        assert "two" == (tree / "setup.py").read_text()


def test_git_that_was_kept_without_tags(tmp_path: Path, environ: dict[str, str]) -> None:
    """An archive from an earlier version is not used, since it has no tags."""
    commit = make_repository(tmp_path / "repo", "setup.py", "one")
    url = (tmp_path / "repo").as_uri()
    name = f"{hashlib.sha256(f'{url}@{commit}'.encode()).hexdigest()[:16]}-repo.tar"
    write(tmp_path / "cache/sources" / name, "not an archive")
    with make_depot(tmp_path, environ).tree(make_upstream("git", url, rev=commit)) as tree:
        assert "one" == (tree / "setup.py").read_text()


def test_git_progress(tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A long fetch reports its size at intervals."""
    commit = make_repository(tmp_path / "repo", "setup.py", "one")
    monkeypatch.setattr("runtime_backend.system.progress.PATIENCE", 0.001)
    said = Said()
    with make_depot(tmp_path, environ, said).tree(make_upstream("git", (tmp_path / "repo").as_uri(), rev=commit)):
        pass
    assert "fetching: 0 MiB so far (0:00)" in said.lines


def test_git_patched(tmp_path: Path, environ: dict[str, str]) -> None:
    """A patched commit keeps its version: git treats patched and removed files as unchanged."""
    write(tmp_path / "repo/gone.txt", "gone\n")
    write(tmp_path / "repo/kept.txt", "kept\n")
    commit = make_repository(tmp_path / "repo", "setup.py", "one\n")
    git(tmp_path / "repo", "tag", "v1")
    removed = "--- a/gone.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-gone\n"
    patch = write(tmp_path / "a.patch", f"--- a/setup.py\n+++ b/setup.py\n@@ -1 +1 @@\n-one\n+two\n{removed}")
    added = write(tmp_path / "b.patch", "--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1 @@\n+new\n")
    for patches in ((patch, added), (added,)):
        upstream = make_upstream("git", (tmp_path / "repo").as_uri(), rev=commit, patches=patches)
        with make_depot(tmp_path, environ).tree(upstream) as tree:
            assert (patch in patches) == ("two\n" == (tree / "setup.py").read_text())
            assert "new\n" == (tree / "new.txt").read_text()
            assert "v1" == git(tree, "describe", "--tags", "--dirty")
            assert "" == git(tree, "status", "--porcelain", "--untracked-files=no")


def test_damaged_archive_of_git(tmp_path: Path, environ: dict[str, str]) -> None:
    """A damaged archive of a repository is packed again."""
    commit, said = make_repository(tmp_path / "repository", "a.txt", "one"), Said()
    upstream = make_upstream("git", (tmp_path / "repository").as_uri(), rev=commit)
    depot = make_depot(tmp_path, {**environ, "GIT_ALLOW_PROTOCOL": "file"}, said)
    for _ in range(2):
        with depot.tree(upstream) as tree:
            assert "one" == (tree / "a.txt").read_text()
        (archive,) = (tmp_path / "cache/sources").glob("*.tar")
        archive.write_bytes(archive.read_bytes()[:700])
    assert 2 == len(said.lines)
    path = write(tmp_path / "x-1.tar.gz", "no archive")
    upstream = make_upstream("url", path.as_uri(), sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    with pytest.raises(SourceError, match=r"x-1\.tar\.gz cannot be unpacked: "):
        make_depot(tmp_path, environ).tree(upstream).__enter__()


def test_git_in_a_hook_of_git(tmp_path: Path, environ: dict[str, str]) -> None:
    """A build in a hook of git does not change the index of the repository that runs the hook."""
    commit = make_repository(tmp_path / "repo", "setup.py", "one")
    make_repository(tmp_path / "mine", "mine.py", "one")
    index = tmp_path / "mine/.git/index"
    before = index.read_bytes()
    told = {"GIT_INDEX_FILE": str(index), "GIT_DIR": str(index.parent), "GIT_PREFIX": "", "GIT_WORK_TREE": "/nowhere"}
    upstream = make_upstream("git", (tmp_path / "repo").as_uri(), rev=commit)
    with make_depot(tmp_path, {**environ, **told}, Said()).tree(upstream) as tree:
        assert "one" == (tree / "setup.py").read_text()
    assert before == index.read_bytes()


@pytest.mark.usefixtures("_file_submodules")
def test_git_that_gives_branches_only(tmp_path: Path, environ: dict[str, str]) -> None:
    """If a server serves no single commits, its branches are fetched; a missing commit is an error."""
    make_repository(tmp_path / "cutlass", "gemm.h", "one")
    make_repository(tmp_path / "repo", "setup.py", "one")
    git(tmp_path / "repo", "submodule", "--quiet", "add", (tmp_path / "cutlass").as_uri(), "cutlass")
    old = make_repository(tmp_path / "repo", "more", "one")
    make_repository(tmp_path / "cutlass", "gemm.h", "two")
    make_repository(tmp_path / "repo", "setup.py", "two")
    write(tmp_path / "gitconfig", "[protocol]\nversion = 0\n[protocol.file]\nallow = always\n")
    depot = make_depot(tmp_path, environ)
    with depot.tree(make_upstream("git", (tmp_path / "repo").as_uri(), rev=old)) as tree:
        assert ("one", "one") == ((tree / "setup.py").read_text(), (tree / "cutlass/gemm.h").read_text())
    with pytest.raises(SourceError, match=f"found no commit {'a' * 40}"):
        depot.tree(make_upstream("git", (tmp_path / "repo").as_uri(), rev="a" * 40)).__enter__()


def test_git_that_is_not_there(tmp_path: Path, environ: dict[str, str]) -> None:
    """A missing repository and a missing git are errors with the reason."""
    upstream = make_upstream("git", (tmp_path / "nowhere").as_uri(), rev="a" * 40)
    with pytest.raises(SourceError, match=r"git fetch .* ended with code 128:\n.*"):
        make_depot(tmp_path, environ).tree(upstream).__enter__()
    with pytest.raises(SourceError, match="found no git on PATH"):
        make_depot(tmp_path, {**environ, "PATH": str(tmp_path)}).tree(upstream).__enter__()


def test_commits(tmp_path: Path, environ: dict[str, str]) -> None:
    """A tag, an annotated tag, a branch and HEAD have a commit; other names have none."""
    folder = tmp_path / "repo"
    one = make_repository(folder, "setup.py", "one")
    git(folder, "tag", "v1")
    two = make_repository(folder, "setup.py", "two")
    git(folder, "tag", "-a", "v2", "-m", "two")
    three = make_repository(folder, "setup.py", "three")
    found = [find_commit(folder.as_uri(), name, environ) for name in ("v1", "v2", "main", "HEAD", "v3")]
    assert [one, two, three, three, None] == found


def test_git_archive_is_whole(tmp_path: Path, environ: dict[str, str]) -> None:
    """The cache has one file per repository, with the repository's name."""
    commit = make_repository(tmp_path / "repo.git", "setup.py", "one")
    with make_depot(tmp_path, environ).tree(make_upstream("git", (tmp_path / "repo.git").as_uri(), rev=commit)):
        pass
    (kept,) = (tmp_path / "cache/sources").glob("*.tar")
    assert kept.name.endswith("-repo.tar")
    with tarfile.open(kept) as archive:
        assert "repo/setup.py" in archive.getnames()
