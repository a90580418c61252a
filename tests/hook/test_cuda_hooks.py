"""Whole hook calls of a package with CUDA code: requirements, downloads, paths, compiler cache, messages, stamp."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from backends import recording
from callers import Scene, lock_text
from hooks import Said, cached, call_of, make_source
from stamps import read_stamp
from standins import make_torch, write
from toolkits import make_compilers, make_libraries, make_program, make_toolkit

from runtime_backend.cli.cache import KINDS
from runtime_backend.config import load_settings
from runtime_backend.errors import CudaError, ProvisionError
from runtime_backend.frontend.caller import Caller
from runtime_backend.plan import Plan
from runtime_backend.plan.as_json import describe_plan
from runtime_backend.plan.as_text import plan_tree, render
from runtime_backend.plan.planning import make_plan
from runtime_backend.store.holding import held_if_free
from runtime_backend.store.sweeping import Left, prune

WHEEL = "nonsense-1.0-py3-none-any.whl"
FIVE = "cuda-toolkit[nvcc,crt,nvvm,cudart,cccl]"
GR, METADATA, BUILD = "get_requires_for_build_wheel", "prepare_metadata_for_build_wheel", "build_wheel"
WHEELS = 'cuda = { toolkit = "wheels" }\n'
STATIC = '[project]\nname = "nonsense"\nversion = "1.0"\n'

CACHE = ("CMAKE_C_COMPILER_LAUNCHER", "CMAKE_CUDA_COMPILER_LAUNCHER", "PYTORCH_NVCC", "CXX", "CCACHE_BASEDIR",
         "CCACHE_NOHASHDIR", "CCACHE_COMPILERCHECK", "TORCH_NO_COMPILER_WRAPPER")  # fmt: skip

INSTALLER = """#!{python}
import pathlib, sys
sys.path[:0] = {path!r}
import standins, toolkits
target = pathlib.Path(sys.argv[sys.argv.index("--target") + 1])
if sys.argv[-1].startswith("torch"):
    standins.make_torch(target, "2.12.0", reported="2.12.0+cu130", cuda="13.0")
else:
    toolkits.make_compilers(target, without={without!r})
"""

pytestmark = pytest.mark.usefixtures("_recorded")


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Return a scene whose consumer locked a torch without a label, without the modules of this process."""
    for name in (*CACHE, "CUDA_HOME", "CUDA_PATH", "MAX_JOBS", "TORCH_CUDA_ARCH_LIST"):
        monkeypatch.delenv(name, raising=False)
    scene = Scene(tmp_path)
    make_source(scene.source, "backends.recording", WHEELS)
    write(scene.consumer / "uv.lock", lock_text("2.12.0"))
    (tmp_path / "dist").mkdir()
    (tmp_path / "bin").mkdir()
    return scene


def shell_of(scene: Scene, **more: Any) -> dict[str, str]:
    """Return the variables of a person whose PATH has only programs of the scene."""
    return scene.shell(scene.consumer, **{"PATH": str(scene.root / "bin"), **more})


def uv(scene: Scene, without: tuple[str, ...] = (), **more: str) -> Caller:
    """Return the caller under a uv that installs stand-ins."""
    here = Path(__file__).parents[1]
    text = INSTALLER.format(python=sys.executable, path=[str(here), str(here.parent)], without=without)
    installer = make_program(scene.root / "uv/uv", text)
    caller = scene.uv(shell_of(scene, **more), "sync")
    return caller._replace(environ={**caller.environ, "UV": str(installer)})


def pip(scene: Scene, **more: str) -> Caller:
    """Return the caller under pip, whose build environment has torch, its libraries and the compilers."""
    stub = scene.site(scene.target) / "torch/version.py"
    stub.write_text("__version__ = '2.7.0+cu130'\ncuda = '13.0'\ngit_version = '0123abc'\n")
    caller = scene.pip(shell_of(scene, **more))
    site = Path(caller.sys_path[0])
    make_torch(site, "2.7.0", reported="2.7.0+cu130", cuda="13.0")
    make_libraries(site)
    make_compilers(site)
    return caller


def planned(hook: str, scene: Scene, caller: Caller) -> Plan:
    """Plan a hook call."""
    caller = cached(scene, caller)
    return make_plan(hook, load_settings(scene.source, environ=caller.environ), caller, print)


