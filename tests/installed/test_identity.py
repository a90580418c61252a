"""The identity of an installed runtime, and compatibility."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from standins import make_distribution, make_torch, version_py, write

from runtime_backend.config import TEMPLATE_FIELDS
from runtime_backend.errors import RuntimeReadError
from runtime_backend.installed import identity as module
from runtime_backend.installed.distributions import DistributionIndex, extend_by_pth
from runtime_backend.installed.identity import (
    FACTS,
    Identity,
    is_compatible,
    read_cxx11_abi,
    read_identity,
)


def identify(site: Path, name: str = "torch") -> Identity:
    """Return the identity of an installed distribution."""
    index = DistributionIndex(extend_by_pth([site]))
    distribution = index.find(name)
    assert distribution is not None
    return read_identity(distribution, index)


CU130, ROCM64, XPU25 = {"cuda": "13.0"}, {"hip": "6.4.43484-123eb5128", "rocm": "6.4.2"}, {"xpu": "20250101"}


@pytest.mark.parametrize(
    ("version", "reported", "facts", "accelerator", "major", "text"),
    [
        ("2.7.0+cpu", "2.7.0+cpu", {}, "cpu", None, "torch 2.7.0+cpu"),
        ("2.12.0", "2.12.0+cu130", CU130, "cuda", "13", "torch 2.12.0 (calls itself 2.12.0+cu130)"),
        (
            "2.4.0a0+f70bd71a48.nv24.6",
            "2.4.0a0+f70bd71a48.nv24.6",
            {"cuda": "12.5"},
            "cuda",
            "12",
            "torch 2.4.0a0+f70bd71a48.nv24.6",
        ),
        ("2.7.0+rocm6.3", "2.7.0+rocm6.3", {"hip": "6.3.42131-fa1d09cbd"}, "rocm", "6", "torch 2.7.0+rocm6.3"),
        ("2.9.0+rocm6.4", "2.9.0+rocm6.4", ROCM64, "rocm", "6", "torch 2.9.0+rocm6.4"),
        ("2.9.0", "2.9.0", {"rocm": "7.1.0"}, "rocm", "7", "torch 2.9.0"),
        ("2.9.0+xpu", "2.9.0+xpu", XPU25, "xpu", None, "torch 2.9.0+xpu"),
        ("2.7.0", "2.7.0", {}, "cpu", None, "torch 2.7.0"),
    ],
)
def test_identity(  # noqa: PLR0913, PLR0917 - an identity has that many facts
    tmp_path: Path,
    version: str,
    reported: str,
    facts: dict[str, Any],
    accelerator: str,
    major: str | None,
    text: str,
) -> None:
    """A torch has the facts in version.py, and the version in its metadata."""
    make_torch(tmp_path, version, reported=reported, **facts)
    found = identify(tmp_path)
    assert Identity(name="torch", version=version, reported=reported, git_version="0123abc", **facts) == found
    assert (accelerator, major, text) == (found.accelerator, found.accelerator_major, str(found))


def test_identity_of_an_editable_torch(tmp_path: Path) -> None:
    """An editable torch is read in its source."""
    make_torch(tmp_path / "site", "2.9.0a0+git1", editable=tmp_path / "source", cuda="12.8")
    expected = Identity(
        name="torch", version="2.9.0a0+git1", reported="2.9.0a0+git1", cuda="12.8", git_version="0123abc"
    )
    assert expected == identify(tmp_path / "site")


def test_identity_of_another_name(tmp_path: Path) -> None:
    """A torch under another distribution's name is a torch."""
    files = {"aaa/version.py": "__version__ = '9'\n", "torch/version.py": version_py("2.7.0", cuda="12.6")}
    make_distribution(tmp_path, "torch-nightly", "2.7.0.dev1", files)
    found = identify(tmp_path, "torch-nightly")
    assert ("2.7.0.dev1", "2.7.0", "12.6") == (found.version, found.reported, found.cuda)


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ('version = "2.3.1"\n__version__ = version\n', "2.3.1"),
        ('version: str = "2.3.1"\r\n', "2.3.1"),
        ("__version__ = '2.3.1'\nversion = '9'\n", "2.3.1"),
        ("__version__ = make_version()\n", "2.3.0"),
        ("\xff", "2.3.0"),
    ],
)
def test_identity_of_another_runtime(tmp_path: Path, text: str, reported: str) -> None:
    """Another runtime has the version in its version.py, else in its metadata."""
    make_distribution(tmp_path, "numpy", "2.3.0", {"numpy/__init__.py": "", "numpy/version.py": text})
    assert Identity(name="numpy", version="2.3.0", reported=reported) == identify(tmp_path, "numpy")


