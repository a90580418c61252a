"""Buckets, by a stand-in for obstore."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event
from unittest.mock import MagicMock

import pytest
from obstores import BaseError, NotFoundError, Store, install
from standins import blocked, write
from storing import make_record

from runtime_backend.errors import NoAnswer
from runtime_backend.wheel_store import buckets
from runtime_backend.wheel_store.buckets import Bucket
from runtime_backend.wheel_store.remotes import fetch_wheel, open_remote, read_record, write_wheel


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    """Return the bucket behind the stand-in."""
    return install(monkeypatch)


def opened(said: list[str] | None = None) -> Bucket:
    """Open the bucket."""
    return Bucket("s3://b/x", {}, (said if said is not None else []).append)


def fail_with(store: Store, error: Exception) -> None:
    """Let every call of the stand-in fail."""

    def refuse(_: str) -> None:
        raise error

    store.on_call = refuse


def waiting(event: Event, *names: str) -> Callable[[str], None]:
    """Return what lets some calls wait for an event."""

    def wait(name: str) -> None:
        if name in names:
            event.wait(5)

    return wait


@pytest.fixture
def hanging(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Return a bucket that does not answer until the test ends."""
    over = Event()
    monkeypatch.setattr(buckets, "PATIENCE", 0.02)
    monkeypatch.setattr(buckets, "_PART_TIME", 0.01)
    store.on_call = waiting(over, "get", "get_range")
    yield store
    over.set()


def test_wheel(store: Store, tmp_path: Path) -> None:
    """A wheel is written with its record, found by its key, and fetched; each request has limits."""
    made, said = make_record(tmp_path), list[str]()
    bucket = open_remote("s3://b/x", {}, said.append)
    assert read_record(bucket, made.key) is None
    write_wheel(bucket, made, tmp_path / made.wheel)
    assert made._replace(machine=None) == read_record(bucket, made.key)
    fetch_wheel(bucket, made, tmp_path / "got")
    assert "a wheel" == (tmp_path / "got").read_text()
    path = f"{made.key[:2]}/{made.key}/{made.sha256}/{made.wheel}"
    assert [f"fetching s3://b/x/{path}"] == said
    ((url, client, retrying),) = store.opened
    assert ("s3://b/x", {"connect_timeout": "5s", "timeout": "3600s"}) == (url, client)
    assert {"max_retries": 1, "retry_timeout": timedelta(seconds=5)} == retrying


