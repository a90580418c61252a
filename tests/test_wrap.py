"""``runtime-backend wrap``: what it finds on an index, in git and in a source, and what it writes."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypi_simple
import pytest
from repositories import GIT, git, make_repository
from servers import Server, serving
from standins import write
from test_archives import put

from runtime_backend.cli import main, upstream_metadata, upstreams
from runtime_backend.cli.shim import REQUIRES
from runtime_backend.cli.upstream_metadata import read_package
from runtime_backend.config import load_settings
from runtime_backend.toml import loads

NAME = "my_ext-1.0.tar.gz"

Capsys = pytest.CaptureFixture[str]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """Return an index, in an environment that names no other one; the working directory and the cache are empty."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL", "PIP_CERT", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RUNTIME_BACKEND_CACHE_DIR", str(tmp_path / "our-cache"))
    monkeypatch.chdir(tmp_path)
    with serving(monkeypatch) as found:
        monkeypatch.setenv("PIP_INDEX_URL", found.url())
        yield found


def make_sdist(**files: str) -> bytes:
    """Return an sdist with some files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in files.items():
            put(archive, f"my_ext-1.0/{name.replace('__', '-').replace('_', '.')}", text.encode())
    return buffer.getvalue()


def serve(server: Server, content: bytes, name: str = NAME, **more: object) -> str:
    """Serve an sdist, and a wheel; return its hash."""
    sha256 = hashlib.sha256(content).hexdigest()
    server.pages[f"/files/{name}"] = (200, "application/gzip", content)
    wheel = {"filename": "my_ext-0.9-py3-none-any.whl", "url": "/files/x.whl", "hashes": {}}
    listed = {"filename": name, "url": f"/files/{name}#x", "hashes": {"sha256": sha256}, **more}
    server.json([listed, wheel], "/simple/my-ext/")
    return sha256


COMPLETE = """
[build-system]
requires = ["setuptools>=77", "torch>=2.4,<3", "ninja", "runtime-backend", "not one!"]
[project]
name = "my_ext"
version = "1.0"
requires-python = ">=3.10"
dependencies = ["torch", "numpy>=1"]
[project.optional-dependencies]
test = ["pytest"]
"""


def test_complete(server: Server, tmp_path: Path, capsys: Capsys) -> None:
    """A source with complete metadata is wrapped as it says; twice is once; the settings take it."""
    sha256 = serve(server, make_sdist(pyproject_toml=COMPLETE))
    for _ in range(2):
        assert 0 == main(["wrap", "My.ext==1.0"])
    told = capsys.readouterr()
    assert [
        "wrappers/my-ext/pyproject.toml builds My.ext 1.0",
        "next: pip install ./wrappers/my-ext, or: uv add ./wrappers/my-ext",
    ] * 2 == told.out.splitlines()
    url = server.url(f"/files/{NAME}")
    assert [f"runtime-backend: fetching {url}"] == told.err.splitlines()
    folder = tmp_path / "wrappers/my-ext"
    assert {
        "build-system": {
            "requires": ["runtime-backend", "setuptools>=77", "ninja", "not one!"],
            "build-backend": "runtime_backend.build",
        },
        "project": {
            "name": "My.ext",
            "version": "1.0",
            "requires-python": ">=3.10",
            "dependencies": ["torch", "numpy>=1"],
            "optional-dependencies": {"test": ["pytest"]},
        },
        "tool": {
            "runtime-backend": {"match-runtime": ["torch>=2.4,<3"], "source": {"url": url, "sha256": sha256}},
        },
    } == loads((folder / "pyproject.toml").read_text())
    upstream = load_settings(folder, environ={}).upstream
    assert (url, sha256) == ((upstream.where, upstream.sha256) if upstream else None)


def test_occupied(server: Server, tmp_path: Path, capsys: Capsys) -> None:
    """What lies there is not overwritten."""
    serve(server, make_sdist(pyproject_toml=COMPLETE))
    write(tmp_path / "here/pyproject.toml", "[project]\n")
    assert 1 == main(["wrap", "my-ext==1.0", str(tmp_path / "here")])
    assert f"{tmp_path / 'here/pyproject.toml'}: found another one, expected nothing there" in capsys.readouterr().err
    assert "[project]\n" == (tmp_path / "here/pyproject.toml").read_text()


@pytest.mark.parametrize(
    ("requirement", "more", "told"),
    [
        ("my-ext", {}, "'my-ext': found no version, expected 'my-ext==1.0'"),
        ("my-ext", {"yanked": True}, "'my-ext': found no version, expected 'my-ext==VERSION'"),
        ("my-ext>=1", {}, "'my-ext>=1': expected 'name==version' or 'git+URL@REVISION'"),
        ("my-ext[x]==1", {}, "'my-ext[x]==1': expected 'name==version' or 'git+URL@REVISION'"),
        ("my-ext ==", {}, "'my-ext ==': expected 'name==version' or 'git+URL@REVISION': "),
        ("x @ https://a/x-1.tar.gz", {}, "'x @ https://a/x-1.tar.gz': expected 'name==version' or 'git+URL@REVISION'"),
        (
            "my-ext==0.9",
            {},
            "has no sdist of my-ext 0.9, but 1 wheels of it and 1 sdists of others\nThe newest with an sdist is 1.0.",
        ),
        ("my-ext==1", {"yanked": "broken for torch 2"}, "my_ext-1.0.tar.gz was yanked: broken for torch 2"),
        ("my-ext==1", {"yanked": True}, "my_ext-1.0.tar.gz was yanked"),
        ("my-ext==1", {"hashes": {}}, "tells no sha256 of my_ext-1.0.tar.gz, and nothing is built without one"),
        ("other==1", {}, "has no other\nName another index: --index-url URL."),
    ],
)
def test_stops(requirement: str, more: dict[str, Any], told: str, server: Server, capsys: Capsys) -> None:
    """What is not exactly one source is told, with what to name instead; nothing is written."""
    serve(server, make_sdist(pyproject_toml=COMPLETE), **more)
    assert 1 == main(["wrap", requirement])
    assert told in capsys.readouterr().err
    assert not Path("wrappers").exists()


def test_odd_versions(server: Server, capsys: Capsys) -> None:
    """Pre-releases and versions of old are not proposed."""
    files = ["my-ext-1.0.tar.gz", "my-ext-2.0rc1.tar.gz", "my-ext-x-y.tar.gz", "my-ext-1.0.zip"]
    server.json([{"filename": name, "url": f"/{name}", "hashes": {}} for name in files], "/simple/my-ext/")
    assert 1 == main(["wrap", "my-ext"])
    assert "expected 'my-ext==1.0'" in capsys.readouterr().err


def test_index_that_fails(server: Server, capsys: Capsys) -> None:
    """It is told by what it says itself."""
    server.pages["/simple/my-ext/"] = (403, "text/plain", b"")
    assert 1 == main(["wrap", "my-ext==1"])
    assert f"{server.url()} cannot be asked: HTTP 403 Forbidden\n" in capsys.readouterr().err


@pytest.mark.usefixtures("server")
def test_no_index(capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that does not answer is told; the option goes before the environment."""
    assert 1 == main(["wrap", "my-ext==1", "--index-url", "http://127.0.0.1:9/simple"])
    assert "http://127.0.0.1:9/simple cannot be asked: Connection refused\n" in capsys.readouterr().err
    monkeypatch.delenv("PIP_INDEX_URL")
    asked = []

    class Client:
        s = type("Session", (), {})()

        def __init__(self, index: str) -> None:
            asked.append(index)
            raise upstreams.SourceError("enough")

    monkeypatch.setattr(pypi_simple, "PyPISimple", Client)
    assert 1 == main(["wrap", "my-ext==1"])
    assert [pypi_simple.PYPI_SIMPLE_ENDPOINT] == asked


