"""``runtime-backend wrap``: finding a source on an index or in git, and writing the wrapper."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from here import HereEnvironment
from repositories import GIT, git, make_repository
from servers import Server, serving
from standins import blocked, write
from test_unpacking import put

from runtime_backend.cli import main
from runtime_backend.cli.adopt.shim import REQUIRES
from runtime_backend.cli.sources import on_index
from runtime_backend.config import load_settings
from runtime_backend.formats.toml import loads

NAME = "my_ext-1.0.tar.gz"

Capsys = pytest.CaptureFixture[str]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """Return an index, in an environment without other indexes; the working directory and the cache are empty."""
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
    """Serve an sdist and a wheel; return the hash of the sdist."""
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
    """A source with complete metadata gets a wrapper with valid settings; a second run changes nothing."""
    sha256 = serve(server, make_sdist(pyproject_toml=COMPLETE))
    for _ in range(2):
        assert 0 == main(["wrap", "My.ext==1.0"])
    told = capsys.readouterr()
    assert [
        "wrappers/my_ext/pyproject.toml builds My.ext 1.0",
        "next: pip install ./wrappers/my_ext, or: uv add --no-workspace ./wrappers/my_ext",
        "wrappers/my_ext/pyproject.toml builds My.ext 1.0 already: nothing to change",
        "next: pip install ./wrappers/my_ext, or: uv add --no-workspace ./wrappers/my_ext",
    ] == told.out.splitlines()
    url = server.url(f"/files/{NAME}")
    lines = ["looking for My.ext==1.0", f"fetching {url}"]
    assert [f"runtime-backend: {line}" for line in lines] == told.err.splitlines()
    folder = tmp_path / "wrappers/my_ext"
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


@pytest.mark.parametrize(
    ("requirement", "more", "told"),
    [
        ("my-ext", {}, "'my-ext': found no version, expected 'my-ext==1.0'"),
        ("my-ext", {"yanked": True}, "'my-ext': found no version, expected 'my-ext==VERSION'"),
        ("my-ext>=1", {}, "'my-ext>=1': expected 'name==version' or 'git+URL@REVISION'"),
        ("my-ext[x]==1", {}, "'my-ext[x]==1': expected 'name==version' or 'git+URL@REVISION'"),
        ("my-ext ==", {}, "'my-ext ==': expected 'name==version' or 'git+URL@REVISION'\n"),
        ("my-ext==1.*", {}, "'my-ext==1.*': expected 'name==version' or 'git+URL@REVISION'"),
        ("x @ https://a/x-1.tar.gz", {}, "'x @ https://a/x-1.tar.gz': expected 'name==version' or 'git+URL@REVISION'"),
        (
            "my-ext==0.9",
            {},
            "has no sdist of my-ext 0.9: found 1 wheels of 0.9, and 1 sdists of other versions\n"
            "The newest version with an sdist is 1.0.",
        ),
        ("my-ext==1", {"yanked": "broken for torch 2"}, "my_ext-1.0.tar.gz was yanked: broken for torch 2"),
        ("my-ext==1", {"yanked": True}, "my_ext-1.0.tar.gz was yanked"),
        (
            "my-ext==1",
            {"hashes": {}},
            ": found no sha256 of my_ext-1.0.tar.gz, expected one: every build checks the file with it",
        ),
        ("other==1", {}, "has no package other\nName another index: --index-url URL"),
    ],
)
def test_stops(requirement: str, more: dict[str, Any], told: str, server: Server, capsys: Capsys) -> None:
    """A requirement without exactly one source is refused, with a suggestion; nothing is written."""
    serve(server, make_sdist(pyproject_toml=COMPLETE), **more)
    assert 1 == main(["wrap", requirement])
    assert told in capsys.readouterr().err
    assert not Path("wrappers").exists()


def test_odd_versions(server: Server, capsys: Capsys) -> None:
    """Pre-releases and invalid versions are not suggested."""
    files = ["my-ext-1.0.tar.gz", "my-ext-2.0rc1.tar.gz", "my-ext-x-y.tar.gz", "my-ext-1.0.zip"]
    server.json([{"filename": name, "url": f"/{name}", "hashes": {}} for name in files], "/simple/my-ext/")
    assert 1 == main(["wrap", "my-ext"])
    assert "expected 'my-ext==1.0'" in capsys.readouterr().err


def test_index_that_fails(server: Server, capsys: Capsys) -> None:
    """The failure of an index is reported."""
    server.pages["/simple/my-ext/"] = (403, "text/plain", b"")
    assert 1 == main(["wrap", "my-ext==1"])
    assert f"{server.url()}: cannot read its list of files of my-ext: HTTP 403 Forbidden\n" in capsys.readouterr().err


@pytest.mark.usefixtures("server")
def test_no_index(capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that does not answer is reported; the option takes precedence over the environment."""
    assert 1 == main(["wrap", "my-ext==1", "--index-url", "http://127.0.0.1:9/simple"])
    told = "http://127.0.0.1:9/simple: cannot read its list of files of my-ext: no answer: Connection refused\n"
    assert told in capsys.readouterr().err
    monkeypatch.delenv("PIP_INDEX_URL")
    asked: list[str] = []
    monkeypatch.setattr(on_index, "read_page", lambda index, *_: [asked.append(index)][1:])
    assert 1 == main(["wrap", "my-ext==1"])
    assert ["https://pypi.org/simple/"] == asked


