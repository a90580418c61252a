"""The plan, and its forms without secrets: JSON, tree and stamp."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from callers import LOCKED, TARGET, Scene
from hooks import cached, make_source
from standins import make_distribution, make_torch, make_venv

from runtime_backend import __version__
from runtime_backend.config import load_settings
from runtime_backend.frontend.caller import Caller
from runtime_backend.index.find import Indexes
from runtime_backend.index.wanted import Wanted
from runtime_backend.plan import Plan
from runtime_backend.plan.as_json import describe_plan
from runtime_backend.plan.as_text import plan_tree, render, short_story
from runtime_backend.plan.planning import _find_file, find_source, make_plan

GR, BUILD = "get_requires_for_build_wheel", "build_wheel"

STATIC = '\n[project]\nname = "nonsense"\nversion = "1.0"\n'


def plan(hook: str, scene: Scene, caller: Caller) -> Plan:
    """Plan a hook call."""
    caller = cached(scene, caller)
    return make_plan(hook, load_settings(scene.source, environ=caller.environ), caller, print)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Return a scene whose producer sets a variable."""
    scene = Scene(tmp_path)
    make_source(scene.source, "backends.recording", '[tool.runtime-backend.env]\nFOR = "{torch.version}"\nHOME = "x"\n')
    return scene


@pytest.mark.parametrize(
    ("hook", "kind", "requirements"),
    [
        (GR, "require", 1),
        ("get_requires_for_build_editable", "require", 1),
        ("get_requires_for_build_sdist", "fetch", 0),
        (BUILD, "fetch", 0),
        ("prepare_metadata_for_build_wheel", "fetch", 0),
    ],
)
def test_required_where_asked(hook: str, kind: str, requirements: int, scene: Scene) -> None:
    """A runtime is required by the hooks whose answer is installed; in later hooks it is fetched."""
    make_source(scene.source, "backends.recording", STATIC)
    found = plan(hook, scene, scene.uv(scene.shell(scene.consumer), "sync"))
    assert (kind, requirements) == (found.runtimes[0].provision.kind, len(found.requirements))
    assert found.refusal is None


def test_postponed(scene: Scene) -> None:
    """No runtime is required before uv's lock is written, unless the metadata need the runtime itself."""
    caller = scene.uv(scene.shell(scene.consumer), "sync")
    found = plan(GR, scene, caller)
    assert [("fetch", ())] == [(r.provision.kind, found.requirements) for r in found.runtimes]
    why = "uv sync asks for metadata before its lock is written: a build will fetch it"
    assert (why, ()) == (found.runtimes[0].provision.why, found.fetchings)
    make_source(scene.source, "backends.recording", 'metadata = "real"\n')
    assert ["require"] == [r.provision.kind for r in plan(GR, scene, caller).runtimes]


def test_ways(scene: Scene) -> None:
    """Metadata are found without torch if it is not installed or not needed."""
    found = plan("prepare_metadata_for_build_wheel", scene, scene.uv(scene.shell(scene.consumer), "sync"))
    assert (True, ("stub", "real")) == (found.lacks_runtime, found.ways_by_backend)
    found = plan("prepare_metadata_for_build_wheel", scene, scene.pip(scene.shell(scene.elsewhere)))
    assert (False, ("real",)) == (found.lacks_runtime, found.ways_by_backend)
    make_source(scene.source, "backends.recording", STATIC)
    found = plan("prepare_metadata_for_build_wheel", scene, scene.uv(scene.shell(scene.consumer), "sync"))
    assert ("static", "stub", "real") == found.metadata_ways


