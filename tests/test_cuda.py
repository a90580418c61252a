"""CUDA's own settings: architectures, jobs by cores and memory, and what is said when memory was not enough."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from callers import Scene
from hooks import Said, call_of, make_source
from standins import write

from runtime_backend import call, memory
from runtime_backend.config import Chosen, CudaSettings, load_settings
from runtime_backend.cuda import jobs, plan_cuda
from runtime_backend.cuda.architectures import decide_architectures, list_capabilities
from runtime_backend.cuda.jobs import decide_jobs
from runtime_backend.cuda.toolkit import find_toolkit
from runtime_backend.errors import ConfigError, CudaError
from runtime_backend.plan import make_plan
from runtime_backend.runtime import Identity
from runtime_backend.variables import PlannedVariable

AT = "pyproject.toml: tool.runtime-backend.cuda"
LIST = "'auto', or architectures such as '9.0;8.6+PTX' or ['9.0', '8.6+PTX']"
CUDA = Identity(name="torch", version="2.13.0", reported="2.13.0+cu130", cuda="13.0")
CPU = Identity(name="torch", version="2.13.0", reported="2.13.0+cpu")


def settings_of(folder: Path, table: str) -> CudaSettings | None:
    """Return what a producer's table comes to."""
    write(folder / "pyproject.toml", f"[tool.runtime-backend.cuda]\n{table}\n")
    return load_settings(folder, environ={}).cuda


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('"auto"', "auto"),
        ('"9.0"', "9.0"),
        ('"9.0a;8.6+PTX Hopper 12.0f"', "9.0a;8.6+PTX;Hopper;12.0f"),
        ('["8.0", "9.0+PTX"]', "8.0;9.0+PTX"),
    ],
)
def test_arch_list(written: str, value: str, tmp_path: Path) -> None:
    """A list as torch takes it, or as TOML has lists."""
    found = settings_of(tmp_path, f"arch-list = {written}")
    assert CudaSettings(arch_list=Chosen(value=value, origin=f"{AT}.arch-list")) == found


def test_all_keys(tmp_path: Path) -> None:
    """What is not said is left to others."""
    assert CudaSettings() == settings_of(tmp_path, "")
    found = settings_of(tmp_path, "jobs = 3\njob-memory = 2")
    assert found == CudaSettings(
        jobs=Chosen(value=3, origin=f"{AT}.jobs"), job_memory=Chosen(value=2.0, origin=f"{AT}.job-memory")
    )
    assert CudaSettings(jobs=Chosen(value=None, origin=f"{AT}.jobs")) == settings_of(tmp_path, 'jobs = "auto"')


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ('arch-list = "sm_90"', "arch-list: found the architecture 'sm_90', expected it as torch takes it: '9.0'"),
        ('arch-list = "compute_120a"', "arch-list: found the architecture 'compute_120a', expected it as torch takes it: '12.0a'"),
        ("arch-list = ['86']", "arch-list: found the architecture '86', expected it as torch takes it: '8.6'"),
        ('arch-list = "9.0,8.6"', "arch-list: found the architecture '9.0,8.6', expected a semicolon or a space between two: '9.0;8.6'"),
        ("arch-list = 9.0", f"arch-list: found float 9.0, expected {LIST}"),
        ("arch-list = []", f"arch-list: found an array, expected {LIST}"),
        ('arch-list = " ; "', f"arch-list: found the string ' ; ', expected {LIST}"),
        ("jobs = 0", "jobs: found int 0, expected 'auto', or a number from 1 on"),
        ("jobs = true", "jobs: found true, expected 'auto', or a number from 1 on"),
        ('job-memory = "4"', "job-memory: found the string '4', expected a number of GB above 0"),
        ("job-memory = -1", "job-memory: found int -1, expected a number of GB above 0"),
        ('toolkit = "wheels"', "toolkit: found the string 'wheels', expected one of system"),
        ("job = 1", "job: found an unknown key (did you mean 'jobs'?), expected one of arch-list, job-memory, jobs, toolkit"),
    ],
)  # fmt: skip
def test_mistakes(table: str, problem: str, tmp_path: Path) -> None:
    """A mistake is told with the right spelling."""
    with pytest.raises(ConfigError) as caught:
        settings_of(tmp_path, table)
    assert (f"{AT}.{problem}",) == caught.value.problems


