"""Metadata and sdists without torch; the torch that nothing names; metadata that depend on it."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from .checks import check_installed, check_source
from .combinations import crossed, some
from .index import Index
from .stock import NEWEST_PIP, NEWEST_UV
from .workplace import Result, Workplace

PROBE = "probe_setup_py_only"
"""All of its metadata is in a setup.py that imports torch at its top."""

_ONLINE: dict[str, Any] = dict.fromkeys(("PIP_NO_INDEX", "PIP_FIND_LINKS", "UV_OFFLINE", "UV_FIND_LINKS"))

_CONSUMER = """
[project]
name = "consumer"
version = "0"
requires-python = ">=3.10,<4"
dependencies = ["{probe}{dependency}"]

[tool.uv.sources]
probe-setup-py-only = {{ path = "../probe_setup_py_only" }}

[tool.poetry]
package-mode = false

{poetry}
[tool.poetry.dependencies]
probe-setup-py-only = {{ path = "../probe_setup_py_only" }}

[tool.pdm]
distribution = false

{pdm}"""


def make_consumer(place: Workplace, index: Index, *, by_url: bool = False) -> Path:
    """Make a project that wants the probe, and no torch."""
    folder = place.folder / "consumer"
    folder.mkdir()
    url = f" @ file:///${{PROJECT_ROOT}}/../{PROBE}" if by_url else ""
    text = _CONSUMER.format(
        probe="probe-setup-py-only", dependency=url, poetry=index.poetry("main"), pdm=index.pdm("main")
    )
    (folder / "pyproject.toml").write_text(text, "utf-8")
    return folder


def check_no_torch(place: Workplace, index: Index) -> None:
    """Check that nothing asked for torch, and that nobody fetched one."""
    requested = [runtime["provision"]["requirement"] for hook in place.hooks() for runtime in hook["runtimes"]]
    assert set(requested) == {None}
    assert [name for name in index.served if name.startswith("torch-")] == []
    assert not (place.cache / "fetched").exists()


@crossed(words=[("lock",), ("pip", "compile", "pyproject.toml", "-o", "locked.txt")], pins_torch=[True, False])
def test_uv_locks(place: Workplace, index: Index, words: tuple[str, ...], *, pins_torch: bool) -> None:
    """uv resolves where no torch can be had; and does not want the one that the last lock pins."""
    package, folder = place.package(PROBE), make_consumer(place, index)
    if pins_torch:
        wheel = {"url": f"{index.url('files')}/torch-2.6.0-py3-none-any.whl", "hash": f"sha256:{'0' * 64}"}
        listed = ", ".join(f'{key} = "{value}"' for key, value in wheel.items())
        text = f'[[package]]\nname = "torch"\nversion = "2.6.0"\nsource = {{ registry = "x" }}\nwheels = [{{ {listed} }}]\n'
        (folder / "uv.lock").write_text(f'version = 1\nrequires-python = ">=3.10"\n\n{text}', "utf-8")
    place.uv(NEWEST_UV, *words, cwd=folder)
    check_no_torch(place, index)
    check_source(place, package)
    locked = (folder / ("uv.lock" if words == ("lock",) else "locked.txt")).read_text("utf-8")
    assert f"../{PROBE}" in locked
    assert {"prepare_metadata_for_build_wheel"} <= {hook["hook"] for hook in place.hooks()}


@pytest.mark.parametrize("words", [("lock", "-o", "pylock.toml"), ("download", "--no-deps"), ("install", "--dry-run")])
def test_pip_resolves(place: Workplace, index: Index, words: tuple[str, ...]) -> None:
    """pip locks, downloads and tries where no torch can be had."""
    target, package = place.target(None, pip=NEWEST_PIP), place.package(PROBE)
    place.run(target.python, "-m", "pip", *words, package)
    check_no_torch(place, index)
    check_source(place, package)


def test_setup_requires_is_heard(place: Workplace) -> None:
    """setuptools tells what setup.py requires by running it: without torch, too."""
    target, package = place.target(None, pip=NEWEST_PIP), place.package(PROBE)
    script = package / "setup.py"
    script.write_text(script.read_text("utf-8").replace("setup(", 'setup(\n    setup_requires=["editables"],'), "utf-8")
    result = place.run(target.python, "-m", "pip", "download", "-v", "--no-deps", package)
    assert "Successfully installed editables" in result.output


@pytest.mark.parametrize("program", ["poetry", "pdm"])
def test_managers_lock(place: Workplace, index: Index, program: str) -> None:
    """poetry and pdm lock without a torch."""
    place.package(PROBE)
    folder = make_consumer(place, index, by_url=program == "pdm")
    place.run(place.stock.tool(program) / program, "lock", cwd=folder, PDM_CHECK_UPDATE="0", **_ONLINE)
    check_no_torch(place, index)
    assert "probe-setup-py-only" in (folder / f"{program}.lock").read_text("utf-8")


def test_sdist_builds_the_same_wheel(place: Workplace, index: Index) -> None:
    """An sdist needs no torch, holds all that a build needs, and gives the same wheel elsewhere."""
    package, target = place.package(PROBE), place.target("2.7.0")
    place.build("--sdist", "-o", place.folder / "out", package)
    check_no_torch(place, index)
    (sdist,) = (place.folder / "out").glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(place.folder / "elsewhere", filter="data")
    (unpacked,) = (place.folder / "elsewhere").iterdir()
    assert (unpacked / "pyproject.toml").is_file()
    for source, out in ((package, "one"), (unpacked, "other")):
        place.build("--wheel", "-o", place.folder / out, source, activated=target)
    assert wheel_content(place.folder / "one") == wheel_content(place.folder / "other")


def wheel_content(folder: Path) -> tuple[list[str], bytes]:
    """Return the names in a folder's only wheel, and its METADATA."""
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        return sorted(names), archive.read(next(name for name in names if name.endswith(".dist-info/METADATA")))


