"""The wheels in the cache: stored in one step, checked by their hash, removed when they are unused for long."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from standins import write
from storing import NAME, make_record, put

from runtime_backend.errors import NoAnswer
from runtime_backend.store.holding import held_if_free, in_use
from runtime_backend.store.sweeping import Left
from runtime_backend.wheel_store.local import LocalStore
from runtime_backend.wheel_store.records import RECORD, Record


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    """Return an empty store."""
    return LocalStore(tmp_path / "cache/store", limit=100)


def quiet() -> None:
    """Fail if a build waits."""
    pytest.fail("nobody is there")


def age(store: LocalStore, key: str, seconds: int) -> None:
    """Let a wheel be last used at a time."""
    os.utime(write(store.folder / f"{key}.lock", ""), (seconds, seconds))


def test_put_and_read(store: LocalStore) -> None:
    """A wheel is stored with its record, and found by its whole key only."""
    record = put(store)
    assert record == store.read(record.key)
    assert store.folder / record.key / NAME == store.wheel(record) == store.checked(record)
    assert "a wheel" == store.wheel(record).read_text()
    assert [NAME, RECORD] == sorted(os.listdir(store.folder / record.key))
    assert [None, None] == [store.read(key) for key in (record.key[:-1], f"{record.key[:-1]}g")]


def test_put_again(store: LocalStore) -> None:
    """A wheel replaces an earlier one of its key, with all of its files."""
    record = put(store)
    write(store.folder / record.key / "other-1-py3-none-any.whl", "")
    again = put(store, "another wheel")
    assert record.key == again.key
    assert again == store.read(record.key)
    assert [NAME, RECORD] == sorted(os.listdir(store.folder / record.key))


def test_put_that_fails(store: LocalStore) -> None:
    """If a wheel cannot be written, the earlier one stays, and nothing else."""
    record = put(store)

    def fill(folder: Path) -> None:
        write(folder / "half.whl", "")
        raise OSError(28, "full")

    with pytest.raises(OSError, match="full"):
        store.put(record.key, fill)  # type: ignore[arg-type]
    assert "a wheel" == store.checked(record).read_text()
    assert [record.key] == os.listdir(store.folder)


def test_held(store: LocalStore) -> None:
    """A build locks its key; of two builds, the second waits until there is a wheel."""
    said, found = list[str](), list[Record | None]()

    def second() -> None:
        with store.held(record.key, lambda: said.append("waiting")):
            found.append(store.read(record.key))

    record = make_record(store.folder.parent)
    with store.held(record.key, quiet):
        waiting = threading.Thread(target=second)
        waiting.start()
        while not said:
            pass
        put(store)
    waiting.join()
    assert [True] == [kept is not None for kept in found]
    assert sorted([record.key, f"{record.key}.lock"]) == sorted(os.listdir(store.folder))


def test_lock_of_a_failed_build(store: LocalStore) -> None:
    """Without a wheel, no lock file stays: neither after a build that stores nothing, nor after one that fails."""
    with store.held("key", quiet):
        assert ["key.lock"] == os.listdir(store.folder)
    assert [] == os.listdir(store.folder)
    with pytest.raises(OSError, match="broken"), store.held("key", quiet):
        raise OSError("broken")
    assert [] == os.listdir(store.folder)


@pytest.mark.parametrize("content", [b"", b"{}"])
def test_damaged_record(content: bytes, store: LocalStore) -> None:
    """A damaged record is reported."""
    record = put(store)
    (store.folder / record.key / RECORD).write_bytes(content)
    with pytest.raises(NoAnswer) as caught:
        store.read(record.key)
    assert "its record is damaged" == str(caught.value)
    assert [] == store.list_records()
    assert [(store.folder / record.key, "its record is damaged")] == list(store.find_damaged())


def test_unreadable_record(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that cannot be read is reported."""
    record = put(store)

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, os.strerror(13), str(path))

    monkeypatch.setattr("runtime_backend.wheel_store.local.read_bytes", refuse)
    with pytest.raises(NoAnswer) as caught:
        store.read(record.key)
    assert f"{store.folder / record.key / RECORD} cannot be read: Permission denied" == str(caught.value)


def test_moved_record(store: LocalStore) -> None:
    """The record of another key is not used."""
    record = put(store)
    (store.folder / record.key).rename(store.folder / ("0" * 64))
    with pytest.raises(NoAnswer, match="its record is for the key"):
        store.read("0" * 64)