def test_index_with_credentials(server: Server, capsys: Capsys) -> None:
    """The credentials in an index's URL are used, but not stored."""
    serve(server, make_sdist(pyproject_toml=COMPLETE))
    server.needed = f"Basic {base64.b64encode(b'me:secret').decode()}"
    assert 0 == main(["wrap", "my-ext==1.0", "--index-url", server.url(credentials="me:secret@")])
    assert "the index's credentials are not stored" in capsys.readouterr().err
    text = Path("wrappers/my_ext/pyproject.toml").read_text()
    assert ("my-ext==1.0", False) == (loads(text)["tool"]["runtime-backend"]["source"]["sdist"], "secret" in text)


def test_html(server: Server, capsys: Capsys) -> None:
    """An index with HTML pages works (PEP 503)."""
    sha256 = serve(server, make_sdist(pyproject_toml=COMPLETE))
    server.html(f"<a href='/files/{NAME}#sha256={sha256}'>x</a><a href='/{NAME}.asc'>y</a>", "/simple/my-ext/")
    assert 0 == main(["wrap", "my-ext==1.0"])
    server.html(f"<a data-yanked='broken' href='/files/{NAME}#sha256={sha256}'>x</a>", "/simple/my-ext/")
    assert 1 == main(["wrap", "my-ext==1.0", "again"])
    assert "my_ext-1.0.tar.gz was yanked: broken\n" in capsys.readouterr().err


def test_missing_extra(server: Server, monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    """Without the extra's libraries, the error names the extra; any other missing module is a bug."""
    monkeypatch.setitem(sys.modules, "tomlkit", None)
    serve(server, make_sdist(pyproject_toml=COMPLETE))
    assert 1 == main(["wrap", "my-ext==1"])
    assert "tomlkit is not installed\nRun: pip install 'runtime-backend[cli]'" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "runtime_backend.cli.wrap", None)
    with pytest.raises(ModuleNotFoundError):
        main(["wrap", "my-ext==1"])


SETUP = """import torch
from setuptools import setup
setup(name="my-ext", version="1.0", setup_requires=["ninja"], install_requires=["numpy"{more}])
"""


@pytest.mark.usefixtures("_here")
def test_asked(server: Server, tmp_path: Path) -> None:
    """A setup.py is asked with a stand-in torch, in an environment with its requirements."""
    serve(server, make_sdist(setup_py=SETUP.format(more="")))
    assert 0 == main(["wrap", "my-ext==1.0", "here"])
    written = loads((tmp_path / "here/pyproject.toml").read_text())
    assert {"name": "my-ext", "version": "1.0", "dependencies": ["numpy"]} == written["project"]
    assert [*REQUIRES, "setuptools"] == HereEnvironment.installed[: len(REQUIRES) + 1]
    assert "ninja" in HereEnvironment.installed


