"""Building an editable that rebuilds itself: in a clone of the build environment, with a guard in the wheel."""

from __future__ import annotations

import ast
import json
import os
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from callers import TARGET, Scene
from hooks import Said, cached, call_of, make_source
from standins import make_distribution, make_torch, write

from runtime_backend.config import load_settings
from runtime_backend.errors import ProvisionError
from runtime_backend.frontend.caller import Caller
from runtime_backend.hook import keeping
from runtime_backend.hook.keeping import Kept, _needed, _paths, plan_keeping
from runtime_backend.plan import Plan
from runtime_backend.plan.planning import make_plan

BACKEND = """
import json, os, pathlib, sys, zipfile
from backends.making import make_wheel
LOADER = {loader!r}
def build_editable(folder, config_settings=None, metadata_directory=None):
    name = make_wheel(folder, compiled=False)
    with zipfile.ZipFile(pathlib.Path(folder) / name, "a") as archive:
        archive.writestr("_loader.py", LOADER)
    pathlib.Path(os.environ["SEEN"]).write_text(json.dumps(dict(
        settings=config_settings, environ=dict(os.environ), path=sys.path, executable=sys.executable, prefix=sys.prefix,
        file=__file__)))
    return name
def build_wheel(*_): pass
def build_sdist(*_): pass
"""
LOADER = "def init():\n    MesonpyMetaFinder('nonsense', {'nonsense'}, '/b', [])\n"


class Site:
    """A build environment with a real backend in it, and a target with a torch."""

    def __init__(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str = "mesonpy", loader: str = LOADER
    ) -> None:
        self.scene = Scene(tmp_path)
        self.site = self.scene.site(tmp_path / "tmp/pip-build-env-abcd1234/overlay")
        parts = module.split(".")
        files = {"/".join(parts) + ".py": BACKEND.format(loader=loader), "backends/making.py": _making()}
        files |= {f"{'/'.join(parts[:end])}/__init__.py": "" for end in range(1, len(parts))}
        make_distribution(self.site, "the-backend", "1.0", files)
        write(tmp_path / "tmp/pip-build-env-abcd1234/site/sitecustomize.py", "")
        monkeypatch.syspath_prepend(str(self.site))
        monkeypatch.setenv("SEEN", str(tmp_path / "seen.json"))
        (tmp_path / "dist").mkdir()
        make_source(self.scene.source, module)

    def caller(self, **environ: Any) -> Caller:
        """Return the caller under pip."""
        return self.scene.pip(self.scene.shell(self.scene.elsewhere, **environ))

    def build(self, theirs: dict[str, Any] | None = None, said: Said | None = None, **environ: str) -> dict[str, str]:
        """Build an editable, and return the files of its wheel."""
        call = call_of("build_editable", self.scene, self.caller(**environ), said)
        name = call.build(str(self.scene.root / "dist"), theirs)
        with zipfile.ZipFile(self.scene.root / "dist" / name) as archive:
            return {name: archive.read(name).decode() for name in archive.namelist()}

    @property
    def seen(self) -> dict[str, Any]:
        """What the real backend saw."""
        found: dict[str, Any] = json.loads((self.scene.root / "seen.json").read_text("utf-8"))
        return found

    @property
    def environment(self) -> Path:
        """The only kept environment."""
        (found,) = (self.scene.root / "our-cache/environments").glob("source-*[0-9a-f]")
        return found


def _making() -> str:
    from backends import making  # noqa: PLC0415 - its text is wanted

    return Path(making.__file__).read_text("utf-8")


def data_in(files: dict[str, str]) -> dict[str, Any]:
    """Return the data of the guard in a wheel."""
    text = files["zzz_runtime_backend_guard_nonsense.py"]
    line = next(line for line in text.splitlines() if line.startswith("DATA = "))
    found: dict[str, Any] = ast.literal_eval(line.removeprefix("DATA = "))
    return found


