"""``runtime-backend cache``: list, size, verify, prune, clean."""

from __future__ import annotations

import os
import tarfile
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from standins import write
from storing import put

from runtime_backend.cli import main
from runtime_backend.store.holding import exclusively, in_use
from runtime_backend.store.linked import LinkedFolder
from runtime_backend.wheel_store.local import LocalStore

Capsys = pytest.CaptureFixture[str]
LONG_AGO = time.time() - 3 * 24 * 3600


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the person's cache."""
    monkeypatch.setenv("RUNTIME_BACKEND_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def make(folder: LinkedFolder) -> None:
    """Make a folder of links, as a build does."""
    with folder.shown(lambda error: error):
        pass


def make_links(cache: Path) -> None:
    """Make what a build with a CUDA_HOME leaves: links, whose targets do not count."""
    make(LinkedFolder(path=cache / "cuda/cuda-13.0-ab", targets={"bin": cache / "toolkits/cuda-13.0-ab"}))


def fill(cache: Path) -> None:
    """Make entries of several kinds."""
    write(cache / "fetched/torch-2.7.0-ab/x", "x" * 2_000_000)
    write(cache / "fetched/torch-2.7.0-ab.lock", "")
    write(cache / "index/y", "y" * 100_000)
    write(cache / "toolkits/cuda-13.0-ab/x", "x" * 1_000_000)
    write(cache / "compilers/ab/c++", "x" * 200_000)
    make_links(cache)


@pytest.mark.parametrize("words", [[], ["list"]])
def test_list(words: list[str], cache: Path, capsys: Capsys) -> None:
    """The entries of the cache are listed with their size."""
    fill(cache)
    assert 0 == main(["cache", *words])
    assert [
        f"       2.0 MB  fetched       {cache}/fetched/torch-2.7.0-ab",
        f"       1.0 MB  toolkits      {cache}/toolkits",
        f"       0.0 MB  cuda          {cache}/cuda",
        f"       0.2 MB  compilers     {cache}/compilers",
        f"       0.1 MB  index         {cache}/index",
        f"       3.3 MB  in {cache}",
    ] == capsys.readouterr().out.splitlines()


def test_size(cache: Path, capsys: Capsys) -> None:
    """The total size is one line; it is zero without a cache."""
    assert 0 == main(["cache", "size"])
    fill(cache)
    assert 0 == main(["cache", "size"])
    assert f"0.0 MB in {cache}\n3.3 MB in {cache}\n" == capsys.readouterr().out


def test_size_while_a_build_runs(cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    """A file that is removed during the count has no size."""
    fill(cache)
    looked_at = Path.lstat

    def vanish(path: Path) -> os.stat_result:
        if path.name == "y":
            raise FileNotFoundError(2, "No such file or directory", str(path))
        return looked_at(path)

    monkeypatch.setattr(Path, "lstat", vanish)
    assert 0 == main(["cache", "size"])
    assert f"3.2 MB in {cache}\n" == capsys.readouterr().out


def test_named_from_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    """The cache folder is resolved as in a build: relative to the working directory, or to the home folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/jo")
    for named in ("mine", "~/mine"):
        monkeypatch.setenv("RUNTIME_BACKEND_CACHE_DIR", named)
        assert 0 == main(["cache", "size"])
    assert f"0.0 MB in {tmp_path}/mine\n0.0 MB in /home/jo/mine\n" == capsys.readouterr().out


def test_file_for_a_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    """A file instead of the cache folder is refused."""
    monkeypatch.setenv("RUNTIME_BACKEND_CACHE_DIR", str(write(tmp_path / "file", "")))
    assert 2 == main(["cache", "clean"])
    assert (
        f"runtime-backend: error[no-cache-folder]: {tmp_path}/file: found a file, expected the folder of the cache\n"
        "RUNTIME_BACKEND_CACHE_DIR names another folder for the cache.\n"
    ) == capsys.readouterr().err


def test_closed_cache(cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    """An unreadable cache is refused."""
    cache.mkdir()
    monkeypatch.setattr("os.access", lambda *_: False)
    assert 2 == main(["cache"])
    assert (
        f"runtime-backend: error[folder-unreadable]: {cache}: cannot be read: permission denied\n"
        "RUNTIME_BACKEND_CACHE_DIR names another folder for the cache.\n"
    ) == capsys.readouterr().err


def test_clean(cache: Path, capsys: Capsys) -> None:
    """Everything is removed, including the rest of an interrupted removal."""
    fill(cache)
    age(write(cache / "fetched/.old-12-builds/x", "x" * 300_000).parent)
    assert 0 == main(["cache", "clean"])
    assert f"removed 3.6 MB from {cache}\n" == capsys.readouterr().out
    assert [] == left(cache)
    assert 0 == main(["cache", "clean"])
    assert f"removed 0.0 MB from {cache}\n" == capsys.readouterr().out


def test_clean_kinds(cache: Path, capsys: Capsys) -> None:
    """One kind or several are removed."""
    fill(cache)
    assert 0 == main(["cache", "clean", "index", "fetched"])
    assert f"removed 2.1 MB from {cache}\n" == capsys.readouterr().out
    assert {"compilers", "cuda", "toolkits"} == {name.partition("/")[0] for name in left(cache)}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["clean", "fetchd"],
            "unknown-kind-of-cache]: found the kind 'fetchd' (did you mean 'fetched'?), expected one of fetched, overlays,",
        ),
        (
            ["clean", "index", "../x"],
            "unknown-kind-of-cache]: found the kind '../x', expected one of fetched, overlays,",
        ),
        (["prune", "index"], "too-many-arguments]: cache prune: found 'index', expected nothing after prune\n"),
    ],
)
def test_wrong_kinds(words: list[str], told: str, cache: Path, capsys: Capsys) -> None:
    """An unknown kind is refused, and nothing is removed."""
    fill(cache)
    assert 2 == main(["cache", *words])
    assert capsys.readouterr().err.startswith(f"runtime-backend: error[{told}")
    assert (cache / "index/y").is_file()


def test_clean_that_cannot(cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    """A path that cannot be removed is reported, and is a failure."""
    write(cache / "index/y", "")
    write(cache / "fetched/torch-2.7.0-ab/x", "")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "rename", refuse)
    assert 1 == main(["cache", "clean"])
    assert (
        f"runtime-backend: error[entry-cannot-be-removed]: {cache}/fetched/torch-2.7.0-ab cannot be removed\n"
        == capsys.readouterr().err
    )
    assert ["fetched/torch-2.7.0-ab.lock", "fetched/torch-2.7.0-ab/x"] == left(cache)


def test_clean_while_builds_run(cache: Path, capsys: Capsys) -> None:
    """Entries that a build uses, or that a frontend got recently, are kept."""
    torch, tree, wheel = (cache / name for name in ("fetched/torch-2.7.0-ab", "sources/tree-9c8d", "verified/9f86"))
    for folder in (torch, tree, wheel, cache / "fetched/torch-2.8.0-cd"):
        write(folder / "x", "")
    write(cache / "verified/9f86.lock", "")
    with in_use(torch), exclusively(tree):
        assert 0 == main(["cache", "clean"])
    told = capsys.readouterr().out.splitlines()
    assert [
        *(f"kept, because a build uses it: {path}" for path in (torch, tree, wheel)),
        f"removed 0.0 MB from {cache}",
    ] == told
    assert ["fetched/torch-2.7.0-ab/x", "sources/tree-9c8d/x", "verified/9f86/x"] == [
        name for name in left(cache) if not name.endswith(".lock")
    ]


def age(path: Path) -> Path:
    """Make a path three days old."""
    os.utime(path, (LONG_AGO, LONG_AGO), follow_symlinks=False)
    return path


def left(cache: Path) -> list[str]:
    """Return the remaining files and links."""
    paths = (path for path in cache.rglob("*") if path.is_symlink() or path.is_file())
    return sorted(path.relative_to(cache).as_posix() for path in paths)


def test_prune(cache: Path, capsys: Capsys) -> None:
    """Unused entries are removed; entries that a build uses or would make again are kept."""
    fill(cache)
    write(cache / "fetched/.new-torch-2.7.0-ab-0a1b2c3d/x", "x" * 500_000)  # its lock is free
    write(cache / "fetched/.new-99-torch-2.8.0-cd/x", "")  # no lock, and of today
    age(write(cache / "fetched/.new-99-torch-2.9.0-ef/x", "").parent)
    write(cache / "sources/.git-abc/x", "")
    age(write(cache / "asked/old.json", "{}"))
    write(cache / "asked/new.json", "{}")
    age(write(cache / "index/old.json", "{}"))
    assert 0 == main(["cache", "prune"])
    assert f"removed 0.5 MB from {cache}\n" == capsys.readouterr().out
    assert [
        *("asked/new.json", "compilers/ab/c++", "cuda/.held/cuda-13.0-ab-", "cuda/cuda-13.0-ab"),
        *("fetched/.new-99-torch-2.8.0-cd/x", "fetched/torch-2.7.0-ab/x", "index/old.json", "index/y"),
        *("sources/.git-abc/x", "toolkits/cuda-13.0-ab/x"),
    ] == [name if ".held" not in name else name[:24] for name in left(cache) if not name.endswith(".lock")]


def test_prune_while_a_build_runs(cache: Path) -> None:
    """An entry that another process is making is kept."""
    unfinished = age(write(cache / "fetched/.new-torch-2.7.0-ab-0a1b2c3d/x", "").parent)
    with exclusively(cache / "fetched/torch-2.7.0-ab"):
        assert 0 == main(["cache", "prune"])
        assert unfinished.is_dir()
    assert 0 == main(["cache", "prune"])
    assert not unfinished.exists()


def test_prune_what_vanishes(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that vanishes during the search is ignored."""
    write(cache / "asked/a.json", "{}")

    def vanish(path: Path) -> os.stat_result:
        raise FileNotFoundError(2, "No such file or directory", str(path))

    monkeypatch.setattr(Path, "lstat", vanish)
    assert 0 == main(["cache", "prune"])
    assert ["asked/a.json"] == left(cache)


def test_prune_environments_that_are_gone(cache: Path, tmp_path: Path) -> None:
    """Links to a removed environment are removed, with the links to these; others are kept."""
    for name in ("gone", "there"):
        write(tmp_path / name / "torch/x", "")
        make(LinkedFolder(path=cache / "overlays" / name, targets={"torch": tmp_path / name / "torch"}))
    (cache / "overlays/lost").symlink_to(".held/nowhere")
    (cache / "overlays/.held/empty").mkdir()
    (tmp_path / "gone").rename(tmp_path / "elsewhere")
    assert 0 == main(["cache", "prune"])
    names = [
        sorted(name[:5] for name in os.listdir(cache / folder) if not name.endswith(".lock"))
        for folder in ("overlays", "overlays/.held")
    ]
    assert [[".held", "there"], ["empty", "there"]] == names


def test_prune_bytecode(cache: Path, tmp_path: Path) -> None:
    """The byte code of removed folders is removed."""
    lib = tmp_path / "lib"
    lib.mkdir()
    mirror = cache / "bytecode" / lib.relative_to(lib.anchor)
    for name in ("x.pyc", "gone/y.pyc"):
        write(mirror / name, "")
    assert 0 == main(["cache", "prune"])
    assert [(mirror / "x.pyc").relative_to(cache).as_posix()] == left(cache)


def install(folder: Path, files: dict[str, str], **record: str) -> Path:
    """Install a runtime with its RECORD into a folder of the cache, and return the RECORD."""
    rows = []
    for name, text in files.items():
        hashed = urlsafe_b64encode(sha256(write(folder / name, text).read_bytes()).digest()).decode().rstrip("=")
        rows.append(f'"{name}",sha256={hashed},{len(text)}')
    rows += ["../../bin/torchrun,sha256=abc,3", "torch/__pycache__/x.pyc,,", "torch-2.dist-info/RECORD,,", ""]
    return write(folder / "torch-2.dist-info/RECORD", record.get("text", "\n".join(rows)))


def damaged(cache: Path, path: Path, content: bytes | None) -> None:
    """Damage or remove a file."""
    assert path.is_relative_to(cache)
    path.unlink()
    if content is not None:
        path.write_bytes(content)


FILES = {"torch/a.so": "aaa", "torch/b,c.so": "bbb"}


def whole(cache: Path) -> None:
    """Fill a cache with entries that can be verified."""
    install(cache / "fetched/torch-2-ab", FILES)
    install(cache / "toolkits/cuda-13.0-ab", FILES)
    content = b"an sdist"
    write(cache / "sources" / f"{sha256(content).hexdigest()[:16]}-x-1.tar.gz", content.decode())
    write(cache / f"sources/tree-{'0' * 16}.lock", "")
    write(cache / f"sources/{'0' * 16}.lock", "")
    write(cache / "tree/x/.git/HEAD", "")
    with tarfile.open(cache / f"sources/{'1' * 16}-x.tar", "w") as archive:
        archive.add(cache / "tree/x", "x")
    write(cache / f"verified/{sha256(content).hexdigest()[:16]}/x.whl", content.decode())
    write(cache / f"verified/{sha256(content).hexdigest()[:16]}/lock", "")
    site = cache / "fetched/torch-2-ab"
    targets = {"torch": site / "torch", "x/info": site / "torch-2.dist-info"}
    make(LinkedFolder(path=cache / "overlays/torch", targets=targets))


def test_verify(cache: Path, capsys: Capsys) -> None:
    """An undamaged or missing cache is reported as undamaged."""
    assert 0 == main(["cache", "verify"])
    whole(cache)
    assert 0 == main(["cache", "verify"])
    captured = capsys.readouterr()
    assert f"{cache}: found no damage\n" * 2 == captured.out
    assert f"runtime-backend: checking {cache}/fetched/torch-2-ab\n" in captured.err


@pytest.mark.parametrize(
    ("kind", "pattern", "content", "told"),
    [
        ("fetched", "fetched/*/torch/a.so", b"aab", "torch/a.so is missing or changed"),
        ("fetched", "fetched/*/torch/b,c.so", None, "torch/b,c.so is missing or changed"),
        ("fetched", "fetched/*/*/RECORD", None, "torch-2.dist-info/RECORD is missing or damaged"),
        ("fetched", "fetched/*/*/RECORD", b'"' + b"x" * 200_000, "torch-2.dist-info/RECORD is missing or damaged"),
        ("toolkits", "toolkits/*/torch/a.so", b"", "torch/a.so is missing or changed"),
        ("sources", "sources/*-x-1.tar.gz", b"another", "the archive is damaged"),
        ("sources", "sources/*-x.tar", b"another", "the archive is damaged"),
        ("verified", "verified/*/x.whl", b"another", "the wheel is damaged"),
    ],
)
def test_damage(kind: str, pattern: str, content: bytes | None, told: str, cache: Path, capsys: Capsys) -> None:  # noqa: PLR0913, PLR0917
    """A damaged entry is reported, with the command that removes it."""
    whole(cache)
    (path,) = cache.glob(pattern)
    damaged(cache, path, content)
    assert 1 == main(["cache", "verify"])
    place = path if kind in ("sources", "verified") else cache.joinpath(*path.relative_to(cache).parts[:2])
    assert [f"{place}: {told}", f"next: runtime-backend cache clean {kind}"] == capsys.readouterr().out.splitlines()
    assert 0 == main(["cache", "clean", kind])
    assert 0 == main(["cache", "verify"])


def test_damaged_store(cache: Path, capsys: Capsys) -> None:
    """A stored wheel that differs from its record is damaged."""
    store = LocalStore(folder=cache / "store", limit=0)
    good, bad = put(store), put(store, source="y")
    store.wheel(bad).write_text("changed")
    assert 1 == main(["cache", "verify"])
    line, after = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{cache}/store/{bad.key}: {store.wheel(bad)} was changed: found sha256 ")
    assert "next: runtime-backend cache clean store" == after
    store.wheel(bad).write_text("a wheel")
    assert 0 == main(["cache", "verify"])
    (cache / "store" / good.key / "record.json").unlink()
    assert 1 == main(["cache", "verify"])
    assert f"{cache}/store/{good.key}: its record is missing" in capsys.readouterr().out
    assert 0 == main(["cache", "clean", "store"])
    assert not (cache / "store" / bad.key).exists()


def test_damaged_links(cache: Path, tmp_path: Path, capsys: Capsys) -> None:
    """A folder with some broken links is damaged; if all are broken, the environment is gone."""
    for name in ("half", "gone"):
        for part in ("torch", "numpy"):
            write(tmp_path / name / part / "x", "")
        targets = {part: tmp_path / name / part for part in ("torch", "numpy")}
        make(LinkedFolder(path=cache / "overlays" / name, targets=targets))
    (tmp_path / "half/numpy").rename(tmp_path / "elsewhere")
    (tmp_path / "gone").rename(tmp_path / "removed")
    assert 1 == main(["cache", "verify"])
    (held,) = (path for path in (cache / "overlays/.held").glob("half-*") if path.is_dir())
    assert [
        f"{held}: numpy leads nowhere",
        "next: runtime-backend cache clean overlays",
    ] == capsys.readouterr().out.splitlines()


def test_much_damage(cache: Path, capsys: Capsys) -> None:
    """Only the first of many damaged files are named; each kind is named once."""
    install(cache / "fetched/torch-2-ab", {f"torch/{n}": "" for n in range(9)})
    install(cache / "fetched/torch-2-cd", {"torch/x": ""})
    for path in cache.glob("fetched/*/torch/*"):
        damaged(cache, path, b"x")
    assert 1 == main(["cache", "verify"])
    lines = capsys.readouterr().out.splitlines()
    shown = ", ".join(f"torch/{n} is missing or changed" for n in range(3))
    assert (f"{cache}/fetched/torch-2-ab: {shown} and 6 more", "next: runtime-backend cache clean fetched") == (
        lines[0],
        lines[2],
    )


def test_somebody_else_removes_it(cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    """A file that cannot be read is reported with its path."""
    whole(cache)
    real: Callable[..., object] = Path.open

    def refuse(path: Path, *given: object, **how: object) -> object:
        if path.suffix == ".whl":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *given, **how)

    monkeypatch.setattr(Path, "open", refuse)
    assert 2 == main(["cache", "verify"])
    assert "x.whl: Permission denied\n" in capsys.readouterr().err
