"""Finding a stored wheel for a build: what does not fit is compiled, with a note that names the reason."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from backends import recording
from callers import TARGET, Scene
from hooks import Said, cached, call_of, make_source
from servers import serving
from stamps import read_stamp
from standins import blocked, make_torch, write

from runtime_backend.archives.stamp_file import FILE_NAME, stamp_text
from runtime_backend.archives.wheel import put_into_dist_info
from runtime_backend.config import load_settings
from runtime_backend.frontend.caller import Caller
from runtime_backend.hook import lookup
from runtime_backend.hook.lookup import Finder
from runtime_backend.plan import Plan
from runtime_backend.plan.planning import make_plan
from runtime_backend.system.files import file_digest
from runtime_backend.wheel_store.key import Inputs
from runtime_backend.wheel_store.local import LocalStore
from runtime_backend.wheel_store.records import RECORD, Record, parse_record

WHEEL = "nonsense-1.0-py3-none-any.whl"
NOTE = "note: the wheel store: "

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("_recorded")]
"""Each builds twice, in other processes."""
METADATA = "Metadata-Version: 2.1\nName: nonsense\n"
Change = Callable[[Path, Record], Any]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Return a scene whose source is built by the recording backend."""
    scene = Scene(tmp_path)
    make_source(scene.source, "backends.recording")
    (tmp_path / "dist").mkdir()
    return scene


def build(scene: Scene, prepared: str | None = None, **environ: str) -> list[str]:
    """Build a wheel, and return the printed lines."""
    said, shell = Said(), {**scene.shell(scene.elsewhere), **environ}
    caller = scene.pip(shell)
    assert WHEEL == call_of("build_wheel", scene, caller, said).build(str(scene.root / "dist"), None, prepared)
    return said.lines


def compiled() -> int:
    """Return how often the real backend has built a wheel."""
    return len(recording.calls())


def notes(lines: list[str]) -> list[str]:
    """Return what the store noted."""
    assert all(line.startswith((NOTE, "took ", "put ")) for line in lines)
    return [line.removeprefix(NOTE) for line in lines if line.startswith(NOTE)]


def local(scene: Scene) -> LocalStore:
    """Return the store in the cache."""
    return LocalStore(folder=scene.root / "our-cache/store", limit=10**9)


def only(scene: Scene) -> Record:
    """Return the one stored wheel."""
    (record,) = local(scene).list_records()
    return record


def shared(scene: Scene, **environ: str) -> dict[str, str]:
    """Return the variables of builds that use a folder as a remote store."""
    names = {"STORE": str(scene.root / "shared"), "STORE_WRITE": "always", **environ}
    return {f"RUNTIME_BACKEND_{name}": value for name, value in names.items()}


def forget(scene: Scene) -> None:
    """Remove the local store, as on another machine."""
    shutil.rmtree(scene.root / "our-cache/store")


def change(folder: Path, record: Record, fill: Callable[[Path], object]) -> None:
    """Change a stored wheel, with the record that says so.

    :param folder: of its record.
    """
    (wheel,) = folder.rglob("*.whl")
    fill(wheel)
    new = record._replace(sha256=file_digest(wheel), size=wheel.stat().st_size)
    if wheel.parent != folder:  # a remote store
        wheel.parent.rename(folder / new.sha256)
        new = new._replace(machine=None)
    (folder / RECORD).write_bytes(new.text())


def restamped(*runtimes: dict[str, Any]) -> Change:
    """Return a change that writes another stamp."""
    return lambda folder, record: change(
        folder, record, lambda wheel: put_into_dist_info(wheel, {FILE_NAME: stamp_text({"runtimes": list(runtimes)})})
    )


