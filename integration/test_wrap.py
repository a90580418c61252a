"""Wrappers: the source of a package that knows nothing of the shim, unmodified, built in one stage."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from .checks import check_hooks, check_installed, check_nothing_left, check_wheel
from .combinations import crossed, some
from .index import Index
from .projects import Project
from .stock import NEWEST_PIP, NEWEST_UV, OLDEST_PIP, REPOSITORY
from .workplace import Result, Workplace

STATIC = """[build-system]
requires = ["setuptools>=77", "torch>=2.4"]
build-backend = "setuptools.build_meta"

[project]
name = "probe-setuptools"
version = "1.0"
requires-python = ">=3.10"

[tool.setuptools]
packages = ["probe_setuptools"]
"""
BARE = 'setup(\n    name="probe-setuptools", version="1.0", packages=["probe_setuptools"], setup_requires=["ninja"],\n'


@dataclass
class Publisher:
    """Somebody who publishes a package, and has never heard of the shim."""

    place: Workplace
    url: str

    def publish(self, pyproject: str | None = STATIC, **extra: bytes) -> Path:
        """Put an sdist on the index; without a pyproject.toml, setup.py says everything."""
        source = self.place.package("probe_setuptools", into="upstream")
        (source / "pyproject.toml").unlink()
        if pyproject is None:
            setup = source / "setup.py"
            setup.write_text(setup.read_text("utf-8").replace("setup(\n", BARE), "utf-8")
        else:
            (source / "pyproject.toml").write_text(pyproject, "utf-8")
        sdist = self.place.folder / "served" / "probe_setuptools-1.0.tar.gz"
        with tarfile.open(sdist, "w:gz") as archive:
            archive.add(source, "probe_setuptools-1.0")
            for name, content in extra.items():
                item = tarfile.TarInfo(name)
                item.size = len(content)
                archive.addfile(item, io.BytesIO(content))
        shutil.rmtree(source)
        self.list(sdist)
        return sdist

    def list(self, sdist: Path, attributes: str = "") -> None:
        """List a file, with the hash that it has now."""
        page = self.place.folder / "served" / "simple" / "probe-setuptools" / "index.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
        page.write_text(f'<a href="../../{sdist.name}#sha256={digest}"{attributes}>{sdist.name}</a>', "utf-8")

    def wrap(self, *words: str, fails: bool = False) -> Result:
        """Let a consumer wrap it."""
        command = (sys.executable, "-m", "runtime_backend", "wrap", *(words or ("probe-setuptools==1.0",)))
        where: dict[str, Any] = {"PYTHONPATH": REPOSITORY, "PIP_INDEX_URL": self.url}
        result = self.place.run(*command, cwd=self.place.folder, fails=fails, **where)
        self.place.forget()  # the hooks that were asked for metadata
        return result


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def publisher(place: Workplace) -> Iterator[Publisher]:
    """Return a publisher with an index on loopback."""
    folder = place.folder / "served"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield Publisher(place, f"http://127.0.0.1:{server.server_port}/simple")
        server.shutdown()


WRAPPER = "./wrappers/probe_setuptools"


@crossed(frontend=[OLDEST_PIP, NEWEST_PIP, "uv"], shape=["setup.py", "static"])
def test_installs(place: Workplace, publisher: Publisher, frontend: str, shape: str) -> None:
    """One stage, against the torch of the target; the metadata are told without the source."""
    publisher.publish(STATIC if shape == "static" else None)
    publisher.wrap()
    target = place.target("2.7.0+cu126", pip=None if frontend == "uv" else frontend)
    if frontend == "uv":
        place.uv(NEWEST_UV, "pip", "install", "-p", target.prefix, WRAPPER)
    else:
        place.run(target.python, "-m", "pip", "install", WRAPPER)
    check_hooks(place, {"get_requires_for_build_wheel": "reuse", "build_wheel": "reuse", "*": "reuse"}, "2.7.0+cu126")
    check_installed(place, target, "probe_setuptools", "2.7.0+cu126")
    (stamp,) = target.site.glob("probe_setuptools-*/runtime-backend.json")
    upstream = json.loads(stamp.read_text("utf-8"))["upstream"]
    assert upstream["url"].endswith("/probe_setuptools-1.0.tar.gz")
    assert sorted(path.name for path in (place.folder / "wrappers/probe_setuptools").iterdir()) == ["pyproject.toml"]
    check_nothing_left(place)


def test_editable(place: Workplace, publisher: Publisher) -> None:
    """There is nothing to edit: it is a plain wheel, and says so."""
    publisher.publish()
    publisher.wrap()
    target = place.target("2.7.0", pip=NEWEST_PIP)
    result = place.run(target.python, "-m", "pip", "install", "-v", "-e", WRAPPER)
    assert "note: a wrapper cannot be edited" in result.output
    check_installed(place, target, "probe_setuptools", "2.7.0")


def test_builds(place: Workplace, publisher: Publisher) -> None:
    """Its sdist is the wrapper, and a wheel is built from that."""
    publisher.publish()
    publisher.wrap()
    place.build("-o", place.folder / "out", WRAPPER, activated=place.target("2.8.0"))
    (sdist,), (wheel,) = ((place.folder / "out").glob(f"*.{suffix}") for suffix in ("tar.gz", "whl"))
    with tarfile.open(sdist) as archive:
        assert sorted(archive.getnames()) == ["probe_setuptools-1.0/PKG-INFO", "probe_setuptools-1.0/pyproject.toml"]
    check_wheel(wheel, "2.8.0")


def test_added_by_uv(place: Workplace, publisher: Publisher, index: Index) -> None:
    """``uv add --no-workspace ./wrappers/…`` in a project with torch: one command, and right again after an upgrade."""
    publisher.publish()
    publisher.wrap()
    project = Project(place, index, "uv")
    project.write(
        "pyproject.toml",
        '[project]\nname = "consumer"\nversion = "0"\nrequires-python = ">=3.10"\ndependencies = ["torch==2.7.0"]\n'
        f"{index.uv('main')}"
        '[tool.uv]\nreinstall-package = ["probe-setuptools"]\n',
    )
    nothing = {"UV_OFFLINE": None, "UV_FIND_LINKS": None}
    wrapper = place.folder / "wrappers/probe_setuptools"
    place.uv(NEWEST_UV, "add", "--no-workspace", wrapper, cwd=project.folder, **nothing)
    project.check("2.7.0", provision=None)
    settings = project.folder / "pyproject.toml"
    assert "workspace" not in settings.read_text("utf-8")
    project.write("pyproject.toml", settings.read_text("utf-8").replace("torch==2.7.0", "torch==2.8.0"))
    place.uv(NEWEST_UV, "sync", cwd=project.folder, **nothing)
    project.check("2.8.0", provision=None)


@some("frontend", [OLDEST_PIP, "24.0"], OLDEST_PIP)
def test_named_by_its_folder(place: Workplace, publisher: Publisher, frontend: str) -> None:
    """pip before 26.2 keeps the wheel of a folder with a hyphen in its name; the wrapper's folder has none."""
    publisher.publish()
    publisher.wrap()
    for number, torch in enumerate(("2.7.0", "2.8.0")):
        target = place.target(torch, pip=frontend, name=f"target-{number}")
        requirement = f"probe-setuptools @ {(place.folder / WRAPPER).resolve().as_uri()}"
        place.run(target.python, "-m", "pip", "install", requirement)
        check_installed(place, target, "probe_setuptools", torch)


