"""Files that other users can write are not trusted, unless they are named."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from callers import LOCKED, STALE, Scene, lock_text
from hooks import be, make_source
from standins import make_torch, make_venv, write

from runtime_backend import build
from runtime_backend.cli.check import check
from runtime_backend.config import load_settings
from runtime_backend.errors import ConfigError, ProvisionError, TargetError
from runtime_backend.frontend.caller import Caller
from runtime_backend.frontend.detectors import find_places
from runtime_backend.frontend.folders import find_lock_upward, upward_in
from runtime_backend.frontend.places import Place
from runtime_backend.frontend.start import find_believed
from runtime_backend.store.cache import check_owner
from runtime_backend.system.trust import EVERYBODY, Trust, find_trust

ME = Trust(users=frozenset((os.geteuid(),)), groups=frozenset((os.getegid(),)))
SOMEBODY = ME._replace(users=frozenset((os.geteuid() + 1,)))
"""The trust of another user, for whom all files of these tests are foreign."""
ANYONE = "every user can write to it"
ENV = '[tool.runtime-backend.packages.op.env]\nLD_PRELOAD = { value = "/evil.so", force = true }\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of a person that others cannot write to, in one that they can, in one that they cannot."""
    shared, own = tmp_path / "shared", tmp_path / "shared/own"
    own.mkdir(parents=True)
    tmp_path.chmod(0o700)
    shared.chmod(0o777)
    own.chmod(0o700)
    return own


@pytest.mark.parametrize(
    ("mode", "trust", "expected"),
    [
        (0o755, ME, None),
        (0o775, ME, None),
        (0o777, ME, ANYONE),
        (0o1777, ME, ANYONE),
        (0o702, ME, ANYONE),
        (0o775, ME._replace(groups=frozenset()), f"the group {os.getegid()}, which you are not in, can write to it"),
        (0o755, ME._replace(groups=frozenset()), None),
        (0o777, EVERYBODY, None),
    ],
)
@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_objection(mode: int, trust: Trust, expected: str | None, kind: str, tmp_path: Path) -> None:
    """Permissions of others decide, for folders, files and the targets of links."""
    path = tmp_path / "x"
    if kind == "folder":
        path.mkdir()
    else:
        write(path, "")
    path.chmod(mode)
    if kind == "link":
        (tmp_path / "link").symlink_to(path)
        path = tmp_path / "link"
    assert expected == trust.objection(path)


def test_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of another user are not trusted; a user without a name is a number; a missing file is ignored."""
    path = write(tmp_path / "x", "")
    monkeypatch.setattr("pwd.getpwuid", {os.geteuid(): type("User", (), {"pw_name": "jo"})}.__getitem__)
    assert "it belongs to the user jo" == SOMEBODY.objection(path)
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    assert f"it belongs to the user {os.geteuid()}" == SOMEBODY.objection(path)
    assert None is SOMEBODY.objection(tmp_path / "not there")


def test_named_folders(tmp_path: Path) -> None:
    """A named folder is trusted with all its content, by its resolved path; others are not."""
    for name in ("named/below", "named-too"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "named")
    trust = SOMEBODY.including(tmp_path / "link", None)
    believed = [path for path in ("named", "named/below", "named-too", ".") if trust.objection(tmp_path / path) is None]
    assert ["named", "named/below"] == believed
    assert EVERYBODY is EVERYBODY.including(tmp_path)
    assert None is SOMEBODY.including(Path("/")).objection(tmp_path)


@pytest.mark.parametrize(
    ("user", "environ", "users", "groups"),
    [
        (1000, {}, {0, 1000}, {0, 7, 8}),
        (1000, {"SUDO_UID": "1001", "SUDO_GID": "1001"}, {0, 1000}, {0, 7, 8}),
        (0, {}, {0}, {0, 7, 8}),
        (0, {"SUDO_UID": "1001", "SUDO_GID": "1002"}, {0, 1001}, {0, 7, 8, 1002}),
        (0, {"SUDO_UID": "-1", "SUDO_GID": "²"}, {0}, {0, 7, 8}),
    ],
)
def test_own_trust(
    user: int, environ: dict[str, str], users: set[int], groups: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person believes in their own files and in root's; root under sudo in those of who has called it, as git does."""
    monkeypatch.setattr("os.geteuid", lambda: user)
    monkeypatch.setattr("os.getegid", lambda: 7)
    monkeypatch.setattr("os.getgroups", lambda: [8])
    assert Trust(users=frozenset(users), groups=frozenset(groups)) == find_trust(environ)


def test_upward(folder: Path) -> None:
    """The way upward ends before the first folder that others can write to."""
    assert [folder] == list(upward_in(ME, folder))
    assert [folder, folder.parent, folder.parent.parent] == list(upward_in(EVERYBODY, folder))[:3]