def test_unknown_name(tmp_path: Path) -> None:
    """Names are those that torch has."""
    with pytest.raises(
        ConfigError, match=r"'Hoper', expected one such as '9\.0', '9\.0a', '8\.6\+PTX', or a name: Kepler"
    ):
        settings_of(tmp_path, 'arch-list = "Hoper"')


def test_consumer_goes_before(tmp_path: Path) -> None:
    """Key by key."""
    cuda = 'cuda = { arch-list = "9.0", jobs = 2 }'
    write(tmp_path / "x/pyproject.toml", f'[project]\nname = "x"\n[tool.runtime-backend]\n{cuda}\n')
    write(tmp_path / "pyproject.toml", "[tool.runtime-backend.packages.x.cuda]\njobs = 5\n")
    found = load_settings(tmp_path / "x", start=tmp_path, environ={}).cuda
    assert found is not None
    assert ("9.0", 5) == (found.arch_list and found.arch_list.value, found.jobs and found.jobs.value)
    write(tmp_path / "pyproject.toml", "[tool.runtime-backend.packages.y.cuda]\njobs = 5\n")
    found = load_settings(tmp_path / "x", start=tmp_path, environ={}).cuda
    assert found is not None
    assert 2 == (found.jobs and found.jobs.value)


def make_site(folder: Path, supported: str = "['8.0', '8.6',\n '9.0', '9.0a', '12.0']") -> Path:
    """Return a folder with a torch that says what it can build for."""
    write(folder / "torch/utils/cpp_extension.py", f"def f():\n    supported_arches = {supported}\n    x = [1]\n")
    return folder


def test_explicit_architectures(tmp_path: Path) -> None:
    """What is asked for is taken, unless this torch does not know it."""
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
    """Each once, the last with PTX, none later than this torch knows."""
    found = decide_architectures("auto", {}, make_site(tmp_path), list_gpus=lambda _: gpus)
    assert (torch, cmake, f"set: the GPUs here ({', '.join(gpus)})") == (found.torch, found.cmake, found.why)


def test_no_gpu() -> None:
    """None is a stop that names the setting, and the variable."""
    with pytest.raises(CudaError, match=r"cuda\.arch-list = 'auto': found no visible GPU") as caught:
        decide_architectures("auto", {"PATH": ""}, None)
    assert "TORCH_CUDA_ARCH_LIST=9.0" in str(caught.value)


def make_smi(folder: Path, *lines: str, code: int = 0) -> dict[str, str]:
    """Return variables with a driver's program that prints some lines."""
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
    """The driver's program is asked where NVML's library is not there; CUDA's own variables hold."""
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert expected == list_capabilities({**make_smi(tmp_path, *TWO), **visible})