@pytest.mark.once
@pytest.mark.usefixtures("_here")
@pytest.mark.parametrize(
    ("setup", "told"),
    [
        (
            SETUP.format(more=', "torch==" + torch.__version__'),
            "they are known only after building: the answer depends on facts of torch that are not known: torch.version\n",
        ),
        ("import nowhere_at_all", "only after building: ModuleNotFoundError: No module named 'nowhere_at_all'\n"),
    ],
)
def test_asked_in_vain(setup: str, told: str, server: Server, tmp_path: Path, capsys: Capsys) -> None:
    """Metadata that depend on torch, or cannot be determined, stay dynamic, with a reason."""
    serve(server, make_sdist(setup_py=setup, PKG__INFO="Metadata-Version: 2.1\nName: my-ext\nVersion: 1.0\n"))
    assert 0 == main(["wrap", "my-ext==1.0", "here"])
    written = loads((tmp_path / "here/pyproject.toml").read_text())
    assert ["dependencies", "optional-dependencies", "requires-python"] == written["project"]["dynamic"]
    assert told in capsys.readouterr().err


MINIMAL = """def build_wheel(wheel_directory, config_settings=None, metadata_directory=None): ...
def build_sdist(sdist_directory, config_settings=None): ...
"""


@pytest.mark.once
@pytest.mark.usefixtures("_here")
def test_backend_that_cannot_tell(server: Server, capsys: Capsys) -> None:
    """A backend that knows metadata only by building is not asked to build."""
    pyproject = '[build-system]\nrequires = []\nbuild-backend = "minimal"\nbackend-path = ["."]\n'
    serve(server, make_sdist(pyproject_toml=pyproject, minimal_py=MINIMAL))
    assert 0 == main(["wrap", "my-ext==1.0"])
    assert "it has no hook prepare_metadata_for_build_wheel" in capsys.readouterr().err


TORCH_EVERYWHERE = """[build-system]
requires = ["setuptools", "Torch >= 2; python_version > '3'", "torch @ https://example.org/x.whl", "torchvision"]
build-backend = "eager"
backend-path = ["."]
"""
EAGER = """from setuptools.build_meta import *

def get_requires_for_build_wheel(config_settings=None):
    return ["torch>=2", "ninja", "torchaudio"]
"""