def test_version_of_a_repository(place: Workplace, publisher: Publisher) -> None:
    """A version that git has, by tag and distance, is the same in the wrapper and in the wheel."""
    source = place.package("probe_setuptools", into="upstream")
    (source / "pyproject.toml").write_text(STATIC.replace('version = "1.0"', 'dynamic = ["version"]'), "utf-8")
    setup = source / "setup.py"
    told = 'subprocess.check_output(["git", "describe", "--tags", "--long"], text=True).split("-")'
    version = f"import subprocess\ntag, distance, _ = {told}\n"
    text = setup.read_text("utf-8").replace("import torch\n", f"import torch\n{version}")
    setup.write_text(text.replace("setup(\n", 'setup(\n    version=f"{tag[1:]}.dev{distance}",\n'), "utf-8")
    another = ("commit", "-qm", "Another", "--allow-empty")
    place.commit(source, ("tag", "v1.2.4"), another, another)
    publisher.wrap(f"git+{source.as_uri()}")
    assert 'version = "1.2.4.dev2"' in (place.folder / WRAPPER / "pyproject.toml").read_text("utf-8")
    shutil.rmtree(place.cache)
    target = place.target("2.7.0")
    place.uv(NEWEST_UV, "pip", "install", "-p", target.prefix, WRAPPER)
    assert [path.name for path in target.site.glob("probe_setuptools-*")] == ["probe_setuptools-1.2.4.dev2.dist-info"]
    check_installed(place, target, "probe_setuptools", "2.7.0")


