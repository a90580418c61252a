"""The ``cuda`` table as variables, and its errors."""

from __future__ import annotations

from pathlib import Path

import pytest
from callers import Scene
from hooks import call_of, make_source
from standins import write
from toolkits import CPU, CUDA, make_bench, make_compilers, make_gcc, make_libraries, make_program, make_toolkit

from runtime_backend.config import Chosen, CudaSettings, load_settings
from runtime_backend.config.planned import PlannedVariable
from runtime_backend.cuda import jobs
from runtime_backend.cuda.inputs import Workbench
from runtime_backend.cuda.table import CudaPlan, plan_cuda
from runtime_backend.errors import CudaError
from runtime_backend.installed.identity import Identity
from runtime_backend.plan.planning import make_plan
from runtime_backend.plan.variables import plan_environ

GB = 10**9

TOOLKIT = ("CUDA_HOME", "CUDA_PATH", "CUDACXX", "CUDAToolkit_ROOT")


def planned(settings: CudaSettings, torch: Identity | None = CUDA, **environ: str) -> dict[str, str]:
    """Return the variables except those of the toolkit: the value, or the reason for none."""
    found = plan_cuda(settings, torch, make_bench(Path("/cache"), hook="metadata", environ={"PATH": "", **environ}))
    assert (None, ()) == (found.stop, found.notes)
    variables = [variable for variable in found.variables if variable.name not in TOOLKIT]
    assert {"here"} >= {variable.origin for variable in variables}
    return {variable.name: variable.value or variable.why for variable in variables}


LEFT = "left as the environment has it"
NINE = CudaSettings(arch_list=Chosen(value="9.0", origin="here"))
THREE = CudaSettings(jobs=Chosen(value=3, origin="here"))


def test_variables() -> None:
    """The variables of torch and CMake are set; the person's own take precedence."""
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
    """Nvcc needs more memory than a C++ compiler; the setting overrides both."""
    monkeypatch.setattr(jobs, "available_memory", lambda: 9 * GB)
    chosen = None if stated is None else Chosen(value=stated, origin="here")
    settings = CudaSettings(jobs=Chosen(value=None, origin="here"), job_memory=chosen)
    variables = plan_cuda(settings, torch, make_bench(Path("/cache"))).variables
    assert variables[0].why.endswith(f"9.0 GB free, {each} GB a job")


def test_plan(tmp_path: Path) -> None:
    """An impossible setting stops a build, not other hooks. The env table takes precedence over the cuda table."""
    scene = Scene(tmp_path)
    make_source(scene.source, "backends.recording", 'cuda = { arch-list = "auto", jobs = 2 }\n')
    caller = scene.pip(scene.shell(scene.elsewhere, PATH=""))
    stand_in = scene.site(scene.target) / "torch/version.py"
    stand_in.write_text("__version__ = '2.7.0+cu130'\ncuda = '13.0'\n")
    (tmp_path / "dist").mkdir()
    with pytest.raises(CudaError, match="found no visible GPU"):
        call_of("build_wheel", scene, caller).build(str(tmp_path / "dist"), None)
    call_of("get_requires_for_build_wheel", scene, caller).requirements(None)
    table = 'cuda = { arch-list = "auto", jobs = 2 }\nenv = { TORCH_CUDA_ARCH_LIST = "8.0", CMAKE_BUILD_PARALLEL_LEVEL = "7" }\n'
    make_source(scene.source, "backends.recording", table)
    plan = make_plan("build_wheel", load_settings(scene.source, environ={}), caller._replace(cwd=scene.source), print)
    assert (None, {"TORCH_CUDA_ARCH_LIST": "8.0", "CMAKE_BUILD_PARALLEL_LEVEL": "7", "MAX_JOBS": "2"}) == (
        plan.refusal,
        {variable.name: variable.value for variable in plan.variables if variable.name not in TOOLKIT},
    )


def test_order_of_nothing() -> None:
    """A plan is a value."""
    variables = plan_cuda(THREE, None, make_bench(Path("/cache"))).variables
    assert PlannedVariable(name="MAX_JOBS", value="3", origin="here", why="set") == variables[0]