def test_parts(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large object is fetched part by part, with reports of the progress."""
    said, clock = list[str](), iter(range(0, 100, 3))
    monkeypatch.setattr(buckets, "_PART", 4)
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    store.objects["x"] = b"0123456789"
    opened(said).fetch("x", 10, tmp_path / "got")
    assert b"0123456789" == (tmp_path / "got").read_bytes()
    assert [("x", 0, 4), ("x", 4, 8), ("x", 8, 10)] == store.calls
    assert ["fetching s3://b/x/x", "fetching: 0 MiB of 0"] == said


def test_empty_object(store: Store, tmp_path: Path) -> None:
    """An empty object is an empty file."""
    opened().fetch("x", 0, tmp_path / "got")
    assert (b"", []) == ((tmp_path / "got").read_bytes(), store.calls)


def test_short_writes(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part is written whole, though the system writes less at once."""
    store.objects["x"] = b"0123456789"
    open_file, whole = Path.open, list[int]()

    def opened_slowly(path: Path, mode: str, buffering: int) -> MagicMock:
        file = open_file(path, mode, buffering)

        def write_less(data: memoryview) -> int:
            whole.append(len(data))
            return int(file.write(data[:3]))

        slow = MagicMock(wraps=file)
        slow.__enter__.return_value = slow
        slow.__exit__.side_effect = lambda *_: file.close()
        slow.write.side_effect = write_less
        return slow

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", opened_slowly)
        opened().fetch("x", 10, tmp_path / "got")
    assert ([10, 7, 4, 1], b"0123456789") == (whole, (tmp_path / "got").read_bytes())


def test_progress_of_an_upload(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """An upload that takes long is reported."""
    said, reported = list[str](), Event()
    monkeypatch.setattr("runtime_backend.system.progress.PATIENCE", 0.01)
    store.on_call = waiting(reported, "put")

    def say(line: str) -> None:
        said.append(line)
        reported.set()

    Bucket("s3://b", {}, say).write("a/b/x.whl", b"1")
    assert "uploading x.whl: 0:00" == said[0]
    assert {"a/b/x.whl": b"1"} == store.objects


def test_missing_object(store: Store, tmp_path: Path) -> None:
    """A missing small object is none; a missing wheel, or a part of it, is no answer."""
    assert opened().read("x") is None
    with pytest.raises(NoAnswer) as caught:
        opened().fetch("x", 1, tmp_path / "got")
    assert "s3://b/x/x: found no object" == str(caught.value)
    fail_with_after_open(store, FileNotFoundError(2, "x"))
    assert opened().read("x") is None


def fail_with_after_open(store: Store, error: Exception) -> None:
    """Let all calls but the first fail."""

    def refuse(name: str) -> None:
        if name != "from_url":
            raise error

    store.on_call = refuse


def test_missing_bucket(store: Store) -> None:
    """A bucket that does not exist is no answer, when it is written to as well."""
    fail_with_after_open(store, NotFoundError("NoSuchBucket"))
    with pytest.raises(NoAnswer) as caught:
        opened().write("x", b"")
    assert "s3://b/x: found no bucket" == str(caught.value)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            BaseError("Generic S3 error: no such host\n\nDebug source:\nGeneric { store }"),
            "Generic S3 error: no such host",
        ),
        (BaseError("\n  \n  x\ny"), "x"),
        (BaseError(""), "the request failed"),
        (BaseError("x" * 400), "x" * 300),
        (OSError(5, "broken"), "[Errno 5] broken"),
        (ValueError("Unable to recognise URL"), "Unable to recognise URL"),
    ],
)
def test_errors(error: Exception, message: str, store: Store, tmp_path: Path) -> None:
    """An error of obstore is the reason of no answer, in one line."""
    bucket = opened()
    fail_with(store, error)
    for attempt in (
        opened,
        lambda: bucket.read("x"),
        lambda: bucket.fetch("x", 1, tmp_path / "got"),
        lambda: bucket.write("x", b""),
    ):
        with pytest.raises(NoAnswer) as caught:
            attempt()
        assert message == str(caught.value)


@pytest.mark.parametrize(
    ("environ", "is_allowed"), [({}, False), ({"AWS_ALLOW_HTTP": "true"}, True), ({"AZURE_ALLOW_HTTP": "no"}, False)]
)
def test_endpoint_without_tls(store: Store, environ: dict[str, str], is_allowed: bool) -> None:  # noqa: FBT001 - a table
    """An endpoint without TLS is used only if a variable allows it."""
    Bucket("s3://b/x", environ, print)
    assert is_allowed == store.opened[-1][1].get("allow_http", False)


def test_file_of_credentials(store: Store) -> None:
    """A file that obstore needs and does not find is no answer."""
    fail_with(store, FileNotFoundError(2, "x"))
    with pytest.raises(NoAnswer) as caught:
        opened()
    assert "s3://b/x: a file that it needs was not found" == str(caught.value)


def test_hanging(hanging: Store, tmp_path: Path) -> None:
    """A bucket that does not answer in time is not waited for."""
    bucket = opened()
    with pytest.raises(NoAnswer) as caught:
        bucket.read("x")
    assert "no answer within 0.02 seconds" == str(caught.value)
    with pytest.raises(NoAnswer) as caught:
        bucket.fetch("x", 1, tmp_path / "got")
    assert "no answer within 0.01 seconds" == str(caught.value)
    assert [("x", 0, 1)] == hanging.calls


def test_disk_that_refuses(store: Store, tmp_path: Path) -> None:
    """A file that cannot be written is no answer, with the file's name."""
    store.objects["x"] = b"1"
    with pytest.raises(NoAnswer) as caught:
        opened().fetch("x", 1, blocked(tmp_path))
    assert f"{blocked(tmp_path)} cannot be written: " in str(caught.value)


def test_upload_of_a_file(store: Store, tmp_path: Path) -> None:
    """A wheel is given to obstore as a path."""
    opened().write("x", write(tmp_path / "a", "content"))
    assert {"x": b"content"} == store.objects


def test_without_obstore(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without obstore, a bucket cannot be asked; the message has the command that installs it."""
    monkeypatch.setitem(sys.modules, "obstore", None)
    monkeypatch.delitem(sys.modules, "obstore.store", raising=False)
    with pytest.raises(NoAnswer) as caught:
        opened()
    assert "obstore is not installed: pip install 'runtime-backend[store]'" == str(caught.value)
