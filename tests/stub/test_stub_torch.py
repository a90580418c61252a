"""The stand-in torch itself, imported under our own name instead of torch's."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from packaging.version import Version
from setuptools import Distribution
from standins import write

FACTS: dict[str, Any] = {
    "version": "2.8.0+cu126",
    "cuda": "12.6",
    "hip": None,
    "rocm": None,
    "xpu": None,
    "git_version": "ab",
    "cxx11_abi": True,
    "guessed": [],
}
NAME = "runtime_backend.stub.torch"


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the notebook of a stand-in that knows everything."""
    write(tmp_path / "facts.json", json.dumps(FACTS))
    monkeypatch.setenv("RUNTIME_BACKEND_STUB", str(tmp_path))
    return tmp_path / "notes.jsonl"


@pytest.fixture
def torch(notes: Path) -> Iterator[Any]:  # noqa: ARG001 - it reads them
    """Return the stand-in, and forget it again."""
    before, finders = set(sys.modules), list(sys.meta_path)
    yield importlib.import_module(NAME)
    sys.meta_path[:] = finders
    for name in set(sys.modules) - before:
        if name.startswith(NAME):
            del sys.modules[name]


def noted(notes: Path) -> list[list[str]]:
    """Return the recorded questions."""
    return [json.loads(line) for line in notes.read_text().splitlines()] if notes.exists() else []


def test_version(torch: Any, notes: Path) -> None:
    """The stand-in returns known facts, and records nothing about them."""
    told = (
        torch.__version__,
        torch.version.__version__,
        torch.version.cuda,
        torch.version.hip,
        torch.version.rocm,
        torch.version.xpu,
        torch.version.git_version,
    )
    assert ("2.8.0+cu126", "2.8.0+cu126", "12.6", None, None, None, "ab") == told
    assert (True, True, True, True) == (
        torch.has_cuda,
        torch.backends.cuda.is_built(),
        torch._C._GLIBCXX_USE_CXX11_ABI,  # noqa: SLF001 - build scripts read it
        torch.compiled_with_cxx11_abi(),
    )
    assert [] == noted(notes)


def test_guesses_are_noted(torch: Any, notes: Path) -> None:
    """A question that is answered by a guess is written down."""
    write(notes.parent / "facts.json", json.dumps({**FACTS, "guessed": ["cuda"]}))
    assert ("12.6", "2.8.0+cu126") == (torch.version.cuda, torch.__version__)
    assert [["guessed", "torch.cuda"]] == noted(notes)


def test_comparisons(torch: Any) -> None:
    """The version compares with strings, versions and numbers, as torch's own does."""
    version = torch.__version__
    assert (version >= (2, 8), version > "2.7", version < Version("3"), version <= [2, 9]) == (True,) * 4
    assert (version == "2.8.0+cu126", version != "2.8.0+cu126", version == "nonsense") == (True, False, False)
    assert {version: 1} == {"2.8.0+cu126": 1}
    assert version.startswith("2.8")


def test_machine_without_a_gpu(torch: Any) -> None:
    """There is no GPU, of any kind."""
    assert (False, 0, []) == (torch.cuda.is_available(), torch.cuda.device_count(), torch.cuda.get_arch_list())
    assert (False, False, False, False, True) == (
        torch.xpu.is_available(),
        torch.mps.is_available(),
        torch.backends.cudnn.is_available(),
        torch.backends.mps.is_available(),
        torch.backends.openmp.is_available(),
    )
    with pytest.raises(RuntimeError, match="No CUDA GPUs are available"):
        torch.cuda.get_device_capability(0)


@pytest.mark.parametrize("module", ["", ".version", ".cuda", ".backends", ".utils", "._C", ".torch_version"])
def test_what_is_not_there(module: str, torch: Any, notes: Path) -> None:
    """What the stand-in does not have is written down, since scripts swallow exceptions; plug-ins are just not there."""
    found: ModuleType = importlib.import_module(f"{NAME}{module}")
    assert torch is not None
    assert [False, False] == [hasattr(found, "npu"), hasattr(found, "__wrapped__")]
    assert [] == noted(notes)
    with pytest.raises(AttributeError) as caught:
        _ = found.nonsense
    told = f"the stand-in torch, which runtime-backend uses to get metadata, has no torch{module}.nonsense"
    assert told == str(caught.value)
    assert [["unknown", f"torch{module}.nonsense"]] == noted(notes)