def test_missing_extra(monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    """Without the command line's libraries it says what installs them; another module's want is a bug."""
    monkeypatch.setitem(sys.modules, "pypi_simple", None)
    assert 1 == main(["wrap", "my-ext==1"])
    assert "pypi_simple is not installed\nRun: pip install 'runtime-backend[cli]'" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "runtime_backend.cli.wrap", None)
    with pytest.raises(ModuleNotFoundError):
        main(["wrap", "my-ext==1"])


METADATA = """Metadata-Version: {version}
Name: my-ext
Version: 1.0
Requires-Python: >=3.9
Requires-Dist: torch
Requires-Dist: tomli>=2; python_version < "3.11"
Requires-Dist: pytest; extra == "test"
Requires-Dist: mock[x]; python_version < "3.9" and extra == 'test'
Requires-Dist: tool @ https://example.org/tool.whl ; python_version < "3.9" and extra == "all"
Provides-Extra: test
Provides-Extra: none
{more}
"""


def read(folder: Path, **files: str) -> Any:
    """Return what a tree with some files tells."""
    for name, text in files.items():
        write(folder / name.replace("__", "-").replace("_", "."), text)
    return read_package(folder, None)


@pytest.mark.parametrize("version", ["2.2", "2.4"])
def test_metadata_of_an_sdist(version: str, tmp_path: Path) -> None:
    """What the PKG-INFO of an sdist says is certain from metadata 2.2 on."""
    found = read(tmp_path, PKG__INFO=METADATA.format(version=version, more="Dynamic: Summary"))
    assert (False, "my-ext", "1.0", ">=3.9") == (found.is_open, found.name, found.version, found.requires_python)
    assert ("torch", 'tomli>=2; python_version < "3.11"') == found.dependencies
    assert {
        "test": ["pytest", 'mock[x]; python_version < "3.9"'],
        "none": [],
        "all": ['tool @ https://example.org/tool.whl ; python_version < "3.9"'],
    } == found.optional_dependencies
    assert (["setuptools"], []) == (found.build_requires, found.match_runtime)


