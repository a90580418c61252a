"""Choosing the toolkit, the system's or compilers from wheels, in each hook and each isolation."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from standins import make_distribution, write
from toolkits import (
    CPU,
    CUDA,
    LOCKED,
    ROCM,
    TWELVE,
    make_bench,
    make_compilers,
    make_libraries,
    make_program,
    make_toolkit,
)

from runtime_backend.config import Chosen
from runtime_backend.config.settings import ToolkitChoice
from runtime_backend.cuda.choice import ToolkitPlan, choose_toolkit, is_without_cuda, lacking_home
from runtime_backend.cuda.home import stable_path
from runtime_backend.cuda.wheels import find_compilers, find_kept
from runtime_backend.errors import CudaError
from runtime_backend.installed.distributions import DistributionIndex
from runtime_backend.installed.identity import Identity

FIVE = "cuda-toolkit[nvcc,crt,nvvm,cudart,cccl]"
NAMES = "nvidia-cuda-nvcc, nvidia-cuda-crt, nvidia-nvvm, nvidia-cuda-runtime, nvidia-cuda-cccl"
NOT_KNOWN = Identity(name="torch", version="2.12.0")
OLD = Identity(name="torch", version="2.10.0")
NO_SYSTEM = "cuda.toolkit: found no CUDA toolkit on this system: /usr/local/no-cuda has no bin/nvcc"


def choose(value: ToolkitChoice, torch: Identity | None, cache: Path, *sites: Path, **bench: Any) -> ToolkitPlan | None:
    """Return the toolkit plan."""
    return choose_toolkit(Chosen(value=value, origin="here"), torch, make_bench(cache, *sites, **bench))


def chosen(value: ToolkitChoice, torch: Identity | None, cache: Path, *sites: Path, **bench: Any) -> ToolkitPlan:
    """Return the toolkit plan, which must exist."""
    found = choose(value, torch, cache, *sites, **bench)
    assert found is not None
    return found


def keep(tmp_path: Path) -> Path:
    """Store compilers in the cache as an earlier build does; return their folder."""
    make_compilers(tmp_path / "earlier")
    found = find_compilers(DistributionIndex([tmp_path / "earlier"]), "13.0")
    assert found is not None
    folder = found.kept_in(tmp_path / "cache")
    found.keep(folder)
    return folder


REQUIRED = ("not installed yet: required", (f"{FIVE}==13.0.*", "ninja"), None)
NOT_NEEDED = ("not installed yet, and not needed by this hook", (), None)
FETCHED = ("the build environment was made before this was known", (), f"{FIVE}==13.0.*")
LATER = ("the version is known once torch is installed", (), None)


@pytest.mark.parametrize(
    ("hook", "isolation", "torch", "expected"),
    [
        ("ask", "hidden", LOCKED, REQUIRED),
        ("ask", "throwaway", LOCKED, REQUIRED),
        ("ask", "kept", LOCKED, REQUIRED),
        ("ask", "none", LOCKED, REQUIRED),
        ("ask", "hidden", CUDA, REQUIRED),
        ("ask", "hidden", NOT_KNOWN, (REQUIRED[0], (FIVE, "ninja"), None)),
        ("ask", "hidden", OLD, LATER),
        ("postponed", "throwaway", LOCKED, NOT_NEEDED),
        ("postponed", "throwaway", NOT_KNOWN, NOT_NEEDED),
        ("postponed", "throwaway", OLD, NOT_NEEDED),
        ("metadata", "throwaway", LOCKED, NOT_NEEDED),
        ("metadata", "none", LOCKED, NOT_NEEDED),
        ("metadata", "throwaway", OLD, NOT_NEEDED),
        ("build", "hidden", LOCKED, FETCHED),
        ("build", "throwaway", LOCKED, FETCHED),
        ("build", "throwaway", CUDA, FETCHED),
        ("build", "throwaway", NOT_KNOWN, LATER),
        ("build", "throwaway", OLD, LATER),
    ],
)
@pytest.mark.parametrize("value", ["wheels", "match"])
def test_compilers_that_are_not_there(  # noqa: PLR0913, PLR0917 - a table
    value: ToolkitChoice, hook: str, isolation: str, torch: Identity, expected: tuple[str, tuple[str, ...], str | None], tmp_path: Path
) -> None:  # fmt: skip
    """Missing compilers are required if possible, else fetched by a build; other hooks do nothing."""
    found = chosen(value, torch, tmp_path / "cache", hook=hook, isolation=isolation)
    fetched = found.fetching and found.fetching.requirement
    why = found.why if value == "wheels" else found.why.removesuffix(f"; not the system's: {NO_SYSTEM}")
    assert expected == (why, found.requirements, fetched)
    assert (None, None, "wheels", ()) == (found.home, found.version, found.kind, found.notes)
    if found.fetching is not None:
        assert tmp_path / "cache/toolkits" == found.fetching.folder.parent


@pytest.mark.parametrize(
    ("isolation", "hint"),
    [
        ("none", f"Without build isolation, install them first: pip install ninja '{FIVE}==13.0.*'"),
        (
            "kept",
            "Remove the build environment that the frontend keeps (hatch env prune; tox --recreate), then run the same"
            " command again.",
        ),
    ],
)
def test_environment_that_is_not_ours(isolation: str, hint: str, tmp_path: Path) -> None:
    """If nothing may be added to the environment, the error names the command for the person."""
    with pytest.raises(CudaError) as caught:
        choose("wheels", CUDA, tmp_path, isolation=isolation, is_fetching=False)
    assert (
        f"cuda.toolkit: this environment lacks {NAMES} of CUDA 13.0, which torch is for"
        f" (torch 2.13.0 (calls itself 2.13.0+cu130))\n{hint}"
    ) == str(caught.value)


IN_BUILD = "in the build environment"
KEPT = "stored by an earlier build"


@pytest.mark.parametrize(
    ("hook", "isolation", "visible", "kept", "where", "is_kept_then"),
    [
        ("build", "hidden", True, False, IN_BUILD, True),
        ("build", "throwaway", True, True, IN_BUILD, True),
        ("build", "kept", True, False, IN_BUILD, True),
        ("build", "none", True, False, IN_BUILD, False),
        ("metadata", "throwaway", True, False, IN_BUILD, True),
        ("ask", "hidden", True, False, IN_BUILD, True),
        ("build", "hidden", False, True, KEPT, False),
        ("build", "none", False, True, KEPT, False),
        ("ask", "throwaway", False, True, KEPT, False),
        ("postponed", "throwaway", False, True, KEPT, False),
        ("ask", "kept", True, True, KEPT, False),
    ],
)
def test_compilers_that_are_there(  # noqa: PLR0913, PLR0917 - a table
    hook: str, isolation: str, visible: bool, kept: bool, where: str, is_kept_then: bool, tmp_path: Path  # noqa: FBT001
) -> None:  # fmt: skip
    """Compilers in the build environment take precedence, and are planned to be stored for the next build."""
    folder = keep(tmp_path) if kept else None
    site = tmp_path / "site"
    if visible:
        make_compilers(site)
    before = sorted((tmp_path / "cache").rglob("*"))
    found = chosen("wheels", CUDA, tmp_path / "cache", site, hook=hook, isolation=isolation)
    place = site if where == IN_BUILD else folder
    why = f"CUDA 13.0 (from wheels, {where}: {place})"
    requirements = ("ninja",) if hook == "ask" else ()
    assert ("wheels", why, "13.0", requirements, None) == (found.kind, found.why, found.version, found.requirements, found.fetching)  # fmt: skip
    assert found.home is not None
    is_in_cache = where == KEPT or is_kept_then
    assert is_in_cache == found.home.toolkit.is_relative_to(tmp_path / "cache/toolkits")
    assert is_kept_then == (found.home.kept is not None)
    assert before == sorted((tmp_path / "cache").rglob("*"))


def test_kept_environment_is_asked_anew(tmp_path: Path) -> None:
    """In a kept environment, installed compilers are required again."""
    make_compilers(tmp_path / "site")
    make_distribution(tmp_path / "site", "ninja", "1.13")
    found = chosen("wheels", CUDA, tmp_path / "cache", tmp_path / "site", hook="ask", isolation="kept")
    assert REQUIRED[:2] == (found.why, found.requirements)


def test_fetched_is_found_again(tmp_path: Path) -> None:
    """Compilers that an installer has put into the planned folder are found by the next plan."""
    found = chosen("wheels", CUDA, tmp_path / "cache")
    assert found.fetching is not None
    make_compilers(found.fetching.folder)
    again = chosen("wheels", CUDA, tmp_path / "cache")
    assert (None, "13.0") == (again.fetching, again.version)
    assert f"CUDA 13.0 (from wheels, stored by an earlier build: {found.fetching.folder})" == again.why


def test_same_path_in_every_build(tmp_path: Path) -> None:
    """Compilers of different environments, and stored ones, have the same path."""
    paths = set()
    for name in ("a", "b"):
        make_compilers(tmp_path / name)
        found = chosen("wheels", CUDA, tmp_path / "cache", tmp_path / name)
        assert found.home is not None
        paths.add(found.home.path)
    assert found.home is not None
    with found.home.shown():
        pass
    kept = chosen("wheels", CUDA, tmp_path / "cache")
    assert kept.home is not None
    assert {kept.home.path} == paths


@pytest.mark.parametrize("how", ["installed", "on PATH", "not there"])
def test_ninja(how: str, tmp_path: Path) -> None:
    """Ninja is required with the compilers, unless it is installed."""
    environ = {"PATH": ""}
    if how == "installed":
        make_distribution(tmp_path / "site", "ninja", "1.13")
    if how == "on PATH":
        environ["PATH"] = str(make_program(tmp_path / "bin/ninja", "#!/bin/sh\n").parent)
    found = chosen("wheels", CUDA, tmp_path / "cache", tmp_path / "site", hook="ask", environ=environ)
    assert (f"{FIVE}==13.0.*", *(["ninja"] if how == "not there" else [])) == found.requirements


def test_twelve(tmp_path: Path) -> None:
    """Wheels of CUDA 12 are an error in every hook."""
    for hook in ("ask", "postponed", "metadata", "build"):
        with pytest.raises(CudaError, match=r"^cuda\.toolkit: torch is for CUDA 12\.8 \(torch 2\.10\.0 \(calls itself"):
            choose("wheels", TWELVE, tmp_path, hook=hook)


def test_torch_that_is_not_known(tmp_path: Path) -> None:
    """Without a known torch, no compilers are known; the system's toolkit may be used."""
    assert (None, None) == (choose("wheels", None, tmp_path), choose("match", None, tmp_path))
    make_toolkit(tmp_path / "cuda")
    home = {"CUDA_PATH": str(tmp_path / "cuda"), "PATH": ""}
    assert "system" == chosen("match", None, tmp_path, environ=home).kind