def test_meson_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real backend runs in the clone, sees no path of the frontend's environment, and the wheel gets a guard."""
    made = Site(tmp_path, monkeypatch)
    files = made.build({"x": "y"}, PATH="/usr/bin")
    seen, environment = made.seen, made.environment
    assert (str(environment / "bin/python"), str(environment)) == (seen["executable"], seen["prefix"])
    assert seen["file"].startswith(str(environment))
    assert str(made.site) not in seen["path"]
    key = environment.name.rpartition("-")[2]
    assert {"x": "y", "build-dir": seen["settings"]["build-dir"]} == seen["settings"]
    assert seen["settings"]["build-dir"].startswith(f"build/torch-{TARGET}-")
    assert seen["settings"]["build-dir"].endswith(key)
    assert seen["environ"]["PATH"].split(os.pathsep)[0] == str(environment / "bin")
    assert "PYTHONPATH" not in seen["environ"]
    data = data_in(files)
    assert ("nonsense", "nonsense-1.0.dist-info", ["nonsense"], []) == tuple(
        data[k] for k in ("name", "info", "top-level", "modules")
    )
    assert (str(made.scene.source), str(environment)) == (data["source"], data["environment"])
    assert str(made.scene.source / seen["settings"]["build-dir"]) == data["build"]
    (runtime,) = data["runtimes"]
    assert ("torch", "torch", "exact", TARGET) == tuple(runtime[k] for k in ("name", "module", "match", "version"))
    assert [None, True] == data["variables"]["PYTHONPATH"]
    assert "PYTHONPYCACHEPREFIX" in data["variables"]
    assert not {"DIST_EXTRA_CONFIG", "SKBUILD_BUILD_DIR"} & {*data["variables"]}
    assert [[str(environment / "bin")], []] == data["paths"]["PATH"]
    needed = {what: path for path, what in data["needed"]}
    overlay = Path(needed["the overlay with its runtime"]).parent
    assert (tmp_path / "our-cache/overlays/.held", "torch") == (
        overlay.parent,
        Path(needed["the overlay with its runtime"]).name,
    )
    (pth,) = environment.glob("lib/python*/site-packages/runtime_backend_overlays.pth")
    assert f"{overlay}\n" == pth.read_text("utf-8")
    record = files["nonsense-1.0.dist-info/RECORD"]
    assert (
        all(f"\nzzz_runtime_backend_guard_nonsense.{end}" in record for end in ("py,sha256=", "pth,sha256="))
        or "start" in record
    )


def test_scikit_build_core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """scikit-build-core gets the folder by its variable; uv's activated environment is replaced; settings are passed on."""
    loader = "install({'nonsense': '/s/nonsense.py'}, {'nonsense._C': 'nonsense/_C.so'})\n"
    made = Site(tmp_path, monkeypatch, "scikit_build_core.build", loader)
    table = 'env = { ONE = "1", TWO = { value = "2", force = true }, PYTHONPATH = "/own" }\n[tool.scikit-build]\n'
    make_source(
        made.scene.source,
        "scikit_build_core.build",
        f'{table}build-dir = "out/{{wheel_tag}}"\neditable.rebuild = true\n',
    )
    cmake = made.scene.site(made.scene.target) / "torch/share/cmake"
    write(cmake / "Torch/TorchConfig.cmake", "")
    files = made.build(VIRTUAL_ENV="/activated", CMAKE_PREFIX_PATH="/person", PYTHONPATH="/ignored-by-pip")
    seen, data = made.seen, data_in(files)
    assert seen["settings"] is None
    assert seen["environ"]["SKBUILD_BUILD_DIR"].startswith(f"out/{{wheel_tag}}/torch-{TARGET}-")
    assert str(made.environment) == seen["environ"]["VIRTUAL_ENV"]
    assert (["nonsense", "nonsense._C"], []) == (data["modules"], data["top-level"])
    assert str(made.scene.source / "out") == data["build"]
    assert (["1", False], ["2", True]) == (data["variables"]["ONE"], data["variables"]["TWO"])
    assert [str(made.environment), True] == data["variables"]["VIRTUAL_ENV"]
    assert data["paths"]["CMAKE_PREFIX_PATH"][1][0] == "/person"
    assert data["paths"]["CMAKE_PREFIX_PATH"][1][1].endswith("/torch/share/cmake")


def test_torch_in_the_build_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A torch that the frontend installed for the build is cloned too, and is seen nowhere else."""
    made = Site(tmp_path, monkeypatch)
    make_torch(made.site, TARGET)
    make_source(made.scene.source, "mesonpy", 'provision = "require"\nenv = { SITE = "{torch.site}" }\n')
    files = made.build()
    seen = made.seen
    (site,) = made.environment.glob("lib/python*/site-packages")
    assert (site / "torch/version.py").is_file()
    assert (str(site), 1) == (seen["environ"]["SITE"], seen["path"].count(str(site)))
    assert not [entry for entry in seen["path"] if "overlays" in entry]
    assert data_in(files)["runtimes"][0]["version"] == TARGET
    assert "the overlay with its runtime" not in [what for _, what in data_in(files)["needed"]]


def test_without_a_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that is built without its runtime has a guard for its environment."""
    made = Site(tmp_path, monkeypatch)
    make_source(made.scene.source, "mesonpy", 'provision = "none"\n')
    assert [] == data_in(made.build())["runtimes"]