def content(wheel: Path) -> dict[str, bytes]:
    """Return the files of a wheel, without times."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def without_stamp(wheel: Path) -> None:
    """Write a wheel as another program makes it."""
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("nonsense-1.0.dist-info/RECORD", "")


def rewritten(**values: Any) -> Change:
    """Return a change of the record."""
    return lambda folder, record: write(folder / RECORD, json.dumps({**record.as_json(), **values}))


def cut(folder: Path, record: Record) -> None:
    """Change a wheel, but not its record."""
    (wheel,) = folder.rglob(record.wheel)
    wheel.write_bytes(wheel.read_bytes()[:-1] + b"x")


CHANGES: dict[str, tuple[Change, str]] = {
    "another file": (cut, "was changed: found sha256 "),
    "no file": (lambda folder, record: next(folder.rglob(record.wheel)).unlink(), ": found no file"),
    "another digest": (rewritten(sha256="ab" * 32), "ab" * 32),
    "no record": (lambda folder, _: write(folder / RECORD, "garbage"), "its record is damaged"),
    "another format": (rewritten(format=2), "its record has the format 2, expected 1"),
    "another key": (rewritten(inputs={"x": 1}), "its record is for the key "),
    "no wheel": (
        lambda folder, record: change(folder, record, lambda wheel: wheel.write_bytes(b"x")),
        f"{WHEEL} is damaged: ",
    ),
    "no stamp": (
        lambda folder, record: change(folder, record, without_stamp),
        f"store/{{key}}/{WHEEL}: found no stamp",
    ),
    "a damaged stamp": (
        lambda folder, record: change(folder, record, lambda wheel: put_into_dist_info(wheel, {FILE_NAME: b"{"})),
        f"{FILE_NAME}: ",
    ),
    "a later stamp": (
        lambda folder, record: change(
            folder, record, lambda wheel: put_into_dist_info(wheel, {FILE_NAME: b'{"format": 99}'})
        ),
        "found format 99",
    ),
    "no runtime": (restamped(), f"{WHEEL} was built for another torch than torch {TARGET}"),
    "no version": (
        restamped({"name": "torch", "match": "exact"}),
        f"{WHEEL} was built for another torch than torch {TARGET}",
    ),
    "another runtime": (
        restamped({"name": "torch", "match": "exact", "version": "2.8.0", "reported": "2.8.0"}),
        f"{WHEEL} was built for another torch than torch {TARGET}",
    ),
    "another rule": (
        restamped({"name": "torch", "match": "floor", "version": "2.6.0", "reported": "2.6.0"}),
        f"{WHEEL} was built for another torch than torch {TARGET}",
    ),
}


def test_stamp_of_an_early_version(scene: Scene) -> None:
    """A stamp without the versions of ROCm and XPU does not differ from the runtime in them."""
    site = scene.site(scene.target)
    shutil.rmtree(next(site.glob("torch-*.dist-info")))
    make_torch(site, TARGET, hip="6.2.41133", rocm="6.2.0")
    build(scene)
    record = only(scene)
    facts = {"accelerator": "rocm", "hip": "6.2.41133", "git-version": "0123abc"}
    early = {"name": "torch", "match": "exact", "version": TARGET, "reported": TARGET, **facts}
    restamped(early)(local(scene).folder / record.key, record)
    build(scene)
    assert 1 == compiled()


@pytest.mark.parametrize("name", CHANGES)
def test_changed_here(name: str, scene: Scene) -> None:
    """A wheel in the local store that is not the right one is compiled again, and replaced."""
    apply, reason = CHANGES[name]
    assert [] == build(scene)
    record = only(scene)
    before = content(local(scene).wheel(record))
    apply(local(scene).folder / record.key, record)
    (note,) = notes(build(scene))
    assert reason.format(key=record.key) in note
    assert 2 == compiled()
    assert before == content(local(scene).wheel(only(scene)))


@pytest.mark.parametrize("name", CHANGES)
def test_changed_there(name: str, scene: Scene) -> None:
    """A wheel in the remote store that is not the right one is not used."""
    apply, reason = CHANGES[name]
    build(scene, **shared(scene))
    record = only(scene)
    forget(scene)
    apply(scene.root / "shared" / record.key[:2] / record.key, record)
    lines = build(scene, **shared(scene))
    (note,) = notes(lines)
    assert reason.format(key=record.key).removeprefix("was changed: ") in note
    assert 2 == compiled()
    assert only(scene).remote is None


def test_fetched(scene: Scene) -> None:
    """A wheel of the remote store is fetched once, and its stamp names the store; then it is found here."""
    assert [f"put {WHEEL} into {scene.root}/shared"] == build(scene, **shared(scene))
    record = only(scene)
    forget(scene)
    for _ in range(2):
        (line,) = build(scene, **shared(scene))
        assert line == (
            f"took {WHEEL} from the wheel store (from {scene.root}/shared, {record.made[:10]}), and compiled nothing."
            " To compile it: RUNTIME_BACKEND_STORE=off"
        )
        stamp = read_stamp(scene.root / "dist" / WHEEL)
        assert stamp is not None
        assert {"kind": "store", "store": f"{scene.root}/shared", "key": record.key} == stamp["origin"]
        if (scene.root / "shared").is_dir():
            shutil.rmtree(scene.root / "shared")
    assert 1 == compiled()
    assert (str(scene.root / "shared"), record.sha256) == (only(scene).remote, only(scene).sha256)


@pytest.mark.parametrize("named", [True, False])
def test_fetched_from_elsewhere(named: bool, scene: Scene) -> None:  # noqa: FBT001 - a column
    """A wheel from a remote store that this project does not name is not used."""
    build(scene, **shared(scene))
    forget(scene)
    build(scene, **shared(scene))
    other = scene.root / "other-store"
    lines = build(scene, **(shared(scene, STORE=str(other)) if named else {}))
    assert [f"{WHEEL} is not used: it is from {scene.root}/shared, another remote store"] == notes(lines)
    assert 2 == compiled()
    assert only(scene).remote is None


def test_credentials(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The credentials of a remote store stay out of the cache, and its wheels are found again."""
    build(scene, **shared(scene))
    record = only(scene)
    forget(scene)
    trust = write(scene.root / "store.lock", f'[wheels]\n{record.key} = "{record.sha256}"\n')
    with serving(monkeypatch) as server:
        server.needed = "Basic am86c2VjcmV0aXZl"  # jo:secretive
        for path in (path for path in (scene.root / "shared").rglob("*") if path.is_file()):
            name = path.relative_to(scene.root / "shared").as_posix()
            server.pages[f"/{name}"] = (200, "application/octet-stream", path.read_bytes())
        for credentials in ("jo:secretive@", "jo:secretive@", ""):
            environ = shared(scene, STORE=server.url("", credentials), STORE_WRITE="never", STORE_TRUST=str(trust))
            build(scene, **environ)
        assert server.url("") == only(scene).remote
    assert (1, 2) == (compiled(), len(server.asked))
    files = [path for path in local(scene).folder.rglob("*.json") if path.is_file()]
    assert not [path for path in files if b"secretive" in path.read_bytes()]


