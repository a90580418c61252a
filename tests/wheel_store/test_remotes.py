"""Remote stores: folders and web servers; buckets have tests of their own."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote

import pytest
from servers import serving
from standins import blocked, write
from storing import make_record

from runtime_backend.errors import NoAnswer
from runtime_backend.wheel_store import remotes
from runtime_backend.wheel_store.records import RECORD
from runtime_backend.wheel_store.remotes import (
    Folder,
    Remote,
    Website,
    fetch_wheel,
    open_remote,
    read_record,
    write_wheel,
)

NAMED = "ext-1.0+cu12!-cp311-cp311-linux_x86_64.whl"


def silent(line: str) -> None:
    """Fail if anything is printed."""
    pytest.fail(line)


def test_folder(tmp_path: Path) -> None:
    """A wheel is written with its record, found by its key, and fetched."""
    made = make_record(tmp_path)._replace(remote="elsewhere")
    store = open_remote(str(tmp_path / "shared"), {}, silent)
    assert isinstance(store, Folder)
    assert read_record(store, made.key) is None
    write_wheel(store, made, tmp_path / made.wheel)
    expected = made._replace(machine=None, remote=None)
    assert expected == read_record(store, made.key)
    fetch_wheel(store, expected, tmp_path / "got")
    assert "a wheel" == (tmp_path / "got").read_text()
    place = tmp_path / "shared" / made.key[:2] / made.key
    assert sorted([RECORD, made.sha256]) == sorted(os.listdir(place))
    assert [made.wheel] == os.listdir(place / made.sha256)


def test_record_is_last(tmp_path: Path) -> None:
    """The record is written after the wheel, so that a torn upload is not seen."""
    made, order = make_record(tmp_path), list[str]()

    class Recording(Folder):
        def write(self, path: str, source: Path | bytes) -> None:
            order.append(path)
            super().write(path, source)

    write_wheel(Recording(tmp_path), made, tmp_path / made.wheel)
    start = f"{made.key[:2]}/{made.key}"
    assert [f"{start}/{made.sha256}/{made.wheel}", f"{start}/{RECORD}"] == order


def test_two_wheels_of_a_key(tmp_path: Path) -> None:
    """A second wheel of a key does not touch the first one; the record names one of them."""
    store = Folder(tmp_path / "shared")
    for text in ("one", "two"):
        made = make_record(tmp_path, text)
        write_wheel(store, made, tmp_path / made.wheel)
    found = read_record(store, made.key)
    assert found is not None
    fetch_wheel(store, found, tmp_path / "got")
    assert "two" == (tmp_path / "got").read_text()
    assert 3 == len(os.listdir(tmp_path / "shared" / made.key[:2] / made.key))


def test_changed_in_the_store(tmp_path: Path) -> None:
    """Another file than the record says is refused."""
    made = make_record(tmp_path)
    store = Folder(tmp_path / "shared")
    write_wheel(store, made, write(tmp_path / "evil", "evil"))
    with pytest.raises(NoAnswer) as caught:
        fetch_wheel(store, made, tmp_path / "got")
    evil = "4e1243bd22c66e76c2ba9eddc1f91394e57f9f83"
    assert str(caught.value).startswith(f"{made.wheel}: found sha256 ")
    assert str(caught.value).endswith(f", expected {made.sha256}")
    assert evil not in made.sha256


def test_record_of_another_key(tmp_path: Path) -> None:
    """A record at the place of another key is refused."""
    made, other = make_record(tmp_path), make_record(tmp_path, source="other")
    store = Folder(tmp_path)
    store.write(f"{made.key[:2]}/{made.key}/{RECORD}", other.text())
    with pytest.raises(NoAnswer, match="its record is for the key"):
        read_record(store, made.key)


def test_folder_that_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that cannot be read or written to does not answer; a pipe is no file."""
    store = Folder(tmp_path)
    for path in ("gone", "pipe"):
        with pytest.raises(NoAnswer) as caught:
            store.fetch(path, 1, tmp_path / "got")
        assert f"{tmp_path / path}: found no file" == str(caught.value)
        if path == "gone":
            os.mkfifo(tmp_path / "pipe")
    assert store.read("pipe") is None
    write(tmp_path / "there", "")
    with pytest.raises(NoAnswer) as caught:
        store.fetch("there", 1, tmp_path / "no/folder/x")
    assert f"{tmp_path / 'there'} cannot be copied: " in str(caught.value)
    with pytest.raises(NoAnswer) as caught:
        Folder(blocked(tmp_path)).write("a/b", b"")
    assert f"{blocked(tmp_path) / 'a/b'} cannot be written: " in str(caught.value)

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, os.strerror(13), str(path))

    monkeypatch.setattr(remotes, "read_bytes", refuse)
    with pytest.raises(NoAnswer) as caught:
        store.read("there")
    assert f"{tmp_path / 'there'} cannot be read: Permission denied" == str(caught.value)