@pytest.mark.parametrize(
    ("version", "more"), [("2.1", ""), ("2.4", "Dynamic: requires-dist"), ("2.2", "Dynamic: Provides-Extra"), ("", "")]
)
def test_metadata_that_are_not_certain(version: str, more: str, tmp_path: Path) -> None:
    """Else only the version is."""
    found = read(tmp_path, PKG__INFO=METADATA.format(version=version, more=more))
    assert (True, "1.0", ()) == (found.is_open, found.version, found.dependencies)


def test_marker_that_no_table_can_say(tmp_path: Path) -> None:
    """A requirement for two extras at once is left to the real backend."""
    text = 'Requires-Dist: x; extra == "a" or extra == "b"\n'
    found = read(tmp_path, PKG__INFO=f"Metadata-Version: 2.2\nName: x\nVersion: 1\n{text}")
    assert ("1", ("dependencies", "optional-dependencies", "requires-python")) == (found.version, found.dynamic)
    assert ["for several extras at once"] == [note[-72:-46] for note in found.notes] or "several extras" in found.notes[
        0
    ]


def test_dynamic_version(tmp_path: Path) -> None:
    """An sdist tells its version even where the project table does not; a checkout does not."""
    project = '[project]\nname = "x"\ndynamic = ["version"]\n'
    found = read(tmp_path, pyproject_toml=project)
    assert (None, ("version",)) == (found.version, found.dynamic)
    found = read(tmp_path, PKG__INFO="Metadata-Version: 2.1\nName: x\nVersion: 3\n")
    assert ("3", ()) == (found.version, found.dynamic)
    found = read(tmp_path, pyproject_toml='[project]\nname = "x"\ndynamic = ["dependencies"]\n')
    assert ("3", True) == (found.version, found.is_open)
    found = read(tmp_path, pyproject_toml="project = 3\nbuild-system = 3\n")
    assert ("x", True) == (found.name, found.is_open)