@pytest.mark.once
@pytest.mark.usefixtures("_here")
def test_asked_without_runtimes(server: Server, monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    """No runtime is installed to get metadata; each step is announced, and its progress reported."""
    monkeypatch.setattr("runtime_backend.system.progress.PATIENCE", 0.01)
    setup = SETUP.format(more="").replace('["ninja"]', '["torch"]')
    serve(server, make_sdist(pyproject_toml=TORCH_EVERYWHERE, eager_py=EAGER, setup_py=setup))
    assert 0 == main(["wrap", "my-ext==1.0"])
    assert [*REQUIRES, "setuptools", "ninja"] == HereEnvironment.installed
    lines = capsys.readouterr().err.splitlines()
    installing = "runtime-backend: installing in a temporary environment, to ask for the metadata"
    steps = [
        f"{installing}: packaging, pyproject-hooks, tomli, setuptools",
        "runtime-backend: asking its build backend for its requirements, with a stand-in torch",
        f"{installing}: ninja",
        "runtime-backend: asking its build backend for the metadata, with a stand-in torch",
    ]
    assert steps == [line for line in lines if line in steps]
    assert "runtime-backend: asking its build backend for the metadata: 0:00" in lines


@pytest.mark.once
@pytest.mark.usefixtures("_here")
@pytest.mark.parametrize(("name", "told"), [("", "UNKNOWN"), ('name="other", ', "other")])
def test_asked_for_another_package(name: str, told: str, server: Server, capsys: Capsys) -> None:
    """A package without a name, or with another name than expected, is refused."""
    serve(server, make_sdist(setup_py=f"from setuptools import setup\nn = dict({name})\nsetup(**n)\n"))
    assert 1 == main(["wrap", "my-ext==1.0"])
    expected = f"my-ext==1.0: its build backend calls the package '{told}', expected 'my-ext'\n"
    assert expected in capsys.readouterr().err
    assert not Path("wrappers").exists()


def test_existing_first(server: Server, tmp_path: Path, capsys: Capsys) -> None:
    """The wrapper's folder is checked before anything is fetched."""
    serve(server, make_sdist(pyproject_toml=COMPLETE))
    assert 0 == main(["wrap", "my-ext==1.0"])
    text = Path("wrappers/my_ext/pyproject.toml").read_text()
    write(tmp_path / "taken/setup.py", "")
    asked = len(server.asked)
    capsys.readouterr()
    path = Path("wrappers/my_ext/pyproject.toml")
    another = "It is left as it is. Name another folder: runtime-backend wrap REQUIREMENT FOLDER\n"
    for words, told in (
        (
            ["my-ext==2.0"],
            f"wrapper-exists]: {path}: found a wrapper of my-ext 1.0, expected none\n"
            "To change it to my-ext==2.0: runtime-backend wrap my-ext==2.0 wrappers/my_ext --update\n",
        ),
        (
            ["my-ext==2.0", "--index-url", "https://jo:SECRET@a.org/simple"],
            f"wrapper-exists]: {path}: found a wrapper of my-ext 1.0, expected none\nTo change it to my-ext==2.0: runtime-backend wrap"
            " my-ext==2.0 wrappers/my_ext --update --index-url https://a.org/simple\n",
        ),
        (
            ["six==1.0", "wrappers/my_ext"],
            f"wrapper-folder-occupied]: {path}: found a wrapper of my-ext 1.0, expected none\n{another}",
        ),
        (
            ["six==1.0", "wrappers/my_ext", "--update"],
            f"wrapper-folder-occupied]: {path}: found a wrapper of my-ext 1.0, expected one of six\n{another}",
        ),
        (
            ["six==1.0", "taken"],
            f"wrapper-folder-occupied]: taken/setup.py: found another package, expected a wrapper or nothing\n{another}",
        ),
    ):
        assert 1 == main(["wrap", *words])
        assert f"runtime-backend: error[{told}" == capsys.readouterr().err
    assert (asked, text) == (len(server.asked), path.read_text())


def test_existing_without_a_version(server: Server, capsys: Capsys) -> None:
    """Without a version, the command that changes the wrapper names the newest one, and works."""
    serve(server, make_sdist(pyproject_toml=COMPLETE))
    assert 0 == main(["wrap", "my-ext==1.0"])
    serve(server, make_sdist(pyproject_toml=COMPLETE.replace('"1.0"', '"2.0"')), "my_ext-2.0.tar.gz")
    assert 1 == main(["wrap", "My.ext"])
    command = "wrap My.ext==2.0 wrappers/my_ext --update"
    assert f"To change it to My.ext==2.0: runtime-backend {command}\n" in capsys.readouterr().err
    assert 0 == main(command.split())
    serve(server, b"", yanked=True)
    assert 1 == main(["wrap", "my-ext"])
    assert (
        f"error[no-sdist]: {server.url()} has no sdist of my-ext that is neither yanked nor a pre-release: found 2 files\n"
        "Name a version: my-ext==VERSION, or its git repository: git+URL@TAG\n"
    ) in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["url", "sdist"])
def test_existing_with_another_hash(kind: str, server: Server, capsys: Capsys) -> None:
    """A wrapper of the version whose hash is not that of the index is not the same; --update mends it."""
    sha256 = serve(server, make_sdist(pyproject_toml=COMPLETE))
    assert 0 == main(["wrap", "my-ext==1.0"])
    path = Path("wrappers/my_ext/pyproject.toml")
    text = path.read_text().replace(sha256, "a" * 64)
    path.write_text(text if kind == "url" else re.sub('url = ".*"', 'sdist = "my-ext==1.0"', text))
    capsys.readouterr()
    assert 1 == main(["wrap", "my-ext==1.0"])
    command = "wrap my-ext==1.0 wrappers/my_ext --update"
    assert (
        f"runtime-backend: error[wrapper-exists]: {path}: found sha256 {'a' * 64} of my-ext==1.0, expected {sha256} of"
        f" the index\nTo change it to my-ext==1.0: runtime-backend {command}\n"
    ) == capsys.readouterr().err
    assert (0, 0) == (main(command.split()), main(["wrap", "my-ext==1.0"]))
    assert sha256 in path.read_text()
    assert capsys.readouterr().out.splitlines()[-2].endswith("already: nothing to change")