def test_newest(scene: Scene) -> None:
    """If no runtime is known, the frontend chooses the newest, and the metadata require that version."""
    make_source(
        scene.source, "backends.recording", 'unresolved = "newest"\nmatch-runtime = ["torch>=2.4; os_name != \'x\'"]\n'
    )
    bare = scene.root / "bare"
    make_venv(bare)
    caller = scene.pip(scene.shell(scene.elsewhere), prefix=bare)
    found = plan(GR, scene, caller)
    assert (("torch>=2.4",), (), None) == (found.requirements, found.pins, found.refusal)
    assert "no torch is known" in str(plan(BUILD, scene, caller).refusal)
    make_torch(Path(caller.sys_path[0]), "2.9.0")
    found = plan(BUILD, scene, caller)
    assert (("torch==2.9.0",), None) == (found.pins, found.refusal)
    known = plan(BUILD, scene, scene.uv(scene.shell(scene.elsewhere), "pip", "install", "-p", str(scene.target), "."))
    assert ((), None) == (known.pins, known.refusal)
    kept = plan(BUILD, scene, scene.hatch_build(scene.shell(scene.elsewhere), built_for="2.9.0"))
    assert (("torch==2.9.0",), None) == (kept.pins, kept.refusal)


def test_same_plan_in_every_hook(scene: Scene) -> None:
    """A reused runtime has the same path and build label in every hook."""
    caller = scene.pip(scene.shell(scene.elsewhere))
    plans = [plan(hook, scene, caller) for hook in (GR, "prepare_metadata_for_build_wheel", BUILD)]
    assert {("reuse", plans[0].build_label)} == {(p.runtimes[0].provision.kind, p.build_label) for p in plans}
    assert 1 == len({p.overlay.path for p in plans if p.overlay is not None})
    assert plans[0].overlay is not None
    assert plans[0].overlay.path.is_relative_to(scene.root / "our-cache/overlays")


def test_identities(scene: Scene) -> None:
    """The identity of a runtime is known if it is installed, or will be."""
    required = plan(BUILD, scene, scene.uv(scene.shell(scene.consumer), "sync"))
    missing = plan(BUILD, scene, scene.uv(scene.shell(scene.elsewhere), "sync"))
    present = plan(BUILD, scene, scene.not_isolated(scene.shell(scene.elsewhere), ["pip"]))
    assert [LOCKED] == [identity.version for identity in required.identities]
    assert ((), None) == (missing.identities, missing.build_label)
    assert [(TARGET, None)] == [(i.reported, present.overlay) for i in present.identities]


def test_no_runtimes(scene: Scene) -> None:
    """A package without match-runtime, or with provision 'none', gets no runtime."""
    caller = scene.pip(scene.shell(scene.elsewhere))
    make_source(scene.source, "backends.recording", "match-runtime = []\n")
    assert ((), None) == (plan(BUILD, scene, caller).runtimes, plan(BUILD, scene, caller).refusal)
    make_source(scene.source, "backends.recording", 'provision = "none"\n')
    assert ((), ()) == (plan(BUILD, scene, caller).runtimes, plan(BUILD, scene, caller).requirements)


def test_two_runtimes(scene: Scene) -> None:
    """Each runtime is provided separately; the first refusal is the stop."""
    make_distribution(scene.site(scene.target), "numpy", "2.0")
    make_source(scene.source, "backends.recording", 'match-runtime = ["numpy", "torch>=3", "jaxlib"]\n')
    found = plan(BUILD, scene, scene.pip(scene.shell(scene.elsewhere)))
    assert ["reuse", "missing", "missing"] == [runtime.provision.kind for runtime in found.runtimes]
    assert "the package does not support" in str(found.refusal)
    assert found.overlay is not None
    assert ["numpy", "numpy-2.0.dist-info"] == list(found.overlay.links.targets)


