"""Reading a source tree: any change of what a build may read is another source."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from standins import write

from runtime_backend.errors import NoAnswer
from runtime_backend.wheel_store import source as module
from runtime_backend.wheel_store.source import Source, read_source


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a small source tree in a folder of its own."""
    folder = tmp_path.resolve() / "around/tree"
    write(folder / "setup.py", "import os\nos.environ['WITH_X']\n")
    write(folder / "csrc/a.cu", '#include "b.h"\n')
    write(folder / "csrc/b.h", "")
    return folder


def key(tree: Path) -> str:
    """Return the digest of a tree."""
    return read_source(tree).digest


def test_read(tree: Path) -> None:
    """A source has all files of a tree, and what its scripts mention; a copy elsewhere is the same source."""
    found = read_source(tree)
    assert ["csrc/a.cu", "csrc/b.h", "setup.py"] == sorted(found.files)
    assert "WITH_X" in found.scripts.words
    for name in found.files:
        write(tree.parent / "copy" / name, (tree / name).read_text())
    assert found.digest == key(tree.parent / "copy")
    assert 64 == len(found.digest)


def _add_link(tree: Path) -> None:
    (tree / "link").symlink_to("csrc/a.cu")


CHANGES: dict[str, Callable[[Path], object]] = {
    "content": lambda tree: write(tree / "csrc/b.h", "x"),
    "name": lambda tree: (tree / "csrc/b.h").rename(tree / "csrc/c.h"),
    "new file": lambda tree: write(tree / "data/new.bin", ""),
    "ignored by git": lambda tree: write(tree / "out/x.log", ""),
    "removed": lambda tree: (tree / "csrc/b.h").unlink(),
    "executable": lambda tree: (tree / "csrc/b.h").chmod(0o755),
    "link": _add_link,
    "empty folder": lambda tree: (tree / "third_party/cutlass").mkdir(parents=True),
    "byte code that is shipped": lambda tree: write(tree / "pkg/secret.pyc", ""),
    "fetched eggs": lambda tree: write(tree / ".eggs/a.egg/a.py", ""),
    "not a result": lambda tree: write(tree / "build/scripts/x-0123abcd", ""),
    "packed sources": lambda tree: write(tree / "dist/deps/x.tar.gz", ""),
    "nested build folder": lambda tree: write(tree / "csrc/build/lib/x.c", ""),
    "build folder of the sources": lambda tree: write(tree / "build/x.c", ""),
    "name of another encoding": lambda tree: Path(os.fsdecode(os.fsencode(tree) + b"/\xff.h")).write_bytes(b""),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changes(change: str, tree: Path) -> None:
    """Another content, name, mode or link is another source."""
    before = key(tree)
    CHANGES[change](tree)
    assert before != key(tree)


@pytest.mark.parametrize(
    "name",
    [
        *(".git/HEAD", "sub/.hg/x", "a/__pycache__/x.pyc", ".DS_Store", "pkg.egg-info/SOURCES.txt", "src/p.egg-info/x"),
        *("_skbuild/x", ".mesonpy-1/x", "build/lib/x.py", "build/lib.linux-x86_64/x.so", "build/temp.linux/x.o"),
        *("build/bdist.linux-x86_64/x", "build/cp311/x", "build/x-0123abcd/CMakeCache.txt", "dist/x-1.tar.gz"),
        *("dist/x-1-py3-none-any.whl", "env/pyvenv.cfg", "out/here/x.o"),
    ],
)
def test_results(name: str, tree: Path) -> None:
    """Results of builds, version control, caches of tools and environments are no part of a source."""
    before = key(tree)
    write(tree / name, "")
    assert before == read_source(tree, [tree / "out/here", tree, Path("/elsewhere")]).digest


def test_times_and_order(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither times nor the order of a folder change the source."""
    before, walk = key(tree), os.walk
    os.utime(tree / "csrc/b.h", (1, 1))
    monkeypatch.setattr(
        module.os, "walk", lambda *given, **how: ((f, d[::-1], n[::-1]) for f, d, n in walk(*given, **how))
    )
    assert before == key(tree)


def test_names_are_not_confused(tree: Path) -> None:
    """A file whose name looks like a link and its target differs from that link."""
    read = read_source(tree)
    sha = read.files["csrc/b.h"]
    one = Source(read.tree, {"x": f"-> y={sha}"}, {}, read.scripts)
    other = Source(read.tree, {"x=-> y": sha}, {}, read.scripts)
    assert one.digest != other.digest


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda _: None, None),
        (lambda tree: os.utime(tree / "csrc/b.h", (1, 1)), None),
        (lambda tree: write(tree / "build/lib/x.py", ""), None),
        (lambda tree: write(tree / "new.py", ""), None),
        (lambda tree: (tree / "empty").rmdir(), None),
        (lambda tree: write(tree / "csrc/b.h", "x"), "csrc/b.h"),
        (lambda tree: (tree / "csrc/b.h").unlink(), "csrc/b.h"),
        (lambda tree: (tree / "csrc/b.h").chmod(0o755), "csrc/b.h"),
        (lambda tree: ((tree / "link").unlink(), (tree / "link").symlink_to("csrc/b.h")), "link"),
        (lambda tree: (tree / "link").unlink(), "link"),
    ],
)
def test_changed_during_a_build(change: Callable[[Path], object], found: str | None, tree: Path) -> None:
    """A file or link that changes during a build is found; what the build adds is not."""
    (tree / "link").symlink_to("csrc/a.cu")
    (tree / "empty").mkdir()
    read = read_source(tree)
    change(tree)
    assert found == read.find_changed()


@pytest.mark.parametrize(
    ("name", "text", "outside"),
    [
        ("csrc/a.cu", '#include "../../shared/x.h"', "shared/x.h"),
        ("csrc/a.cu", '#include "../shared/x.h"', "shared/x.h"),
        ("csrc/deep/a.cu", '#include "../shared/x.h"', "shared/x.h"),
        ("setup.py", "include_dirs=['csrc/../../shared']", "shared/x.h"),
        ("setup.py", "f'{here}/../shared'", "shared/x.h"),
        ("CMakeLists.txt", "include(${CMAKE_SOURCE_DIR}/../shared/x.cmake)", "shared/x.cmake"),
        ("rust/Cargo.toml", 'shared = { path = "../../shared" }', "shared/src/lib.rs"),
        ("csrc/x.pxi", 'include "../../shared/x.pxi"', "shared/x.pxi"),
        ("csrc/A.CPP", '#include "../../shared/x.h"', "shared/x.h"),
    ],
)
def test_named_outside(name: str, text: str, outside: str, tree: Path) -> None:
    """A file outside that a file names is a part, from whichever folder of the tree the path starts."""
    write(tree / name, text)
    before = key(tree)
    write(tree.parent / outside, "1")
    first = key(tree)
    write(tree.parent / outside, "2")
    assert 3 == len({before, first, key(tree)})


def test_named_in_turn(tree: Path) -> None:
    """What a file outside names is a part as well, and nothing is read twice."""
    write(tree / "csrc/a.cu", '#include "../../one/x.h"\n#include "../../one/x.h"\n#include "../../one"\n')
    write(tree / "csrc/b.cu", '#include "../../one/x.h"\n')
    write(tree.parent / "one/x.h", '#include "../two/y.h"\n#include "../tree/csrc/b.h"\n')
    write(tree.parent / "two/y.h", "")
    assert ["../one/x.h", "../two/y.h"] == [name for name in sorted(read_source(tree).files) if name.startswith("../")]


def test_scripts_outside(tree: Path) -> None:
    """A script outside is searched for names of variables as those of the tree."""
    write(tree / "setup.py", "sys.path.insert(0, '../shared')\nimport helper\n")
    write(tree.parent / "shared/helper.py", "os.environ['WITH_CUDA_GRAPHS']\n")
    assert "WITH_CUDA_GRAPHS" in read_source(tree).scripts.words


def test_other_python_files(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python file that is no build script may name anything, until a script imports it, in turn, or from outside."""
    write(tree / "tests/test_x.py", "open('../'), open('../../'), open('../shared/x.h')\n")
    write(tree / "tools/a.py", "from . import b\n")
    write(tree / "tools/b.py", "exec(open('../shared/y.py').read())\n")
    write(tree.parent / "shared/x.h", "")
    write(tree.parent / "shared/y.py", "open('../shared/z.h')\n")
    write(tree.parent / "shared/z.h", "")
    assert ["csrc/a.cu", "csrc/b.h"] == sorted(read_source(tree).files)[:2]
    write(tree / "setup.py", "import tools.a\n")
    names = ["../shared/y.py", "../shared/z.h"]
    assert names == [name for name in sorted(read_source(tree).files) if name.startswith("../")]
    write(tree / "setup.py", "import tests.test_x\n")
    with pytest.raises(NoAnswer, match="names a folder above it"):
        read_source(tree)

    def refuse(_: object) -> None:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(module, "find_upward", refuse)
    with pytest.raises(NoAnswer) as caught:
        read_source(tree)
    assert f"{tree / 'csrc/a.cu'} cannot be read: {os.strerror(13)}" == str(caught.value)


def test_path_in_two_blocks(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path is found in a large file, also where two blocks meet."""
    write(tree.parent / "shared/x.h", "")
    write(tree / "csrc/a.cu", f'{" " * 60}"../../shared/x.h"')
    monkeypatch.setattr("runtime_backend.wheel_store.outside._BLOCK", 66)
    assert "../shared/x.h" in read_source(tree).files


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("setup.py", "join(here, '..', 'shared')", "setup.py names the folder above the source tree: .."),
        ("setup.py", "here + '/..'", "setup.py names the folder above the source tree: .."),
        (
            "setup.py",
            "Path(__file__).parent.parent / 'x'",
            "setup.py names the folder above the source tree: .parent.parent",
        ),
        ("CMakeLists.txt", "add_subdirectory(..)", "CMakeLists.txt names the folder above the source tree: .."),
        ("setup.py", "open('../')", "a file of the source tree names a folder above it: {around}"),
        ("setup.py", "open('../..')", "a file of the source tree names a folder above it: {above}"),
    ],
)
def test_folder_above(name: str, text: str, message: str, tree: Path) -> None:
    """A source that may need any file above it is not stored."""
    write(tree / name, text)
    with pytest.raises(NoAnswer) as caught:
        read_source(tree)
    assert message.format(around=tree.parent, above=tree.parent.parent) == str(caught.value)


def test_sdist(tree: Path) -> None:
    """An unpacked sdist needs nothing outside; a checkout with a PKG-INFO does, and links are followed in both."""
    write(tree / "PKG-INFO", "")
    write(tree / "setup.py", "join(here, '..')\nopen('../shared/x.h')\n")
    write(tree.parent / "shared/x.h", "")
    (tree / "y.h").symlink_to("../linked.h")
    write(tree.parent / "linked.h", "1")
    first = read_source(tree)
    assert "../shared/x.h" not in first.files
    write(tree.parent / "linked.h", "2")
    assert first.digest != key(tree)
    (tree.parent / ".git").mkdir()
    with pytest.raises(NoAnswer, match="names the folder above"):
        read_source(tree)


def test_upstream_source(tree: Path) -> None:
    """Of an upstream source, nothing outside is read."""
    write(tree / "setup.py", "join(here, '..')\nopen('../')\n")
    (tree / "link").symlink_to("..")
    assert "link" in read_source(tree, is_complete=True).files


@pytest.mark.parametrize("absolute", [False, True])
def test_links_outside(absolute: bool, tree: Path) -> None:  # noqa: FBT001 - a parameter
    """What links lead to is read, files and folders."""
    around = tree.parent
    write(around / "shared/x.h", "1")
    write(around / "one.h", "1")
    (tree / "one.h").symlink_to(around / "one.h" if absolute else "../one.h")
    (tree / "shared").symlink_to(around / "shared" if absolute else "../shared")
    keys = {key(tree)}
    for path in (around / "shared/x.h", around / "one.h"):
        write(path, "2")
        keys.add(key(tree))
    assert 3 == len(keys)


def test_links_are_exchanged(tree: Path) -> None:
    """A link on the way to a file counts, too."""
    around = tree.parent
    for name in ("one", "two"):
        write(around / f"{name}.h", name)
        (around / f"to-{name}").symlink_to(f"{name}.h")
        (tree / f"{name}.h").symlink_to(f"../to-{name}")
    before = key(tree)
    for name, other in (("one", "two"), ("two", "one")):
        (around / f"to-{name}").unlink()
        (around / f"to-{name}").symlink_to(f"{other}.h")
    assert before != key(tree)


def test_named_through_a_link(tree: Path) -> None:
    """The same for a link in a path that a text names."""
    around = tree.parent
    write(tree / "csrc/a.cu", '"../../current/x.h" "../../old/x.h"')
    write(around / "v1/x.h", "1")
    write(around / "v2/x.h", "2")
    keys = set()
    for current, old in (("v1", "v2"), ("v2", "v1")):
        (around / "current").symlink_to(current)
        (around / "old").symlink_to(old)
        keys.add(key(tree))
        read = read_source(tree)
        assert read.find_changed() is None
        (around / "current").unlink()
        (around / "old").unlink()
    assert 2 == len(keys)


def test_links_into_what_is_left_out(tree: Path) -> None:
    """A link to a file that is no part of the source makes it one."""
    write(tree / ".git/HEAD", "1")
    write(tree / "build/lib/x.py", "1")
    (tree / "HEAD").symlink_to(".git/HEAD")
    (tree / "lib").symlink_to("build/lib")
    (tree / "again").symlink_to("csrc")
    keys = {key(tree)}
    for path in (tree / ".git/HEAD", tree / "build/lib/x.py"):
        write(path, "2")
        keys.add(key(tree))
    assert 3 == len(keys)


def test_odd_links(tree: Path) -> None:
    """Loops of links and links to nothing are read as links; one that begins to lead to a file is another source."""
    (tree / "loop").symlink_to("loop")
    (tree / "here").symlink_to(".")
    (tree / "nothing").symlink_to("../nothing")
    (tree.parent / "a").symlink_to("b")
    (tree.parent / "b").symlink_to("a")
    (tree / "far-loop").symlink_to("../a")
    before = key(tree)
    write(tree.parent / "nothing", "")
    assert before != key(tree)


def test_link_above(tree: Path) -> None:
    """A link to a folder above the tree would make everything a part."""
    (tree / "up").symlink_to("../..")
    with pytest.raises(NoAnswer, match="names a folder above it"):
        read_source(tree)


def test_tree_behind_a_link(tree: Path) -> None:
    """A tree that is reached by a link is the same source, and so are its build folders."""
    write(tree / "csrc/a.cu", '#include "../../shared/x.h"\n')
    write(tree.parent / "shared/x.h", "")
    before = key(tree)
    link = tree.parent.parent / "link"
    link.symlink_to(tree)
    write(tree / "out/x.o", "")
    assert before == read_source(link, [link / "out"]).digest


def test_not_a_file(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe or socket in a tree is refused, and not waited for."""
    os.mkfifo(tree / "pipe")
    with pytest.raises(NoAnswer) as caught:
        read_source(tree)
    assert f"{tree / 'pipe'} is not a file" == str(caught.value)
    (tree / "pipe").unlink()
    with socket.socket(socket.AF_UNIX) as made:
        monkeypatch.chdir(tree)  # the path of a socket must be short
        made.bind("socket")
        with pytest.raises(NoAnswer, match="is not a file"):
            read_source(tree)


def test_limits(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree with too many bytes or files is not read to its end."""
    message = f"the source tree {tree} has more than 2 GiB or 2 files to compare"
    with monkeypatch.context() as patch:
        patch.setattr(module, "MOST_FILES", 2)
        with pytest.raises(NoAnswer) as caught:
            read_source(tree)
    assert message == str(caught.value)
    with (tree / "huge.bin").open("wb") as file:
        file.truncate((2 << 30) + 1)
    with pytest.raises(NoAnswer, match="more than 2 GiB or 100000 files"):
        read_source(tree)


def test_unreadable(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file or folder that cannot be read is a reason to store nothing."""

    def refuse(path: Path) -> str:
        raise PermissionError(13, os.strerror(13), str(path))

    with monkeypatch.context() as patch:
        patch.setattr(module, "file_digest", refuse)
        with pytest.raises(NoAnswer) as caught:
            read_source(tree)
    assert f"{tree / 'setup.py'} cannot be read: {os.strerror(13)}" == str(caught.value)
    scandir = os.scandir

    def closed(path: str) -> object:
        if str(path).endswith("csrc"):
            raise PermissionError(13, os.strerror(13), str(path))
        return scandir(path)

    monkeypatch.setattr(module.os, "scandir", closed)
    with pytest.raises(NoAnswer, match=rf"^{tree / 'csrc'} cannot be read: "):
        read_source(tree)


def test_huge_script(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build script that is too large to be searched is a reason to store nothing."""
    monkeypatch.setattr("runtime_backend.system.files.LARGEST", 10)
    with pytest.raises(NoAnswer, match=r"setup\.py cannot be read: "):
        read_source(tree)