def test_record_with_a_remote(scene: Scene) -> None:
    """What a remote record says about its own origin is not used."""
    build(scene, **shared(scene))
    record = only(scene)
    forget(scene)
    place = scene.root / "shared" / record.key[:2] / record.key / RECORD
    write(place, json.dumps({**record.as_json(), "remote": "s3://other", "machine": "other"}))
    build(scene, **shared(scene))
    assert record._replace(remote=str(scene.root / "shared")) == only(scene)


@pytest.mark.parametrize("is_here", [True, False])
@pytest.mark.parametrize(
    ("entry", "note"),
    [
        (None, "there is no {path}: to write it, run `runtime-backend store lock`"),
        ("", "{wheel} with the key {key} is not in {path}"),
        ("{whole} = {other!r}", "{wheel}: found sha256 {sha256}, expected {other} from {path}"),
    ],
)
def test_trust(entry: str | None, note: str, is_here: bool, scene: Scene) -> None:  # noqa: FBT001 - a column
    """A fetched wheel that is not in the list of trusted wheels is not used, also if it was fetched earlier."""
    build(scene, **shared(scene))
    forget(scene)
    if is_here:
        build(scene, **shared(scene))
    (place,) = (scene.root / "shared").rglob(RECORD)
    record = parse_record(place.read_bytes(), place.parent.name)
    path = scene.root / "store.lock"
    facts = {"path": path, "key": record.key[:16], "whole": record.key, "other": "ab" * 32, "wheel": WHEEL}
    if entry is not None:
        write(path, f"[wheels]\n{entry.format(**facts)}\n")
    lines = build(scene, **shared(scene, STORE_TRUST=str(path)))
    reason = note.format(**facts, sha256=record.sha256)
    expected = [reason] if is_here else []
    assert [*expected, f"{scene.root}/shared has no wheel for this build: {reason}"] == notes(lines)
    assert 2 == compiled()