def test_identity_without_version_py(tmp_path: Path) -> None:
    """Another runtime than torch needs no version.py."""
    make_distribution(tmp_path, "numpy", "2.3.0")
    assert Identity(name="numpy", version="2.3.0", reported="2.3.0") == identify(tmp_path, "numpy")


@pytest.mark.parametrize("text", [None, "", "__version__ = git()\n", "  __version__ = '2.7.0'\n", "__version__ = ''\n"])
def test_torch_that_does_not_say_what_it_is(tmp_path: Path, text: str | None) -> None:
    """A torch with a missing or empty version.py is an error with the file."""
    info = make_distribution(tmp_path, "torch", "2.7.0")
    version = tmp_path / "torch/version.py"
    if text is not None:
        write(version, text)
    with pytest.raises(RuntimeReadError) as caught:
        identify(tmp_path)
    assert (
        f"torch 2.7.0 is installed ({info}), but {version} is missing or has no line __version__ = '...',"
        " expected one\n"
        "Reinstall torch in that environment, or name another one with RUNTIME_BACKEND_TARGET."
    ) == str(caught.value)


def test_torch_without_a_folder(tmp_path: Path) -> None:
    """A torch with only metadata left is an error with the missing file."""
    info = make_distribution(tmp_path, "torch", "2.7.0", {})
    with pytest.raises(RuntimeReadError) as caught:
        identify(tmp_path)
    assert (
        f"torch 2.7.0 is installed ({info}), but {tmp_path / 'torch' / 'version.py'} is missing or has no line"
        " __version__ = '...', expected one"
    ) == caught.value.message


def test_version_that_is_none(tmp_path: Path) -> None:
    """A version that PEP 440 does not know is a stop that names the file."""
    info = make_distribution(tmp_path, "numpy", "unknown")
    with pytest.raises(RuntimeReadError) as caught:
        identify(tmp_path, "numpy")
    assert (
        f"{info / 'METADATA'}: found Version 'unknown', expected a version (PEP 440)\n"
        "Reinstall numpy in that environment."
    ) == str(caught.value)


@pytest.mark.parametrize(
    ("version", "accelerator", "major"),
    [
        ("2.7.0+cu126", "cuda", "12"),
        ("2.7.0+cu118", "cuda", "11"),
        ("1.4.0+cu92", "cuda", "9"),
        ("2.12.0+cu130.cxx11.abi", "cuda", "13"),
        ("2.7.0+cpu", "cpu", None),
        ("2.7.0+cpu.cxx11.abi", "cpu", None),
        ("2.7.0+rocm6.3", "rocm", "6"),
        ("2.5.0+rocm5.4.2", "rocm", "5"),
        ("2.9.0+rocm7", "rocm", "7"),
        ("2.9.0+rocmsdk20251116", "rocm", None),
        ("2.7.0+xpu", "xpu", None),
        ("2.7.0", None, None),
        ("2.4.0a0+f70bd71a48.nv24.6", None, None),
        ("", None, None),
    ],
)
def test_accelerator_of_a_locked_one(version: str, accelerator: str | None, major: str | None) -> None:
    """For a version alone, the label determines the accelerator."""
    found = Identity(name="torch", version=version)
    assert (accelerator, major) == (found.accelerator, found.accelerator_major)