def build(scene: Scene, caller: Caller, said: Said | None = None) -> tuple[Mapping[str, str], dict[str, Any]]:
    """Build a wheel; return the variables that the real backend saw, and the stamp."""
    call_of(BUILD, scene, caller, said).build(str(scene.root / "dist"), {"runtime-backend.store": "off"})
    stamp = read_stamp(scene.root / "dist" / WHEEL)
    assert stamp is not None
    return recording.seen()[-1]["environ"], stamp


def test_two_rounds(scene: Scene) -> None:
    """A build fetches torch, and then the compilers for that torch; the next build finds both."""
    said, caller = Said(), uv(scene)
    environ, stamp = build(scene, caller, said)
    cache = scene.root / "our-cache"
    fetching = [line for line in said.lines if line.startswith("fetching ")]
    assert [
        f"fetching torch @ https://example.org/torch-2.12.0-py3-none-any.whl#sha256={'ab' * 32} into {cache / 'fetched'}:"
        " the build environment lacks it",
        f"fetching {FIVE}==13.0.* into {cache / 'toolkits'}: the build environment lacks it",
    ] == fetching
    assert {"kind": "wheels", "version": "13.0"} == stamp["toolkit"]
    home = Path(environ["CUDA_HOME"])
    assert (cache / "cuda", str(home / "bin")) == (home.parent, environ["PATH"].partition(":")[0])
    assert "13.0" in (home / "bin/nvcc").read_text("utf-8")
    again = Said()
    assert home == Path(build(scene, caller, again)[0]["CUDA_HOME"])
    assert [] == again.lines


PRUNING = """
import json, os, pathlib, sys
from backends.recording import *
from backends import recording
from runtime_backend.store.sweeping import prune

def build_wheel(*given):
    for kind in {kinds!r}:
        prune(pathlib.Path({cache!r}, kind))
    torch, home = pathlib.Path(sys.path[-1], "torch/version.py"), pathlib.Path(os.environ["CUDA_HOME"])
    used = [path.is_file() for path in (torch, home / "bin/nvcc", pathlib.Path(os.environ["CXX"]))]
    pathlib.Path("used.json").write_text(json.dumps(used))
    return recording.build_wheel(*given)
"""


def test_prune_during_a_build(scene: Scene) -> None:
    """Pruning removes nothing that a running build uses; after the build it removes everything."""
    make_program(scene.root / "bin/ccache", "#!/bin/sh\n")
    make_program(scene.root / "bin/c++", "#!/bin/sh\n")
    cache = scene.root / "our-cache"
    write(scene.source / "pruning_backend.py", PRUNING.format(kinds=[*KINDS], cache=str(cache)))
    make_source(scene.source, "pruning_backend", f'backend-path = ["."]\n{WHEELS}')
    build(scene, uv(scene))
    assert [True, True, True] == json.loads((scene.source / "used.json").read_text("utf-8"))
    assert [Left()] * len(KINDS) == [prune(cache / kind) for kind in KINDS]
    assert [] == [path for path in cache.rglob("*") if path.is_file() and path.parent != cache]


def test_one_round(scene: Scene) -> None:
    """If the lock shows torch's CUDA version, both are fetched at once, and get_requires requires both."""
    locked = lock_text("2.12.0").replace(
        'version = "2.12.0"\n', 'version = "2.12.0"\ndependencies = [{ name = "cuda-toolkit" }]\n'
    )
    source = 'source = { registry = "https://example.org/simple" }\n'
    toolkit = f'\n[[package]]\nname = "cuda-toolkit"\nversion = "13.0.2"\n{source}'
    write(scene.consumer / "uv.lock", locked + toolkit)
    make_source(scene.source, "backends.recording", f"{WHEELS}{STATIC}")
    torch = f"torch @ https://example.org/torch-2.12.0-py3-none-any.whl#sha256={'ab' * 32}"
    assert (torch, f"{FIVE}==13.0.*", "ninja") == planned(GR, scene, uv(scene)).requirements
    assert [torch, f"{FIVE}==13.0.*"] == [f.requirement for f in planned(BUILD, scene, uv(scene)).fetchings]
    build(scene, uv(scene))


