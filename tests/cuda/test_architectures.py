"""The architectures to compile for: those in the settings, or those of the machine's GPUs."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from standins import write

from runtime_backend.cuda.architectures import decide_architectures, list_capabilities
from runtime_backend.errors import CudaError


def make_site(folder: Path, supported: str = "['8.0', '8.6',\n '9.0', '9.0a', '12.0']") -> Path:
    """Return a folder with a torch that lists its architectures."""
    write(folder / "torch/utils/cpp_extension.py", f"def f():\n    supported_arches = {supported}\n    x = [1]\n")
    return folder


def test_explicit_architectures(tmp_path: Path) -> None:
    """The configured architectures are used, unless this torch does not know one."""
    site = make_site(tmp_path)
    found = decide_architectures("8.6;9.0a+PTX", {}, site)
    assert ("8.6;9.0a+PTX", "86-real;90a", "set") == (found.torch, found.cmake, found.why)
    assert (None, "Hopper;8.6") == (
        decide_architectures("Hopper;8.6", {}, site).cmake,
        decide_architectures("Hopper;8.6", {}, site).torch,
    )
    with pytest.raises(CudaError, match=r"cannot build for 10\.3, 7\.5; it knows 8\.0, 8\.6"):
        decide_architectures("10.3;9.0;7.5+PTX", {}, site)
    assert "10.3" == decide_architectures("10.3", {}, tmp_path / "nowhere").torch
    assert "10.3" == decide_architectures("10.3", {}, None).torch


@pytest.mark.parametrize(
    ("gpus", "torch", "cmake"),
    [
        (["9.0"], "9.0+PTX", "90"),
        (["12.0", "8.6", "8.6"], "8.6;12.0+PTX", "86-real;120"),
        (["12.1", "10.0"], "10.0;12.0+PTX", "100-real;120"),
    ],
)
def test_visible_gpus(gpus: list[str], torch: str, cmake: str, tmp_path: Path) -> None:
    """Each capability is listed once, the last with PTX, none newer than this torch knows."""
    found = decide_architectures("auto", {}, make_site(tmp_path), list_gpus=lambda _: gpus)
    assert (torch, cmake, f"set: the GPUs here ({', '.join(gpus)})") == (found.torch, found.cmake, found.why)


def test_no_gpu() -> None:
    """Without a GPU, the error names the setting and the variable."""
    with pytest.raises(CudaError, match=r"cuda\.arch-list = 'auto': found no visible GPU") as caught:
        decide_architectures("auto", {"PATH": ""}, None)
    assert "TORCH_CUDA_ARCH_LIST=9.0" in str(caught.value)


def make_smi(folder: Path, *lines: str, code: int = 0) -> dict[str, str]:
    """Return variables with an nvidia-smi that prints some lines."""
    script = write(
        folder / "nvidia-smi", "#!/bin/sh\n" + "".join(f"echo '{line}'\n" for line in lines) + f"exit {code}\n"
    )
    script.chmod(0o755)
    return {"PATH": str(folder)}


TWO = ("GPU-aaa, 8.6", "GPU-bbb, 9.0")


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        ({}, ["8.6", "9.0"]),
        ({"CUDA_VISIBLE_DEVICES": ""}, []),
        ({"CUDA_VISIBLE_DEVICES": "-1"}, []),
        ({"CUDA_VISIBLE_DEVICES": "1"}, ["8.6", "9.0"]),
        ({"CUDA_VISIBLE_DEVICES": "1, 7", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}, ["9.0"]),
        ({"CUDA_VISIBLE_DEVICES": "GPU-b"}, ["9.0"]),
    ],
)
def test_smi(visible: dict[str, str], expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """nvidia-smi is called if NVML's library is missing; CUDA's own variables apply."""
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert expected == list_capabilities({**make_smi(tmp_path, *TWO), **visible})


@pytest.mark.parametrize(("lines", "code"), [(TWO, 9), (("No devices were found",), 0)])
def test_smi_without_gpus(lines: tuple[str, ...], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An nvidia-smi that fails, or prints anything else, reports no GPUs."""
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert [] == list_capabilities(make_smi(tmp_path, *lines, code=code))


@pytest.mark.parametrize("has_driver", [True, False])
def test_nvml(has_driver: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - a column
    """NVML is used first; without a driver, nvidia-smi is called."""

    def init() -> None:
        if not has_driver:
            raise RuntimeError

    library = SimpleNamespace(
        NVMLError=RuntimeError,
        nvmlInit=init,
        nvmlDeviceGetCount=lambda: 1,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetCudaComputeCapability=lambda _: (12, 0),
        nvmlDeviceGetUUID=lambda _: "GPU-ccc",
        nvmlShutdown=lambda: None,
    )
    monkeypatch.setitem(sys.modules, "pynvml", library)
    assert (["12.0"] if has_driver else ["8.6", "9.0"]) == list_capabilities(make_smi(tmp_path, *TWO))


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("supported_arches = [foo, '7.0', x()]\n", "7.0"),
        ("    supported_arches = ['7.0',\n    \"9.0a\"]\n", "7.0, 9.0a"),
        ("supported_arches = ['x', '" + "9" * 400 + ".0', '7.0']\n", "7.0"),
    ],
)
def test_odd_lists_of_torch(text: str, known: str, tmp_path: Path) -> None:
    """Torch's list is read as text, ignoring entries that are not architectures."""
    write(tmp_path / "torch/utils/cpp_extension.py", text)
    with pytest.raises(CudaError, match=f"it knows {known}\n"):
        decide_architectures("3.5", {}, tmp_path)


@pytest.mark.parametrize(
    ("line", "visible", "expected"),
    [
        ("GPU-1, [N/A]", None, []),
        ("GPU-1, " + "9" * 400 + ".0", None, []),
        ("GPU-1, 9.0", "\u00b2", []),
        ("GPU-1, 9.0", "1" * 5000, []),
        ("GPU-1, 9.0", "0", ["9.0"]),
    ],
)
def test_odd_answers_of_the_driver(
    line: str, visible: str | None, expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invalid capabilities and GPU numbers are ignored."""
    monkeypatch.setitem(sys.modules, "pynvml", None)
    more = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible, "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    assert expected == list_capabilities({**make_smi(tmp_path, line), **more})