@pytest.mark.parametrize(
    ("facts", "accelerator", "major"),
    [
        ({"cuda": "12.6"}, "cuda", "12"),
        ({"hip": "6.3.42131-fa1d09cbd"}, "rocm", "6"),
        ({"rocm": "7.1.0"}, "rocm", "7"),
        ({"xpu": "20250101"}, "xpu", None),
    ],
)
def test_facts_before_the_label(facts: dict[str, str], accelerator: str, major: str | None) -> None:
    """A known fact takes precedence over the label, even for a runtime that is not installed."""
    for version in ("2.7.0", "2.7.0+cpu"):
        found = Identity(name="torch", version=version, **facts)
        assert (accelerator, major) == (found.accelerator, found.accelerator_major)


def on_disk(version: str, cuda: str | None = None, git: str | None = None, **more: str) -> Identity:
    """Return the identity of an installed torch."""
    release = version.partition("+")[0]
    return Identity(name="torch", version=release, reported=version, cuda=cuda, git_version=git, **more)


def locked(version: str, **facts: str) -> Identity:
    """Return the identity of a locked torch."""
    return Identity(name="torch", version=version, **facts)


CU126 = on_disk("2.7.0+cu126", "12.6")
CPU = on_disk("2.7.0+cpu")
ROCM = on_disk("2.7.0+rocm6.3", hip="6.3.42131-fa1d09cbd", rocm="6.3.4")
XPU = on_disk("2.7.0+xpu", xpu="20250101")


@pytest.mark.parametrize(
    ("built", "running", "exact", "minor", "floor"),
    [
        (CU126, on_disk("2.7.0+cu126", "12.6"), True, True, True),
        (CU126, on_disk("2.7.0+cu126", "12.6", git="other"), False, True, True),
        (CU126, CPU, False, False, False),
        (CU126, ROCM, False, False, False),
        (CU126, XPU, False, False, False),
        (CPU, ROCM, False, False, False),
        (CPU, XPU, False, False, False),
        (ROCM, XPU, False, False, False),
        (CU126, on_disk("2.7.0+cu128", "12.8"), False, True, True),
        (CU126, on_disk("2.7.0+cu130", "13.0"), False, False, False),
        (CU126, on_disk("2.7.1+cu126", "12.6"), False, True, True),
        (CU126, on_disk("2.8.0+cu126", "12.6"), False, False, True),
        (CU126, on_disk("2.6.0+cu126", "12.6"), False, False, False),
        (on_disk("2.7.1+cu126", "12.6"), CU126, False, True, False),
        (ROCM, ROCM._replace(), True, True, True),
        (ROCM, ROCM._replace(rocm="6.3.5"), False, True, True),
        (ROCM, on_disk("2.7.0+rocm6.4", hip="6.4.43484-123eb5128"), False, True, True),
        (ROCM, on_disk("2.7.0+rocm7.0", hip="7.0.51831", rocm="7.0.0"), False, False, False),
        (ROCM, on_disk("2.8.0+rocm6.3", hip="6.3.42131-fa1d09cbd", rocm="6.3.4"), False, False, True),
        (XPU, XPU._replace(), True, True, True),
        (XPU, XPU._replace(xpu="20250302"), False, True, True),
        (XPU, on_disk("2.8.0+xpu", xpu="20250101"), False, False, True),
        (CU126, locked("2.7.0"), True, True, True),
        (CU126, locked("2.7.0", cuda="12.6"), True, True, True),
        (CU126, locked("2.7.0", cuda="13.0"), False, False, False),
        (CU126, locked("2.7.0+cu118"), False, False, False),
        (CU126, locked("2.7.0+rocm6.3"), False, False, False),
        (CU126, locked("2.7.0+xpu"), False, False, False),
        (ROCM, locked("2.7.0"), True, True, True),
        (ROCM, locked("2.7.0+cpu"), False, False, False),
        (ROCM, locked("2.7.0+rocm6.4"), False, True, True),
        (ROCM, locked("2.7.0+rocm7.0"), False, False, False),
        (ROCM, locked("2.7.0+rocmsdk20251116"), False, True, True),
        (XPU, locked("2.7.0+xpu"), False, True, True),
        (locked("2.7.0+rocm6.3"), CPU, False, False, False),
        (locked("2.7"), locked("2.7.0"), True, True, True),
        (locked("2.7.0"), locked("2.7"), True, True, True),
        (locked("2.7.0+cpu"), locked("2.7.0"), False, True, True),
        (locked("2.8.0"), locked("2.8.0a0+1"), False, True, True),
        (CU126, locked(""), True, True, True),
        (locked(""), CU126, True, True, True),
    ],
)
def test_is_compatible(built: Identity, running: Identity, exact: bool, minor: bool, floor: bool) -> None:  # noqa: FBT001
    """Exact is version and variant; minor is X.Y and the accelerator; floor is at least, and the accelerator."""
    found = [is_compatible(built, running, match) for match in ("exact", "minor", "floor")]
    assert [exact, minor, floor] == found