@crossed(names_torch=[True, False], frontend=["pip", "uv"])
def test_newest(place: Workplace, index: Index, frontend: str, *, names_torch: bool) -> None:
    """With ``unresolved = "newest"``, a fresh environment ends with the torch that the package was built against."""
    package, target = place.package(PROBE), place.target(None, pip=NEWEST_PIP)
    settings = package / "pyproject.toml"
    settings.write_text(settings.read_text("utf-8").replace("match-runtime", 'unresolved = "newest"\nmatch-runtime'))
    wanted = [*(["torch"] if names_torch else []), package]
    where = ["--index-url", index.url("main")]
    if frontend == "pip":
        place.run(target.python, "-m", "pip", "install", *where, *wanted, **_ONLINE)
    else:
        place.uv(NEWEST_UV, "pip", "install", *where, *wanted, activated=target, **_ONLINE)
    check_installed(place, target, PROBE, "2.8.0", provision="present", grows=True)
    metadata = next(target.site.glob(f"{PROBE}-*.dist-info")) / "METADATA"
    # Named in the command, torch is decided by the frontend; else by this build alone, which then has to say so.
    assert ("Requires-Dist: torch==2.8.0" in metadata.read_text("utf-8").splitlines()) == (not names_torch)
    assert (target.site / "torch-2.8.0.dist-info").is_dir()


def label_by_torch(package: Path) -> None:
    """Let the package's version say which torch it is for: 1.0+pt26."""
    script = package / "setup.py"
    label = 'VERSION + "+pt" + "".join(torch.__version__.split(".")[:2])'
    script.write_text(script.read_text("utf-8").replace("version=VERSION", f"version={label}"), "utf-8")


def test_label_of_an_unknown_torch(place: Workplace) -> None:
    """Where nothing tells which torch it will be, the stop says what the metadata depend on."""
    target, package = place.target(None, pip=NEWEST_PIP), place.package(PROBE)
    label_by_torch(package)
    result = place.run(target.python, "-m", "pip", "download", "--no-deps", package, fails=True)
    assert "the answer depends on facts of torch that are not known: torch.version" in result.output
    assert "no torch is known to build against" in result.output


@some("frontend", ["pip", "uv"], "uv")
def test_label_of_a_known_torch(place: Workplace, index: Index, frontend: str) -> None:
    """Where it is known, metadata and wheel agree; uv's are told by the stand-in, which knows the version."""
    package, target = place.package(PROBE), place.target(None, pip=NEWEST_PIP)
    label_by_torch(package)
    if frontend == "pip":
        words = ("install", "--index-url", index.url("main"), "torch==2.7.0", package)
        place.run(target.python, "-m", "pip", *words, **_ONLINE)
        check_installed(place, target, PROBE, "2.7.0", provision="present", grows=True)
    else:
        folder = make_consumer(place, index)
        settings = folder / "pyproject.toml"
        text = settings.read_text("utf-8").replace('["probe', '["torch==2.7.0", "probe')
        settings.write_text(f"{text}\n{index.uv('main')}", "utf-8")
        uv = sync_with_pin(place, folder, "2.7.0")
        assert "probe-setup-py-only==1.0+pt27" in uv.output


