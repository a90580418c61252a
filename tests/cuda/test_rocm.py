"""ROCm and XPU: architectures and jobs, with stand-ins, since the hardware was not available."""

from __future__ import annotations

from pathlib import Path

import pytest
from standins import write
from toolkits import CUDA, ROCM, XPU, make_bench

from runtime_backend.config import Chosen, CudaSettings, load_settings
from runtime_backend.config.planned import PlannedVariable
from runtime_backend.cuda import jobs
from runtime_backend.cuda.rocm import list_names, plan_rocm
from runtime_backend.cuda.table import plan_cuda
from runtime_backend.errors import ConfigError, CudaError
from runtime_backend.installed.identity import Identity
from runtime_backend.plan.variables import plan_environ

CPU = Identity(name="torch", version="2.9.0", reported="2.9.0+cpu")

LEFT = "left as the environment has it"
NOT_FOR_CUDA = "not set: this torch is not for CUDA"
ONLY_CUDA = "not set: the list is not for ROCm; torch chooses"
NO_GPU = (
    "cuda.arch-list = 'auto': found no visible GPU with rocm_agent_enumerator, expected one\nName the architectures: arch-list = 'gfx90a'"
    " in [tool.runtime-backend.cuda], or for one call PYTORCH_ROCM_ARCH=gfx90a."
)


def make_enumerator(folder: Path, *lines: str, code: int = 0) -> Path:
    """Make a rocm_agent_enumerator that prints some lines; return its folder."""
    text = "".join(f"echo '{line}'\n" for line in lines)
    write(folder / "rocm_agent_enumerator", f"#!/bin/sh\n{text}exit {code}\n").chmod(0o755)
    return folder


def table_of(folder: Path, value: str) -> str | None:
    """Return the list in a producer's table."""
    write(folder / "pyproject.toml", f"[tool.runtime-backend.cuda]\narch-list = {value}\n")
    found = load_settings(folder, environ={}).cuda
    return None if found is None or found.arch_list is None else found.arch_list.value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('"gfx90a"', "gfx90a"),
        ('"9.0;gfx90a:xnack- gfx942:sramecc+:xnack-"', "9.0;gfx90a:xnack-;gfx942:sramecc+:xnack-"),
        ('["8.6+PTX", "gfx906", "gfx1100", "Hopper"]', "8.6+PTX;gfx906;gfx1100;Hopper"),
    ],
)
def test_arch_list(written: str, value: str, tmp_path: Path) -> None:
    """A list may have names of ROCm and of CUDA."""
    assert value == table_of(tmp_path, written)


@pytest.mark.parametrize("word", ["gfx9", "gfx90A", "gfx90a:xnack", "gfx90a+PTX", "gfx90a:foo+", "gfx11000", "mi300"])
def test_no_name(word: str, tmp_path: Path) -> None:
    """An invalid name is reported, with a suggestion."""
    with pytest.raises(ConfigError) as caught:
        table_of(tmp_path, f'"{word}"')
    (problem,) = caught.value.problems
    assert problem.startswith(
        f"pyproject.toml: tool.runtime-backend.cuda.arch-list: found the architecture {word!r}, expected one such as"
        " '9.0', '9.0a', '8.6+PTX', for ROCm 'gfx90a', or a name: Kepler+Tesla, "
    )


def planned(value: str, torch: Identity | None, **environ: str) -> dict[str, str]:
    """Return the variables except those of CUDA's toolkit: the value, or the reason for none."""
    bench = make_bench(Path("/cache"), hook="metadata", environ={"PATH": "", **environ})
    found = plan_cuda(CudaSettings(arch_list=Chosen(value=value, origin="here")), torch, bench)
    assert (None, ()) == (found.stop, found.notes)
    toolkit = ("CUDA_HOME", "CUDA_PATH", "CUDACXX", "CUDAToolkit_ROOT")
    return {
        variable.name: variable.value or variable.why for variable in found.variables if variable.name not in toolkit
    }


BOTH = "9.0;gfx90a;8.6+PTX;gfx942:xnack-"
FOR_CUDA = {"TORCH_CUDA_ARCH_LIST": "9.0;8.6+PTX", "CUDAARCHS": "90-real;86"}


@pytest.mark.parametrize(
    ("value", "torch", "expected"),
    [
        (BOTH, CUDA, FOR_CUDA),
        (BOTH, None, FOR_CUDA),
        (BOTH, Identity(name="torch", version="2.9.0"), FOR_CUDA),
        (BOTH, ROCM, {"PYTORCH_ROCM_ARCH": "gfx90a;gfx942:xnack-"}),
        (BOTH, Identity(name="torch", version="2.9.0+rocm6.4"), {"PYTORCH_ROCM_ARCH": "gfx90a;gfx942:xnack-"}),
        (BOTH, XPU, {"TORCH_CUDA_ARCH_LIST": NOT_FOR_CUDA}),
        (BOTH, CPU, {"TORCH_CUDA_ARCH_LIST": NOT_FOR_CUDA}),
        (BOTH, Identity(name="torch", version="2.9.0+xpu"), {"TORCH_CUDA_ARCH_LIST": NOT_FOR_CUDA}),
        ("gfx90a", CUDA, {"TORCH_CUDA_ARCH_LIST": "not set: the list is not for CUDA"}),
        ("gfx90a", XPU, {"TORCH_CUDA_ARCH_LIST": NOT_FOR_CUDA}),
        ("9.0;Hopper", ROCM, {"PYTORCH_ROCM_ARCH": ONLY_CUDA}),
        ("auto", XPU, {"TORCH_CUDA_ARCH_LIST": NOT_FOR_CUDA}),
    ],
)
def test_variables(value: str, torch: Identity | None, expected: dict[str, str]) -> None:
    """Each torch gets its own names; a list without any is not an error."""
    assert expected == planned(value, torch)