@pytest.mark.parametrize(
    ("facts", "release"),
    [
        ({"version": "2.12.0", "reported": "2.12.0+cu130", "cuda": "13.0"}, "13.0"),
        ({"version": "2.7.0+cu126", "reported": "2.7.0+cu126", "cuda": "12.8"}, "12.8"),
        ({"version": "2.7.0+cu126"}, "12.6"),
        ({"version": "2.12.0+cu130.cxx11.abi"}, "13.0"),
        ({"version": "1.4.0+cu92"}, "9.2"),
        ({"version": "2.12.0", "cuda": "13.0"}, "13.0"),
        ({"version": "2.12.0"}, None),
        ({"version": "2.12.0+cpu"}, None),
        ({"version": "2.12.0+cu130", "reported": "2.12.0+cu130"}, None),
        ({"version": "2.9.0+rocm6.4", "reported": "2.9.0+rocm6.4", "hip": "6.4"}, None),
    ],
)
def test_cuda_release(facts: dict[str, str], release: str | None) -> None:
    """The reported CUDA takes precedence; before installation, the label is used; a torch without CUDA has none."""
    assert release == Identity(name="torch", **facts).cuda_release


def test_version_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unreadable version.py is reported with the reason."""

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    info = make_torch(tmp_path, "2.7.0")
    monkeypatch.setattr(module, "read_bytes", refuse)
    with pytest.raises(RuntimeReadError) as caught:
        identify(tmp_path)
    assert (
        f"torch 2.7.0 is installed ({info}), but {tmp_path / 'torch/version.py'} cannot be read: Permission denied\n"
        "Change the permissions of that environment, or reinstall torch in it."
    ) == str(caught.value)


@pytest.mark.parametrize("version", ["1" * 5000, "latest", "1.\u0661"])
def test_odd_versions(version: str, tmp_path: Path) -> None:
    """An invalid version is reported."""
    make_torch(tmp_path, "2.7.0")
    write(tmp_path / "torch-2.7.0.dist-info/METADATA", f"Name: torch\nVersion: {version}\n")
    with pytest.raises(RuntimeReadError, match=r"found Version '.*', expected a version \(PEP 440\)"):
        identify(tmp_path)


def test_facts() -> None:
    """The names of the facts are among those that settings may use, and their order is that of the fields."""
    assert {"version", *FACTS, "site"} < set(TEMPLATE_FIELDS)
    assert tuple(FACTS.values()) == Identity._fields[3:]
    identity = Identity(name="torch", version="1", cuda="12.6", git_version="abc")
    assert {"cuda": "12.6", "hip": None, "rocm": None, "xpu": None, "git-version": "abc"} == identity.facts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "TRUE"),
        ("", "TRUE"),
        ('set(TORCH_CXX_FLAGS "-D_GLIBCXX_USE_CXX11_ABI=1")\n', "TRUE"),
        ('set(TORCH_CXX_FLAGS "-D_GLIBCXX_USE_CXX11_ABI=0")\n', "FALSE"),
    ],
)
def test_cxx11_abi(text: str | None, expected: str, tmp_path: Path) -> None:
    """The ABI of C++11 is usual; a torch with the one before states that for CMake."""
    if text is not None:
        write(tmp_path / "torch/share/cmake/Torch/TorchConfig.cmake", text)
    assert expected == read_cxx11_abi(tmp_path)