@pytest.mark.parametrize(
    ("torch", "expected"),
    [(None, False), (CUDA, False), (NOT_KNOWN, False), (CPU, True), (ROCM, True)],
)
def test_without_cuda(torch: Identity | None, expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - a table
    """A torch without CUDA needs no toolkit; on macOS, none does."""
    monkeypatch.setattr(sys, "platform", "linux")
    assert expected == is_without_cuda(torch)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert is_without_cuda(torch)


def test_other_systems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compilers from wheels are supported on Linux only."""
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(CudaError) as caught:
        choose("wheels", CUDA, tmp_path)
    assert "cuda.toolkit: compilers from wheels are supported on Linux only" == str(caught.value)


@pytest.mark.parametrize("value", ["system", "match", "wheels"])
def test_own_toolkit(value: ToolkitChoice, tmp_path: Path) -> None:
    """The person's CUDA_HOME takes precedence over the package's choice, and is never replaced."""
    keep(tmp_path)
    for version, name in (("13.0", "right"), ("12.8", "wrong")):
        make_toolkit(tmp_path / name, version)
    found = chosen(value, CUDA, tmp_path / "cache", environ={"PATH": "", "CUDA_HOME": str(tmp_path / "right")})
    root = tmp_path / "right"
    assert ("system", f"CUDA 13.0 (CUDA_HOME={root}: {root})", "13.0") == (found.kind, found.why, found.version)
    wrong = tmp_path / "wrong"
    with pytest.raises(CudaError) as caught:
        choose(value, CUDA, tmp_path / "cache", environ={"PATH": "", "CUDA_HOME": str(wrong)})
    assert (
        f"cuda.toolkit: the toolkit is CUDA 12.8 (CUDA_HOME={wrong}: {wrong}), and torch is for CUDA 13.0 (torch 2.13.0"
        " (calls itself 2.13.0+cu130)): code compiled with one does not run with the other"
    ) == caught.value.message


@pytest.mark.parametrize(("version", "kind"), [("13.2", "system"), ("12.8", "wheels")])
def test_match(version: str, kind: str, tmp_path: Path) -> None:
    """The system's toolkit is used if it fits, else wheels, with the reason; CUDA_PATH is not the person's choice."""
    folder, root = keep(tmp_path), tmp_path / "cuda"
    make_toolkit(root, version)
    found = chosen("match", CUDA, tmp_path / "cache", environ={"PATH": "", "CUDA_PATH": str(root)})
    told = f"CUDA {version} (CUDA_PATH={root}: {root})"
    if kind == "wheels":
        told = (
            f"CUDA 13.0 (from wheels, stored by an earlier build: {folder}); not the system's: cuda.toolkit: the toolkit is"
            f" {told}, and torch is for CUDA 13.0 (torch 2.13.0 (calls itself 2.13.0+cu130)): code compiled with one"
            " does not run with the other"
        )
    assert (kind, told) == (found.kind, found.why)


def test_neither(tmp_path: Path) -> None:
    """If neither fits, both reasons are reported."""
    with pytest.raises(CudaError) as caught:
        choose("match", TWELVE, tmp_path)
    assert (
        f"cuda.toolkit = 'match': found no matching toolkit.\n  System: {NO_SYSTEM}\n"
        "  Wheels: cuda.toolkit: torch is for CUDA 12.8 (torch 2.10.0 (calls itself 2.10.0+cu128)), and the wheels of CUDA"
        " 12 contain no nvcc\n"
        "Install a toolkit of CUDA 12, and set CUDA_HOME to it; or install a torch for CUDA 13."
    ) == str(caught.value)


@pytest.mark.parametrize("is_kept", [True, False])
def test_compilers_are_checked(is_kept: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a column
    """Compilers from wheels are checked against g++ and the architectures like the system's."""
    site = tmp_path / ("cache/toolkits/cuda-13.0-x" if is_kept else "site")
    root = make_compilers(site)
    environ = {"PATH": "", "TORCH_CUDA_ARCH_LIST": "7.5"}
    with pytest.raises(CudaError) as caught:
        choose("wheels", CUDA, tmp_path / "cache", *([] if is_kept else [site]), environ=environ)
    assert (
        f"cuda.toolkit: CUDA 13.0 ({root}) cannot compile for 7.5; it knows 120, 80, 90\n"
        "Remove those from the list of architectures, or use another toolkit."
    ) == str(caught.value)


@pytest.mark.parametrize(
    ("isolation", "place", "is_temporary"),
    [
        ("hidden", "env", True),
        ("throwaway", "env", True),
        ("kept", "env", False),
        ("none", "env", False),
        ("throwaway", "cache/overlays/x", False),
        ("throwaway", None, False),
    ],
)
@pytest.mark.parametrize("kind", ["system", "wheels"])
def test_mathematical_libraries(
    kind: ToolkitChoice, isolation: str, place: str | None, is_temporary: bool, tmp_path: Path  # noqa: FBT001 - a table
) -> None:  # fmt: skip
    """The mathematical libraries are those of torch's wheels; the links are temporary if these are."""
    keep(tmp_path)
    root = make_toolkit(tmp_path / "cuda").parents[1]
    nvidia = None if place is None else make_libraries(tmp_path / place)
    environ = {"PATH": f"{root}/bin:/usr/bin:/bin"} if kind == "system" else {"PATH": ""}
    found = chosen(kind, CUDA, tmp_path / "cache", isolation=isolation, environ=environ, nvidia=nvidia)
    assert found.home is not None
    assert (nvidia, is_temporary) == (found.home.additions, found.home.is_temporary)


def test_whole_system_toolkit(tmp_path: Path) -> None:
    """A toolkit of the system with mathematical libraries is CUDA_HOME itself."""
    root, nvidia = make_toolkit(tmp_path / "cuda").parents[1], make_libraries(tmp_path / "env")
    environ = {"PATH": "", "CUDA_PATH": str(root)}
    bench = {"environ": environ, "nvidia": nvidia, "site": tmp_path / "env"}
    partial = chosen("system", CUDA, tmp_path / "cache", **bench)
    assert partial.home is not None
    assert stable_path(tmp_path / "cache", "13.0", [str(root), str(tmp_path / "env")]) == partial.home.path
    write(root / "include/cusparse.h", "")
    whole = chosen("system", CUDA, tmp_path / "cache", **bench)
    assert whole.home is not None
    assert (root, root, None, False) == (
        whole.home.path,
        whole.home.toolkit,
        whole.home.additions,
        whole.home.is_temporary,
    )


def test_notes(tmp_path: Path) -> None:
    """Another minor version of the system's toolkit is a note."""
    root = make_toolkit(tmp_path / "cuda", "13.2").parents[1]
    found = chosen("match", CUDA, tmp_path, environ={"PATH": "", "CUDA_PATH": str(root)})
    assert (f"the toolkit is CUDA 13.2 ({root}), torch is for 13.0: this usually works",) == found.notes


def test_label_tells(tmp_path: Path) -> None:
    """The label of a locked torch determines its CUDA before it is installed."""
    locked = NOT_KNOWN._replace(version="2.12.0+cu132")
    found = chosen("wheels", locked, tmp_path, hook="ask")
    assert (f"{FIVE}==13.2.*", "ninja") == found.requirements
    assert find_kept(tmp_path, "13.2") is None


def test_lacking_home() -> None:
    """If the compilers are not installed yet, CUDA_HOME is a path that does not exist."""
    assert Path("/c/cuda/not-there-yet") == lacking_home(Path("/c"))