def test_changed_wheel(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel that was changed, removed or replaced by a pipe is not used."""
    record = put(store)
    wheel = store.wheel(record)
    write(wheel, "A wheel")
    with pytest.raises(
        NoAnswer, match=rf"^{wheel} was changed: found sha256 [0-9a-f]{{64}}, expected {record.sha256}$"
    ):
        store.checked(record)
    wheel.unlink()
    with pytest.raises(NoAnswer) as caught:
        store.checked(record)
    assert f"{wheel}: found no file" == str(caught.value)
    os.mkfifo(wheel)
    with pytest.raises(NoAnswer, match="found no file"):
        store.checked(record)
    wheel.unlink()
    write(wheel, "a wheel")

    def refuse(path: Path) -> str:
        raise PermissionError(13, os.strerror(13), str(path))

    monkeypatch.setattr("runtime_backend.wheel_store.local.file_digest", refuse)
    with pytest.raises(NoAnswer) as caught:
        store.checked(record)
    assert f"{wheel} cannot be read: Permission denied" == str(caught.value)


def test_forget(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel is removed; that of another person stays, without an error."""
    first, second = put(store), put(store, source="y")
    store.forget(first.key)
    assert (None, second) == (store.read(first.key), store.read(second.key))

    def refuse(path: Path) -> None:
        raise PermissionError(13, str(path))

    monkeypatch.setattr("runtime_backend.wheel_store.local.remove", refuse)
    store.forget(second.key)
    assert second == store.read(second.key)


def test_list(store: LocalStore) -> None:
    """Wheels are listed, the last used one first; locks, lookups and files are no wheels."""
    assert ([], []) == (store.list_records(), list(store.find_damaged()))
    first, second = put(store), put(store, source="y")
    age(store, first.key, 2)
    age(store, second.key, 1)
    write(store.folder / ".lookups/x.json", "")
    write(store.folder / "a-file", "")
    assert [first, second] == store.list_records()
    age(store, second.key, 3)
    assert [second, first] == store.list_records()
    assert 3 == store.last_used(second.key)
    (store.folder / "empty").mkdir()
    os.utime(store.folder / "empty", (7, 7))
    assert (7, 0) == (store.last_used("empty"), store.last_used("missing"))
    assert [(store.folder / "empty", "its record is missing")] == list(store.find_damaged())


def test_find_damaged(store: LocalStore) -> None:
    """A wheel whose content was changed is damaged."""
    record = put(store)
    assert [] == list(store.find_damaged())
    write(store.wheel(record), "")
    ((folder, what),) = store.find_damaged()
    assert store.folder / record.key == folder
    assert f"{store.wheel(record)} was changed" in what


def size(store: LocalStore, key: str) -> int:
    """Return the bytes of an entry."""
    return sum((store.folder / key / name).stat().st_size for name in os.listdir(store.folder / key))


def test_shrink(store: LocalStore) -> None:
    """The wheels that were not used for longest are removed, until the rest is within the limit."""
    records = [put(store, source=str(number)) for number in range(4)]
    for number, record in enumerate(records):
        age(store, record.key, 100 + number)
    one = size(store, records[0].key)
    assert Left() == store.shrink(limit=4 * one)
    assert 4 == len(store.list_records())
    assert Left() == store.shrink(limit=4 * one - 1)
    assert records[:0:-1] == store.list_records()
    assert Left() == store.shrink(kept=records[1].key, limit=2 * one)
    assert [records[3], records[1]] == store.list_records()
    assert not (store.folder / f"{records[2].key}.lock").exists()
    store._replace(limit=one).shrink(kept=records[1].key)
    assert [records[1]] == store.list_records()
    store.shrink(kept=records[1].key)
    assert [records[1]] == store.list_records()
    store.shrink(limit=0)
    assert [] == os.listdir(store.folder)


def test_shrink_keeps_what_is_used(store: LocalStore) -> None:
    """A wheel that a build takes is not removed."""
    record = put(store)
    with in_use(store.folder / record.key):
        assert Left(in_use=(store.folder / record.key,)) == store.shrink(limit=0)
    with held_if_free(store.folder / record.key) as is_free:
        assert is_free
    assert record == store.read(record.key)


def test_size_of_what_disappears(store: LocalStore) -> None:
    """A file that another process removes has no size."""
    record = put(store)
    (store.folder / record.key / "gone").symlink_to("nowhere")
    assert Left() == store.shrink(limit=size_without_links(store, record.key))
    assert record == store.read(record.key)


def size_without_links(store: LocalStore, key: str) -> int:
    """Return the bytes of the files of an entry."""
    names = (store.folder / key / name for name in os.listdir(store.folder / key))
    return sum(path.stat().st_size for path in names if not path.is_symlink())