def test_torn_upload(tmp_path: Path) -> None:
    """A file that cannot be copied is not half there."""
    store = Folder(tmp_path / "shared")
    with pytest.raises(NoAnswer, match="cannot be written"):
        store.write("a/b", tmp_path / "missing")
    assert [] == os.listdir(tmp_path / "shared/a")


def test_website(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A web server with the files of a folder gives the same; signs in names are encoded."""
    made, said = make_record(tmp_path, name=NAMED), list[str]()
    write_wheel(Folder(tmp_path / "shared"), made, tmp_path / made.wheel)
    with serving(monkeypatch) as server:
        for path in (tmp_path / "shared").rglob("*.*"):
            server.pages[f"/s/{path.relative_to(tmp_path / 'shared')}"] = (200, "text/plain", path.read_bytes())
        server.pages = {name.replace("+", "%2B").replace("!", "%21"): page for name, page in server.pages.items()}
        store = open_remote(server.url("/s/"), {}, said.append)
        assert isinstance(store, Website)
        found = read_record(store, made.key)
        assert made._replace(machine=None) == found
        assert read_record(store, "0" * 64) is None
        fetch_wheel(store, made, tmp_path / "got")
        assert "a wheel" == (tmp_path / "got").read_text()
        assert any(NAMED in unquote(line) for line in said)
        server.pages.clear()
        with pytest.raises(NoAnswer, match="HTTP 404"):
            fetch_wheel(store, made, tmp_path / "got")


def test_website_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that answers otherwise, or is not asked again, is no answer; a disk that is full is one, too."""
    made = make_record(tmp_path)
    with serving(monkeypatch) as server:
        store: Remote = Website(server.url("/s"), {}, lambda _: None)
        path = f"/s/{made.key[:2]}/{made.key}/{RECORD}"
        server.pages[path] = (500, "text/plain", b"")
        with pytest.raises(NoAnswer, match="HTTP 500"):
            read_record(store, made.key)
        assert 1 == len(server.asked)
        server.pages[path] = (200, "text/html", b"<html>")
        with pytest.raises(NoAnswer, match="its record is damaged"):
            read_record(store, made.key)
        server.pages["/s/x"] = (200, "text/plain", b"x")
        with pytest.raises(NoAnswer) as caught:
            store.fetch("x", 1, blocked(tmp_path))
        assert f"{blocked(tmp_path)} cannot be written: " in str(caught.value)


def test_website_is_only_read(tmp_path: Path) -> None:
    """Nothing is written to a web server."""
    with pytest.raises(NoAnswer) as caught:
        Website("https://h", {}, silent).write("x", tmp_path)
    assert "a store on a web server is only read" == str(caught.value)


def test_bucket_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scheme of a URL decides what opens it."""
    opened = []
    monkeypatch.setattr("runtime_backend.wheel_store.buckets.Bucket", lambda *given: opened.append(given))
    for url in ("s3://b/x", "gs://b", "az://b"):
        open_remote(url, {}, silent)
    assert ["s3://b/x", "gs://b", "az://b"] == [given[0] for given in opened]
    assert isinstance(open_remote("/a/folder", {}, silent), Folder)
    assert isinstance(open_remote("https://h/x", {}, silent), Website)