def test_lock_upward(folder: Path) -> None:
    """A project's own lock is left to the project manager; one in a parent folder must be trusted."""
    write(folder.parent / "uv.lock", "")
    assert None is find_lock_upward(folder, "uv.lock", ME)
    assert folder.parent / "uv.lock" == find_lock_upward(folder.parent, "uv.lock", ME)
    assert folder.parent / "uv.lock" == find_lock_upward(folder, "uv.lock", ME.including(folder.parent))


def places_of(caller: Caller, source: Path, trust: Trust) -> list[Place]:
    """Return the places that are reported."""
    return [place for place in find_places(source, caller, trust=trust) if place.locks or place.objection]


@pytest.mark.parametrize("name", ["uv.lock", "pylock.toml", "pylock.dev.toml", ".venv"])
def test_shared_folder_above(name: str, folder: Path, tmp_path: Path) -> None:
    """Nothing is taken out of a folder that others can write to, nor from above it: not a lock, not an environment."""
    scene = Scene(tmp_path / "scene")
    for place in (folder.parent, tmp_path):
        if name == ".venv":
            make_torch(make_venv(place / name), STALE)
        else:
            write(place / name, lock_text(LOCKED))
    caller = scene.build(scene.shell(folder))
    (found,) = places_of(caller, folder, ME)
    assert (folder.parent, ANYONE, (folder.parent / name,), ()) == (
        found.path,
        found.objection,
        found.hidden,
        found.locks,
    )
    assert None is found.environment
    named = places_of(caller, folder, ME.including(folder.parent))
    assert [] == [place for place in named if place.path.parent == folder.parent and place.objection]


@pytest.mark.parametrize("name", ["uv.lock", ".venv"])
def test_foreign_file_in_own_folder(name: str, folder: Path, tmp_path: Path) -> None:
    """A file that others can write to is not taken either, although the folder is the person's."""
    scene = Scene(tmp_path / "scene")
    write(folder / "uv.lock", lock_text(LOCKED))
    make_torch(make_venv(folder / ".venv"), STALE)
    (folder / name).chmod(0o777)
    found = places_of(scene.build(scene.shell(folder)), scene.source, ME)[0]
    assert (folder / name, ANYONE, (folder / "uv.lock", folder / ".venv")) == (
        found.path,
        found.objection,
        found.hidden,
    )


def test_source_in_temporary_folder(tmp_path: Path) -> None:
    """For a source in the temporary folder, nothing in its parents counts."""
    scene = Scene(tmp_path / "scene")
    source = scene.tmp / "pip-req-build-x"
    write(scene.tmp / "uv.lock", lock_text(LOCKED))
    write(source / "pyproject.toml", "")
    caller = scene.build(scene.shell(scene.elsewhere))
    assert [] == places_of(caller, source, EVERYBODY)
    write(source / "uv.lock", lock_text(LOCKED))
    assert [(source / "uv.lock",)] == [place.locks for place in places_of(caller, source, EVERYBODY)]


def test_temporary_folder(tmp_path: Path) -> None:
    """It is the one that the variables name, else the system's."""
    scene = Scene(tmp_path / "scene")
    caller = scene.build(scene.shell(scene.elsewhere))
    assert (True, False) == (
        caller.is_in_temporary_folder(scene.tmp / "x"),
        caller.is_in_temporary_folder(scene.source),
    )
    nameless = caller._replace(environ={})
    assert (True, False) == (
        nameless.is_in_temporary_folder(Path("/tmp/x")),  # noqa: S108
        nameless.is_in_temporary_folder(Path("/x")),
    )


def make_consumer(folder: Path, text: str = ENV) -> Path:
    """Write a consumer's pyproject.toml, and a package below; return the package."""
    write(folder / "pyproject.toml", text)
    write(folder / "op/pyproject.toml", '[project]\nname = "op"\n')
    return folder / "op"


def test_consumer(folder: Path) -> None:
    """Tables of a file that others can write are not read; this is reported, with the way out."""
    source = make_consumer(folder.parent)
    settings = load_settings(source, start=folder, environ={}, trust=ME)
    note = (
        f"{folder.parent}/pyproject.toml is not read: another user may have written it ({ANYONE}); if you trust it, set"
        f" RUNTIME_BACKEND_TRUST={folder.parent}"
    )
    assert ((note,), (), None) == (settings.notes, settings.variables, settings.consumer)
    environ = {"RUNTIME_BACKEND_TRUST": f"/nowhere:{folder.parent}"}
    named = load_settings(source, start=folder, environ=environ, trust=ME)
    assert ((), ["LD_PRELOAD"]) == (named.notes, [variable.name for variable in named.variables])
    assert f"{folder.parent}/pyproject.toml" == named.consumer


def test_consumer_that_says_nothing(folder: Path) -> None:
    """A file that others can write, without our tables, is not reported."""
    source = make_consumer(folder.parent, "[project]\n")
    assert () == load_settings(source, start=folder, environ={}, trust=ME).notes
    (folder.parent / "pyproject.toml").unlink()
    os.mkfifo(folder.parent / "pyproject.toml")  # reading it would never end
    assert () == load_settings(source, start=folder, environ={}, trust=ME).notes


