"""Prebuilt wheels: choosing exactly one, and checking the symbols that it needs."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from elf_files import make_library, make_object
from packaging.version import Version
from platforms import make_platform
from servers import serving
from standins import write

from runtime_backend.errors import NoAnswer
from runtime_backend.wheel_store import prebuilt
from runtime_backend.wheel_store.prebuilt import check_symbols, choose_prebuilt

LINUX = make_platform("linux-x86_64", "3.11")
SHA = "ab" * 32
NEEDED = "_ZN3c105ErrorC1Ev"
OTHER = [f"_ZN2at{number}xEv" for number in range(5)]


def name(version: str = "1.0+cu12torch2.7", tags: str = "cp311-cp311-linux_x86_64") -> str:
    """Return the name of a wheel."""
    return f"ext-{version}-{tags}.whl"


def choose(monkeypatch: pytest.MonkeyPatch, *files: dict[str, Any]) -> str | None:
    """Choose among the files of an index."""
    with serving(monkeypatch) as server:
        server.json([{"url": "x", "hashes": {"sha256": SHA}, **file} for file in files], "/simple/ext/")
        found = choose_prebuilt(server.url(), "ext", Version("1.0+cu12torch2.7"), LINUX, {})
        return None if found is None else found.name


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([], None),
        ([{"filename": name()}], name()),
        ([{"filename": name("1.0.0+CU12TORCH2.7")}], name("1.0.0+CU12TORCH2.7")),
        *(([{"filename": name(other)}], None) for other in ("1.0", "1.0+cu12torch2.8", "1.0+cu12", "1.1+cu12torch2.7")),
        ([{"filename": name(tags="cp312-cp312-linux_x86_64")}], None),
        ([{"filename": name(tags="cp311-cp311-win_amd64")}], None),
        ([{"filename": "ext-1.0.tar.gz"}, {"filename": "x"}], None),
        ([{"filename": name(), "yanked": "broken"}], None),
        (
            [
                {"filename": name(tags="py3-none-any")},
                {"filename": name()},
                {"filename": name(tags="cp38-abi3-linux_x86_64")},
            ],
            name(),
        ),
    ],
)
def test_choose(files: list[dict[str, Any]], expected: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a wheel with exactly the version and the label, for this interpreter, is chosen."""
    assert expected == choose(monkeypatch, *files)


