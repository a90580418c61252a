"""Checking the hash of a wheel for frontends that do not."""

from __future__ import annotations

import errno
import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from callers import Scene
from hooks import Said, call_of, make_source
from servers import Server, serving
from standins import write
from test_managers import under

from runtime_backend.errors import ProvisionError
from runtime_backend.index.verified import Verifying
from runtime_backend.store.cache import open_folder
from runtime_backend.store.holding import exclusively

NAME = "torch-9.4.0+cpu-py3-none-any.whl"
PATH = "/torch-9.4.0%2Bcpu-py3-none-any.whl"
WHEEL = b"a wheel"
SHA256 = hashlib.sha256(WHEEL).hexdigest()
WAY_OUT = (
    "Install the runtime in the environment that the wheel is for, in a separate command, then run the same command"
    " again."
)
HINT = f"The frontend does not check the hash itself. {WAY_OUT}"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Yield a server with one wheel."""
    with serving(monkeypatch) as found:
        found.pages[PATH] = (200, "application/octet-stream", WHEEL)
        yield found


def verifying(folder: Path, url: str, sha256: str = SHA256) -> Verifying:
    """Return the check of a wheel."""
    return Verifying(url=url, sha256=sha256, folder=folder / "verified", way_out=WAY_OUT)


def refusal(checking: Verifying, *, is_offline: bool = False) -> str:
    """Return the whole message of the error."""
    with pytest.raises(ProvisionError) as caught:
        checking.verify({}, Said(), is_offline=is_offline)
    return str(caught.value)


HELD = f"{SHA256[:16]}.lock"


def left(folder: Path) -> list[str]:
    """Return the names of the files in the folder of checked wheels."""
    return sorted(path.name for path in (folder / "verified").rglob("*") if path.is_file())


def test_right_wheel(server: Server, tmp_path: Path) -> None:
    """A wheel with the locked hash is stored under its own name, and downloaded once."""
    checking, said = verifying(tmp_path, server.url(PATH)), Said()
    assert tmp_path / "verified" / SHA256[:16] / NAME == checking.path
    for _ in range(2):
        checking.verify({}, said, is_offline=False)
        assert WHEEL == checking.path.read_bytes()
    assert ([(PATH, None)], [f"fetching {server.url(PATH)}"]) == (server.asked, said.lines)
    assert [HELD, NAME] == left(tmp_path)


def test_file(tmp_path: Path) -> None:
    """A wheel by file URL is checked as well, even offline."""
    write(tmp_path / NAME, WHEEL.decode())
    checking = verifying(tmp_path, (tmp_path / NAME).as_uri())
    checking.verify({}, Said(), is_offline=True)
    assert WHEEL == checking.path.read_bytes()


def test_damaged(server: Server, tmp_path: Path) -> None:
    """A damaged stored wheel is downloaded again."""
    checking = verifying(tmp_path, server.url(PATH))
    checking.verify({}, Said(), is_offline=False)
    checking.path.write_bytes(b"")
    checking.verify({}, Said(), is_offline=False)
    assert (WHEEL, 2) == (checking.path.read_bytes(), len(server.asked))


def test_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is reported, and no part of the wheel is left."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    checking = verifying(tmp_path, write(tmp_path / NAME, "").as_uri())
    monkeypatch.setattr("shutil.copyfile", refuse)
    told = refusal(checking)
    assert told.startswith(f"{checking.path} cannot be written: No space left on device\nFree some space there (")
    assert [HELD] == left(tmp_path)


def test_waiting_is_told(server: Server, tmp_path: Path) -> None:
    """A build that waits for another one's download reports it."""
    checking, said = verifying(tmp_path, server.url(PATH)), Said()
    open_folder(checking.folder)
    with exclusively(checking.path.parent):
        thread = threading.Thread(target=lambda: checking.verify({}, said, is_offline=False))
        thread.start()
        while not said.lines:
            pass
        assert ([f"waiting: another build fetches {checking.path}"], []) == (said.lines, server.asked)
    thread.join()
    assert WHEEL == checking.path.read_bytes()