def sync_with_pin(place: Workplace, folder: Path, torch: str) -> Result:
    """Run ``uv sync`` with the torch named by hand, which no lock tells yet."""
    return place.uv(NEWEST_UV, "sync", cwd=folder, RUNTIME_BACKEND_PIN=f"torch=={torch}", **_ONLINE)


_DESCRIBE = """
import importlib, pathlib, sys
folder = pathlib.Path(sys.argv[2])
folder.mkdir()
print((folder / importlib.import_module(sys.argv[1]).prepare_metadata_for_build_wheel(str(folder)) / "METADATA"))
"""


@pytest.mark.parametrize("name", ["setuptools", "scikit_build_core", "hatchling"])
def test_static_is_what_the_real_backend_says(place: Workplace, name: str) -> None:
    """A complete [project] table tells by itself what the real backend makes of it."""
    package = place.package(f"probe_{name}")
    required = {"setuptools": "setuptools", "scikit_build_core": "scikit-build-core", "hatchling": "hatchling"}[name]
    target = place.target("2.7.0", "runtime-backend", required)
    settings = package / "pyproject.toml"
    own = settings.read_text("utf-8")
    rich = (
        '[project]\ndependencies = ["Requests[socks]>=2; python_version<\'3.14\'", "torch >= 2.4"]\nkeywords = ["a", "b"]\n'
        'description = "x"\nclassifiers = ["Typing :: Typed"]\nurls = { Home = "https://example.org" }\n'
        'readme = { text = "Text\\n\\nmore", content-type = "text/markdown" }\nlicense = "MIT"\nlicense-files = []\n'
        'authors = [{ name = "Jo", email = "jo@example.org" }, { name = "Ann" }]\n'
        "[project.optional-dependencies]\nfast = [\"numpy; os_name == 'posix' or os_name == 'nt'\"]\n"
        f'[project.scripts]\nx = "probe_{name}:main"\n[project]'
    )
    head, _, tail = own.partition("[project]")
    kept = [line for line in tail.splitlines() if not line.startswith(("description", "dependencies", "license"))]
    rich = rich.removesuffix("[project]").replace(
        "[project]\n", "\n".join(["[project]", *kept_project(kept)]) + "\n", 1
    )
    told = {}
    for way in ("static", "real"):
        text = head + rich + "\n".join(kept_rest(kept)) + "\n"
        settings.write_text(text.replace("[tool.runtime-backend]", f'[tool.runtime-backend]\nmetadata = "{way}"', 1))
        out = place.run(target.python, "-B", "-c", _DESCRIBE, "runtime_backend.build", place.folder / way, cwd=package)
        told[way] = meaning(Path(out.output.strip().splitlines()[-1]))
    assert told["static"] == told["real"]


def kept_project(lines: list[str]) -> list[str]:
    """Return the lines of the [project] table itself."""
    end = next((number for number, line in enumerate(lines) if line.startswith("[")), len(lines))
    return [line for line in lines[:end] if line.strip()]


def kept_rest(lines: list[str]) -> list[str]:
    """Return the lines of the tables after it."""
    end = next((number for number, line in enumerate(lines) if line.startswith("[")), len(lines))
    return lines[end:]


def meaning(path: Path) -> dict[str, object]:
    """Return what METADATA mean: the fields in any order, without the version of the format and marks of its maker."""
    raw, unknown = parse_email(path.read_bytes())
    assert not unknown
    fields = {key: value for key, value in raw.items() if key not in ("metadata_version", "dynamic")}
    return {
        key: sorted(map(normal, value)) if isinstance(value, list) else str(value).strip()
        for key, value in fields.items()
    }


def normal(value: object) -> str:
    """Return a requirement in one spelling; anything else as it is."""
    try:
        requirement = Requirement(str(value))
    except InvalidRequirement:
        return str(value)
    requirement.name = canonicalize_name(requirement.name)
    return str(requirement)