def test_modules_that_are_not_there(torch: Any, notes: Path) -> None:
    """So are modules; those of others are not the stand-in's business."""
    assert torch is not None
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(f"{NAME}.distributed")
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("surely_not_there")
    assert [["unknown", "torch.distributed"]] == noted(notes)


def test_modules_by_name(torch: Any, notes: Path) -> None:
    """``from torch.utils import cpp_extension`` asks for an attribute before it imports the module: no question at all."""
    assert not hasattr(torch.utils, "cpp_extension")
    assert "OpenMP" in importlib.import_module(f"{NAME}.__config__").parallel_info()
    assert [] == noted(notes)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (
            {},
            "  - OpenMP 201511\n  - CUDA Runtime 12.6\n  - Build settings: CXX_FLAGS= -D_GLIBCXX_USE_CXX11_ABI=1"
            " -fvisibility-inlines-hidden -O2 -fPIC, TORCH_VERSION=2.8.0, USE_CUDA=1, USE_OPENMP=ON, USE_ROCM=OFF,"
            " USE_XPU=OFF, \n",
        ),
        (
            {"cuda": None, "hip": "6.3", "version": "2.5.0+rocm6.3", "cxx11_abi": False},
            "  - OpenMP 201511\n  - HIP Runtime 6.3\n  - Build settings: CXX_FLAGS= -D_GLIBCXX_USE_CXX11_ABI=0"
            " -fvisibility-inlines-hidden -O2 -fPIC, TORCH_VERSION=2.5.0, USE_CUDA=0, USE_OPENMP=ON, USE_ROCM=ON,"
            " USE_XPU=OFF, \n",
        ),
    ],
)
def test_config(facts: dict[str, Any], expected: str, torch: Any, notes: Path) -> None:
    """torch.__config__ contains the known facts; a guess is recorded."""
    write(notes.parent / "facts.json", json.dumps({**FACTS, **facts, "guessed": ["cuda"]}))
    assert f"PyTorch built with:\n{expected}" == torch.__config__.show()
    assert [["guessed", "torch.cuda"]] == noted(notes)
    assert expected.partition("CXX_FLAGS=")[2].partition(",")[0] == torch.__config__._cxx_flags()  # noqa: SLF001
    with pytest.raises(AttributeError, match=r"has no torch\.__config__\.other"):
        torch.__config__.other()


def test_extensions(torch: Any, notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Extensions are described as they were, and the command that builds them is never run."""
    assert torch is not None
    ext = importlib.import_module(f"{NAME}.utils.cpp_extension")
    described = ext.CUDAExtension("x._C", ["a.cu"], extra_compile_args={"nvcc": ["-O3"]}, py_limited_api=True)
    assert ("x._C", ["a.cu"], "c++", {"nvcc": ["-O3"]}) == (
        described.name,
        described.sources,
        described.language,
        described.extra_compile_args,
    )
    assert (None, True) == (ext.CUDA_HOME, ext.IS_LINUX or ext.IS_MACOS or ext.IS_WINDOWS)
    command = ext.BuildExtension.with_options(use_ninja=False, no_python_abi_suffix=True)(Distribution())
    assert (False, True) == (command.use_ninja, command.no_python_abi_suffix)
    with pytest.raises(AttributeError):
        command.run()
    assert [["unknown", "torch.utils.cpp_extension.BuildExtension.run"]] == noted(notes)
    assert ["include", "lib"] == [Path(ext.include_paths(cuda=True)[0]).name, Path(ext.library_paths()[0]).name]
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setenv("CXX", "/usr/bin/g++-12")
    with pytest.raises(RuntimeError, match="Ninja is required"):
        ext.verify_ninja_availability()
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/ninja")
    ext.verify_ninja_availability()
    compiler = ext.get_cxx_compiler()
    assert (True, True) == (ext.check_compiler_is_gcc(compiler), ext.check_compiler_ok_for_platform(compiler))