def test_existing_with_another_url(server: Server, capsys: Capsys) -> None:
    """Another URL of the same file is noted, and so is an index that cannot be read."""
    serve(server, make_sdist(pyproject_toml=COMPLETE))
    assert 0 == main(["wrap", "my-ext==1.0"])
    path, url = Path("wrappers/my_ext/pyproject.toml"), server.url(f"/files/{NAME}")
    path.write_text(path.read_text().replace(url, f"https://mirror.org/{NAME}"))
    capsys.readouterr()
    assert 0 == main(["wrap", "my-ext==1.0"])
    command = "wrap my-ext==1.0 wrappers/my_ext --update"
    note = f"the index has the file at {url}; to change the wrapper to that URL: runtime-backend {command}"
    assert f"runtime-backend: note: {note}\n" == capsys.readouterr().err
    server.pages.clear()
    assert 0 == main(["wrap", "my-ext==1.0"])
    printed = capsys.readouterr()
    assert "runtime-backend: note: the wrapper was not compared with the index: " in printed.err
    assert f"{path} builds my-ext 1.0 already: nothing to change" == printed.out.splitlines()[0]


def test_updated(server: Server, capsys: Capsys) -> None:
    """A wrapper is changed to another version, its patch is checked against it, and the change is shown."""
    patch = "--- a/a.cu\n+++ b/a.cu\n@@ -1 +1 @@\n-one\n+two\n"
    write(Path("wrappers/my_ext/fix.patch"), patch)
    serve(server, make_sdist(pyproject_toml=COMPLETE, a_cu="one\n"))
    assert 0 == main(["wrap", "my-ext==1.0", "--update"])
    path = Path("wrappers/my_ext/pyproject.toml")
    path.write_text(f'{path.read_text()}patches = ["fix.patch"]\n')
    before = path.read_text()
    serve(server, make_sdist(pyproject_toml=COMPLETE, a_cu="three\n"), "my_ext-2.0.tar.gz")
    assert 1 == main(["wrap", "my-ext==2.0", "--update"])
    assert "  error: patch failed: a.cu:1\n" in capsys.readouterr().err
    assert before == path.read_text()
    second = COMPLETE.replace('"1.0"', '"2.0"')
    sha256 = serve(server, make_sdist(pyproject_toml=second, a_cu="one\n", more_txt=""), "my_ext-2.0.tar.gz")
    assert 0 == main(["wrap", "my-ext==2.0", "--update"])
    document = loads(path.read_text())
    source = document["tool"]["runtime-backend"]["source"]
    assert ("2.0", sha256, ["fix.patch"]) == (document["project"]["version"], source["sha256"], source["patches"])
    lines = capsys.readouterr().out.splitlines()
    assert ['-version = "1.0"', '+version = "2.0"'] == [line for line in lines if "version =" in line]
    assert [f"{path} builds my-ext 2.0", "next: pip install ./wrappers/my_ext, or: uv sync"] == lines[-2:]
    assert 0 == main(["wrap", "my-ext==2.0", "--update"])
    assert f"{path} builds my-ext 2.0 already: nothing to change" in capsys.readouterr().out


@pytest.mark.once
@pytest.mark.usefixtures("_here")
def test_updated_with_a_patch_of_the_metadata(server: Server, tmp_path: Path) -> None:
    """The metadata are those of the patched source."""
    serve(server, make_sdist(setup_py=SETUP.format(more="")))
    assert 0 == main(["wrap", "my-ext==1.0", "here"])
    lines = SETUP.format(more="").splitlines()
    hunk = "".join(f"-{line}\n" for line in lines) + "".join(f"+{line}\n" for line in lines).replace("numpy", "scipy")
    write(tmp_path / "here/fix.patch", f"--- a/setup.py\n+++ b/setup.py\n@@ -1,3 +1,3 @@\n{hunk}")
    path = tmp_path / "here/pyproject.toml"
    path.write_text(f'{path.read_text()}patches = ["fix.patch"]\n')
    assert 0 == main(["wrap", "my-ext==1.0", "here", "--update"])
    assert ["scipy"] == loads(path.read_text())["project"]["dependencies"]


PURE = '[build-system]\nrequires = ["hatchling"]\n[project]\nname = "my-ext"\nversion = "1.0"\n'


def test_pure(server: Server, capsys: Capsys) -> None:
    """A package that compiles nothing against torch is noted."""
    serve(server, make_sdist(pyproject_toml=PURE))
    assert 0 == main(["wrap", "my-ext==1.0"])
    assert (
        "runtime-backend: note: found no C++ or CUDA source in it: if it is not built against torch, it needs no"
        " wrapper: pip install my-ext==1.0\n"
    ) in capsys.readouterr().err