def test_the_environment_wins() -> None:
    """The person's variable takes precedence; the other accelerator's variable is ignored."""
    assert {"PYTORCH_ROCM_ARCH": LEFT} == planned(BOTH, ROCM, PYTORCH_ROCM_ARCH="gfx1100")
    assert {"PYTORCH_ROCM_ARCH": LEFT} == planned("auto", ROCM, PYTORCH_ROCM_ARCH="")
    assert {"PYTORCH_ROCM_ARCH": "gfx90a"} == planned("gfx90a", ROCM, TORCH_CUDA_ARCH_LIST="9.0")
    assert FOR_CUDA == planned(BOTH, CUDA, PYTORCH_ROCM_ARCH="gfx1100")


def test_the_table_goes_before(tmp_path: Path) -> None:
    """The env table takes precedence over the cuda table; XPU's list is set in the env table."""
    table = '[tool.runtime-backend]\ncuda = { arch-list = "9.0;gfx90a" }\nenv = { PYTORCH_ROCM_ARCH = "gfx942", TORCH_XPU_ARCH_LIST = "pvc" }\n'
    write(tmp_path / "pyproject.toml", table)
    settings = load_settings(tmp_path, environ={})
    expected = {"PYTORCH_ROCM_ARCH": "gfx942", "TORCH_XPU_ARCH_LIST": "pvc"}
    for torch, more in ((ROCM, {}), (XPU, {"TORCH_CUDA_ARCH_LIST": None})):
        variables, _ = plan_environ(settings, [torch], {}, {}, make_bench(tmp_path / "cache"))
        assert {**expected, **more} == {variable.name: variable.value for variable in variables}


def auto(environ: dict[str, str], usual: Path) -> PlannedVariable:
    """Return the variable for the machine's GPUs."""
    return plan_rocm(Chosen(value="auto", origin="here"), environ, usual)


def test_auto(tmp_path: Path) -> None:
    """Each GPU's name is listed once, without features; CPUs and other output are ignored."""
    lines = ("gfx000", "gfx942:sramecc+:xnack-", " gfx90a ", "gfx90a", "warning: gfx9", "")
    environ = {"PATH": str(make_enumerator(tmp_path / "bin", *lines))}
    why = "set: the GPUs here (gfx90a, gfx942)"
    expected = PlannedVariable(name="PYTORCH_ROCM_ARCH", value="gfx90a;gfx942", origin="here", why=why)
    assert expected == auto(environ, tmp_path / "none")
    assert {"PYTORCH_ROCM_ARCH": "gfx90a;gfx942"} == planned("auto", ROCM, **environ)


@pytest.mark.parametrize(("lines", "code"), [((), 0), (("gfx000",), 0), (("gfx90a",), 1), (("no driver",), 0)])
def test_no_gpu(lines: tuple[str, ...], code: int, tmp_path: Path) -> None:
    """A program that fails, or lists no GPU, is an error, as for CUDA."""
    environ = {"PATH": str(make_enumerator(tmp_path / "bin", *lines, code=code))}
    with pytest.raises(CudaError) as caught:
        auto(environ, tmp_path / "none")
    assert NO_GPU == str(caught.value)


def test_where_the_program_is(tmp_path: Path) -> None:
    """The program is looked up on PATH, then in torch's folders for ROCm."""
    for number, name in enumerate(("path/bin", "home/bin", "rocm/bin", "usual/bin")):
        make_enumerator(tmp_path / name, f"gfx90{number}")
    variables = {"PATH": "path/bin", "ROCM_HOME": "home", "ROCM_PATH": "rocm"}
    environ = {name: str(tmp_path / folder) for name, folder in variables.items()}
    for number, name in enumerate(("PATH", "ROCM_HOME", "ROCM_PATH")):
        assert [f"gfx90{number}"] == list_names(environ, tmp_path / "usual")
        environ[name] = ""
    assert ["gfx903"] == list_names(environ, tmp_path / "usual")
    assert [] == list_names({}, tmp_path / "none")


@pytest.mark.parametrize(("torch", "each"), [(ROCM, "4"), (CUDA, "4"), (XPU, "2"), (CPU, "2")])
def test_jobs(torch: Identity, each: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hipcc gets the memory of nvcc, without nvcc's threads; C++ alone needs less."""
    monkeypatch.setattr(jobs, "count_cores", lambda: 8)
    monkeypatch.setattr(jobs, "available_memory", lambda: 32 * 10**9)
    settings = CudaSettings(jobs=Chosen(value=None, origin="here"))
    assert (
        plan_cuda(settings, torch, make_bench(Path("/cache")))
        .variables[0]
        .why.endswith(f"32.0 GB free, {each} GB a job")
    )
    settings = CudaSettings(
        jobs=Chosen(value=None, origin="here"), arch_list=Chosen(value="gfx90a;gfx942", origin="here")
    )
    found = plan_cuda(settings, ROCM, make_bench(Path("/cache"), environ={"NVCC_THREADS": "4"})).variables
    assert "set: 8 cores, 32.0 GB free, 4 GB a job" == found[1].why


@pytest.mark.parametrize("torch", [ROCM, XPU, CPU, Identity(name="torch", version="2.9.0+rocm6.4")])
def test_toolkit(torch: Identity) -> None:
    """For a torch without CUDA, no CUDA toolkit is looked up."""
    for kind in ("system", "wheels", "match"):
        settings = CudaSettings(toolkit=Chosen(value=kind, origin="here"))
        found = plan_cuda(settings, torch, make_bench(Path("/cache")))
        assert ((), None, None, ()) == (found.variables, found.toolkit, found.stop, found.notes)
