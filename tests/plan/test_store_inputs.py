"""The inputs of a wheel that a build in a scene does not show: odd runtimes, odd requirements, and no git."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from callers import TARGET, Scene
from hooks import cached, make_source
from repositories import GIT, git, make_repository
from standins import make_distribution, make_torch, write
from toolkits import make_program

from runtime_backend.config import load_settings
from runtime_backend.config.settings import Upstream
from runtime_backend.errors import NoAnswer
from runtime_backend.frontend.caller import Caller
from runtime_backend.plan import store_inputs, store_values
from runtime_backend.plan.planning import make_plan
from runtime_backend.plan.runtimes import RuntimePlan
from runtime_backend.plan.store_inputs import find_inputs
from runtime_backend.plan.store_values import clean
from runtime_backend.wheel_store.scripts import Scripts


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Return a scene with a package."""
    scene = Scene(tmp_path)
    make_source(scene.source, "backends.recording")
    return scene


def inputs(scene: Scene, caller: Caller | None = None) -> dict[str, Any]:
    """Return the inputs of a wheel under pip."""
    caller = cached(scene, caller or scene.pip(scene.shell(scene.elsewhere)))
    plan = make_plan("build_wheel", load_settings(scene.source, environ=caller.environ), caller, print)
    return dict(find_inputs(plan, caller, {}, no_scripts).inputs.values)


def no_scripts(_: Upstream) -> Scripts:
    """Return the build scripts of an upstream source: none."""
    raise AssertionError