@pytest.mark.parametrize("folder", ["my-ext", "a.b-2!"])
def test_folder_whose_wheel_pip_keeps(folder: str, server: Server, capsys: Capsys) -> None:
    """A folder with a hyphen in its name is noted."""
    serve(server, make_sdist(pyproject_toml=COMPLETE))
    assert 0 == main(["wrap", "my-ext==1.0", f"more-wrappers/{folder}"])
    told = (
        f"note: pip before 26.2 caches the wheel of a folder with a hyphen in its name: rename more-wrappers/{folder}"
    )
    assert told in capsys.readouterr().err
    assert 0 == main(["wrap", "my-ext==1.0", "more-wrappers/my ext"])
    printed = capsys.readouterr()
    assert "hyphen" not in printed.err
    shown = "'./more-wrappers/my ext'"
    assert f"next: pip install {shown}, or: uv add --no-workspace {shown}" == printed.out.splitlines()[-1]


def test_folder_that_cannot_be_made(server: Server, tmp_path: Path, capsys: Capsys) -> None:
    """A folder below a file is refused."""
    serve(server, make_sdist(pyproject_toml=COMPLETE))
    folder = blocked(tmp_path)
    assert 1 == main(["wrap", "my-ext==1.0", str(folder)])
    assert f"{folder}: cannot be made: Not a directory\n" in capsys.readouterr().err


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return the folder for a repository, next to an empty cache."""
    for name, value in {**GIT, "RUNTIME_BACKEND_CACHE_DIR": str(tmp_path / "our-cache")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "repo"


@pytest.mark.once
@pytest.mark.parametrize(
    ("suffix", "which", "folder"),
    [
        ("@v1#egg=x&subdirectory=/sub/", 0, "sub"),
        ("@{commits[0]}#subdirectory=sub", 0, "sub"),
        ("@v2", 1, None),
        ("@main", 2, None),
        ("@feature/x", 2, None),
        ("", 2, None),
    ],
)
def test_git(suffix: str, which: int, folder: str | None, repository: Path) -> None:
    """A tag, a branch or a commit is written as its current commit."""
    commits = []
    for number, path in enumerate(("sub/pyproject.toml", "pyproject.toml", "more.txt"), start=1):
        commits.append(make_repository(repository, path, COMPLETE))
        git(repository, "tag", f"v{number}")
    git(repository, "branch", "feature/x")
    url = repository.as_uri()
    assert 0 == main(["wrap", f"my-ext @ git+{url}{suffix.format(commits=commits)}"])
    source = loads(Path("wrappers/my_ext/pyproject.toml").read_text())["tool"]["runtime-backend"]["source"]
    assert {"git": url, "rev": commits[which], **({"subdirectory": folder} if folder else {})} == source


def test_git_without_such_a_revision(repository: Path, capsys: Capsys) -> None:
    """An unknown branch or tag is reported."""
    make_repository(repository, "setup.py", "#")
    assert 1 == main(["wrap", f"git+{repository.as_uri()}@v9"])
    assert "found no branch or tag 'v9'" in capsys.readouterr().err


@pytest.mark.once
@pytest.mark.usefixtures("_here")
def test_git_without_a_name(repository: Path, capsys: Capsys) -> None:
    """If the source has no name for the package, the person must give one."""
    make_repository(repository, "setup.py", "raise SystemExit(3)")
    requirement = f"git+{repository.as_uri()}"
    assert 1 == main(["wrap", requirement])
    told = f"{requirement}: found no name of the package in its source\nName it: 'NAME @ {requirement}'\n"
    assert told in capsys.readouterr().err
    assert 0 == main(["wrap", f"named@{requirement}"])
    assert "named" == loads(Path("wrappers/named/pyproject.toml").read_text())["project"]["name"]


def test_git_again(repository: Path, capsys: Capsys) -> None:
    """A wrapper of a branch stays until the branch moves, and is changed only with --update."""
    make_repository(repository, "pyproject.toml", COMPLETE)
    requirement = f"git+{repository.as_uri()}@main"
    for _ in range(2):
        assert 0 == main(["wrap", requirement])
    path = Path("wrappers/my_ext/pyproject.toml")
    assert f"{path} builds my-ext 1.0 already: nothing to change" in capsys.readouterr().out
    moved = make_repository(repository, "more.txt", "more")
    assert 1 == main(["wrap", requirement])
    hint = f"To change it to {requirement}: runtime-backend wrap {requirement} wrappers/my_ext --update"
    assert f"{path}: found a wrapper of my-ext 1.0, expected none\n{hint}" in capsys.readouterr().err
    assert 0 == main(["wrap", requirement, "--update"])
    assert moved == loads(path.read_text())["tool"]["runtime-backend"]["source"]["rev"]


def test_git_whose_name_is_taken(repository: Path, capsys: Capsys) -> None:
    """A package whose name only the source has may have a wrapper from another source."""
    url = (
        '[project]\nname = "My.Ext"\nversion = "0.9"\n[tool.runtime-backend.source]\nurl = "https://a.org/x-1.tar.gz"\n'
    )
    path = write(Path("wrappers/mine/pyproject.toml"), f'{url}sha256 = "{"a" * 64}"\n')
    commit = make_repository(repository, "pyproject.toml", COMPLETE)
    requirement = f"git+{repository.as_uri()}"
    assert 1 == main(["wrap", requirement])
    assert f"{path}: found a wrapper of My.Ext 0.9, expected none\n" in capsys.readouterr().err
    assert 0 == main(["wrap", requirement, "--update"])
    document = loads(path.read_text())
    assert ("My.Ext", "1.0") == (document["project"]["name"], document["project"]["version"])
    assert {"git": repository.as_uri(), "rev": commit} == document["tool"]["runtime-backend"]["source"]


def test_git_with_its_package_below(repository: Path, capsys: Capsys) -> None:
    """The only package of a repository is found below its top; of several, the person chooses."""
    make_repository(repository, "python/pyproject.toml", COMPLETE)
    requirement = f"git+{repository.as_uri()}"
    assert 0 == main(["wrap", requirement])
    assert "note: the package is in the folder python of its source\n" in capsys.readouterr().err
    source = loads(Path("wrappers/my_ext/pyproject.toml").read_text())["tool"]["runtime-backend"]["source"]
    assert "python" == source["subdirectory"]
    make_repository(repository, "other/setup.py", "#")
    assert 1 == main(["wrap", requirement, "other"])
    assert f"  {requirement}#subdirectory=python\n" in capsys.readouterr().err
    assert not Path("other").exists()


SCM = """[build-system]
requires = ["setuptools", "torch"]
build-backend = "setuptools.build_meta"
"""
DESCRIBE = """import subprocess
from setuptools import setup
told = subprocess.run(["git", "describe", "--tags", "--long"], capture_output=True, text=True, check=True).stdout
tag, distance, _ = told.split("-")
setup(name="my-ext", version=f"{tag[1:]}.dev{distance}")
"""


@pytest.mark.once
@pytest.mark.usefixtures("_here")
def test_git_version(repository: Path) -> None:
    """A version from git is that of the repository."""
    make_repository(repository, "pyproject.toml", SCM)
    git(repository, "tag", "v1.2.4")
    make_repository(repository, "more.txt", "more")
    make_repository(repository, "setup.py", DESCRIBE)
    assert 0 == main(["wrap", f"git+{repository.as_uri()}"])
    assert "1.2.4.dev2" == loads(Path("wrappers/my_ext/pyproject.toml").read_text())["project"]["version"]


def test_credentials_are_not_shown(server: Server, capsys: Capsys) -> None:
    """The diff of an update has no credentials."""
    serve(server, make_sdist(pyproject_toml=COMPLETE))
    source = f'[tool.runtime-backend.source]\ngit = "https://jo:SECRET@a.org/x.git"\nrev = "{"a" * 40}"\n'
    write(Path("wrappers/my_ext/pyproject.toml"), f'[project]\nname = "my-ext"\n{source}')
    assert 0 == main(["wrap", "my-ext==1.0", "--update"])
    told = capsys.readouterr()
    assert '-git = "https://a.org/x.git"' in told.out.splitlines()
    assert "SECRET" not in told.err + told.out


@pytest.mark.usefixtures("repository")
def test_credentials_are_not_printed(capsys: Capsys) -> None:
    """A requirement is a URL that may contain credentials, which are not printed."""
    assert 1 == main(["wrap", "x @ git+http://jo:SECRET@127.0.0.1:9/x.git"])
    told = capsys.readouterr()
    assert "runtime-backend: looking for x @ git+http://127.0.0.1:9/x.git\n" in told.err
    assert "SECRET" not in told.err + told.out