def test_json(scene: Scene) -> None:
    """The JSON has every value with its origin and every place looked at, without secrets."""
    url = "https://me:hunter2@example.org/torch-9.0-py3-none-any.whl"
    caller = scene.build(scene.shell(scene.elsewhere, RUNTIME_BACKEND_PIN=f"torch @ {url}"), by=scene.target)
    described = describe_plan(plan(GR, scene, caller))
    clean = url.replace("me:hunter2@", "")
    assert {
        "shim": __version__,
        "hook": GR,
        "source": str(scene.source),
        "upstream": None,
        "frontend": "build",
        "isolation": "throwaway",
        "real-backend": {"value": "backends.recording", "origin": "pyproject.toml: tool.runtime-backend.build-backend"},
        "provision": {"value": "auto", "origin": "default"},
        "metadata": {"value": "auto", "origin": "default", "ways": ["stub", "real"]},
        "runtimes": [
            {
                "name": "torch",
                "rule": {"value": "torch", "origin": "default", "match": {"value": "exact", "origin": "default"}},
                "resolution": {
                    "how": "pinned",
                    "origin": described["runtimes"][0]["looked-at"][0]["why"],
                    "version": "9.0",
                    "reported": None,
                    "cuda": None,
                    "hip": None,
                    "rocm": None,
                    "xpu": None,
                    "git-version": None,
                    "url": clean,
                    "sha256": None,
                },
                "decision": {
                    "kind": "pinned",
                    "evidence": described["runtimes"][0]["looked-at"][0]["why"],
                    "verified": True,
                },
                "visible": None,
                "provision": {
                    "value": "require",
                    "why": f"pinned: {described['runtimes'][0]['looked-at'][0]['why']}",
                    "requirement": f"torch @ {clean}",
                },
                "looked-at": [
                    {"why": described["runtimes"][0]["looked-at"][0]["why"], "path": "", "found": f"torch @ {clean}"},
                    {
                        "why": "the interpreter that made the build environment",
                        "path": str(scene.target),
                        "found": f"torch {TARGET}",
                    },
                ],
            }
        ],
        "build-requirements": None,
        "overlay": None,
        "left-out": [],
        "view": None,
        "kept-environment": None,
        "toolkit": None,
        "store": {"value": "on", "origin": "default", "limit": 10**10, "remote": None, "prebuilt": None},
        "compiler-cache": None,
        "variables": [
            {
                "name": "FOR",
                "value": None,
                "origin": "pyproject.toml: tool.runtime-backend.env.FOR",
                "why": "not set: torch.version not known before the runtime is installed",
            },
            {
                "name": "HOME",
                "value": None,
                "origin": "pyproject.toml: tool.runtime-backend.env.HOME",
                "why": "left as the environment has it",
            },
        ],
        "own-variables": [],
        "requirements": [f"torch @ {clean}"],
        "notes": [],
        "stop": None,
        "stop-name": None,
    } == described
    assert "hunter2" not in json.dumps(described)


def test_json_of_a_stop(scene: Scene) -> None:
    """The JSON has the reason of a stop, and the visible runtime."""
    caller = scene.uv(scene.shell(scene.consumer), "sync")
    make_distribution(scene.site(caller.prefix), "numpy", "1.0")
    make_source(scene.source, "backends.recording", 'match-runtime = ["numpy>=2"]\n')
    described = describe_plan(plan(BUILD, scene, caller))
    assert "1.0" == described["runtimes"][0]["visible"]["version"]
    assert described["stop"].startswith("the package does not support numpy 1.0 (importable: ")


def test_json_of_nothing(scene: Scene) -> None:
    """Without a resolution, the JSON has null."""
    make_venv(scene.root / "bare")
    described = describe_plan(plan(BUILD, scene, scene.pip(scene.shell(scene.elsewhere), prefix=scene.root / "bare")))
    assert (None, "missing") == (
        described["runtimes"][0]["resolution"],
        described["runtimes"][0]["provision"]["value"],
    )
    assert described["stop"].startswith("no torch is known to build against.")
    assert "no-runtime" == described["stop-name"]