@pytest.mark.parametrize(("lines", "code"), [(TWO, 9), (("No devices were found",), 0)])
def test_smi_without_gpus(lines: tuple[str, ...], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver that fails, or says something else, has none."""
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert [] == list_capabilities(make_smi(tmp_path, *lines, code=code))


@pytest.mark.parametrize("has_driver", [True, False])
def test_nvml(has_driver: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - a column
    """NVML's library is asked first; without a driver, the program says the same."""

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


GB = 10**9


def make_machine(root: Path, *, free: int | None = 32 * GB, cgroup: str = "", **files: str) -> Path:
    """Return the root of a machine's procfs and sysfs."""
    if free is not None:
        write(root / "proc/meminfo", f"MemTotal: 1 kB\nMemAvailable: {free // 1024} kB\n")
    write(root / "proc/self/cgroup", cgroup)
    for name, text in files.items():
        write(root / "sys/fs/cgroup" / name.replace("__", "/").replace("_", "."), text)
    return root


def test_memory(tmp_path: Path) -> None:
    """The smallest of what is free and what the control groups leave."""
    assert 32 * GB // 1024 * 1024 == memory.available_memory(make_machine(tmp_path / "a"))
    assert memory.available_memory(make_machine(tmp_path / "b", free=None)) is None
    two = make_machine(
        tmp_path / "c",
        cgroup="0::/user/me\n",
        user__me__memory_max="max\n",
        user__me__memory_current="5\n",
        user__memory_max=f"{6 * GB}\n",
        user__memory_current=f"{3 * GB}\n",
        user__memory_stat=f"anon 7\ninactive_file {GB}\n",
    )
    assert 4 * GB == memory.available_memory(two)
    one = make_machine(tmp_path / "d", cgroup="3:cpu:/\n4:memory,x:/docker/1\n")
    write(one / "sys/fs/cgroup/memory/memory.limit_in_bytes", f"{2 * GB}")
    write(one / "sys/fs/cgroup/memory/memory.usage_in_bytes", f"{3 * GB}")
    assert 0 == memory.available_memory(one)


def test_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that this process may use; where the system does not tell, all."""
    assert memory.count_cores() >= 1
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert 1 == memory.count_cores()


@pytest.mark.parametrize(
    ("free", "environ", "expected"),
    [
        (32 * GB, {}, (8, "set: 8 cores, 32.0 GB free, 4 GB a job")),
        (6 * GB, {}, (1, "set: 8 cores, 6.0 GB free, 4 GB a job")),
        (GB, {}, (1, "set: 8 cores, 1.0 GB free, 4 GB a job")),
        (32 * GB, {"NVCC_THREADS": "4"}, (4, "set: 8 cores, 32.0 GB free, 8 GB a job")),
        (32 * GB, {"NVCC_THREADS": "x"}, (8, "set: 8 cores, 32.0 GB free, 4 GB a job")),
        (None, {}, (8, "set: 8 cores, memory not known")),
    ],
)
def test_jobs(
    free: int | None, environ: dict[str, str], expected: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as there are cores, and as memory is enough for; nvcc's own threads count in."""
    monkeypatch.setattr(jobs, "count_cores", lambda: 8)
    monkeypatch.setattr(jobs, "available_memory", lambda: free)
    assert expected == decide_jobs(None, 4.0, environ, 2)
    assert (3, "set") == decide_jobs(3, 4.0, environ, 2)


@pytest.mark.parametrize("own", ["abc", "0", "-1", "1.5"])
def test_jobs_that_are_no_number(own: str) -> None:
    """Torch would take as many as there are cores, without a word."""
    with pytest.raises(CudaError, match=f"MAX_JOBS: found '{own}', expected a number from 1 on"):
        decide_jobs(1, 4.0, {"MAX_JOBS": own}, 1)


def planned(settings: CudaSettings, torch: Identity | None = CUDA, **environ: str) -> dict[str, str]:
    """Return the variables: value, or why there is none."""
    found = plan_cuda(settings, torch, None, environ)
    assert (None, ()) == (found.stop, found.notes)
    assert {"here"} >= {variable.origin for variable in found.variables}
    return {variable.name: variable.value or variable.why for variable in found.variables}


LEFT = "left as the environment has it"
NINE = CudaSettings(arch_list=Chosen(value="9.0", origin="here"))
THREE = CudaSettings(jobs=Chosen(value=3, origin="here"))


def test_variables() -> None:
    """Torch's and CMake's; the person's own go before."""
    assert {"TORCH_CUDA_ARCH_LIST": "9.0", "CUDAARCHS": "90-real"} == planned(NINE) == planned(NINE, None)
    assert {"TORCH_CUDA_ARCH_LIST": "Hopper"} == planned(CudaSettings(arch_list=Chosen(value="Hopper", origin="here")))
    assert {"TORCH_CUDA_ARCH_LIST": LEFT} == planned(NINE, TORCH_CUDA_ARCH_LIST="8.0")
    assert {"TORCH_CUDA_ARCH_LIST": "9.0", "CUDAARCHS": LEFT} == planned(NINE, CUDAARCHS="80")
    assert {"TORCH_CUDA_ARCH_LIST": "not set: this torch is not for CUDA"} == planned(NINE, CPU)
    assert {"MAX_JOBS": "3", "CMAKE_BUILD_PARALLEL_LEVEL": "3"} == planned(THREE)
    assert {"MAX_JOBS": LEFT} == planned(THREE, MAX_JOBS="2")
    assert {"MAX_JOBS": "3", "CMAKE_BUILD_PARALLEL_LEVEL": LEFT} == planned(THREE, CMAKE_BUILD_PARALLEL_LEVEL="9")
    assert {} == planned(CudaSettings())


@pytest.mark.parametrize(
    ("torch", "stated", "each"), [(CUDA, None, "4"), (None, None, "4"), (CPU, None, "2"), (CPU, 1.5, "1.5")]
)
def test_memory_of_a_job(
    torch: Identity | None, stated: float | None, each: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nvcc takes more than a C++ compiler; who knows better says it."""
    monkeypatch.setattr(jobs, "available_memory", lambda: 9 * GB)
    chosen = None if stated is None else Chosen(value=stated, origin="here")
    settings = CudaSettings(jobs=Chosen(value=None, origin="here"), job_memory=chosen)
    variables = plan_cuda(settings, torch, None, {}).variables
    assert variables[0].why.endswith(f"9.0 GB free, {each} GB a job")


def test_plan(tmp_path: Path) -> None:
    """A build stops for what cannot be; other hooks go on. The env table goes before the cuda table."""
    scene = Scene(tmp_path)
    make_source(scene.source, "backends.recording", 'cuda = { arch-list = "auto", jobs = 2 }\n')
    caller = scene.pip(scene.shell(scene.elsewhere, PATH=""))
    stand_in = scene.site(scene.target) / "torch/version.py"
    stand_in.write_text("__version__ = '2.7.0+cu126'\ncuda = '12.6'\n")
    (tmp_path / "dist").mkdir()
    with pytest.raises(CudaError, match="found no visible GPU"):
        call_of("build_wheel", scene, caller).build(str(tmp_path / "dist"), None)
    call_of("get_requires_for_build_wheel", scene, caller).requirements(None)
    table = 'cuda = { arch-list = "auto", jobs = 2 }\nenv = { TORCH_CUDA_ARCH_LIST = "8.0", CMAKE_BUILD_PARALLEL_LEVEL = "7" }\n'
    make_source(scene.source, "backends.recording", table)
    plan = make_plan("build_wheel", load_settings(scene.source, environ={}), replace(caller, cwd=scene.source))
    assert (None, {"TORCH_CUDA_ARCH_LIST": "8.0", "CMAKE_BUILD_PARALLEL_LEVEL": "7", "MAX_JOBS": "2"}) == (
        plan.refusal,
        {variable.name: variable.value for variable in plan.variables},
    )


def test_order_of_nothing() -> None:
    """What is planned is a value."""
    variables = plan_cuda(THREE, None, None, {}).variables
    assert PlannedVariable(name="MAX_JOBS", value="3", origin="here", why="set") == variables[0]


@pytest.mark.parametrize("killed", [True, False])
def test_killed(killed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - a column
    """A build that fails while the kernel kills something is told about it."""
    root = tmp_path / "root"
    write(root / "proc/vmstat", "pgfault 3\noom_kill 7\n")
    assert (7, 0) == (memory.count_kills(root), memory.count_kills(tmp_path / "nowhere"))
    told = iter([7, 7, 8 if killed else 7])  # before the backend is loaded, before its hook, after it
    monkeypatch.setattr(call, "count_kills", lambda: next(told))
    scene = Scene(tmp_path / "scene")
    make_source(scene.source, "backends.objects:raising")
    (tmp_path / "dist").mkdir()
    said = Said()
    one = call_of("build_wheel", scene, scene.pip(scene.shell(scene.elsewhere)), said)
    with pytest.raises(SystemExit):
        one.build(str(tmp_path / "dist"), None)
    assert killed == any("the kernel has killed a process for want of memory" in line for line in said.lines)


SYSTEM = CudaSettings(toolkit=Chosen(value="system", origin="here"))
CODES = "sm_80\\nsm_90\\nsm_120"


def make_toolkit(
    root: Path, version: str = "13.0", *, gcc: int = 15, name: str = "nvcc", top: Path | None = None
) -> Path:
    """Make a toolkit; return its compiler."""
    script = write(
        root / "bin" / name,
        f"""#!/bin/sh
case "$1" in
  --version) echo "Cuda compilation tools, release {version}, V{version}.88" ;;
  --dryrun) echo '#$ _SPACE_= '; echo '#$ TOP={top or root}/bin/..'; exit 1 ;;
  --list-gpu-code) printf '{CODES}\\n' ;;
