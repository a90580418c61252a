"""Secrets are in no output and in no file: a test for each place from which they may come."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from callers import Scene, lock_text
from hooks import be, make_source
from repositories import GIT, git, make_repository
from servers import Server, serving
from standins import write
from test_unpacking import make_tar

from runtime_backend import build
from runtime_backend.cli import main
from runtime_backend.cli.terminal import out_json
from runtime_backend.config import load_settings
from runtime_backend.frontend.asking.answer import Answer, Change
from runtime_backend.upstream import Depot
from runtime_backend.upstream.access import split_access

SECRET = "hunter2"  # noqa: S105 - nobody's
URL = f"https://me:{SECRET}@example.org/torch-2.7.0-py3-none-any.whl?token={SECRET}"
ENCODED = base64.b64encode(f"me:{SECRET}".encode()).decode()


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Return a scene with a producer and a folder for wheels."""
    (tmp_path / "dist").mkdir()
    found = Scene(tmp_path)
    make_source(found.source, "backends.recording", 'match-runtime = ["torch"]\n')
    return found


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Return a web server."""
    with serving(monkeypatch) as found:
        yield found


def check_files(*folders: Path) -> None:
    """Check that no file holds the secret, archives of any depth included."""
    for folder in folders:
        for path in folder.rglob("*"):
            assert SECRET not in str(path)
            if path.is_file():
                check_bytes(path.read_bytes(), str(path))


def check_bytes(content: bytes, name: str) -> None:
    """Check one file."""
    assert SECRET.encode() not in content, name
    assert ENCODED.encode() not in content, name
    with suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(content)) as wheel:
        for member in wheel.namelist():
            check_bytes(wheel.read(member), f"{name}: {member}")
    with suppress(tarfile.TarError), tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for entry in archive:
            file = archive.extractfile(entry) if entry.isfile() else None
            check_bytes(b"" if file is None else file.read(), f"{name}: {entry.name}")


def build_everything(scene: Scene, monkeypatch: pytest.MonkeyPatch, **variables: Any) -> None:
    """Run the hooks, and explain in both forms; all output is printed."""
    shell = scene.shell(scene.consumer, RUNTIME_BACKEND_LOG=str(scene.root / "log"), **variables)
    be(monkeypatch, scene, scene.pip(shell))
    with suppress(SystemExit):
        build.get_requires_for_build_wheel()
    with suppress(SystemExit):
        build.build_wheel(str(scene.root / "dist"))
    monkeypatch.setattr("runtime_backend.cli.explain.read_caller", lambda: scene.pip(shell))
    for option in ([], ["--json"]):
        main(["explain", str(scene.source), *option])


@pytest.mark.parametrize(
    "variables",
    [
        {"RUNTIME_BACKEND_PIN": f"torch @ {URL}"},
        {"RUNTIME_BACKEND_LOCK": f"https://me:{SECRET}@example.org/uv.lock"},
        {"RUNTIME_BACKEND_TARGET": f"https://example.org/env?token={SECRET}"},
        {"RUNTIME_BACKEND_CACHE_DIR": f"https://me:{SECRET}@example.org/cache"},
        {"RUNTIME_BACKEND_OFFLINE": f"https://me:{SECRET}@example.org"},
    ],
    ids=str,
)
def test_variables(
    variables: dict[str, str], scene: Scene, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A variable for one call is shown without its secrets, whether it is valid or not."""
    build_everything(scene, monkeypatch, **variables)
    captured = capfd.readouterr()
    assert "example.org" in captured.err + captured.out
    assert SECRET not in captured.err + captured.out
    check_files(scene.root)


