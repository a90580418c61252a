"""Build locks: a broken build requirement that appears after the lock was made changes nothing."""

from __future__ import annotations

import re
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from runtime_backend.formats.toml import loads

from . import documentation
from .combinations import some
from .frontends import FRONTENDS
from .frontends.scenario import Trial, measure
from .index import Index, serve
from .reader import Reader
from .scene import Scene
from .stock import NEWEST_PIP, NEWEST_UV, OLDEST_UV, REPOSITORY, Stock
from .workplace import Workplace

LOCK = "pylock.build.toml"
DECLARED = 'requires = ["runtime-backend", "setuptools>=77"]'
LOCKED = f'build-requires = ["setuptools>=77", "cython"]\nbuild-lock = "{LOCK}"\n'

SIX = {
    "`pip install`": "fresh",
    "`uv pip install`": "fresh",
    "`uv sync`": "fresh",
    "`python -m build --installer=pip`": "sdist",
    "`python -m build --installer=uv`": "sdist",
    "`poetry lock`, `poetry install`": "fresh",
    "`pdm install`": "fresh",
    "`hatch build`, installer pip": "upgrade",
}
"""Frontend -> a scenario of the support table in which it builds."""
LOCKED_USUALLY = ("`pip install`", "`uv pip install`", "`pdm install`")
WRONG_USUALLY = ("`python -m build --installer=uv`", "`poetry lock`, `poetry install`", "`hatch build`, installer pip")