esac
""",
    )
    script.chmod(0o755)
    write(root / "include/crt/host_config.h", f"#error -- gcc versions later than {gcc} are not supported! The flag\n")
    return script


def make_gcc(folder: Path, version: str, maker: str = "Free Software Foundation, Inc.") -> str:
    """Make a C++ compiler; return a PATH with it."""
    text = f"#!/bin/sh\ncase \"$1\" in --version) echo 'g++ {version}, {maker}' ;; *) echo {version} ;; esac\n"
    write(folder / "g++", text).chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


def toolkit_of(tmp_path: Path, torch: Identity | None = CUDA, **environ: str) -> dict[str, str]:
    """Return the variables for a toolkit."""
    return planned(SYSTEM, torch, **{"PATH": make_gcc(tmp_path / "gcc", "12.2.0"), **environ})


def test_toolkit(tmp_path: Path) -> None:
    """It is found as torch finds it, with its true folder, and named in every way that build tools look."""
    root = tmp_path / "cuda-13.0"
    make_toolkit(root)
    names = {
        "CUDA_HOME": str(root),
        "CUDA_PATH": str(root),
        "CUDACXX": f"{root}/bin/nvcc",
        "CUDAToolkit_ROOT": str(root),
    }
    assert {**names, "CUDA_HOME": LEFT} == toolkit_of(tmp_path, CUDA_HOME=str(root))
    assert {**names, "CUDA_PATH": LEFT} == toolkit_of(tmp_path, CUDA_PATH=str(root))
    assert names == toolkit_of(tmp_path, None, PATH=f"{root}/bin:/usr/bin:/bin")
    make_toolkit(tmp_path / "local", name="nvcc", top=root)  # a script that calls the other
    assert names == toolkit_of(tmp_path, PATH=f"{tmp_path / 'local/bin'}:/usr/bin:/bin")
    found = find_toolkit({"PATH": ""}, usual=root)
    assert (root, "13.0", str(root)) == (found.root, found.version, found.how)
    assert {} == toolkit_of(tmp_path, CPU)


def test_toolkit_that_does_not_say_where_it_is(tmp_path: Path) -> None:
    """Then it is where it was found."""
    nvcc = write(tmp_path / "x/bin/nvcc", "#!/bin/sh\necho 'release 12.8, V12.8.1'\n")
    nvcc.chmod(0o755)
    found = find_toolkit({"CUDA_HOME": str(tmp_path / "x"), "PATH": "/usr/bin:/bin"})
    assert (tmp_path / "x", "12.8") == (found.root, found.version)


def refused(tmp_path: Path, torch: Identity = CUDA, **environ: str) -> str:
    """Return why a build cannot go on with a toolkit."""
    found = plan_cuda(SYSTEM, torch, None, {"PATH": make_gcc(tmp_path / "gcc", "12.2.0"), **environ})
    assert found.stop is not None
    return str(found.stop)


def test_toolkit_stops(tmp_path: Path) -> None:
    """Another major version, a later gcc, an architecture that it lacks, none at all, and what is none."""
    root = tmp_path / "cuda"
    make_toolkit(root, "12.8", gcc=11)
    home = {"CUDA_HOME": str(root)}
    told = refused(tmp_path, **home)
    assert (
        f"the toolkit is CUDA 12.8 (CUDA_HOME={root}: {root}), and torch is for CUDA 13.0 (torch 2.13.0 (calls" in told
    )
    assert "Install the toolkit that goes with it" in told
    twelve = replace(CUDA, cuda="12.8")
    told = refused(tmp_path, twelve, **home)
    assert f"{tmp_path / 'gcc/g++'} is gcc 12.2.0, and CUDA 12.8 ({root}) takes gcc up to 11" in told
    assert "CC=gcc-11 CXX=g++-11" in told
    told = refused(tmp_path, twelve, **home, PATH="", TORCH_CUDA_ARCH_LIST="7.5;9.0a;12.0+PTX")
    assert f"CUDA 12.8 ({root}) cannot compile for 7.5; it knows 120, 80, 90" in told
    assert "found no CUDA toolkit: CUDA_HOME=/nowhere has no bin/nvcc" in refused(tmp_path, CUDA_HOME="/nowhere")
    write(root / "bin/nvcc", "#!/bin/sh\n").chmod(0o755)
    assert "--version does not tell its release" in refused(tmp_path, **home)
    write(root / "bin/nvcc", "")
    (root / "bin/nvcc").chmod(0o644)
    assert f"{root}/bin/nvcc cannot be run: " in refused(tmp_path, **home)


def test_toolkit_with_allowances(tmp_path: Path) -> None:
    """A later gcc that somebody has allowed, another compiler, and another minor version go on; the last with a note."""
    root = tmp_path / "cuda"
    make_toolkit(root, "13.2", gcc=11)
    environ = {"CUDA_HOME": str(root), "PATH": make_gcc(tmp_path / "gcc", "12.2.0")}
    allowed = {**environ, "NVCC_APPEND_FLAGS": "-allow-unsupported-compiler"}
    clang = {**environ, "PATH": make_gcc(tmp_path / "clang", "18.1.0", "clang")}
    for case in (allowed, clang):
        found = plan_cuda(SYSTEM, CUDA, None, case)
        note = f"the toolkit is CUDA 13.2 ({root}), torch is for 13.0: most likely no problem"
        assert (None, (note,)) == (found.stop, found.notes)


@pytest.mark.parametrize("layout", ["cu13", "cu12", "whole", "none"])
def test_headers_of_a_partial_toolkit(layout: str, tmp_path: Path) -> None:
    """The headers of the mathematical libraries come from what torch brings along, unless the toolkit has them."""
    root, site = tmp_path / "cuda", tmp_path / "site"
    make_toolkit(root, "12.8" if layout == "cu12" else "13.0")
    folders = {"cu13": ["cu13"], "cu12": ["cublas", "cusparse"], "whole": ["cu13"], "none": []}[layout]
    for folder in folders:
        (site / "nvidia" / folder / "include").mkdir(parents=True)
    if layout == "whole":
        write(root / "include/cusparse.h", "")
    torch = replace(CUDA, cuda="12.8") if layout == "cu12" else CUDA
    found = plan_cuda(SYSTEM, torch, site, {"CUDA_HOME": str(root), "PATH": make_gcc(tmp_path / "gcc", "12.2.0")})
    values = {v.name: v.value for v in found.variables}
    both = f"{site}/nvidia/cublas/include:{site}/nvidia/cusparse/include"
    expected = {"cu13": ("CUDA_INC_PATH", f"{site}/nvidia/cu13/include"), "cu12": ("CPATH", both)}
    assert dict([expected[layout]] if layout in expected else []) == {
        name: value for name, value in values.items() if name in ("CUDA_INC_PATH", "CPATH")
    }


def test_notes_of_a_plan(tmp_path: Path) -> None:
    """What a build can go on with is told as a note."""
    scene = Scene(tmp_path)
    make_source(scene.source, "backends.recording", 'cuda = { toolkit = "system" }\n')
    (scene.site(scene.target) / "torch/version.py").write_text("__version__ = '2.7.0+cu130'\ncuda = '13.0'\n")
    make_toolkit(tmp_path / "cuda", "13.2")
    shell = scene.shell(scene.elsewhere, CUDA_HOME=str(tmp_path / "cuda"), PATH=make_gcc(tmp_path / "gcc", "12.2.0"))
    plan = make_plan(
        "build_wheel", load_settings(scene.source, environ={}), replace(scene.pip(shell), cwd=scene.source)
    )
    assert (None, True) == (plan.refusal, "the toolkit is CUDA 13.2" in plan.notes[-1])