@pytest.mark.parametrize(
    "text",
    [
        f'match-runtime = ["torch"]\nenv = {{ INDEX = "https://me:{SECRET}@example.org/simple" }}\n',
        f'match-runtime = ["torch @ {URL}"]\n',
        f'provision = "https://me:{SECRET}@example.org"\n',
        f'match-runtime = []\nenv = {{ INDEX = {{ value = "git+https://{SECRET}@example.org/x", force = true }} }}\n',
    ],
)
def test_settings(text: str, scene: Scene, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """The package's settings are without secrets in the plan, in the stamp and in messages."""
    source = make_source(scene.source, "backends.recording", text)
    build_everything(scene, monkeypatch)
    captured = capfd.readouterr()
    assert SECRET not in captured.err + captured.out
    (source / "pyproject.toml").unlink()
    check_files(scene.root)


def test_lock(scene: Scene, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """The URL of a locked wheel is shown without secrets; only the frontend gets them."""
    text = lock_text("2.8.0").replace("https://example.org/torch", f"https://me:{SECRET}@example.org/torch")
    lock = write(scene.root / "locks/uv.lock", text)
    shell = scene.shell(scene.elsewhere, RUNTIME_BACKEND_LOCK=str(lock), RUNTIME_BACKEND_LOG=str(scene.root / "log"))
    be(monkeypatch, scene, scene.build(shell))
    assert f"https://me:{SECRET}@example.org/torch-2.8.0" in str(build.get_requires_for_build_wheel())
    captured = capfd.readouterr()
    lock.unlink()
    assert SECRET not in captured.err + captured.out
    assert "torch-2.8.0-py3-none-any.whl" in (scene.root / "log").read_text("utf-8")
    check_files(scene.root)


@pytest.mark.parametrize("is_whole", [True, False])
@pytest.mark.parametrize("way", ["token", "credentials"])
def test_archive(  # noqa: PLR0913 - a scene, a server and two ways
    way: str, *, is_whole: bool, scene: Scene, server: Server, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """The URL of an upstream archive is without secrets in the line about fetching, the stamp and the cache's names."""
    made = make_tar(
        scene.root, ("x-1/pyproject.toml", {"content": b'[build-system]\nbuild-backend = "backends.recording"\n'})
    )
    content = made.read_bytes()
    path = f"/x-1.tar.gz?token={SECRET}" if way == "token" else "/x-1.tar.gz"
    server.pages[path] = (200, "application/gzip", content)
    sha256 = hashlib.sha256(content if is_whole else b"").hexdigest()
    url = server.url(path, "" if way == "token" else f"me:{SECRET}@")
    table = f'[project]\nname = "nonsense"\nversion = "1.0"\n[tool.runtime-backend.source]\nurl = "{url}"\nsha256 = "{sha256}"\n'
    write(scene.source / "pyproject.toml", f'[build-system]\nbuild-backend = "runtime_backend.build"\n{table}')
    build_everything(scene, monkeypatch)
    captured = capfd.readouterr()
    (scene.source / "pyproject.toml").unlink()
    assert f"fetching {server.url('/x-1.tar.gz')}" in captured.err
    assert SECRET not in captured.err + captured.out
    assert is_whole == any(scene.root.glob("dist/*.whl"))
    check_files(scene.root)


class Hosted:
    """A repository with a submodule, served as plain files over HTTP with the secret."""

    def __init__(self, folder: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in GIT.items():
            monkeypatch.setenv(name, value)
        make_repository(folder / "inner", "b.cu", "inner")
        make_repository(folder / "outer", "pyproject.toml", '[project]\nname = "outer"\nversion = "1"\n')
        git(folder / "outer", "submodule", "--quiet", "add", str(folder / "inner"), "inner")
        git(folder / "outer", "config", "-f", ".gitmodules", "submodule.inner.url", server.url("/inner.git"))
        self.commit = make_repository(folder / "outer", "a.cu", "outer")
        for name in ("outer", "inner"):
            git(folder, "clone", "-q", "--bare", str(folder / name), f"{name}.git")
            git(folder / f"{name}.git", "update-server-info")
            for path in (folder / f"{name}.git").rglob("*"):
                if path.is_file():
                    page = f"/{name}.git/{path.relative_to(folder / f'{name}.git').as_posix()}"
                    server.pages[page] = (200, "application/octet-stream", path.read_bytes())
                    server.pages[f"{page}?service=git-upload-pack"] = server.pages[page]
        server.needed = f"Basic {ENCODED}"
        self.url = server.url("/outer.git", f"me:{SECRET}@")


@pytest.fixture
def hosted(tmp_path_factory: pytest.TempPathFactory, server: Server, monkeypatch: pytest.MonkeyPatch) -> Hosted:
    """Return a repository on a server."""
    return Hosted(tmp_path_factory.mktemp("hosted"), server, monkeypatch)


def test_wrap_git(
    hosted: Hosted, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """``wrap`` fetches with the credentials of a git URL, also submodules, and writes them to no file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNTIME_BACKEND_CACHE_DIR", str(tmp_path / "our-cache"))
    assert 0 == main(["wrap", f"git+{hosted.url}"])
    captured = capfd.readouterr()
    text = (tmp_path / "wrappers/outer/pyproject.toml").read_text("utf-8")
    assert f'git = "{server.url("/outer.git")}"\nrev = "{hosted.commit}"\n' in text
    assert (
        "runtime-backend: note: the credentials are not stored; every build gets them from git's credential helper or"
        " ~/.netrc\n"
    ) in captured.err
    assert SECRET not in captured.err + captured.out
    check_files(tmp_path)


def test_git_source(hosted: Hosted, tmp_path: Path) -> None:
    """The credentials of ``source.git`` are not in the configuration of the checkout."""
    text = f'[tool.runtime-backend.source]\ngit = "{hosted.url}"\nrev = "{hosted.commit}"\n'
    write(tmp_path / "wrapper/pyproject.toml", text)
    upstream = load_settings(tmp_path / "wrapper", environ={}).upstream
    assert upstream is not None
    depot = Depot(folder=tmp_path / "sources", environ=dict(GIT), is_offline=False, say=print)
    with depot.tree(upstream) as tree:
        assert "inner" == (tree / "inner/b.cu").read_text("utf-8")
        assert (tree / ".git/config").is_file()
        check_files(tmp_path / "sources")


def test_git_that_is_refused(hosted: Hosted, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Git's own messages about a URL with credentials are printed without them."""
    wrong = hosted.url.replace("me:", "you:")
    assert 1 == main(["wrap", f"git+{wrong}", str(tmp_path / "x")])
    captured = capfd.readouterr()
    assert "ended with code 128" in captured.err
    assert SECRET not in captured.err + captured.out
    check_files(tmp_path)


def test_access() -> None:
    """The person's own configuration in variables is kept; a URL without secrets changes nothing."""
    own = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "a.b", "GIT_CONFIG_VALUE_0": "c"}
    assert ("https://h/x", own) == split_access("https://h/x", own)
    assert ("git@h:x", {}) == split_access("git@h:x", {})
    assert (
        "https://h/x",
        {
            "GIT_CONFIG_COUNT": "4",
            "GIT_CONFIG_KEY_0": "a.b",
            "GIT_CONFIG_VALUE_0": "c",
            "GIT_CONFIG_KEY_1": "url.https://me:s@h/x?t=1.insteadOf",
            "GIT_CONFIG_VALUE_1": "https://h/x",
            "GIT_CONFIG_KEY_2": "url.https://me:s@h/.insteadOf",
            "GIT_CONFIG_VALUE_2": "https://h/",
            "GIT_CONFIG_KEY_3": "http.https://h/.maxRequests",
            "GIT_CONFIG_VALUE_3": "1",
        },
    ) == split_access("https://me:s@h/x?t=1", own)
    assert "1" == split_access("https://h/x?t=1", {})[1]["GIT_CONFIG_COUNT"]


@pytest.mark.parametrize("way", ["credentials", "token"])
def test_wrap_from_index(
    way: str, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A file of an index that needs a secret is wrapped by its name: a build asks the index with the person's own."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL", "PIP_CERT", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNTIME_BACKEND_CACHE_DIR", str(tmp_path / "our-cache"))
    content = make_tar(
        tmp_path, ("x-1/pyproject.toml", {"content": b'[project]\nname = "x"\nversion = "1"\n'})
    ).read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    path = "/files/x-1.tar.gz" + (f"?token={SECRET}" if way == "token" else "")
    server.pages[path] = (200, "application/gzip", content)
    server.json([{"filename": "x-1.tar.gz", "url": path, "hashes": {"sha256": sha256}}], "/simple/x/")
    index = server.url("/simple", f"me:{SECRET}@" if way == "credentials" else "")
    assert 0 == main(["wrap", "x==1", "--index-url", index])
    captured = capfd.readouterr()
    text = (tmp_path / "wrappers/x/pyproject.toml").read_text("utf-8")
    assert f'[tool.runtime-backend.source]\nsdist = "x==1"\nsha256 = "{sha256}"\n' in text
    assert "UV_DEFAULT_INDEX or PIP_INDEX_URL" in captured.err
    assert SECRET not in captured.err + captured.out
    check_files(tmp_path)


def test_answer() -> None:
    """A frontend's answer is not kept if a URL in it contains a secret."""
    for url, expected in ((None, False), ("https://h/x", False), (URL, True)):
        assert expected is Answer(command="pip", changes={"torch": Change(version="1", url=url)}).has_secrets


@pytest.mark.parametrize("text", ["\x1b[31m", "\x9b31m", "\u202e", "\x7f", "\udc80", "größer"])
def test_json(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In JSON, control characters are escaped, so that it stays valid."""
    out_json({"name": text, "url": f"https://me:{SECRET}@h"})
    printed = capsys.readouterr().out
    assert {"name": text, "url": "https://h"} == json.loads(printed)
    assert printed.isascii()


def test_escape_sequences(scene: Scene, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """Control characters in a name, a path or a lock do not reach a terminal, also as JSON."""
    folder = scene.root / "\x1b[31mred"
    write(folder / "uv.lock", lock_text("2.8.0").replace("2.8.0", "2.8.0\\u001b[2J", 1))
    variables = {"RUNTIME_BACKEND_LOCK": str(folder / "uv.lock")}
    make_source(scene.source, "backends.recording", 'env = { A = "\\u001b]0;title\\u0007", "B\\u001b" = "1" }\n')
    build_everything(scene, monkeypatch, **variables)
    make_source(scene.source, "backends.recording", 'env = { A = "\\u001b]0;title\\u0007" }\n')
    build_everything(scene, monkeypatch, **variables)
    captured = capfd.readouterr()
    assert r"\x1b[31mred" in captured.err + captured.out
    assert "\x1b" not in captured.err + captured.out