def test_no_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel without a hash is not taken."""
    with pytest.raises(NoAnswer, match=r"is not taken: the index states no hash for it \(http://"):
        choose(monkeypatch, {"filename": name(), "hashes": {"md5": "x"}})


def test_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """An index without the project has no wheel; one that fails is no answer."""
    with serving(monkeypatch) as server:
        assert choose_prebuilt(server.url(), "ext", Version("1"), LINUX, {}) is None
        server.pages["/simple/ext/"] = (500, "text/plain", b"")
        with pytest.raises(NoAnswer) as caught:
            choose_prebuilt(server.url(), "ext", Version("1"), LINUX, {})
        assert f"{server.url()}: HTTP 500 Internal Server Error" == str(caught.value)


@pytest.fixture
def torch(tmp_path: Path) -> Path:
    """Return the folder of a torch with libraries."""
    make_library(tmp_path / "torch/lib/libc10.so", defines=[NEEDED])
    make_library(tmp_path / "torch/lib/libtorch_cpu.so.2", defines=[OTHER[0]])
    return tmp_path / "torch"


def wheel(folder: Path, **libraries: Any) -> Path:
    """Write a wheel with shared objects: name -> arguments of make_library, or content."""
    path = folder / name()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ext/__init__.py", "")
        for key, given in libraries.items():
            content = given if isinstance(given, bytes) else make_library(folder / "made.so", **given).read_bytes()
            archive.writestr(f"ext/{key}.so", content)
    return path


def refusal(path: Path, torch: Path) -> str:
    """Return why a wheel is refused."""
    with pytest.raises(NoAnswer) as caught:
        check_symbols(path, torch)
    return str(caught.value)


def test_right_symbols(torch: Path, tmp_path: Path) -> None:
    """A wheel that needs what torch, or another of its files, has is taken."""
    path = wheel(
        tmp_path,
        _C={"wants": [NEEDED, OTHER[0], OTHER[1], "malloc"], "needs": ["libtorch.so"]},
        own={"defines": [OTHER[1]], "needs": ["libc10.so"]},
        plain={"wants": [OTHER[3]], "needs": ["libc.so.6"]},
        text=b"not ELF",
        empty=b"",
    )
    check_symbols(path, torch)
    assert [] == [found.name for found in tmp_path.iterdir() if found.name.startswith("runtime-backend-")]


def test_wrong_symbols(torch: Path, tmp_path: Path) -> None:
    """A wheel that needs more has the wrong label; some of the symbols are shown."""
    right = {"wants": [NEEDED], "needs": ["libtorch.so"]}
    path = wheel(tmp_path, _A=right, _C={"wants": [NEEDED, *OTHER], "needs": ["libtorch.so"]})
    shown = ", ".join(OTHER[1:4])
    assert (
        f"{path.name} is refused, because its label is wrong: ext/_C.so needs what this torch does not have: {shown} ..."
        == refusal(path, torch)
    )
    path = wheel(tmp_path, _C={"wants": OTHER[1:4], "needs": ["libtorch.so"]})
    assert refusal(path, torch).endswith(f"does not have: {shown}")


@pytest.mark.parametrize("libraries", [{}, {"_C": {"wants": OTHER, "needs": ["libc.so.6"]}}, {"_C": b"x"}])
def test_nothing_to_check(libraries: dict[str, Any], torch: Path, tmp_path: Path) -> None:
    """A wheel without a file that links against torch cannot be checked."""
    path = wheel(tmp_path, **libraries)
    expected = f"{path.name} is not taken: it has no stamp, and no compiled file that links against torch"
    assert expected == refusal(path, torch)


def test_torch_without_libraries(tmp_path: Path) -> None:
    """A torch without libraries cannot be compared with."""
    path = wheel(tmp_path, _C={"needs": ["libtorch.so"]})
    assert f"{path.name} is not taken: {tmp_path} has no libraries to check it against" == refusal(path, tmp_path)


def test_damaged_library(torch: Path, tmp_path: Path) -> None:
    """If a library cannot be read, the wheel is not taken: the library may have the symbols, or not."""
    library = torch / "lib/libc10.so"
    library.write_bytes(b"\x7fELF broken")
    path = wheel(tmp_path, _C={"wants": [OTHER[2]], "needs": ["libtorch.so"]})
    assert f"{path.name} is not taken: {library} was not checked: the file is damaged" == refusal(path, torch)
    make_object(library)
    assert "is refused" in refusal(path, torch)


def test_damaged_file(torch: Path, tmp_path: Path) -> None:
    """A damaged compiled file is a reason not to take the wheel, with the file's name."""
    path = wheel(tmp_path, _C=b"\x7fELF broken")
    assert f"{path.name} is not taken: ext/_C.so: the file is damaged" == refusal(path, torch)


def test_large_file(torch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A compiled file that is too large to be checked is a reason not to take the wheel."""
    path = wheel(tmp_path, _A={"needs": ["libtorch.so"]}, _C=b"x" * 5000)
    monkeypatch.setattr(prebuilt, "_LARGEST", 4999)
    assert f"{path.name} is not taken: ext/_C.so is too large to be checked" == refusal(path, torch)


@pytest.mark.parametrize("content", ["", "no wheel"])
def test_no_wheel(content: str, torch: Path, tmp_path: Path) -> None:
    """What is no zip file is not taken."""
    path = write(tmp_path / name(), content)
    assert f"{path.name} is not taken: it is not a wheel, or damaged" == refusal(path, torch)


def test_without_pyelftools(torch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pyelftools, no wheel is taken."""
    for module in [module for module in sys.modules if module.startswith("elftools.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "elftools", None)
    path = wheel(tmp_path, _C={"needs": ["libtorch.so"]})
    assert f"{path.name} is not taken: to check its symbols, pyelftools must be installed" == refusal(path, torch)