def test_postponed(scene: Scene) -> None:
    """Nothing is required while uv's lock is not written yet."""
    found = planned(GR, scene, uv(scene))
    assert ((), (), None) == (found.requirements, found.fetchings, found.refusal)
    assert found.toolkit is not None
    assert "not installed yet, and not needed by this hook" == found.toolkit.why


def test_fetched_is_another_one(scene: Scene) -> None:
    """If an index has only some of the compilers, the build stops, without fetching them again and again."""
    with pytest.raises(ProvisionError) as caught:
        build(scene, uv(scene, without=("nvidia-nvvm",)))
    folder = next(path for path in (scene.root / "our-cache/toolkits").iterdir() if path.is_dir())
    assert (
        f"{folder}: found another runtime or none, expected {FIVE}==13.0.*, which was fetched into it\n"
        "Remove it, then run the same command again: `runtime-backend cache clean fetched`."
    ) == str(caught.value)
    assert [] == recording.calls()


def test_no_isolation(scene: Scene) -> None:
    """Nothing is installed into the person's own environment: the stop names the command to run."""
    shell = shell_of(scene)
    make_torch(scene.site(scene.target), "2.7.0", reported="2.7.0+cu130", cuda="13.0")
    caller = scene.not_isolated(shell, ["pip"])
    call_of(METADATA, scene, caller).run(str(scene.root / "dist"), None)
    with pytest.raises(CudaError) as caught:
        build(scene, caller)
    assert f"Without build isolation, install them first: pip install ninja '{FIVE}==13.0.*'" == caught.value.hint
    make_compilers(scene.site(scene.target))
    environ, _ = build(scene, caller)
    assert scene.site(scene.target) / "nvidia/cu13/bin/nvcc" == (Path(environ["CUDA_HOME"]) / "bin/nvcc").readlink()
    assert not (scene.root / "our-cache/toolkits").exists()


def test_lacking_compilers(scene: Scene) -> None:
    """If setup.py needs CUDA's compilers for its requirements, its failure is a note, and the hook goes on."""
    make_source(scene.source, "backends.objects:raising", WHEELS)
    said, caller = Said(), scene.pip(shell_of(scene))
    version = scene.site(scene.target) / "torch/version.py"
    version.write_text("__version__ = '2.7.0+cu130'\ncuda = '13.0'\n")
    found = call_of(GR, scene, caller, said).requirements(None)
    assert [f"{FIVE}==13.0.*", "ninja"] == found
    reason = "ModuleNotFoundError: No module named 'torch'"
    assert [
        f"note: {GR}: 'stub' gave no answer ({reason}); trying 'real'",
        f"{GR}: the real backend cannot answer before it has the CUDA compilers: {reason}",
    ] == said.lines