def test_tree_of_reuse(scene: Scene) -> None:
    """The tree shows the same values as the JSON."""
    make_distribution(scene.site(scene.target), "filelock", "3.0")
    metadata = scene.site(scene.target) / f"torch-{TARGET}.dist-info/METADATA"
    metadata.write_text(metadata.read_text("utf-8").replace("\n\n", "\nRequires-Dist: filelock\n\n", 1), "utf-8")
    caller = scene.pip(scene.shell(scene.elsewhere))
    make_distribution(Path(caller.sys_path[0]), "filelock", "4.0")
    found = plan(BUILD, scene, caller)
    assert found.overlay is not None
    root = found.overlay.path / "torch"
    assert [
        f"build_wheel of {scene.source}",
        "├─ frontend: pip; isolation: hidden",
        "├─ real backend: backends.recording  [pyproject.toml: tool.runtime-backend.build-backend]",
        "├─ provision: auto  [default]",
        "├─ metadata: real  [default]",
        f"├─ torch: torch {TARGET}, installed  [{scene.target}]",
        "│  ├─ asked for: torch  [default]",
        "│  ├─ match: exact  [default]",
        f"│  ├─ decision: asked: a dry run: torch {TARGET} stays",
        "│  ├─ looked at",
        f"│  │  ├─ the running interpreter: {scene.target}: torch {TARGET}",
        f"│  │  └─ the command: pip install: it may move torch: the requirements of {scene.source} are"
        " known only after building",
        f"│  └─ provision: reuse (installed in {scene.site(scene.target)})",
        f"├─ wheel store: {found.cache / 'store'}, at most 10 GB  [default]",
        f"├─ overlay: {found.overlay.path}",
        "│  └─ left out, the build environment has its own: filelock",
        "├─ variables",
        f"│  ├─ FOR={TARGET}: set  [pyproject.toml: tool.runtime-backend.env.FOR]",
        "│  └─ HOME: left as the environment has it  [pyproject.toml: tool.runtime-backend.env.HOME]",
        "└─ set by runtime-backend",
        f"   ├─ CMAKE_PREFIX_PATH={root / 'share/cmake'}: so that CMake finds the runtimes",
        f"   ├─ Torch_ROOT={root}: as CMAKE_PREFIX_PATH",
        f"   ├─ PYTHONPATH={caller.environ['PYTHONPATH']}:{found.overlay.path}: so that child processes import the"
        " runtimes",
        f"   ├─ PYTHONPYCACHEPREFIX={scene.root / 'our-cache/bytecode'}: so that no byte code goes into the target",
        "   ├─ DIST_EXTRA_CONFIG=/runtime-backend-scratch/setuptools.cfg: a build folder for each runtime",
        "   └─ SKBUILD_BUILD_DIR=/runtime-backend-scratch/scikit-build: a build folder for each runtime",
    ] == list(render(plan_tree(found)))
    assert ["filelock"] == describe_plan(found)["left-out"]


STORE = """
store = "on"
prebuilt = { index = "https://jo:secretive@h/simple", label = "torch{torch.minor}" }
"""


def test_store(scene: Scene) -> None:
    """The tree and the JSON show the remote store and the index of prebuilt wheels, without credentials."""
    make_source(scene.source, "backends.recording", STORE)
    store = {"STORE": "s3://b/wheels", "STORE_WRITE": "ci", "STORE_TRUST": "/x/store.lock", "STORE_SIZE": "1.5 GB"}
    environ = {f"RUNTIME_BACKEND_{name}": value for name, value in store.items()}
    found = plan(BUILD, scene, scene.pip({**scene.shell(scene.elsewhere), **environ}))
    at = "pyproject.toml: tool.runtime-backend"
    lines = list(render(plan_tree(found)))
    start = lines.index(f"├─ wheel store: {found.cache / 'store'}, at most 1.5 GB  [RUNTIME_BACKEND_STORE_SIZE]")
    assert [
        "│  ├─ remote: s3://b/wheels, write ci, trust /x/store.lock  [RUNTIME_BACKEND_STORE]",
        f"│  └─ prebuilt: https://jo:secretive@h/simple, label torch{{torch.minor}}  [{at}.prebuilt]",
    ] == lines[start + 1 : start + 3]
    origin = "RUNTIME_BACKEND_STORE"
    assert {
        "value": "on",
        "origin": f"{at}.store",
        "limit": 1_500_000_000,
        "remote": {"url": "s3://b/wheels", "write": "ci", "trust": "/x/store.lock", "origin": origin},
        "prebuilt": {"index": "https://h/simple", "label": "torch{torch.minor}", "origin": f"{at}.prebuilt"},
    } == describe_plan(found)["store"]