@pytest.mark.parametrize("is_here", [True, False])
def test_trusted(is_here: bool, scene: Scene) -> None:  # noqa: FBT001 - a column
    """A wheel in the list of trusted wheels is used, and one that was compiled here needs no entry."""
    path = scene.root / "store.lock"
    write(path, "[wheels]\n")
    build(scene, **shared(scene, STORE_TRUST=str(path)))
    assert [] == notes(build(scene, **shared(scene, STORE_TRUST=str(path))))
    record = only(scene)
    forget(scene)
    write(path, f'[wheels]\n{record.key} = "{record.sha256}"\n')
    for _ in range(2 if is_here else 1):
        assert [] == notes(build(scene, **shared(scene, STORE_TRUST=str(path))))
    assert 1 == compiled()


def test_no_answer(scene: Scene) -> None:
    """A remote store that does not answer is noted, and the wheel is compiled."""
    url = "http://127.0.0.1:1/wheels"
    lines = build(scene, RUNTIME_BACKEND_STORE=url)
    (note,) = notes(lines)
    assert note.startswith(f"{url} has no wheel for this build: ")
    assert 1 == compiled()


def test_offline(scene: Scene) -> None:
    """An offline build does not ask a remote store on the network, but a folder."""
    url = "https://example.org/wheels"
    assert [f"{url} is not asked: this build is offline"] == notes(
        build(scene, RUNTIME_BACKEND_STORE=url, RUNTIME_BACKEND_OFFLINE="1")
    )
    assert [] == notes(build(scene, RUNTIME_BACKEND_STORE=url, RUNTIME_BACKEND_OFFLINE="1"))
    assert 1 == compiled()
    forget(scene)
    build(scene, **shared(scene))
    forget(scene)
    assert [] == notes(build(scene, **shared(scene, OFFLINE="1")))
    assert 2 == compiled()


def prepared(scene: Scene, text: str) -> str:
    """Write metadata that the frontend got before; return the folder."""
    folder = scene.root / "prepared/nonsense-1.0.dist-info"
    write(folder / "METADATA", text)
    write(folder / FILE_NAME, json.dumps({"format": 1, "metadata": "stub", "runtimes": []}))
    return str(folder)


def test_metadata(scene: Scene) -> None:
    """A wheel is used if it has the metadata that the frontend got before."""
    build(scene)
    assert [] == notes(build(scene, prepared(scene, METADATA)))
    assert 1 == compiled()


def test_other_metadata(scene: Scene) -> None:
    """A wheel with other metadata than the frontend got before is not used."""
    build(scene)
    record = only(scene)
    other = f"{METADATA}Requires-Dist: numpy\n".encode()
    change(local(scene).folder / record.key, record, lambda wheel: put_into_dist_info(wheel, {"METADATA": other}))
    lines = build(scene, prepared(scene, METADATA))
    assert [f"{WHEEL} has other metadata than this source: Requires-Dist: numpy: only in the wheel"] == notes(lines)
    assert 2 == compiled()


def install(scene: Scene, version: str) -> None:
    """Install another torch instead of the one in the target."""
    shutil.rmtree(scene.site(scene.target))
    make_torch(scene.site(scene.target), version)