class HereEnvironment:
    """Takes the place of build's own environments: what it would install is here already."""

    installed: list[str] = []  # noqa: RUF012 - what a test reads

    def __init__(self, *, installer: str) -> None:
        assert installer in ("pip", "uv")

    def __enter__(self) -> HereEnvironment:  # noqa: PYI034 - typing has Self from 3.11 on
        """Begin."""
        self.installed.clear()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave it."""

    python_executable = sys.executable

    def make_extra_environ(self) -> dict[str, str]:
        """Return nothing."""
        return {}

    def install(self, requirements: list[str]) -> None:
        """Write down what would be installed."""
        self.installed.extend(requirements)


@pytest.fixture
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("build.env.DefaultIsolatedEnv", HereEnvironment)


SETUP = """import torch
from setuptools import setup
setup(name="my-ext", version="1.0", setup_requires=["ninja"], install_requires=["numpy"{more}])
"""


@pytest.mark.usefixtures("_here")
def test_asked(server: Server, tmp_path: Path) -> None:
    """A setup.py is asked, with a stand-in torch, in an environment that has what it requires."""
    serve(server, make_sdist(setup_py=SETUP.format(more="")))
    assert 0 == main(["wrap", "my-ext==1.0", "here"])
    written = loads((tmp_path / "here/pyproject.toml").read_text())
    assert {"name": "my-ext", "version": "1.0", "dependencies": ["numpy"]} == written["project"]
    assert [*REQUIRES, "setuptools"] == HereEnvironment.installed[:4]
    assert "ninja" in HereEnvironment.installed


@pytest.mark.usefixtures("_here")
@pytest.mark.parametrize(
    ("setup", "told"),
    [
        (
            SETUP.format(more=', "torch==" + torch.__version__'),
            "the answer depends on what is not known of torch: torch.version",
        ),
        ("import nowhere_at_all", "ModuleNotFoundError: No module named 'nowhere_at_all'"),
    ],
)
def test_asked_in_vain(setup: str, told: str, server: Server, tmp_path: Path, capsys: Capsys) -> None:
    """What depends on torch stays open, and so does what cannot be told; the person learns why."""
    serve(server, make_sdist(setup_py=setup, PKG__INFO="Metadata-Version: 2.1\nName: my-ext\nVersion: 1.0\n"))
    assert 0 == main(["wrap", "my-ext==1.0", "here"])
    written = loads((tmp_path / "here/pyproject.toml").read_text())
    assert ["dependencies", "optional-dependencies", "requires-python"] == written["project"]["dynamic"]
    assert told in capsys.readouterr().err


MINIMAL = """def build_wheel(wheel_directory, config_settings=None, metadata_directory=None): ...
def build_sdist(sdist_directory, config_settings=None): ...
"""


@pytest.mark.usefixtures("_here")
def test_backend_that_cannot_tell(server: Server, capsys: Capsys) -> None:
    """A backend that tells metadata only by building is not asked to build."""
    pyproject = '[build-system]\nrequires = []\nbuild-backend = "minimal"\nbackend-path = ["."]\n'
    serve(server, make_sdist(pyproject_toml=pyproject, minimal_py=MINIMAL))
    assert 0 == main(["wrap", "my-ext==1.0"])
    assert "it has no prepare_metadata_for_build_wheel" in capsys.readouterr().err


def test_nothing_said() -> None:
    """A failure without a word is told by its name."""
    error = subprocess.CalledProcessError(3, ["x"], output=b"")
    assert "it says nothing: exit code 3" == upstream_metadata._last_words(error)  # noqa: SLF001


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return the place for a repository, beside an empty cache."""
    for name, value in {**GIT, "RUNTIME_BACKEND_CACHE_DIR": str(tmp_path / "our-cache")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "repo"


@pytest.mark.parametrize(
    ("suffix", "which", "folder"),
    [
        ("@v1#egg=x&subdirectory=sub", 0, "sub"),
        ("@{commits[0]}#subdirectory=sub", 0, "sub"),
        ("@v2", 1, None),
        ("@main", 2, None),
        ("@feature/x", 2, None),
        ("", 2, None),
    ],
)
def test_git(suffix: str, which: int, folder: str | None, repository: Path) -> None:
    """A tag, a branch or a commit is written as the commit that it is at now."""
    commits = []
    for number, path in enumerate(("sub/pyproject.toml", "pyproject.toml", "more.txt"), start=1):
        commits.append(make_repository(repository, path, COMPLETE))
        git(repository, "tag", f"v{number}")
    git(repository, "branch", "feature/x")
    url = repository.as_uri()
    assert 0 == main(["wrap", f"my-ext @ git+{url}{suffix.format(commits=commits)}"])
    source = loads(Path("wrappers/my-ext/pyproject.toml").read_text())["tool"]["runtime-backend"]["source"]
    assert {"git": url, "rev": commits[which], **({"subdirectory": folder} if folder else {})} == source


def test_git_without_such_a_revision(repository: Path, capsys: Capsys) -> None:
    """What is no branch or tag is told."""
    make_repository(repository, "setup.py", "#")
    assert 1 == main(["wrap", f"git+{repository.as_uri()}@v9"])
    assert "has no branch or tag 'v9'" in capsys.readouterr().err


@pytest.mark.usefixtures("_here")
def test_git_without_a_name(repository: Path, capsys: Capsys) -> None:
    """A source that does not tell its name is named by the person."""
    make_repository(repository, "setup.py", "raise SystemExit(3)")
    requirement = f"git+{repository.as_uri()}"
    assert 1 == main(["wrap", requirement])
    assert f"its source does not tell its name; expected 'NAME @ {requirement}'" in capsys.readouterr().err