def test_store_without_a_list(scene: Scene) -> None:
    """A remote store without a list of trusted wheels has none."""
    found = plan(BUILD, scene, scene.pip({**scene.shell(scene.elsewhere), "RUNTIME_BACKEND_STORE": "/shared"}))
    assert "│  └─ remote: /shared, write never  [RUNTIME_BACKEND_STORE]" in render(plan_tree(found))
    assert None is describe_plan(found)["store"]["remote"]["trust"]


@pytest.mark.parametrize("is_off_in_file", [True, False])
def test_no_store(is_off_in_file: bool, scene: Scene) -> None:  # noqa: FBT001 - a column
    """A store that is off is shown with the reason."""
    make_source(scene.source, "backends.recording", 'store = "off"\n' if is_off_in_file else "")
    environ = {} if is_off_in_file else {"RUNTIME_BACKEND_STORE": "off"}
    found = plan(BUILD, scene, scene.pip({**scene.shell(scene.elsewhere), **environ}))
    origin = "pyproject.toml: tool.runtime-backend.store" if is_off_in_file else "RUNTIME_BACKEND_STORE"
    assert f"├─ wheel store: off  [{origin}]" in render(plan_tree(found))
    assert ("off", origin) == tuple(describe_plan(found)["store"][name] for name in ("value", "origin"))


PREBUILT = 'prebuilt = { index = "https://h/simple", label = "x" }\n'
BUCKET = {"RUNTIME_BACKEND_STORE": "s3://b"}


@pytest.mark.parametrize(
    ("hook", "table", "environ", "expected"),
    [
        (GR, "", {}, []),
        (GR, "", {"RUNTIME_BACKEND_STORE": "/shared"}, []),
        (GR, "", BUCKET, ["obstore>=0.9"]),
        (GR, PREBUILT, BUCKET, ["obstore>=0.9", "pyelftools>=0.31"]),
        (GR, PREBUILT, {}, ["pyelftools>=0.31"]),
        (GR, PREBUILT, {"RUNTIME_BACKEND_PREBUILT": "off"}, []),
        (GR, PREBUILT, {"RUNTIME_BACKEND_STORE": "off"}, []),
        (GR, PREBUILT, {"RUNTIME_BACKEND_OFFLINE": "1"}, []),
        ("get_requires_for_build_editable", PREBUILT, {}, ["pyelftools>=0.31"]),
        ("get_requires_for_build_sdist", PREBUILT, BUCKET, []),
        (BUILD, PREBUILT, BUCKET, []),
    ],
)
def test_tools(hook: str, table: str, environ: dict[str, str], expected: list[str], scene: Scene) -> None:
    """What a bucket or a prebuilt wheel needs is required before a wheel is built, if it is not installed."""
    make_source(scene.source, "backends.recording", table)
    caller = scene.pip({**scene.shell(scene.elsewhere), **environ})
    assert expected == list(plan(hook, scene, caller).tools)
    assert set(expected) <= set(plan(hook, scene, caller).requirements)
    make_distribution(Path(caller.sys_path[0]), "obstore", "0.9")
    assert [text for text in expected if "obstore" not in text] == list(plan(hook, scene, caller).tools)


def test_no_tools_without_isolation(scene: Scene) -> None:
    """Without isolation, nobody installs what is missing; and nothing is required before uv's lock is written."""
    make_source(scene.source, "backends.recording", PREBUILT)
    caller = scene.not_isolated({**scene.shell(scene.elsewhere), **BUCKET}, ["pip"])
    assert () == plan(GR, scene, caller).tools
    caller = scene.uv({**scene.shell(scene.consumer), **BUCKET}, "sync")
    assert () == plan(GR, scene, caller).tools