@pytest.mark.parametrize(
    ("match", "before", "after", "expected"),
    [
        ("exact", "2.7.0", "2.7.0", "taken"),
        ("exact", "2.7.0", "2.7.1", "other key"),
        ("minor", "2.7.0", "2.7.1", "taken"),
        ("minor", "2.7.1", "2.7.0", "taken"),
        ("minor", "2.7.0", "2.8.0", "other key"),
        ("floor", "2.7.0", "2.8.0", "taken"),
        ("floor", "2.8.0", "2.7.0", "other runtime"),
    ],
)
def test_rules(match: str, before: str, after: str, expected: str, scene: Scene) -> None:
    """A wheel is used with another runtime only if its rule allows that."""
    make_source(
        scene.source, "backends.recording", f'match-runtime = [{{ requirement = "torch", match = "{match}" }}]\n'
    )
    install(scene, before)
    build(scene)
    install(scene, after)
    reason = f"{WHEEL} was built for another torch than torch {after}"
    assert ([reason] if expected == "other runtime" else []) == notes(build(scene))
    assert (1 if expected == "taken" else 2) == compiled()
    assert (2 if expected == "other key" else 1) == len(local(scene).list_records())
    stamp = read_stamp(scene.root / "dist" / WHEEL)
    assert stamp is not None
    assert (before if expected == "taken" else after) == stamp["runtimes"][0]["version"]


def test_floor_goes_down(scene: Scene) -> None:
    """The wheel for the older runtime replaces that for the newer one, and serves both."""
    make_source(scene.source, "backends.recording", 'match-runtime = [{ requirement = "torch", match = "floor" }]\n')
    for version in ("2.8.0", "2.7.0", "2.8.0", "2.7.0"):
        install(scene, version)
        build(scene)
    assert 2 == compiled()


def test_other_headers(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel that was compiled here is not used after headers or libraries were installed."""
    build(scene)
    monkeypatch.setattr(lookup, "describe_headers", lambda: "more")
    assert [f"{WHEEL} is not used: headers or libraries were installed since it was built"] == notes(build(scene))
    assert 2 == compiled()


def test_headers_during_the_build(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel is not kept if headers or libraries were installed while it was built: it may be without them."""
    with monkeypatch.context() as patch:
        patch.setattr(lookup, "describe_headers", iter(["before", "after"]).__next__)
        (note,) = notes(build(scene, **shared(scene)))
    assert f"{WHEEL} is not kept: headers or libraries were installed while it was built" == note
    assert [] == local(scene).list_records()
    assert not (scene.root / "shared").exists()


def test_other_headers_there(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel of a remote store is used whatever headers this machine has."""
    build(scene, **shared(scene))
    forget(scene)
    for headers in ("a", "b"):
        monkeypatch.setattr(lookup, "describe_headers", lambda found=headers: found)
        build(scene, **shared(scene))
    assert 1 == compiled()


def test_full_disk(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a wheel cannot be written into the local store, it is compiled."""
    build(scene, **shared(scene))
    forget(scene)

    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28), str(local(scene).folder))

    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "put", full)
        first, second = notes(build(scene, **shared(scene)))
    assert f"{local(scene).folder}: No space left on device" == first
    assert f"{WHEEL} is not kept: No space left on device" == second
    assert 2 == compiled()


def test_unreadable(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the system refuses to read a stored wheel, it is compiled."""

    def refuse(*_: object) -> None:
        raise PermissionError(13, os.strerror(13), "x")

    build(scene)
    with monkeypatch.context() as patch:
        patch.setattr(zipfile, "ZipFile", refuse)
        found = Finder(*finder_arguments(scene))
        assert found.find(None) is None
    assert [f"{WHEEL} is damaged: x: Permission denied"] == found.notes


def finder_arguments(scene: Scene) -> tuple[Plan, Caller, Inputs, Said]:
    """Return what finds the stored wheel."""
    caller = cached(scene, scene.pip(scene.shell(scene.elsewhere)))
    plan = make_plan("build_wheel", load_settings(scene.source, environ=caller.environ), caller, print)
    return plan, caller, only(scene).inputs, Said()


def test_no_folder_for_a_store(scene: Scene) -> None:
    """A remote folder that cannot be written to is noted after the build."""
    place = blocked(scene.root)
    (note,) = notes(build(scene, **shared(scene, STORE=str(place))))
    assert note.startswith(f"{WHEEL} is not put into {place}: ")


def test_no_runtime(scene: Scene) -> None:
    """A package without a runtime is stored, too."""
    make_source(scene.source, "backends.recording", 'provision = "none"\n')
    build(scene)
    build(scene)
    assert 1 == compiled()
    assert "" == only(scene).runtimes
    assert isinstance(only(scene).inputs, Inputs)