def test_notes_of_a_plan(tmp_path: Path) -> None:
    """Harmless differences are notes."""
    scene = Scene(tmp_path)
    make_source(scene.source, "backends.recording", 'cuda = { toolkit = "system" }\n')
    (scene.site(scene.target) / "torch/version.py").write_text("__version__ = '2.7.0+cu130'\ncuda = '13.0'\n")
    make_toolkit(tmp_path / "cuda", "13.2")
    shell = scene.shell(scene.elsewhere, CUDA_HOME=str(tmp_path / "cuda"), PATH=make_gcc(tmp_path / "gcc", "12.2.0"))
    plan = make_plan(
        "build_wheel", load_settings(scene.source, environ={}), scene.pip(shell)._replace(cwd=scene.source), print
    )
    assert (None, True) == (plan.refusal, "the toolkit is CUDA 13.2" in plan.notes[-1])


def toolkit_variables(
    settings: CudaSettings, torch: Identity | None, bench: Workbench
) -> dict[str, tuple[str, str, str]]:
    """Return the variables of the toolkit: value, reason, origin."""
    found = plan_cuda(settings, torch, bench)
    assert found.stop is None
    assert {True} >= {variable.is_place for variable in found.variables if variable.name in TOOLKIT}
    return {v.name: (v.value or "", v.why, v.origin) for v in found.variables if v.name in TOOLKIT}


@pytest.mark.parametrize("hook", ["ask", "postponed", "metadata", "build"])
def test_toolkit_of_wheels(hook: str, tmp_path: Path) -> None:
    """Every hook sets CUDA_HOME: to a path that does not exist until the compilers are installed."""
    bench = make_bench(tmp_path / "cache", hook=hook, environ={"PATH": "", "CUDA_PATH": "/nowhere"})
    lacking = str(tmp_path / "cache/cuda/not-there-yet")
    why = ("set: the compilers from wheels", "default")
    names = {"CUDA_HOME": lacking, "CUDA_PATH": lacking, "CUDACXX": f"{lacking}/bin/nvcc", "CUDAToolkit_ROOT": lacking}
    assert {name: (value, *why) for name, value in names.items()} == toolkit_variables(CudaSettings(), CUDA, bench)
    assert plan_cuda(CudaSettings(), CUDA, bench).is_lacking
    make_compilers(tmp_path / "site")
    bench = make_bench(tmp_path / "cache", tmp_path / "site", hook=hook)
    found = plan_cuda(CudaSettings(), CUDA, bench)
    assert found.toolkit is not None
    assert found.toolkit.home is not None
    home = str(found.toolkit.home.path)
    assert (home, *why) == toolkit_variables(CudaSettings(), CUDA, bench)["CUDA_HOME"]
    assert not found.is_lacking


def test_own_toolkit_variables(tmp_path: Path) -> None:
    """The person's variables are kept, except CUDA_PATH, which installers of toolkits set for all users."""
    root = str(make_toolkit(tmp_path / "cuda").parents[1])
    own = {"CUDA_HOME": root, "CUDA_PATH": "/other", "CUDACXX": "/own/nvcc", "CUDAToolkit_ROOT": "/own"}
    left = ("", LEFT, "here")
    settings = CudaSettings(toolkit=Chosen(value="wheels", origin="here"))
    expected = {**dict.fromkeys(TOOLKIT, left), "CUDA_PATH": (root, "set: the system's toolkit", "here")}
    assert expected == toolkit_variables(settings, CUDA, make_bench(tmp_path, environ={"PATH": "", **own}))