def test_consumers_foreign_file(folder: Path) -> None:
    """A file that others can write to is not read in the person's own folder either."""
    source = make_consumer(folder)
    (folder / "pyproject.toml").chmod(0o666)
    settings = load_settings(source, start=folder, environ={}, trust=ME)
    assert (1, ()) == (len(settings.notes), settings.variables)


def test_own_table_of_the_source(folder: Path) -> None:
    """The source's own file is always trusted, since its code runs anyway."""
    make_consumer(folder.parent)
    write(folder.parent / "pyproject.toml", f'[project]\nname = "op"\n{ENV}')
    settings = load_settings(folder.parent, start=folder.parent, environ={}, trust=SOMEBODY)
    assert ["LD_PRELOAD"] == [variable.name for variable in settings.variables]


def test_trust_that_is_no_folder(tmp_path: Path) -> None:
    """A relative folder is a mistake, since hooks run in different folders."""
    write(tmp_path / "pyproject.toml", "")
    with pytest.raises(ConfigError, match="RUNTIME_BACKEND_TRUST: found the string 'here', expected an absolute path"):
        load_settings(tmp_path, environ={"RUNTIME_BACKEND_TRUST": "here"})


def test_project_at_work(tmp_path: Path) -> None:
    """The tables and the lock of the project that a project manager installs are trusted."""
    scene = Scene(tmp_path / "scene")
    shell = scene.shell(scene.consumer)
    pip, uv = scene.pip(shell)._replace(trust=SOMEBODY), scene.uv(shell, "sync")._replace(trust=SOMEBODY)
    assert (SOMEBODY, None) == (find_believed(pip), find_believed(uv).objection(scene.consumer / "uv.lock"))


def test_variables_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """No variable of a consumer is set without a line that names its file; one that the person has is not set."""
    scene = Scene(tmp_path)
    table = '[tool.runtime-backend.packages.op.env]\nA = "1"\nB = "2"\n'
    write(scene.consumer / "pyproject.toml", f'[project]\nname = "consumer"\nversion = "0"\n{table}')
    make_source(scene.source, "backends.recording", 'match-runtime = []\n[project]\nname = "op"\nversion = "1"\n')
    be(monkeypatch, scene, scene.pip(scene.shell(scene.consumer, B="mine")))
    build.get_requires_for_build_wheel()
    file = f"{scene.consumer}/pyproject.toml: tool.runtime-backend.packages.op"
    assert f"runtime-backend: note: A=1 is set by {file}.env.A\n" == capfd.readouterr().err


def test_hook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """A hook ignores another user's lock, and reports the lock and the way to use it."""
    scene = Scene(tmp_path)
    make_source(scene.source, "backends.recording")
    caller = scene.build(scene.shell(scene.consumer))._replace(trust=SOMEBODY)
    be(
        monkeypatch,
        scene,
        caller._replace(environ={**caller.environ, "RUNTIME_BACKEND_TRUST": str(scene.root / "our-cache")}),
    )
    with pytest.raises(SystemExit):
        build.build_wheel(str(tmp_path))
    told = capfd.readouterr().err
    assert (
        f"note: {scene.consumer}/uv.lock is not used: another user may have written it ({scene.consumer}: it belongs to"
        in told
    )
    assert f"set RUNTIME_BACKEND_TRUST={scene.consumer}\n" in told
    assert f"where the frontend was started: {scene.consumer}: not read, and no folder above it: it belongs to" in told


def test_cache(tmp_path: Path) -> None:
    """A cache that others can write to is refused, with the ways out."""
    cache = tmp_path / "my cache"
    check_owner(cache, ME)
    cache.mkdir(mode=0o700)
    check_owner(cache, ME)
    cache.chmod(0o777)
    check_owner(cache, ME.including(cache))
    with pytest.raises(ProvisionError) as caught:
        check_owner(cache, ME)
    assert (
        f"the cache {cache} is not used, because its content runs as you: {ANYONE}\n"
        "Name a folder of your own: RUNTIME_BACKEND_CACHE_DIR=/path. If you trust this one, name it:"
        f" RUNTIME_BACKEND_TRUST='{cache}'"
    ) == str(caught.value)


def test_check(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """``check`` looks for a ``.venv`` upward as far as it is believed."""
    make_venv(folder.parent / ".venv")
    monkeypatch.setattr("sys.prefix", str(folder))
    monkeypatch.chdir(folder)
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(TargetError, match="no environment is activated"):
        check(None, as_json=True)
    make_venv(folder / ".venv")
    assert 0 == check(None, as_json=True)
    assert str(folder / ".venv") == json.loads(capsys.readouterr().out)["environment"]