def publish_broken_cython(place: Workplace, index: Index) -> None:
    """Let a new Cython appear on the index, with which nothing can be built."""
    wheel = place.folder / "broken" / "cython-99.0-py3-none-any.whl"
    wheel.parent.mkdir()
    files = {
        "Cython/__init__.py": "raise ImportError('this release is broken')\n",
        "cython-99.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: cython\nVersion: 99.0\n",
        "cython-99.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        record = "".join(f"{name},,\n" for name in (*files, "cython-99.0.dist-info/RECORD"))
        archive.writestr("cython-99.0.dist-info/RECORD", record)
    index.publish("main", wheel)


def use_cython(scene: Scene, settings: str = LOCKED) -> None:
    """Let the package compile a .pyx file, with build requirements of its own."""
    setup = scene.package / "setup.py"
    text = setup.read_text("utf-8")
    text = text.replace("import torch\n", "import torch\nfrom Cython.Build import cythonize\n")
    before = 'ext_modules=[Extension("probe_setuptools._compiled", ["csrc/compiled.c"])]'
    assert before in text
    after = 'ext_modules=cythonize([Extension("probe_setuptools._compiled", ["csrc/compiled.pyx"])], build_dir="build")'
    setup.write_text(text.replace(before, after), "utf-8")
    (scene.package / "csrc" / "compiled.c").unlink()
    (scene.package / "csrc" / "compiled.pyx").write_text("def answer():\n    return 42\n", "utf-8")
    (scene.package / "MANIFEST.in").write_text("include csrc/*.pyx\n", "utf-8")
    scene.edit(DECLARED, 'requires = ["runtime-backend"]')
    scene.edit('match-runtime = ["torch>=2.4"]\n', f'match-runtime = ["torch>=2.4"]\n{settings}')


def run(scene: Trial, *words: object, cwd: Path | None = None, fails: bool = False, **more: str | Path) -> str:
    """Run a command with the index, and return what it prints."""
    where: dict[str, Any] = {**scene.environ, **more}
    return scene.place.run(*words, cwd=cwd or scene.place.folder, fails=fails, **where).output


def command(scene: Trial, *words: object, cwd: Path | None = None, fails: bool = False) -> str:
    """Run a command of the shim in the package's folder, or in another one, and return what it prints."""
    path = scene.place.path(scene.place.stock.uv(NEWEST_UV).parent)
    own = (sys.executable, "-m", "runtime_backend", *words)
    output = run(scene, *own, cwd=cwd or scene.package, fails=fails, PATH=path, PYTHONPATH=REPOSITORY)
    scene.place.forget()
    return output


def make_lock(scene: Trial) -> Path:
    """Lock the package's build requirements, and return the lock."""
    command(scene, "lock")
    scene.place.settle(scene.package)
    return scene.package / LOCK


@pytest.fixture(scope="session")
def lock_text(stock: Stock, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the lock of the package, made once, with a placeholder for the address of the index."""
    folder = tmp_path_factory.mktemp("lock") / "work"
    folder.mkdir()
    with serve([stock.wheelhouse, stock.shim], stock.standins) as index:
        scene = Trial(Workplace(folder, stock), index, NEWEST_PIP)
        use_cython(scene)
        return make_lock(scene).read_text("utf-8").replace(index.url("files"), "{files}")


def write_lock(scene: Trial, text: str) -> Path:
    """Write that lock, and return its path."""
    lock = scene.package / LOCK
    lock.write_text(text.replace("{files}", scene.index.url("files")), "utf-8")
    scene.place.settle(scene.package)
    return lock


def locked(lock: Path) -> dict[str, str]:
    """Return name -> version in a lock."""
    return dict(re.findall(r'(?m)^name = "([^"]+)"\nversion = "([^"]+)"', lock.read_text("utf-8")))


@some("name", SIX, *LOCKED_USUALLY)
def test_same_build_as_before(name: str, place: Workplace, index: Index, lock_text: str) -> None:
    """The locked Cython is used, and not the new one."""
    frontend = next(frontend for frontend in FRONTENDS if frontend.name == name)
    scene = Trial(place, index, frontend.versions[-1])
    use_cython(scene)
    assert "99" not in locked(write_lock(scene, lock_text))["cython"]
    publish_broken_cython(place, index)
    assert measure(frontend.scenarios[SIX[name]], scene) == "right"
    assert {"cython-99.0-py3-none-any.whl"}.isdisjoint(index.served)


@some("name", ["`pip install`", "`uv pip install`"], "`uv pip install`")
def test_unlocked_build_fails(name: str, place: Workplace, index: Index) -> None:
    """Without the lock, the new Cython is used."""
    frontend = next(frontend for frontend in FRONTENDS if frontend.name == name)
    scene = Trial(place, index, frontend.versions[-1])
    use_cython(scene, LOCKED.partition("build-lock")[0])
    publish_broken_cython(place, index)
    with pytest.raises(pytest.fail.Exception, match="this release is broken"):
        frontend.scenarios["fresh"](scene)


@some("name", SIX, *WRONG_USUALLY)
def test_wrong_hash_stops(name: str, place: Workplace, index: Index, lock_text: str) -> None:
    """A file that is not the locked one is not installed."""
    frontend = next(frontend for frontend in FRONTENDS if frontend.name == name)
    scene = Trial(place, index, frontend.versions[-1])
    use_cython(scene)
    lock = write_lock(scene, lock_text)
    text = lock.read_text("utf-8")
    entry = text.index('name = "cython"')
    changed = re.sub(r'sha256 = "[0-9a-f]{8}', 'sha256 = "deadbeef', text[entry : text.index("[[packages]]", entry)])
    lock.write_text(text[:entry] + changed + text[text.index("[[packages]]", entry) :], "utf-8")
    place.settle(scene.package)
    try:
        kind = measure(frontend.scenarios[SIX[name]], scene)
    except pytest.fail.Exception as failure:
        kind = "deadbeef" if "deadbeef" in str(failure) else str(failure)
    assert kind in ("stop", "deadbeef")
    assert not [hook for hook in place.hooks() if hook["hook"].startswith("build_")]


def test_wrong_hash_stops_with_an_older_uv(place: Workplace, index: Index, lock_text: str) -> None:
    """Those before 0.13 do not check the hash themselves."""
    scene = Trial(place, index, OLDEST_UV)
    use_cython(scene)
    write_lock(scene, re.sub(r'sha256 = "[0-9a-f]{8}', 'sha256 = "deadbeef', lock_text))
    frontend = next(frontend for frontend in FRONTENDS if frontend.name == "`uv pip install`")
    assert measure(frontend.scenarios["fresh"], scene) == "stop"


@pytest.fixture
def scene(place: Workplace, index: Index) -> Trial:
    """Return a scene with the newest pip."""
    return Trial(place, index, NEWEST_PIP)


def test_made_by_pip(scene: Trial) -> None:
    """Without uv, pip makes the lock, and says for what."""
    use_cython(scene)
    by_pip = f"{scene.place.stock.pip(NEWEST_PIP)}:{REPOSITORY}"
    output = run(scene, sys.executable, "-m", "runtime_backend", "lock", cwd=scene.package, PYTHONPATH=by_pip)
    assert "for this Python and this platform only" in output
    assert set(locked(scene.package / LOCK)) == {"cython", "setuptools"}
    scene.place.settle(scene.package)
    frontend = next(frontend for frontend in FRONTENDS if frontend.name == "`pip install`")
    assert measure(frontend.scenarios["fresh"], scene) == "right"


def test_stale(scene: Trial) -> None:
    """A lock that was made from other build requirements is refused, and made again."""
    use_cython(scene)
    lock = make_lock(scene)
    assert "up to date" in command(scene, "lock", "--check")
    scene.edit('"cython"]', '"cython", "ninja"]')
    assert "stale: ninja is new" in command(scene, "lock", "--check", fails=True)
    frontend = next(frontend for frontend in FRONTENDS if frontend.name == "`pip install`")
    assert measure(frontend.scenarios["fresh"], scene) == "stop"
    before = locked(lock)
    make_lock(scene)
    assert {**before, "ninja": locked(lock)["ninja"]} == locked(lock)


def test_keeps_and_upgrades(scene: Trial) -> None:
    """Versions are kept until somebody wants newer ones."""
    use_cython(scene)
    lock = make_lock(scene)
    publish_broken_cython(scene.place, scene.index)
    make_lock(scene)
    assert locked(lock)["cython"] != "99.0"
    command(scene, "lock", "--upgrade", "setuptools")
    assert locked(lock)["cython"] != "99.0"
    command(scene, "lock", "--upgrade", "cython")
    assert locked(lock)["cython"] == "99.0"


def test_without_isolation(scene: Trial, lock_text: str) -> None:
    """What is installed is used, and a difference is a warning."""
    use_cython(scene)
    write_lock(scene, lock_text)
    scene.place.links.append(scene.place.stock.standins)
    wanted = ("runtime-backend", "setuptools", "cython", "wheel")
    target = scene.place.target("2.7.0", *wanted, pip=NEWEST_PIP)
    info = next(target.site.glob("cython-*.dist-info"))
    metadata = info / "METADATA"
    metadata.write_text(metadata.read_text("utf-8").replace("Version: 3.3.1", "Version: 3.3.0"), "utf-8")
    result = scene.run(target.python, "-m", "pip", "install", "-v", "--no-build-isolation", scene.package)
    assert "warning: cython 3.3.0 is installed" in result.output


CONSUMER = """[project]
name = "consumer"
version = "0"
requires-python = ">=3.10"
dependencies = ["torch==2.7.0", {names}]

[tool.uv.sources]
{sources}
"""


def consumer(scene: Trial, settings: str, *packages: Path) -> Path:
    """Write a project of uv that wants some packages, and return its folder."""
    names = ", ".join(f'"{package.name.replace("_", "-")}"' for package in packages)
    sources = "".join(f'{p.name.replace("_", "-")} = {{ path = "{p}" }}\n' for p in packages)
    return scene.write("consumer/pyproject.toml", CONSUMER.format(names=names, sources=sources) + settings).parent


def plain_package(scene: Trial) -> Path:
    """Write a package that needs Cython and knows nothing of the shim, and return its folder."""
    build = '[build-system]\nrequires = ["setuptools>=77", "cython"]\nbuild-backend = "setuptools.build_meta"\n\n'
    scene.write("plain/pyproject.toml", f'{build}[project]\nname = "plain"\nversion = "1"\n')
    setup = 'cythonize([Extension("plain", ["plain.pyx"])], build_dir="build")'
    scene.write(
        "plain/setup.py",
        f"from Cython.Build import cythonize\nfrom setuptools import Extension, setup\n\nsetup(ext_modules={setup})\n",
    )
    return scene.write("plain/plain.pyx", "def answer():\n    return 42\n").parent


def uv_sync(scene: Trial, folder: Path, *words: str, fails: bool = False) -> str:
    """Run uv sync in a project, and return what it prints."""
    return run(scene, scene.place.stock.uv(NEWEST_UV), "sync", *words, cwd=folder, fails=fails)


def test_lock_of_the_consumer(scene: Trial) -> None:
    """A consumer locks what builds a package of somebody else; where the frontend keeps a newer one, that is said."""
    scene.edit(DECLARED, 'requires = ["runtime-backend", "setuptools>=77", "cython"]')
    settings = f'[tool.runtime-backend.packages.probe-setuptools]\nbuild-lock = "{LOCK}"\n'
    folder = consumer(scene, settings, scene.package)
    command(scene, "lock", scene.package, cwd=folder)
    assert set(locked(folder / LOCK)) == {"cython", "setuptools"}
    publish_broken_cython(scene.place, scene.index)
    uv_sync(scene, folder)
    scene.place.links.append(scene.place.stock.standins)
    python = scene.place.target(None, pip=NEWEST_PIP).python
    output = run(scene, python, "-m", "pip", "install", "torch==2.7.0", scene.package, cwd=folder, fails=True)
    assert "cython 99.0 is installed" in output
    assert "lock --export" in output


@some("name", ["`pip install`", "`uv pip install`"], "`uv pip install`")
def test_build_constraints(name: str, place: Workplace, index: Index) -> None:
    """A consumer restricts what a package's hooks ask for."""
    frontend = next(frontend for frontend in FRONTENDS if frontend.name == name)
    scene = Trial(place, index, frontend.versions[-1])
    use_cython(scene, LOCKED.partition("build-lock")[0])
    scene.write("pyproject.toml", '[tool.runtime-backend]\nbuild-constraints = ["cython<99"]\n')
    publish_broken_cython(place, index)
    assert measure(frontend.scenarios["fresh"], scene) == "right"


def test_export_to_uv(scene: Trial, lock_text: str) -> None:
    """With the exported constraints, uv checks the hash of everything that any package of the project is built with."""
    use_cython(scene)
    lock = write_lock(scene, lock_text)
    settings = (
        '[tool.runtime-backend]\nbuild-constraints = ["cython<99", "setuptools"]\n\n'
        f'[tool.runtime-backend.packages.probe-setuptools]\nbuild-lock = "{lock}"\n'
    )
    folder = consumer(scene, settings, scene.package, plain_package(scene))
    publish_broken_cython(scene.place, scene.index)
    assert "this release is broken" in uv_sync(scene, folder, fails=True)
    assert "build-constraint-dependencies has" in command(scene, "lock", "--export", "uv", cwd=folder)
    uv_sync(scene, folder, "--require-build-hashes")
    requested = [hook["requirements"] for hook in scene.place.hooks() if hook["hook"] == "get_requires_for_build_wheel"]
    assert any(f"cython=={locked(lock)['cython']}" in found for found in requested)


def test_export_to_pip(scene: Trial) -> None:
    """pip reads the exported file, also for packages without the shim."""
    plain = plain_package(scene)
    folder = consumer(scene, '[tool.runtime-backend]\nbuild-constraints = ["cython<99"]\n', plain)
    publish_broken_cython(scene.place, scene.index)
    command(scene, "lock", "--export", "pip", cwd=folder)
    constraints = folder / "build-constraints.txt"
    python = scene.place.target(None, pip=NEWEST_PIP).python
    words = (python, "-m", "pip", "install", plain)
    assert "this release is broken" in run(scene, *words, fails=True)
    run(scene, *words, PIP_BUILD_CONSTRAINT=constraints)
    command(scene, "lock", "--export", "pip", "--hashes", cwd=folder)
    pinned_too = "all requirements must have their versions pinned"
    assert pinned_too in run(scene, *words, fails=True, PIP_BUILD_CONSTRAINT=constraints)
    settings = folder / "pyproject.toml"
    settings.write_text(settings.read_text("utf-8").replace('"cython<99"', '"cython<99", "setuptools"'), "utf-8")
    command(scene, "lock", "--export", "pip", "--hashes", cwd=folder)
    run(scene, *words, "--force-reinstall", PIP_BUILD_CONSTRAINT=constraints)


def test_export_to_poetry(scene: Trial) -> None:
    """poetry restricts what it builds itself."""
    plain = plain_package(scene)
    own = '[tool.runtime-backend]\nbuild-constraints = ["cython<99"]\n\n[tool.poetry]\npackage-mode = false\n'
    text = CONSUMER.partition("[tool.uv")[0].format(names=f'"plain @ {plain.as_uri()}"').replace('"torch==2.7.0", ', "")
    folder = scene.write("consumer/pyproject.toml", text + scene.index.poetry("main") + own).parent
    poetry = scene.place.stock.tool("poetry") / "poetry"
    run(scene, poetry, "lock", cwd=folder)
    publish_broken_cython(scene.place, scene.index)
    assert "this release is broken" in run(scene, poetry, "install", cwd=folder, fails=True)
    command(scene, "lock", "--export", "poetry", cwd=folder)
    run(scene, poetry, "lock", cwd=folder)
    run(scene, poetry, "install", cwd=folder)


def test_as_documented(place: Workplace, index: Index) -> None:
    """The page's commands make the settings of the page, and a lock that a broken Cython changes nothing of."""
    target = place.target(None, "runtime-backend[cli]", pip=NEWEST_PIP)
    reader = Reader(place, index, target, programs=[place.stock.uv(NEWEST_UV).parent])
    use_cython(reader, "")
    reader.edit('requires = ["runtime-backend"]', 'requires = ["runtime-backend", "setuptools>=77", "cython"]')
    reader.run(*documentation.commands("build-lock"), cwd=reader.package)
    made = loads((reader.package / "pyproject.toml").read_text("utf-8"))
    example = loads(documentation.example_before("build-lock"))
    assert example["build-system"] == made["build-system"]
    assert {**example["tool"]["runtime-backend"], "match-runtime": ["torch>=2.4"]} == made["tool"]["runtime-backend"]
    publish_broken_cython(place, index)
    reader.run("pip install torch==2.7.0 ./probe_setuptools")
    reader.check("2.7.0")