def test_unknown_loader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loader that cannot be read is no reason to fail; it is said that nothing stops a mix."""
    made, said = Site(tmp_path, monkeypatch, loader="x = 1\n"), Said()
    files = made.build(said=said)
    assert [] == [name for name in files if "guard" in name]
    assert [
        "warning: nonsense-1.0-py3-none-any.whl has no loader that this version of runtime-backend can read, so nothing stops"
        " an import that rebuilds it against another runtime: after an upgrade of the runtime, install it again"
    ] == [line for line in said.lines if line.startswith("warning")]


def test_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is kept and nothing is added if the setting is off."""
    made = Site(tmp_path, monkeypatch)
    make_source(made.scene.source, "mesonpy", 'editable-env = "off"\n')
    files = made.build()
    assert [] == [name for name in files if "guard" in name]
    assert not (tmp_path / "our-cache/environments").exists()
    assert made.seen["settings"] is None


def test_cache_is_not_writable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The build stops, since the editable would fail at its first import."""
    made = Site(tmp_path, monkeypatch)
    write(tmp_path / "our-cache/environments", "a file")
    with pytest.raises(ProvisionError, match="the build environment of this editable cannot be kept in"):
        made.build()


def planned(scene: Scene, caller: Caller) -> Plan:
    """Return the plan of a build of an editable."""
    caller = cached(scene, caller)
    return make_plan("build_editable", load_settings(scene.source, environ=caller.environ), caller, print)


def test_import_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders of the person stay in PYTHONPATH; those by which the frontend isolates the build do not."""
    made = Site(tmp_path, monkeypatch)
    caller = made.caller()
    paths = os.pathsep.join([str(made.site), caller.environ["PYTHONPATH"], "", "/person"])
    caller = caller._replace(environ={**caller.environ, "PYTHONPATH": paths})
    plan = plan_keeping(planned(made.scene, caller), cached(made.scene, caller), None, print)
    assert plan.keeping is not None
    assert plan.keeping.environment is not None
    found = Kept(plan.keeping, plan.keeping.environment).variables(plan, {}, caller.environ)
    assert "/person" == found["PYTHONPATH"]


def test_wrapper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrapper's editable is a plain wheel, for which nothing is planned."""
    made = Site(tmp_path, monkeypatch)
    plan = planned(made.scene, made.caller())._replace(hook="build_wheel")
    assert plan is plan_keeping(plan, made.caller(), None, print)


def test_compilers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rebuild needs CUDA_HOME and the compiler cache's script, and finds nvcc as the build did."""
    made = Site(tmp_path, monkeypatch)
    plan = plan_keeping(planned(made.scene, made.caller()), cached(made.scene, made.caller()), None, print)
    assert plan.keeping is not None
    environment = plan.keeping.environment
    assert environment is not None
    kept = Kept(plan.keeping, environment)
    home, script = SimpleNamespace(path=Path("/planned")), SimpleNamespace(path=write(tmp_path / "script/c++", ""))
    own: Any = SimpleNamespace(script=script, every=plan.own.every)
    fake = SimpleNamespace(settings=plan.settings, overlay=None, cuda_home=home, own=own)
    changes = {variable.name: variable.value for variable in plan.own.every}
    stage: Any = SimpleNamespace(
        plan=fake, shown={home.path: Path("/lasting")}, around=SimpleNamespace(changes=changes)
    )
    needed = {what: path for path, what in _needed(kept, stage)}
    found = needed["its CUDA_HOME"], needed["the script for its compiler cache"]
    assert (Path("/lasting"), tmp_path / "script/c++") == found
    assert ([str(environment.scripts), "/lasting/bin"], []) == _paths(environment, stage)["PATH"]


def test_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is kept on Windows, and a line says so."""
    made, said = Site(tmp_path, monkeypatch), list[str]()
    plan, caller = planned(made.scene, made.caller()), cached(made.scene, made.caller())
    monkeypatch.setattr(keeping, "os", SimpleNamespace(name="nt"))
    assert plan is plan_keeping(plan, caller, None, said.append)
    assert [
        "note: editables of meson-python rebuild themselves, but not on this system: its build environment is not kept, so"
        " no import rebuilds it"
    ] == said


def test_no_build_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build folder that the real backend did not make is not needed by the next import; one that it made is."""
    made = Site(tmp_path, monkeypatch)
    data = data_in(made.build())
    assert "its build folder" not in [what for _, what in data["needed"]]
    Path(data["build"]).mkdir(parents=True)
    assert "its build folder" in [what for _, what in data_in(made.build())["needed"]]