def test_stop_of_a_setup_script(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    """If no toolkit is possible, torch's CUDAExtension fails in the first hook, and the reason follows its output."""
    make_source(scene.source, "backends.objects:raising", f'metadata = "real"\n{WHEELS}')
    make_torch(scene.site(scene.target), "2.7.0", reported="2.7.0+cu126", cuda="12.6")
    with pytest.raises(CudaError, match=r"torch is for CUDA 12\.6 .* and the wheels of CUDA 12 contain no nvcc"):
        call_of(GR, scene, scene.pip(shell_of(scene))).requirements(None)
    assert capsys.readouterr().err.endswith("ModuleNotFoundError: No module named 'torch'\nand more\n")


def test_stable_paths(scene: Scene) -> None:
    """Torch and CUDA_HOME in a build environment have stable paths; the compilers stay, the links are removed."""
    make_source(scene.source, "backends.recording", f'{WHEELS}env = {{ A = "{{torch.site}}/x" }}\n')
    caller = pip(scene)
    plan = planned(BUILD, scene, caller)
    assert plan.view is not None
    assert plan.toolkit is not None
    assert plan.toolkit.home is not None
    view, home = plan.view.path, plan.toolkit.home.path
    environ, _ = build(scene, caller)
    expected = {
        "A": f"{view}/x",
        "CUDA_HOME": str(home),
        "CUDA_PATH": str(home),
        "CUDACXX": f"{home}/bin/nvcc",
        "CUDAToolkit_ROOT": str(home),
        "Torch_ROOT": str(view / "torch"),
        "PATH": f"{home}/bin:{scene.root / 'bin'}",
        "CMAKE_PREFIX_PATH": str(view / "torch/share/cmake"),
        "PYTHONPATH": f"{scene.root / 'tmp/pip-build-env-abcd1234/site'}:{view}",
    }
    assert expected == {name: environ[name] for name in expected}
    assert str(view) in recording.seen()[-1]["path"][:3]
    assert [] == [*(view.parent / ".held").iterdir(), *(home.parent / ".held").iterdir()]
    assert (False, False) == (view.is_symlink(), home.is_symlink())
    kept = [path.name for path in (scene.root / "our-cache/toolkits").iterdir() if path.is_dir()]
    assert (1, True) == (len(kept), kept[0].startswith("cuda-13.0-"))


def test_cache_that_cannot_be_written_to(scene: Scene) -> None:
    """A torch in the build environment needs no cache: it is used at its own path, which only this build has."""
    make_source(scene.source, "backends.recording", 'env = { A = "{torch.site}/x" }\n')
    caller = pip(scene)
    write(scene.root / "our-cache/overlays", "a file where the folder would be")
    environ, _ = build(scene, caller)
    site = scene.site(scene.root / "tmp/pip-build-env-abcd1234/overlay")
    assert (f"{site}/x", str(site / "torch/share/cmake")) == (environ["A"], environ["CMAKE_PREFIX_PATH"])


@pytest.mark.parametrize("taken", ["view", "home"])
def test_moved(taken: str, scene: Scene) -> None:
    """A build that runs next to another has its own path in every variable."""
    make_program(scene.root / "bin/ccache", "#!/bin/sh\n")
    make_source(scene.source, "backends.recording", f'{WHEELS}env = {{ A = "-I{{torch.site}}/x:{{torch.site}}" }}\n')
    caller = pip(scene)
    plan = planned(BUILD, scene, caller)
    assert plan.view is not None
    assert plan.toolkit is not None
    assert plan.toolkit.home is not None
    path = {"view": plan.view.path, "home": plan.toolkit.home.path}[taken]
    path.parent.mkdir(parents=True)
    with held_if_free(path) as is_ours:
        assert is_ours
        environ, _ = build(scene, caller)
    view, home = environ["A"].rpartition(":")[2], environ["CUDA_HOME"]
    actual = {"view": view, "home": home}
    assert str(path.parent / ".held" / f".passing-{path.name}") == actual[taken].rpartition("-")[0]
    other = {"view": "home", "home": "view"}[taken]
    assert str({"view": plan.view.path, "home": plan.toolkit.home.path}[other]) == actual[other]
    assert (f"-I{view}/x:{view}", f"{home}/bin/nvcc", f"{home}/bin", view) == (
        environ["A"],
        environ["CUDACXX"],
        environ["PATH"].partition(":")[0],
        environ["PYTHONPATH"].rpartition(":")[2],
    )
    assert (f"{view}/torch", view) == (environ["Torch_ROOT"], next(p for p in recording.seen()[-1]["path"] if "overlays" in p))  # fmt: skip
    assert f"{scene.root / 'bin/ccache'} {home}/bin/nvcc" == environ["PYTORCH_NVCC"]


def test_own_toolkit(scene: Scene) -> None:
    """The person's CUDA_HOME is kept, and every other variable that build tools read names the same toolkit."""
    root = make_toolkit(scene.root / "own").parents[1]
    write(root / "include/cusparse.h", "")
    make_source(scene.source, "backends.recording", "cuda = {}\n")
    environ, stamp = build(scene, pip(scene, CUDA_HOME=str(root), CUDA_PATH="/other"))
    names = ("CUDA_PATH", "CUDACXX", "CUDAToolkit_ROOT")
    assert [str(root), f"{root}/bin/nvcc", str(root)] == [environ[name] for name in names]
    assert "CUDA_HOME" in stamp["variables-kept"]
    assert {"kind": "system", "version": "13.0"} == stamp["toolkit"]


@pytest.mark.parametrize(
    ("hook", "table", "more", "expected"),
    [
        (BUILD, WHEELS, {}, set(CACHE)),
        (BUILD, WHEELS, {"CXX": "clang++"}, {*CACHE} - {"CXX", "TORCH_NO_COMPILER_WRAPPER"}),
        (BUILD, f'{WHEELS}env = {{ CXX = "clang++" }}\n', {}, {*CACHE} - {"TORCH_NO_COMPILER_WRAPPER"}),
        (BUILD, 'cuda = { toolkit = "wheels", compiler-cache = "off" }\n', {}, {"TORCH_NO_COMPILER_WRAPPER"}),
        (METADATA, WHEELS, {}, set()),
        (BUILD, "", {}, set()),
    ],
)
def test_compiler_cache(hook: str, table: str, more: dict[str, str], expected: set[str], scene: Scene) -> None:
    """Build hooks call the compilers through a compiler cache; settings of the person and the package win."""
    for name in ("ccache", "c++"):
        make_program(scene.root / "bin" / name, "#!/bin/sh\n")
    make_source(scene.source, "backends.recording", table)
    call = call_of(hook, scene, pip(scene, **more))
    (call.build if hook == BUILD else call.run)(str(scene.root / "dist"), None)
    environ = recording.seen()[-1]["environ"]
    assert expected == {name for name in CACHE if name in environ}
    if "env" in table:
        assert "clang++" == environ["CXX"]
    elif "CXX" in expected:
        script = Path(environ["CXX"])
        assert scene.root / "our-cache/compilers" == script.parent.parent
        assert f'exec {scene.root / "bin/ccache"} {scene.root / "bin/c++"} "$@"' in script.read_text("utf-8")
        assert f"{scene.root / 'bin/ccache'} {environ['CUDA_HOME']}/bin/nvcc" == environ["PYTORCH_NVCC"]
        assert str(scene.source) == environ["CCACHE_BASEDIR"]


NINE = 'cuda = { toolkit = "wheels", arch-list = "9.0" }\n'


@pytest.mark.parametrize(
    ("hook", "table", "more", "warns"),
    [
        (BUILD, NINE, {}, True),
        ("build_editable", NINE, {}, True),
        (METADATA, NINE, {}, False),
        (GR, NINE, {}, False),
        (BUILD, WHEELS, {}, False),
        (BUILD, NINE, {"TORCH_CUDA_ARCH_LIST": "9.0"}, False),
    ],
)
def test_own_architectures(hook: str, table: str, more: dict[str, str], warns: bool, scene: Scene) -> None:  # noqa: FBT001 - a table
    """Build hooks warn if the package names architectures itself, so that the person's list is ignored."""
    make_source(scene.source, "backends.recording", table)
    write(scene.source / "setup.py", "flags = [\n    '-gencode=arch=compute_80,code=sm_80',\n]\n")
    said = Said()
    call = call_of(hook, scene, pip(scene, **more), said)
    if hook == GR:
        call.requirements(None)
    else:
        (call.build if hook.startswith("build") else call.run)(str(scene.root / "dist"), None)
    assert [
        "warning: the package names architectures itself, so torch ignores TORCH_CUDA_ARCH_LIST: setup.py:2:"
        " '-gencode=arch=compute_80,code=sm_80'"
    ] * warns == said.lines


def test_explain(scene: Scene) -> None:
    """Explain shows the toolkit, the view and the compiler cache, as a tree and as JSON."""
    make_program(scene.root / "bin/ccache", "#!/bin/sh\n")
    caller = pip(scene)
    site = caller.sys_path[0]
    plan = planned(BUILD, scene, caller)
    assert plan.view is not None
    assert plan.toolkit is not None
    assert plan.toolkit.home is not None
    home, why = plan.toolkit.home.path, f"CUDA 13.0 (from wheels, in the build environment: {site})"
    lines = list(render(plan_tree(plan)))
    first = lines.index(f"├─ view: {plan.view.path}")
    origin = "[pyproject.toml: tool.runtime-backend.cuda.toolkit]"
    set_by = f"set: the compilers from wheels  {origin}"
    assert [
        f"├─ view: {plan.view.path}",
        f"├─ CUDA toolkit: wheels ({why})",
        f"│  └─ CUDA_HOME: {home}",
        f"├─ compiler cache: {scene.root / 'bin/ccache'}  [default]",
        "├─ variables",
        f"│  ├─ CUDA_HOME={home}: {set_by}",
        f"│  ├─ CUDA_PATH={home}: {set_by}",
        f"│  ├─ CUDACXX={home}/bin/nvcc: {set_by}",
        f"│  └─ CUDAToolkit_ROOT={home}: {set_by}",
        "└─ set by runtime-backend",
    ] == lines[first : first + 10]
    own = {variable.name for variable in plan.own.every}
    assert {"PATH", "PYTHONPATH", "DIST_EXTRA_CONFIG", "PYTORCH_NVCC", "CCACHE_BASEDIR"} <= own
    assert own == {line.strip("│├└─ ").partition("=")[0] for line in lines[first + 10 :]}
    described = json.loads(json.dumps(describe_plan(plan)))
    assert {
        "view": str(plan.view.path),
        "toolkit": {"kind": "wheels", "version": "13.0", "why": why, "home": str(home)},
        "compiler-cache": str(scene.root / "bin/ccache"),
    } == {key: described[key] for key in ("view", "toolkit", "compiler-cache")}


def test_explain_before_the_toolkit_is_installed(scene: Scene) -> None:
    """Explain shows the requirements of a toolkit whose path is not known yet."""
    make_source(scene.source, "backends.recording", f"{WHEELS}{STATIC}")
    plan = planned(GR, scene, uv(scene))
    lines = list(render(plan_tree(plan)))
    first = lines.index("├─ CUDA toolkit: wheels (not installed yet: required)")
    assert [f"│  ├─ requested: {FIVE}", "│  └─ requested: ninja"] == lines[first + 1 : first + 3]
    lacking = scene.root / "our-cache/cuda/not-there-yet"
    assert {"CUDA_HOME": str(lacking), "CUDACXX": f"{lacking}/bin/nvcc"}.items() <= {v.name: v.value for v in plan.variables}.items()  # fmt: skip
    described = describe_plan(plan)
    assert {"kind": "wheels", "version": None, "why": "not installed yet: required", "home": None} == described[
        "toolkit"
    ]
    assert (None, None) == (described["view"], described["compiler-cache"])


@pytest.mark.parametrize("kind", ["wheels", "system", "own"])
def test_stamp(kind: str, scene: Scene) -> None:
    """A stamp names the toolkit, without paths of the machine and without values of the person's environment."""
    root = make_toolkit(scene.root / "secret-toolkit").parents[1]
    more = {"wheels": {}, "system": {"CUDA_PATH": str(root)}, "own": {"CUDA_HOME": str(root)}}[kind]
    table = f'cuda = {{ toolkit = "{"wheels" if kind == "wheels" else "system"}", arch-list = "9.0", jobs = 2 }}\n'
    make_source(scene.source, "backends.recording", table)
    for name in ("ccache", "c++"):
        make_program(scene.root / "bin" / name, "#!/bin/sh\n")
    _, stamp = build(scene, pip(scene, OWN="hunter2", MAX_JOBS="7", CCACHE_DIR="/hunter2", **more))
    expected = {"TORCH_CUDA_ARCH_LIST": "9.0", "CUDAARCHS": "90-real"}
    assert (expected, ["MAX_JOBS", *(["CUDA_HOME"] if kind == "own" else [])]) == (stamp["variables"], stamp["variables-kept"])  # fmt: skip
    assert {"kind": "wheels" if kind == "wheels" else "system", "version": "13.0"} == stamp["toolkit"]
    text = json.dumps(stamp)
    for word in ("PATH", "hunter2", "secret-toolkit", "our-cache", "ccache"):
        assert word not in text


def test_stub_of_the_driver(scene: Scene) -> None:
    """The compiler script is compiled with the person's C compiler before the real backend is called."""
    make_program(scene.root / "bin/gcc", '#!/bin/sh\nread line; echo "$line" > "$8"\n')
    build(scene, pip(scene))
    (stub,) = (scene.root / "our-cache/cuda").glob("libcuda-*.so")
    assert "int cuDriverGetVersion(void) { return 999; }\n" == stub.read_text("utf-8")