@pytest.mark.parametrize(
    ("place", "is_compared"),
    [
        ("/usr/include/x", False),
        ("/usr/local", False),
        ("/usr/local/include", False),
        ("/usr/local/cuda-13.0/include", False),
        ("/usr/local/cutlass/include", True),
        ("/usr/local/library", True),
        ("/usr/src/cutlass", True),
        ("/usr/src/../lib", False),
        ("/lib64", False),
        ("/lib/x", False),
        ("/libraries/cutlass", True),
        ("/binaries/x", True),
        ("/opt/rocm-6.2/include", False),
        ("/opt/cutlass", True),
        ("/dev/null", False),
        ("/dev/shm/headers", True),  # noqa: S108 - nothing is written there
        ("/home", False),
        ("{source}", False),
        ("{source}/csrc", False),
        ("{source}-headers/include", True),
        ("{prefix}", False),
        ("{prefix}/lib/python3.11", False),
        ("{prefix}/cutlass", True),
        ("{prefix}2/lib", True),
    ],
)
def test_place(place: str, is_compared: bool, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - a column
    """The content of a place that a variable names counts, unless it is the system's, or this build's own."""
    monkeypatch.setattr(store_values, "describe_place", lambda _: "content")
    caller = cached(scene, scene.pip(scene.shell(scene.elsewhere)))
    assert "throwaway" != caller.isolation
    path = place.format(source=scene.source, prefix=caller.prefix)
    found = inputs(scene, caller._replace(environ={**caller.environ, "CFLAGS": f"-O2 -I{path}"}))["variables"]["CFLAGS"]
    assert is_compared == ("content" in str(found))


def test_places_of_a_throwaway_environment(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that is made for this build has nothing of a person's."""
    monkeypatch.setattr(store_values, "describe_place", lambda _: "content")
    caller = cached(scene, scene.uv(scene.shell(scene.elsewhere)))
    assert "throwaway" == caller.isolation
    environ = {**caller.environ, "CFLAGS": f"-I{caller.prefix}/cutlass", "RUNTIME_BACKEND_TARGET": str(scene.target)}
    assert "-I{build-environment}/cutlass" == inputs(scene, caller._replace(environ=environ))["variables"]["CFLAGS"]


def test_environment_of_conda(scene: Scene) -> None:
    """An environment of conda is described by its packages, also if the build runs in it."""
    caller = cached(scene, scene.pip(scene.shell(scene.elsewhere)))
    found = []
    for version in ("3.5", "3.6"):
        write(caller.prefix / f"conda-meta/cutlass-{version}-0.json", "{}")
        environ = {**caller.environ, "CFLAGS": f"-I{caller.prefix}/include"}
        found.append(inputs(scene, caller._replace(environ=environ))["variables"]["CFLAGS"])
    assert ["-I{build-environment}/include"] * 2 == [values["value"] for values in found]
    assert ["{build-environment}/include"] == list(found[0]["contents"])
    assert found[0] != found[1]


def test_names(scene: Scene) -> None:
    """The inputs have the names that keys in remote stores were made with."""
    assert [
        *("build-requirements", "compilers", "config-settings", "format", "gpus", "libc", "pins", "places", "prebuilt"),
        *("processor", "python", "rocm", "runtimes", "source", "toolkit", "variables"),
    ] == sorted(inputs(scene))


def test_processor_of_a_variable(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The processor belongs to the key if a variable lets the compiler compile for that of this machine."""
    monkeypatch.setattr(store_inputs, "describe_processor", lambda: "avx2")
    found = [inputs(scene, scene.pip(scene.shell(scene.elsewhere, CFLAGS=f"-march={m}"))) for m in ("x86-64", "native")]
    assert [None, "avx2"] == [values["processor"] for values in found]


def test_match(scene: Scene) -> None:
    """Of a runtime with another rule than exact, only what the rule compares belongs to the key."""
    (exact,) = inputs(scene)["runtimes"]
    assert {"name": "torch", "match": "exact", "version": TARGET, "reported": TARGET}.items() <= exact.items()
    found = {}
    for match in ("minor", "floor"):
        rule = f'match-runtime = [{{ requirement = "torch", match = "{match}" }}]\n'
        make_source(scene.source, "backends.recording", rule)
        (found[match],) = inputs(scene)["runtimes"]
    common = {"name": "torch", "accelerator": "cpu", "accelerator-major": None}
    assert {**common, "match": "minor", "release": "2.7"} == found["minor"]
    assert {**common, "match": "floor"} == found["floor"]


def test_editable_runtime(scene: Scene) -> None:
    """A runtime that is edited has no hashes; what is in its folder counts."""
    site = scene.site(scene.target)
    record = next(site.glob("torch-*.dist-info")) / "RECORD"
    record.write_text("torch-2.7.0.dist-info/METADATA,,\n", "utf-8")
    before = inputs(scene)["runtimes"][0]["content"]
    write(site / "torch/lib/libtorch.so", "rebuilt")
    assert before != inputs(scene)["runtimes"][0]["content"]


def test_runtime_without_files(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A runtime whose files are not known prevents the store."""
    monkeypatch.setattr(RuntimePlan, "seen_distribution", None)
    with pytest.raises(NoAnswer, match="the files of torch are not known"):
        inputs(scene)


def test_without_a_runtime(scene: Scene) -> None:
    """A package for which no runtime is provided has none among its inputs."""
    make_source(scene.source, "backends.recording", 'provision = "none"\n')
    assert [] == inputs(scene)["runtimes"]


def test_editable_requirements(scene: Scene) -> None:
    """An editable in the environment may change at any time: one that the build needs prevents the store."""
    command = (f"{scene.target}/bin/python", "-m", "pip", "install", "--no-build-isolation", str(scene.source))
    direct = {"direct_url.json": '{"url": "file:///x", "dir_info": {"editable": true}}'}
    make_distribution(scene.site(scene.target), "my-tools", "1.0", extra=direct)
    caller = scene.not_isolated(scene.shell(scene.elsewhere), command)
    assert "1.0 editable" == inputs(scene, caller)["build-requirements"]["my-tools"]
    write(
        scene.source / "pyproject.toml",
        '[build-system]\nrequires = ["runtime-backend", "my-tools"]\nbuild-backend = "runtime_backend.build"\n',
    )
    with pytest.raises(NoAnswer, match="the build requirement my-tools is an editable"):
        inputs(scene, caller)


def test_requirements_of_the_runtime(scene: Scene) -> None:
    """What the runtime brings with it counts, however it is provided; what comes with the frontend does not."""
    site, overlay = scene.site(scene.target), scene.site(scene.root / "tmp/pip-build-env-abcd1234/overlay")
    make_torch(site, TARGET, requires=["numpy"])
    make_distribution(site, "numpy", "2.0")
    for name in ("pip", "runtime-backend", "obstore", "ninja"):
        make_distribution(overlay, name, "1.0")
    found = inputs(scene)["build-requirements"]
    assert ["ninja", "numpy"] == sorted(found)
    assert found["numpy"].startswith("2.0 ")


def test_repository_around_the_source(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit of a repository above the source counts, too; without git, it is read from the files."""
    write(scene.source / "setup.py", "import setuptools_scm\n")
    assert inputs(scene)["source"]["revision"] is None
    write(scene.root / ".git/HEAD", f"{'c' * 40}\n")
    assert inputs(scene)["source"]["revision"].startswith("c" * 40)

    def refuse(*_: Any, **__: Any) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(subprocess, "run", refuse)
    assert "c" * 40 == inputs(scene)["source"]["revision"]


def test_tag(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tag and a change belong to the key if a build script reads versions from git."""
    write(scene.source / "setup.py", "import subprocess\nsubprocess.run(['git', 'describe'])\n")
    for name, value in GIT.items():
        monkeypatch.setenv(name, value)
    commit = make_repository(scene.source, "x.txt", "x")
    shell = scene.shell(scene.elsewhere, PATH=os.environ["PATH"])
    found = [inputs(scene, scene.pip(shell))["source"]["revision"]]
    git(scene.source, "tag", "v1.0")
    found.append(inputs(scene, scene.pip(shell))["source"]["revision"])
    write(scene.source / "setup.py", "import subprocess\nsubprocess.run(['git', 'describe', '--tags'])\n")
    found.append(inputs(scene, scene.pip(shell))["source"]["revision"])
    short = git(scene.source, "rev-parse", "--short", "HEAD")
    assert [f"{commit} {short}", f"{commit} v1.0-0-g{short}", f"{commit} v1.0-0-g{short}-dirty"] == found


def test_build_folder_of_scikit_build_core(scene: Scene) -> None:
    """The folder in which scikit-build-core compiles is no part of the source, whatever its placeholders become."""
    make_source(scene.source, "backends.recording", "[tool.scikit-build]\nbuild-dir = 'out/{wheel_tag}/{cache_tag}'\n")
    before = inputs(scene)["source"]
    write(scene.source / "out/cp311/CMakeCache.txt", "")
    assert before == inputs(scene)["source"]
    write(scene.source / "outer/x.cpp", "")
    assert before != inputs(scene)["source"]


@pytest.mark.parametrize("folder", ["", "{wheel_tag}"])
def test_no_build_folder(folder: str, scene: Scene) -> None:
    """Without a folder before the placeholders, the whole tree is the source."""
    make_source(scene.source, "backends.recording", f"[tool.scikit-build]\nbuild-dir = '{folder}'\n")
    before = inputs(scene)["source"]
    write(scene.source / "x.cpp", "")
    assert before != inputs(scene)["source"]


def test_git_that_hangs(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """If git does not answer, the commit is not known, and no wheel is taken."""
    write(scene.source / "setup.py", "import setuptools_scm\n")
    write(scene.source / ".git/HEAD", f"{'c' * 40}\n")
    make_program(scene.root / "bin/git", "#!/bin/sh\nexec sleep 60\n")
    monkeypatch.setattr(store_inputs, "_TIMEOUT", 0.1)
    caller = scene.pip({**scene.shell(scene.elsewhere), "PATH": f"{scene.root / 'bin'}:/usr/bin:/bin"})
    with pytest.raises(NoAnswer, match="git has not described"):
        inputs(scene, caller)


def test_places_of_scripts(scene: Scene) -> None:
    """What build scripts name outside the source, also in the home folder, counts by its content.

    A folder at the root, to which scripts add names, does not: it has the whole machine in it.
    """
    home = scene.root / "home"
    write(home / "cutlass/a.h", "1")
    write(scene.root / "lib/b.h", "1")
    write(
        scene.source / "setup.py", f"dirs = ['~/cutlass', '{scene.root}/lib', '/usr/include', '/not/there', '/tmp']\n"
    )
    caller = scene.pip({**scene.shell(scene.elsewhere), "HOME": str(home)})
    before = inputs(scene, caller)["places"]
    assert sorted([f"{scene.root}/lib", "~/cutlass"]) == sorted(before)
    write(home / "cutlass/a.h", "22")
    assert before != inputs(scene, caller)["places"]


def test_values(scene: Scene) -> None:
    """Variables have no paths of this build, and neither they nor config settings have credentials."""
    write(scene.source / "setup.py", "NONSENSE_URL\n")
    url = f"https://me:hunter2@example.org/{scene.source}"
    caller = scene.pip({**scene.shell(scene.elsewhere), "NONSENSE_URL": url})
    assert "https://example.org/{source}" == inputs(scene, caller)["variables"]["NONSENSE_URL"]
    given = {"a": ["https://me:hunter2@host/x", 1, None, True, Path("/x")], "b": {"c": 1.5}}
    assert {"a": ["https://host/x", 1, None, True, "/x"], "b": {"c": 1.5}} == clean(given)
