"""``runtime-backend store``: ls, explain, push, pull, lock, verify, prune."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from standins import blocked, write
from storing import NAME, VALUES, make_record, put

from runtime_backend.cli import main
from runtime_backend.store.holding import exclusively, in_use
from runtime_backend.wheel_store.key import Inputs
from runtime_backend.wheel_store.local import LocalStore
from runtime_backend.wheel_store.lookups import Lookup, write_lookup
from runtime_backend.wheel_store.records import RECORD, Record
from runtime_backend.wheel_store.remotes import Folder, read_record, write_wheel
from runtime_backend.wheel_store.source_files import write_files

Capsys = pytest.CaptureFixture[str]
URL_HINT = (
    "Name one: [tool.runtime-backend.store] url = 's3://bucket/wheels' in pyproject.toml, or"
    " RUNTIME_BACKEND_STORE=s3://bucket/wheels."
)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalStore:
    """Return the store in the person's cache; the working directory is a project."""
    monkeypatch.setenv("RUNTIME_BACKEND_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(write(tmp_path / "project/pyproject.toml", "").parent)
    return LocalStore(folder=tmp_path / "cache/store", limit=10**10)


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """Return a remote store that the person names."""
    monkeypatch.setenv("RUNTIME_BACKEND_STORE", str(tmp_path / "shared"))
    return Folder(tmp_path / "shared")


def used(store: LocalStore, record: Record, when: int) -> None:
    """Let a wheel have been used at a time."""
    os.utime(store.folder / record.key, (when, when))


def run(capsys: Capsys, *words: str, expected: int = 0) -> list[str]:
    """Run the command, and return the printed lines; those on standard error come last."""
    capsys.readouterr()
    assert expected == main(["store", *words])
    shown = capsys.readouterr()
    return (shown.out + shown.err).splitlines()


@pytest.mark.parametrize("words", [[], ["ls"]])
def test_list(words: list[str], store: LocalStore, capsys: Capsys) -> None:
    """The wheels are listed, the last used ones first, with their runtimes and who made them."""
    old, new = put(store, "x" * 100_000), put(store, "x" * 2_000_000, runtimes=[])
    used(store, old, 1_600_000_000)
    used(store, new, 1_700_000_000)
    assert [
        f"{new.key[:16]}       2.0 MB  used 2023-11-14  {NAME}",
        f"{'':16}  no runtime; compiled here",
        f"{old.key[:16]}       0.1 MB  used 2020-09-13  {NAME}",
        f"{'':16}  torch 2.7.0+cpu; compiled here",
        f"2.1 MB of 10 GB in {store.folder}",
    ] == run(capsys, *words)


def test_empty_list(store: LocalStore, monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    """An empty store is listed, with the limit of the settings."""
    monkeypatch.setenv("RUNTIME_BACKEND_STORE_SIZE", "20 MB")
    assert [f"0.0 MB of 0.02 GB in {store.folder}"] == run(capsys, "ls")


def test_list_as_json(store: LocalStore, capsys: Capsys) -> None:
    """The JSON has the records, and when they were used."""
    record = put(store)
    used(store, record, 1_600_000_000)
    found = json.loads("\n".join(run(capsys, "ls", "--json")))
    expected = {**record.as_json(), "last-used": 1_600_000_000.0}
    assert {"folder": str(store.folder), "limit": 10**10, "wheels": [expected]} == found


@pytest.mark.parametrize(
    ("words", "stop", "message"),
    [
        (["ls", "x"], "too-many-arguments", "store ls: found 'x', expected nothing there"),
        (["verify", "x"], "too-many-arguments", "store verify: found 'x', expected nothing there"),
        (["prune", "x"], "too-many-arguments", "store prune: found 'x', expected nothing there"),
        (["explain", "x", "y"], "too-many-arguments", "store explain: found 'y', expected nothing there"),
        (
            ["push", "--size", "1 GB"],
            "option-of-another-action",
            "store push: found --size, expected it only for prune",
        ),
        (
            ["verify", "--json"],
            "option-of-another-action",
            "store verify: found --json, expected it only for ls and explain",
        ),
        (["prune", "--size", "much"], "size-not-understood", "--size: found 'much', expected a size, such as '20 GB'"),
    ],
)
@pytest.mark.usefixtures("store")
def test_wrong_words(words: list[str], stop: str, message: str, capsys: Capsys) -> None:
    """A word or option that an action does not take is refused."""
    assert [f"runtime-backend: error[{stop}]: {message}"] == run(capsys, *words, expected=2)


@pytest.mark.usefixtures("store")
def test_wrong_settings(monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    """All mistakes in the settings of the project and the person are reported."""
    monkeypatch.setenv("RUNTIME_BACKEND_STORE_SIZE", "much")
    write(Path("pyproject.toml"), '[tool.runtime-backend.store]\nurl = "ftp://x"\n')
    lines = run(capsys, "ls", expected=2)
    assert "runtime-backend: error[settings]: 2 mistakes in the settings:" == lines[0]
    assert lines[1].startswith(
        f"  {Path.cwd()}/pyproject.toml: tool.runtime-backend.store.url: found the string 'ftp://x'"
    )
    assert "much" in lines[2]


def test_settings_of_the_project(store: LocalStore, tmp_path: Path, capsys: Capsys) -> None:
    """The store of the project above the working directory is used."""
    put(store)
    write(tmp_path / "project/pyproject.toml", '[tool.runtime-backend.store]\nurl = "../theirs"\nsize = "30 GB"\n')
    assert f"0.0 MB of 30 GB in {store.folder}" == run(capsys, "ls")[-1]
    assert [f"{NAME}: was put there"] == run(capsys, "push")
    assert (tmp_path / "theirs").is_dir()


def test_push(store: LocalStore, shared: Folder, capsys: Capsys) -> None:
    """Wheels that are not in the remote store are put there, without facts of this machine."""
    one, two = put(store), put(store, "two", source="y")
    assert [f"{NAME}: was put there"] * 2 == run(capsys, "push")
    for record in (one, two):
        assert record._replace(machine=None) == read_record(shared, record.key)
    assert [f"{NAME}: is there"] == run(capsys, "push", one.key[:10])
    put(store, "another build")
    expected = f"{NAME}: was put there, instead of another build of the same inputs"
    assert [expected] == run(capsys, "push", one.key)


def test_push_of_a_changed_wheel(store: LocalStore, shared: Folder, capsys: Capsys) -> None:
    """A wheel that was changed is not put into the remote store, but the others are."""
    bad, good = put(store), put(store, "good", source="y")
    used(store, good, 1_600_000_000)
    store.wheel(bad).write_text("changed")
    lines = run(capsys, "push", expected=1)
    assert f"{NAME}: was put there" == lines[0]
    assert lines[1].startswith(
        f"runtime-backend: error[remote-store-failed]: {NAME}: {os.environ['RUNTIME_BACKEND_STORE']}: "
    )
    assert "was changed: found sha256 " in lines[1]
    assert (None, good.sha256) == (read_record(shared, bad.key), getattr(read_record(shared, good.key), "sha256", ""))


def test_push_that_cannot(store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    """A remote store that refuses is a failure."""
    put(store)
    monkeypatch.setenv("RUNTIME_BACKEND_STORE", str(blocked(tmp_path)))
    (line,) = run(capsys, "push", expected=1)
    assert line.startswith(f"runtime-backend: error[remote-store-failed]: {NAME}: {tmp_path}/a-file/below: ")


@pytest.mark.parametrize("action", ["push", "pull"])
@pytest.mark.usefixtures("store")
def test_no_remote(action: str, capsys: Capsys) -> None:
    """Without a remote store there is nothing to exchange with."""
    assert ["runtime-backend: error[no-remote-store]: no remote store is named", URL_HINT] == run(
        capsys, action, expected=2
    )


@pytest.mark.usefixtures("shared")
def test_unknown_names(store: LocalStore, capsys: Capsys) -> None:
    """A name that fits no wheel is refused, and nothing is put anywhere."""
    put(store)
    assert [
        "runtime-backend: error[no-such-wheel-in-store]: found no wheel 'exd' (did you mean 'ext'?) in the store, expected a key or a package",
        "To list them: runtime-backend store ls",
    ] == run(capsys, "push", "ext", "exd", expected=2)
    assert not Path(os.environ["RUNTIME_BACKEND_STORE"]).exists()


def fill(shared: Folder, folder: Path, text: str = "a wheel", **values: Any) -> Record:
    """Put a wheel into the remote store, and return its record."""
    record = make_record(folder, text, **values)
    write_wheel(shared, record, folder / record.wheel)
    return record


@pytest.fixture
def trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the place of the list of trusted wheels that the person names."""
    monkeypatch.setenv("RUNTIME_BACKEND_STORE_TRUST", str(tmp_path / "lists/mine.lock"))
    return tmp_path / "lists/mine.lock"


def trusted(path: Path, *records: Record) -> Path:
    """Write a list of trusted wheels."""
    return write(path, "[wheels]\n" + "".join(f'{record.key} = "{record.sha256}"\n' for record in records))


def test_pull(store: LocalStore, shared: Folder, tmp_path: Path, capsys: Capsys) -> None:
    """Named wheels are fetched, once; a damaged one is fetched again."""
    record = fill(shared, tmp_path)
    assert [f"{record.key[:16]}: {NAME} was fetched"] == run(capsys, "pull", record.key)
    (found,) = store.list_records()
    assert (str(tmp_path / "shared"), record.sha256) == (found.remote, found.sha256)
    assert found.machine is not None
    assert [f"{record.key[:16]}: {NAME} is here"] == run(capsys, "pull", record.key)
    store.wheel(found).write_text("changed")
    assert [f"{record.key[:16]}: {NAME} was fetched"] == run(capsys, "pull", record.key)
    assert "a wheel" == store.wheel(found).read_text()
    write(store.folder / record.key / RECORD, "damaged")
    assert [f"{record.key[:16]}: {NAME} was fetched"] == run(capsys, "pull", record.key)


def test_pull_of_the_trusted(store: LocalStore, shared: Folder, trust: Path, tmp_path: Path, capsys: Capsys) -> None:
    """Without names, the wheels of the list are fetched; another one is refused."""
    one, two = fill(shared, tmp_path), fill(shared, tmp_path, "two", source="y")
    path = trusted(trust, one)
    assert [f"{one.key[:16]}: {NAME} was fetched"] == run(capsys, "pull")
    place = os.environ["RUNTIME_BACKEND_STORE"]
    assert [
        f"runtime-backend: error[remote-store-failed]: {two.key[:16]}: {place}: {NAME} with the key {two.key[:16]} is not in {path}"
    ] == run(capsys, "pull", two.key, expected=1)
    assert [one.key] == [record.key for record in store.list_records()]
    trusted(path, one, two._replace(sha256="ab" * 32))
    lines = run(capsys, "pull", expected=1)
    assert f"{one.key[:16]}: {NAME} is here" == lines[0]
    assert lines[1].endswith(f"found sha256 {two.sha256}, expected {'ab' * 32} from {path}")


def test_pull_of_another_file(store: LocalStore, shared: Folder, tmp_path: Path, capsys: Capsys) -> None:
    """A wheel that is another file than its record says is not fetched, and nothing of it stays."""
    record = fill(shared, tmp_path)
    (wheel,) = (tmp_path / "shared").rglob(NAME)
    wheel.write_text("changed")
    (line,) = run(capsys, "pull", record.key, expected=1)
    assert f"expected {record.sha256}" in line
    assert [] == store.list_records()
    assert [] == [name for name in os.listdir(store.folder) if not name.startswith(".")]


@pytest.mark.usefixtures("store", "shared")
def test_pull_of_nothing(capsys: Capsys) -> None:
    """Without keys there is nothing to get; one that is not there is a failure."""
    assert [
        "runtime-backend: error[no-store-keys]: found no keys to get",
        "Name keys, or a list of trusted wheels: tool.runtime-backend.store.trust.",
    ] == run(capsys, "pull", expected=2)
    key, place = "ab" * 32, os.environ["RUNTIME_BACKEND_STORE"]
    assert [f"runtime-backend: error[remote-store-failed]: {key[:16]}: {place}: there is no such wheel"] == run(
        capsys, "pull", key, expected=1
    )


@pytest.mark.usefixtures("store", "shared")
def test_pull_without_a_list(trust: Path, capsys: Capsys) -> None:
    """A list of trusted wheels that is missing is refused."""
    assert [
        f"runtime-backend: error[trusted-wheels-unreadable]: there is no {trust}: to write it, run `runtime-backend store lock`"
    ] == run(capsys, "pull", expected=2)


@pytest.mark.parametrize("key", ["ext", "../../x", "/x", "ab" * 31, "AB" * 32, f"{'ab' * 32}\n"])
@pytest.mark.usefixtures("shared")
def test_pull_of_no_key(key: str, store: LocalStore, tmp_path: Path, capsys: Capsys) -> None:
    """What is no key is refused: the store has no list of packages, and a name is no path."""
    lines = run(capsys, "pull", key, expected=2)
    assert [
        f"runtime-backend: error[store-key-not-understood]: store pull: found {key!r}, expected a whole key of 64 hexadecimal digits",
        "To list the keys of a machine that has the wheels: runtime-backend store ls --json",
    ] == lines
    assert not store.folder.exists()
    assert ["project"] == os.listdir(tmp_path)


def test_lock(store: LocalStore, tmp_path: Path, capsys: Capsys) -> None:
    """Wheels are added to a new list next to pyproject.toml; the next step is to name it there."""
    record = put(store)
    path = tmp_path / "project/store.lock"
    assert [
        f"{record.key[:16]}  {NAME}",
        f"{path}: 1 wheel added",
        f"next: in {path.with_name('pyproject.toml')}, with the url of the store: [tool.runtime-backend.store]"
        " trust = 'store.lock'",
    ] == run(capsys, "lock")
    before = path.read_text()
    assert f'{record.key} = "{record.sha256}"' in before
    other = put(store, "other", source="y")
    assert f"{path}: 1 wheel added" == run(capsys, "lock", other.key)[1]
    assert f"{path}: 2 wheels added" == run(capsys, "lock", "EXT")[2]
    assert set(before.splitlines()) < set(path.read_text().splitlines())


@pytest.mark.parametrize("table", ["", "[tool.runtime-backend.store]\nsize = '1 GB'\n"])
def test_lock_in_a_folder(
    table: str, store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capsys
) -> None:
    """The list is next to the pyproject.toml that names it: the nearest one, or the one above it with settings."""
    put(store)
    write(tmp_path / "project/sub/pyproject.toml", "")
    write(tmp_path / "project/pyproject.toml", table)
    monkeypatch.chdir(write(tmp_path / "project/sub/inner/x", "").parent)
    folder = tmp_path / ("project" if table else "project/sub")
    _, added, after = run(capsys, "lock")
    assert f"{folder}/store.lock: 1 wheel added" == added
    assert after.startswith(f"next: in {folder}/pyproject.toml, with the url of the store: ")
    assert [folder / "store.lock"] == list(tmp_path.glob("project/**/store.lock"))


def test_lock_without_a_project(
    store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capsys
) -> None:
    """If there is no pyproject.toml, the list is in the working directory."""
    put(store)
    monkeypatch.chdir(tmp_path)
    assert f"{tmp_path}/store.lock: 1 wheel added" == run(capsys, "lock")[1]


@pytest.mark.usefixtures("shared")
def test_lock_of_the_settings(store: LocalStore, trust: Path, capsys: Capsys) -> None:
    """Wheels are added to the list of the settings, which must be one."""
    record = put(store)
    path = trusted(trust)
    assert [f"{record.key[:16]}  {NAME}", f"{path}: 1 wheel added"] == run(capsys, "lock")
    write(path, "wheels = 1\n")
    assert [f"runtime-backend: error[trusted-wheels-unreadable]: {path}: found no table [wheels]"] == run(
        capsys, "lock", expected=2
    )
    assert "wheels = 1\n" == path.read_text()


def test_verify(store: LocalStore, capsys: Capsys) -> None:
    """Wheels are compared with their hashes; the next step is named."""
    assert [f"{store.folder}: found no damage"] == run(capsys, "verify")
    record = put(store)
    assert [f"{store.folder}: found no damage"] == run(capsys, "verify")
    store.wheel(record).write_text("changed")
    line, after = run(capsys, "verify", expected=1)
    assert line.startswith(f"{store.folder}/{record.key}: {store.wheel(record)} was changed: found sha256 ")
    assert "next: runtime-backend cache clean store" == after


def test_prune(store: LocalStore, monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    """The wheels that were not used for longest are removed, by the limit of the settings or of the command."""
    for number, letter in enumerate("abc"):
        used(store, put(store, letter * 1_000_000, source=letter), 1_600_000_000 + number)
    monkeypatch.setenv("RUNTIME_BACKEND_STORE_SIZE", "2.5 MB")
    assert [f"removed 1.0 MB from {store.folder}; 2.0 MB are left"] == run(capsys, "prune")
    assert [f"removed 1.0 MB from {store.folder}; 1.0 MB are left"] == run(capsys, "prune", "--size", "1.5 MB")
    (left,) = store.list_records()
    assert "c" == left.inputs.values["source"]


def test_prune_that_cannot(store: LocalStore, monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    """A wheel that cannot be removed is reported, and is a failure; one that a build uses stays."""
    record = put(store, "x" * 1_000_000)
    with exclusively(store.folder / record.key), in_use(store.folder):
        assert [f"removed 0.0 MB from {store.folder}; 1.0 MB are left"] == run(capsys, "prune", "--size", "0 MB")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "rename", refuse)
    assert [
        f"removed 0.0 MB from {store.folder}; 1.0 MB are left",
        f"runtime-backend: error[entry-cannot-be-removed]: {store.folder}/{record.key} cannot be removed",
    ] == run(capsys, "prune", "--size", "0 MB", expected=1)


def look_up(store: LocalStore, result: str = "nothing", **changes: Any) -> Lookup:
    """Keep a lookup for a source."""
    facts = {
        "source": "/the/ext",
        "tree": "/the/ext",
        "name": "ext",
        "when": "2026-01-01T00:00:00+00:00",
        "notes": ("a note",),
    }
    lookup = Lookup(**{**facts, "inputs": Inputs(VALUES), **changes, "result": result})
    store.folder.mkdir(parents=True, exist_ok=True)
    write_lookup(store.folder, lookup)
    return lookup


def test_explain(store: LocalStore, capsys: Capsys) -> None:
    """If nothing was found, the nearest wheel of the package is named, with what differs."""
    lookup = look_up(store)
    near = put(store, source="y")
    put(store, source="z", python="other")
    used(store, near, 1)
    assert [
        f"ext: looked for the key {lookup.inputs.key[:16]} at 2026-01-01T00:00:00+00:00",
        "found: nothing",
        "  a note",
        f"the nearest wheel is {NAME} with the key {near.key[:16]}; what differs:",
        "  source: 'x' in this build, 'y' in the stored wheel",
    ] == run(capsys, "explain", expected=1)
    found = json.loads("\n".join(run(capsys, "explain", "ext", "--json", expected=1)))
    nearest = {"key": near.key, "wheel": NAME, "differences": ["source: 'x' in this build, 'y' in the stored wheel"]}
    assert (lookup.inputs.key, nearest, ["a note"]) == (found["key"], found["nearest"], found["notes"])


def test_explain_changed_files(store: LocalStore, capsys: Capsys) -> None:
    """Changed files are named, if those of the stored wheel are known; JSON does not list all of them."""
    near = put(store, source={"files": "ab"})
    look_up(store, inputs=Inputs({**VALUES, "source": {"files": "cd"}}), files={"setup.py": "1", "csrc/a.cu": "2"})
    assert "  files of the source differ" == run(capsys, "explain", expected=1)[-1]
    write_files(store.folder / near.key, {"setup.py": "1", "csrc/a.cu": "1"})
    assert "  files of the source differ: csrc/a.cu" == run(capsys, "explain", expected=1)[-1]
    assert "files" not in json.loads("\n".join(run(capsys, "explain", "--json", expected=1)))


def test_explain_without_a_wheel(store: LocalStore, capsys: Capsys) -> None:
    """A package of which no other wheel is stored has no nearest one; the wheel that was made then does not count."""
    look_up(store, name="other", notes=())
    put(store, source="y")
    assert ["found: nothing", "no other wheel of this package is stored"] == run(capsys, "explain", expected=1)[1:]
    assert None is json.loads("\n".join(run(capsys, "explain", "--json", expected=1)))["nearest"]
    look_up(store, notes=())
    shutil.rmtree(store.folder / Inputs({**VALUES, "source": "y"}).key)
    put(store)
    assert "no other wheel of this package is stored" == run(capsys, "explain", "ext", expected=1)[-1]


def test_explain_a_hit(store: LocalStore, capsys: Capsys) -> None:
    """If a wheel was found, that is all; a package without a name is named by its source."""
    look_up(store, "compiled here", name=None)
    put(store, source="y")
    assert ["found: compiled here", "  a note"] == run(capsys, "explain")[1:]
    assert run(capsys, "explain")[0].startswith("/the/ext: looked for the key ")


@pytest.mark.parametrize(
    "source", ["ext", "EXT", "{folder}/src", "src", "https://h/x.tar.gz", "https://jo:pw@h/x.tar.gz"]
)
def test_explain_a_source(source: str, store: LocalStore, capsys: Capsys) -> None:
    """A source is named by its package, its folder or its URL; without a name, the last one is meant."""
    folder = Path.cwd()
    where = source if "://" in source else str(folder / "src")
    look_up(store, source=where, tree=str(folder / "src"), when="2026-01-01", notes=("this",))
    look_up(store, source="/another", name="another", when="2026-01-02", notes=("last",))
    assert "  this" in run(capsys, "explain", source.format(folder=folder), expected=1)
    assert "  last" in run(capsys, "explain", expected=1)


def test_explain_a_wrapper(store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    """A wrapper is named by its folder, in each way to write it; its folder wins over packages of the same name."""
    folder = write(tmp_path / "project/wrappers/ext/pyproject.toml", "").parent
    (tmp_path / "link").symlink_to(folder)
    look_up(store, source="https://h/x.tar.gz", tree=str(folder), when="2026-01-01", notes=("this",))
    look_up(store, source="https://h/x.tar.gz", tree="/another", when="2026-01-02", notes=("last",))
    for words in (["./wrappers/ext"], ["wrappers/ext/"], [str(folder)], [str(tmp_path / "link")]):
        assert "  this" in run(capsys, "explain", *words, expected=1)
    assert "  last" in run(capsys, "explain", "https://h/x.tar.gz", expected=1)
    monkeypatch.chdir(folder)
    assert "  this" in run(capsys, "explain", ".", expected=1)
    monkeypatch.chdir(folder.parent)
    assert "  this" in run(capsys, "explain", "ext", expected=1)


def test_explain_an_unknown_source(store: LocalStore, capsys: Capsys) -> None:
    """A source that was not built is refused."""
    rest = " that has looked into the store, expected the folder or the name of a package that was built"
    hint = "Build it first; the last 20 lookups are kept."
    assert [f"runtime-backend: error[no-such-lookup]: found no build{rest}", hint] == run(capsys, "explain", expected=2)
    look_up(store)
    look_up(store, source="/b", name=None)
    assert [
        f"runtime-backend: error[no-such-lookup]: found no build of 'exd' (did you mean 'ext'?){rest}",
        hint,
    ] == run(capsys, "explain", "exd", expected=2)