def test_updated(place: Workplace, publisher: Publisher) -> None:
    """A wrapper goes to another version by one command, and the next installation builds that one."""
    publisher.publish()
    publisher.wrap()
    target = place.target("2.7.0")
    place.uv(NEWEST_UV, "pip", "install", "-p", target.prefix, WRAPPER)
    second = publisher.publish(STATIC.replace('"1.0"', '"2.0"'))
    publisher.list(second.rename(second.with_name("probe_setuptools-2.0.tar.gz")))
    stop = publisher.wrap("probe-setuptools==2.0", fails=True)
    command = stop.output.strip().splitlines()[-1].partition("runtime-backend wrap ")[2]
    assert command == "probe-setuptools==2.0 wrappers/probe_setuptools --update"
    publisher.wrap(*command.split())
    place.uv(NEWEST_UV, "pip", "install", "-p", target.prefix, WRAPPER)
    assert [path.name for path in target.site.glob("probe_setuptools-*")] == ["probe_setuptools-2.0.dist-info"]


def test_patched(place: Workplace, publisher: Publisher) -> None:
    """A patch of the consumer's is applied."""
    publisher.publish()
    publisher.wrap()
    wrapper = place.folder / "wrappers/probe_setuptools"
    (wrapper / "name.patch").write_text(
        "--- a/probe_setuptools/added.py\n+++ b/probe_setuptools/added.py\n@@ -0,0 +1 @@\n+PATCHED = True\n", "utf-8"
    )
    settings = wrapper / "pyproject.toml"
    settings.write_text(f'{settings.read_text("utf-8")}patches = ["name.patch"]\n', "utf-8")
    target = place.target("2.7.0")
    place.uv(NEWEST_UV, "pip", "install", "-p", target.prefix, WRAPPER)
    assert (target.site / "probe_setuptools" / "added.py").read_text("utf-8") == "PATCHED = True\n"


def test_from_git(place: Workplace, publisher: Publisher) -> None:
    """A repository at a revision; one that does not exist is a clear stop."""
    source = place.package("probe_setuptools", into="upstream")
    (source / "pyproject.toml").write_text(STATIC, "utf-8")
    place.commit(source, ("tag", "v1"))
    stop = publisher.wrap(f"git+{source.as_uri()}@v2", fails=True)
    assert "found no branch or tag 'v2'" in stop.output
    publisher.wrap(f"git+{source.as_uri()}@v1")
    target = place.target("2.7.0")
    place.uv(NEWEST_UV, "pip", "install", "-p", target.prefix, WRAPPER)
    check_installed(place, target, "probe_setuptools", "2.7.0")


def test_yanked(place: Workplace, publisher: Publisher) -> None:
    """What was taken back is not wrapped."""
    publisher.list(publisher.publish(), ' data-yanked="wrong kernel"')
    assert "was yanked: wrong kernel" in publisher.wrap(fails=True).output
    assert not (place.folder / "wrappers").exists()


def test_path_that_leads_out(place: Workplace, publisher: Publisher) -> None:
    """An sdist with an absolute path in it is not unpacked."""
    victim = place.folder / "victim"
    outside: dict[str, Any] = {str(victim): b"owned"}
    publisher.publish(**outside)
    assert f"'{victim}': found a path that leads out of it" in publisher.wrap(fails=True).output
    assert not victim.exists()


def test_tampered(place: Workplace, publisher: Publisher) -> None:
    """A file that was changed after it was wrapped stops the build; so does one that cannot be had, offline."""
    sdist = publisher.publish()
    publisher.wrap()
    shutil.rmtree(place.cache)
    sdist.write_bytes(sdist.read_bytes() + b"\0")
    target = place.target("2.7.0", pip=NEWEST_PIP)
    result = place.run(target.python, "-m", "pip", "install", WRAPPER, fails=True, UV_OFFLINE=None)
    assert ": found sha256 " in result.output
    offline = place.run(target.python, "-m", "pip", "install", WRAPPER, fails=True, RUNTIME_BACKEND_OFFLINE="1")
    assert "and this build is offline" in offline.output
    check_nothing_left(place)