@pytest.mark.parametrize("case", ["partial", "whole", "no libraries", "found"])
def test_headers_of_a_partial_toolkit(case: str, tmp_path: Path) -> None:
    """Headers that the person's CUDA_HOME lacks are in an extra variable; any other toolkit is replaced."""
    root = make_toolkit(tmp_path / "cuda").parents[1]
    if case == "whole":
        write(root / "include/cusparse.h", "")
    environ = {"PATH": "", "CUDA_PATH" if case == "found" else "CUDA_HOME": str(root), "CUDA_INC_PATH": "/own"}
    nvidia = None if case == "no libraries" else make_libraries(tmp_path / "site")
    bench = make_bench(tmp_path / "cache", environ=environ, nvidia=nvidia, site=tmp_path / "site")
    assert LEFT == (named(plan_cuda(CudaSettings(), CUDA, bench)).get("CUDA_INC_PATH") or LEFT)
    del environ["CUDA_INC_PATH"]
    found = plan_cuda(CudaSettings(), CUDA, bench)
    assert found.toolkit is not None
    assert found.toolkit.home is not None
    home = found.toolkit.home.path
    variables = named(found)
    assert (LEFT if case != "found" else str(home)) == variables["CUDA_HOME"]
    assert {"partial": str(home / "include")}.get(case) == variables.get("CUDA_INC_PATH")
    with found.toolkit.home.shown() as shown:
        assert (case != "no libraries") == (shown / "include/cusparse.h").is_file()


def named(found: CudaPlan) -> dict[str, str]:
    """Return the variables: the value, or the reason for none."""
    return {variable.name: variable.value or variable.why for variable in found.variables}


def test_toolkit_of_the_env_table(tmp_path: Path) -> None:
    """A CUDA_HOME in the package's env table is used like the person's."""
    root = make_toolkit(tmp_path / "cuda").parents[1]
    make_source(tmp_path, "backends.recording", f'cuda = {{}}\nenv = {{ CUDA_HOME = "{root}" }}\n')
    variables, found = plan_environ(load_settings(tmp_path, environ={}), [CUDA], {}, {}, make_bench(tmp_path / "cache"))
    assert found is not None
    assert found.toolkit is not None
    assert ("system", f"CUDA 13.0 (CUDA_HOME={root}: {root})") == (found.toolkit.kind, found.toolkit.why)
    assert [str(root)] == [variable.value for variable in variables if variable.name == "CUDA_HOME"]


def test_no_toolkit_known(tmp_path: Path) -> None:
    """If neither torch nor a toolkit is known, no variable is set."""
    assert {} == toolkit_variables(CudaSettings(), None, make_bench(tmp_path))
    assert not plan_cuda(CudaSettings(), None, make_bench(tmp_path)).is_lacking


def test_architectures_of_the_table_are_checked(tmp_path: Path) -> None:
    """The toolkit is checked against the table's list, too."""
    root = make_toolkit(tmp_path / "cuda").parents[1]
    settings = CudaSettings(arch_list=Chosen(value="7.5", origin="here"))
    found = plan_cuda(settings, CUDA, make_bench(tmp_path, environ={"PATH": "", "CUDA_HOME": str(root)}))
    assert (
        f"cuda.toolkit: CUDA 13.0 ({root}) cannot compile for 7.5; it knows 120, 80, 90\n"
        "Remove those from the list of architectures, or use another toolkit."
    ) == str(found.stop)
    assert (["TORCH_CUDA_ARCH_LIST", "CUDAARCHS"], None) == ([v.name for v in found.variables], found.toolkit)


@pytest.mark.parametrize("torch", [CUDA, CPU, None])
def test_compiler_cache(torch: Identity | None, tmp_path: Path) -> None:
    """A compiler cache is used for every torch; a named one that is missing is an error."""
    program = make_program(tmp_path / "bin/ccache", "#!/bin/sh\n")
    found = plan_cuda(CudaSettings(), torch, make_bench(tmp_path, environ={"PATH": str(program.parent)}))
    assert (str(program), "default") == (
        str(found.compiler_cache),
        found.compiler_cache and found.compiler_cache.origin,
    )
    settings = CudaSettings(compiler_cache=Chosen(value="sccache", origin="here"))
    stopped = plan_cuda(settings, torch, make_bench(tmp_path, environ={"PATH": str(program.parent)}))
    assert (None, None) == (stopped.compiler_cache, stopped.toolkit)
    assert str(stopped.stop).startswith("cuda.compiler-cache = 'sccache' (here): found no sccache on PATH\n")