def test_no_tools_with_hashes(scene: Scene) -> None:
    """If uv wants a hash for each build requirement, nothing is added."""
    make_source(scene.source, "backends.recording", f"{PREBUILT}{STATIC}")
    shell = {**scene.shell(scene.elsewhere), **BUCKET}
    assert 2 == len(plan(GR, scene, scene.uv(shell, "build")).tools)
    assert () == plan(GR, scene, scene.uv(shell, "build", "--require-build-hashes")).tools


def test_tree_of_a_lock(scene: Scene) -> None:
    """The tree shows a lock's URL, the requirement, notes, and an unknown frontend."""
    make_source(scene.source, "backends.recording")
    caller = scene.build(scene.shell(scene.consumer))
    lines = list(render(plan_tree(plan(GR, scene, caller))))
    url = f"https://example.org/torch-{LOCKED}-py3-none-any.whl"
    assert f"│  ├─ wheel: {url} sha256={'ab' * 32}" in lines
    assert f"│  └─ requested: torch @ {url}#sha256={'ab' * 32}" in lines
    assert lines[-1].startswith("└─ note: torch 1.5.0 is installed in ")


def test_tree_of_nothing(scene: Scene) -> None:
    """The tree shows an unknown runtime and an unknown frontend."""
    make_source(scene.source, "backends.recording", 'match-runtime = ["jaxlib"]\n')
    caller = scene.hatch_build(scene.shell(scene.elsewhere))
    lines = list(render(plan_tree(plan(GR, scene, caller))))
    assert "├─ frontend: hatch; isolation: kept" == lines[1]
    assert ["├─ metadata: real  [default]", "├─ jaxlib: not known"] == lines[4:6]
    no_procfs = Scene(scene.root / "second", procfs=False)
    make_source(no_procfs.source, "backends.recording", 'provision = "none"\n')
    quiet = plan(GR, no_procfs, no_procfs.build(no_procfs.shell(no_procfs.elsewhere)))
    assert "├─ frontend: not known; isolation: throwaway" == list(render(plan_tree(quiet)))[1]
    assert ["real backend: backends.recording (get_requires_for_build_wheel, frontend not known)"] == list(
        short_story(quiet)
    )


def test_short_story_of_nothing(scene: Scene) -> None:
    """The last lines of a failed build show what was unknown."""
    caller = scene.build(scene.shell(scene.elsewhere))
    assert "torch: not known; missing: the runtime is not known" == next(short_story(plan(BUILD, scene, caller)))


def test_source(scene: Scene) -> None:
    """Fetching uses the frontend's settings: its folder, its variables, uv's options."""
    words = ("sync", "--offline", "--extra", "x", "--index=a=https://h/i", "-f", "links")
    caller = scene.uv(scene.shell(scene.consumer), *words)
    found = find_source(caller, is_offline=plan(BUILD, scene, caller).is_offline)
    assert (scene.consumer, ("--offline", "--index", "a=https://h/i", "-f", "links"), True) == (
        found.cwd,
        found.options,
        found.is_offline,
    )
    other = scene.pip(scene.shell(scene.elsewhere))
    assert ((), False) == (find_source(other, is_offline=False).options, plan(BUILD, scene, other).is_offline)


def test_index(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index is asked with the frontend's variables, and its answers are kept in the cache."""
    caller = cached(scene, scene.uv(scene.shell(scene.consumer), "sync", "--offline"))
    settings = load_settings(scene.source, environ=caller.environ)
    monkeypatch.setattr(Indexes, "find", lambda indexes, _: indexes)
    wanted = Wanted(name="torch", version="2.7.0", indexes=("https://h/simple",))
    found: Any = _find_file(settings, caller, scene.root / "cache", wanted)
    assert (scene.root / "cache/index", caller.environ, True) == (found.folder, found.environ, found.is_offline)