def test_wrong_wheel(server: Server, tmp_path: Path) -> None:
    """A wheel with another hash is an error, and is not stored."""
    server.pages[PATH] = (200, "application/octet-stream", b"another wheel")
    found = hashlib.sha256(b"another wheel").hexdigest()
    assert (f"{server.url(PATH)}: found sha256 {found}, expected {SHA256} from the lock\n{HINT}") == refusal(
        verifying(tmp_path, server.url(PATH))
    )
    assert [HELD] == left(tmp_path)


def test_wrong_wheel_is_downloaded_anew(server: Server, tmp_path: Path) -> None:
    """After an error, the right wheel is downloaded once the server has it."""
    server.pages[PATH] = (200, "application/octet-stream", b"another wheel")
    refusal(verifying(tmp_path, server.url(PATH)))
    server.pages[PATH] = (200, "application/octet-stream", WHEEL)
    checking = verifying(tmp_path, server.url(PATH))
    checking.verify({}, Said(), is_offline=False)
    assert WHEEL == checking.path.read_bytes()


def test_offline(server: Server, tmp_path: Path) -> None:
    """Offline, a wheel that is not stored is an error, and no request is sent."""
    told = f"{server.url(PATH)}: cannot be fetched: this build is offline\n{HINT}"
    assert told == refusal(verifying(tmp_path, server.url(PATH)), is_offline=True)
    assert ([], [HELD]) == (server.asked, left(tmp_path))


def test_offline_after_a_download(server: Server, tmp_path: Path) -> None:
    """Offline, a wheel that was downloaded before is used."""
    checking, said = verifying(tmp_path, server.url(PATH)), Said()
    checking.verify({}, Said(), is_offline=False)
    checking.verify({}, said, is_offline=True)
    assert ([(PATH, None)], []) == (server.asked, said.lines)


@pytest.mark.parametrize("kind", ["server", "file"])
def test_unreachable(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel that cannot be fetched is an error with the reason, and no part of it is left."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    gone = tmp_path / "gone.whl"
    with socket.socket() as bound:  # to a port without a server
        bound.bind(("127.0.0.1", 0))
        url = gone.as_uri() if kind == "file" else f"http://127.0.0.1:{bound.getsockname()[1]}/gone.whl"
        told = refusal(verifying(tmp_path, url))
    why = f"{gone}: found no file" if kind == "file" else "no answer: Connection refused"
    assert f"{url}: cannot be fetched: {why}\n{HINT}" == told
    assert [HELD] == left(tmp_path)


LOCK = """\
[[package]]
name = "torch"
version = "9.4.0+cpu"
optional = false
python-versions = ">=3.9"
groups = ["main"]
files = [{{file = "{name}", hash = "sha256:{sha256}"}}]

[package.source]
type = "url"
url = "{url}"

[metadata]
lock-version = "2.1"
python-versions = ">=3.10"
"""


@pytest.fixture
def scene(tmp_path: Path, server: Server) -> Scene:
    """Return a scene whose consumer has a poetry.lock with a torch by URL."""
    scene = Scene(tmp_path)
    make_source(scene.source, "backends.minimal", 'metadata = "real"\n')
    (scene.consumer / "uv.lock").unlink()
    write(scene.consumer / "poetry.lock", LOCK.format(name=NAME, sha256=SHA256, url=server.url(PATH)))
    return scene


def test_requirement_under_poetry(scene: Scene, server: Server) -> None:
    """Poetry gets the checked file instead of the URL."""
    said = Said()
    call = call_of("get_requires_for_build_wheel", scene, under(scene, "poetry", "install"), said)
    path = scene.root / "our-cache/verified" / SHA256[:16] / NAME
    assert [f"torch @ {path.as_uri()}#sha256={SHA256}"] == call.requirements(None)
    assert (WHEEL, [f"fetching {server.url(PATH)}"]) == (path.read_bytes(), said.lines)


def test_wrong_wheel_under_poetry(scene: Scene, server: Server) -> None:
    """Under poetry, a wheel with another hash is an error before anything is installed."""
    server.pages[PATH] = (200, "application/octet-stream", b"another wheel")
    call = call_of("get_requires_for_build_wheel", scene, under(scene, "poetry", "install"))
    with pytest.raises(ProvisionError) as caught:
        call.requirements(None)
    found = hashlib.sha256(b"another wheel").hexdigest()
    assert f"{server.url(PATH)}: found sha256 {found}, expected {SHA256} from the lock\n{HINT}" == str(caught.value)
