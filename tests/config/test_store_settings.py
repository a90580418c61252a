"""The settings of the wheel store and of prebuilt wheels."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from runtime_backend.config.one_call import CallSettings
from runtime_backend.config.settings import Chosen
from runtime_backend.config.store import (
    LIMIT,
    OBSTORE,
    PYELFTOOLS,
    Prebuilt,
    RemoteSettings,
    StoreSettings,
    apply_call,
    is_consumers,
    locate,
    needed_tools,
    parse_size,
    read_consumers_store,
    read_prebuilt,
    read_producers_store,
    read_switch,
)
from runtime_backend.formats.tables import Table

URL = "the URL of a store: a folder, s3://, gs://, az:// or https://"
PLAIN = "https, since a wheel runs as code; http only with `trust`"
HERE = Path("/the/folder")


def table_of(**data: Any) -> Table:
    """Return our table in a pyproject.toml."""
    return Table(data, file="p.toml", key="tool.runtime-backend")


def remote(url: str = "s3://b", **values: Any) -> RemoteSettings:
    """Return a remote store."""
    origin = "p.toml: tool.runtime-backend.store.url"
    return RemoteSettings(**{"url": url, "write": "never", "trust": None, "origin": origin, **values})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((text, text) for text in ("s3://b/x", "gs://b", "az://c/x", "https://h/x", "http://h")),
        *((text, None) for text in ("s3://", "ftp://h/x", "://x", "S3://b")),
        ("file:///a%20b/c", "/a b/c"),
        ("shared/x", "/the/folder/shared/x"),
        ("../x", "/the/x"),
        ("/x/", "/x"),
        ("~/x", "{home}/x"),
        ("~nobody-here/x", "/the/folder/~nobody-here/x"),
    ],
)
def test_locate(text: str, expected: str | None) -> None:
    """A remote store is a URL of a known scheme, or a folder, as an absolute path."""
    assert (expected and expected.format(home=os.environ["HOME"])) == locate(text, HERE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(("20 GB", 20 * 10**9), ("1.5GB", 1_500_000_000), ("300 MB", 3 * 10**8), ("2 TB", 2 * 10**12), ("0 MB", 0)),
        *(
            (text, None)
            for text in ("20", "GB", "20 gb", "20  GB", "20 GiB", "-1 GB", "1e3 GB", "1234567 GB", "20 GB\n", "")
        ),
    ],
)
def test_parse_size(text: str, expected: int | None) -> None:
    """A size is a number with its unit."""
    assert expected == parse_size(text)


@pytest.mark.parametrize(
    ("switch", "found", "prebuilt", "tools"),
    [
        ("on", None, None, []),
        ("on", remote(), None, [OBSTORE]),
        ("on", remote("gs://b"), Prebuilt("x", "y"), [OBSTORE, PYELFTOOLS]),
        ("on", remote("https://h"), Prebuilt("x", "y"), [PYELFTOOLS]),
        ("on", remote("/a/folder"), None, []),
        ("off", remote(), Prebuilt("x", "y"), []),
    ],
)
def test_needed_tools(switch: Any, found: RemoteSettings | None, prebuilt: Prebuilt | None, tools: list[str]) -> None:
    """A build needs obstore for a bucket, and pyelftools for prebuilt wheels."""
    settings = StoreSettings(switch=Chosen(value=switch, origin="x"), remote=found)
    assert tools == needed_tools(settings, prebuilt)


def test_producer() -> None:
    """A producer switches the store on or off; a table is the consumer's."""
    origin = "p.toml: tool.runtime-backend.store"
    for value in ("on", "off"):
        assert Chosen(value=value, origin=origin) == read_producers_store(table_of(store=value))
    for data in ({}, {"store": {"url": "s3://b"}}):
        table = table_of(**data)
        assert (None, []) == (read_producers_store(table), table.problems)
    table = table_of(store="yes")
    assert read_switch(table) is None
    assert ["p.toml: tool.runtime-backend.store: found the string 'yes', expected one of on, off"] == table.problems
    assert (True, False, False) == (is_consumers({}), is_consumers("off"), is_consumers(None))


@pytest.mark.parametrize(
    ("store", "expected"),
    [
        ({"url": "s3://b"}, StoreSettings(remote=remote())),
        ({"url": "s3://b", "write": "ci"}, StoreSettings(remote=remote(write="ci"))),
        (
            {"url": "x", "write": "always", "trust": "locks/../store.lock"},
            StoreSettings(remote=remote("/the/folder/x", write="always", trust=HERE / "store.lock")),
        ),
        ({"url": "https://h/x", "write": "never"}, StoreSettings(remote=remote("https://h/x"))),
        ({"url": "http://h", "trust": "a"}, StoreSettings(remote=remote("http://h", trust=HERE / "a"))),
        *(
            ({"url": url}, StoreSettings(remote=remote(url)))
            for url in ("http://localhost", "http://127.0.0.1:80/x", "http://[::1]/x")
        ),
        ({"size": "2 GB"}, StoreSettings(limit=Chosen(value=2 * 10**9, origin="p.toml"))),
        ({}, StoreSettings()),
        ("off", StoreSettings(switch=Chosen(value="off", origin="p.toml: tool.runtime-backend.store"))),
        (None, StoreSettings()),
    ],
)
def test_consumer(store: Any, expected: StoreSettings) -> None:
    """A consumer names a remote store, who writes to it, the list of trusted wheels, and the size."""
    table = table_of() if store is None else table_of(store=store)
    assert expected == read_consumers_store(table, HERE)
    assert [] == table.problems
    assert LIMIT == StoreSettings().limit.value


@pytest.mark.parametrize(
    ("store", "problem"),
    [
        ({"url": "ftp://h"}, f"url: found the string 'ftp://h', expected {URL}"),
        ({"url": 1}, "url: found int 1, expected a non-empty string"),
        ({"write": "ci"}, "write: found no url next to it, expected a url"),
        ({"trust": "x"}, "trust: found no url next to it, expected a url"),
        ({"url": "s3://b", "write": "yes"}, "write: found the string 'yes', expected one of never, ci, always"),
        (
            {"url": "https://h", "write": "ci"},
            "write: found the string 'ci', expected 'never': a store at https:// is only read",
        ),
        ({"url": "http://h"}, f"url: found the string 'http://h', expected {PLAIN}"),
        ({"url": "http://localhost.evil/x"}, f"url: found the string 'http://localhost.evil/x', expected {PLAIN}"),
        ({"url": "http://localhost:x@evil/"}, f"url: found the string 'http://localhost:x@evil/', expected {PLAIN}"),
        ({"size": "20"}, "size: found the string '20', expected a size, such as '20 GB'"),
        ({"size": 20}, "size: found int 20, expected a non-empty string"),
        ({"ulr": "x"}, "ulr: found an unknown key (did you mean 'url'?), expected one of size, trust, url, write"),
    ],
)
def test_mistakes_of_a_consumer(store: dict[str, Any], problem: str) -> None:
    """A mistake is reported with its key, and nothing else."""
    table = table_of(store=store)
    read_consumers_store(table, HERE)
    assert [f"p.toml: tool.runtime-backend.store.{problem}"] == table.problems


def call(before: StoreSettings, **values: str) -> tuple[StoreSettings, list[str]]:
    """Apply the config settings of a call; return the mistakes, too."""
    problems: list[str] = []
    ours = {name.replace("_", "-"): value for name, value in values.items()}
    return apply_call(before, CallSettings(ours, {"PWD": "/home/jo"}, problems)), problems


def origin(key: str) -> str:
    """Return the origin of a config setting."""
    return f"config setting runtime-backend.{key}"


BEFORE = StoreSettings(remote=remote(write="ci", trust=Path("/lock")))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, BEFORE),
        ({"store": "off"}, BEFORE._replace(switch=Chosen(value="off", origin=origin("store")))),
        ({"store": "on"}, BEFORE._replace(switch=Chosen(value="on", origin=origin("store")))),
        ({"store": "gs://c"}, StoreSettings(remote=RemoteSettings("gs://c", "never", None, origin("store")))),
        ({"store": "x"}, StoreSettings(remote=RemoteSettings("/home/jo/x", "never", None, origin("store")))),
        (
            {"store": "gs://c", "store_write": "always", "store_trust": "t"},
            StoreSettings(remote=RemoteSettings("gs://c", "always", Path("/home/jo/t"), origin("store"))),
        ),
        ({"store_write": "never"}, StoreSettings(remote=remote(trust=Path("/lock")))),
        ({"store_trust": "/t"}, StoreSettings(remote=remote(write="ci", trust=Path("/t")))),
        ({"store_size": "1 GB"}, BEFORE._replace(limit=Chosen(value=10**9, origin=origin("store-size")))),
        (
            {"store_size": "1 GB", "store": "off"},
            BEFORE._replace(
                limit=Chosen(value=10**9, origin=origin("store-size")),
                switch=Chosen(value="off", origin=origin("store")),
            ),
        ),
    ],
)
def test_one_call(values: dict[str, str], expected: StoreSettings) -> None:
    """One call switches the store off, names another one, or changes who writes, the trust and the size."""
    assert (expected, []) == call(BEFORE, **values)


def test_without_a_remote_store() -> None:
    """Without a remote store, there is nothing to write to."""
    assert (StoreSettings(), []) == call(StoreSettings(), store_write="always", store_trust="t")


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"store": "ftp://h"}, f"store: found the string 'ftp://h', expected on, off, or {URL}"),
        ({"store": "http://h"}, f"store: found the string 'http://h', expected {PLAIN}"),
        (
            {"store": "https://h", "store_write": "ci"},
            "store-write: found the string 'ci', expected 'never': a store at https:// is only read",
        ),
        ({"store": "http://h", "store_write": "never"}, f"store: found the string 'http://h', expected {PLAIN}"),
        ({"store_write": "yes"}, "store-write: found the string 'yes', expected one of never, ci, always"),
        ({"store_size": "20"}, "store-size: found the string '20', expected a size, such as '20 GB'"),
    ],
)
def test_mistakes_of_a_call(values: dict[str, str], problem: str) -> None:
    """A mistake of a call is reported with its origin."""
    assert [f"config setting runtime-backend.{problem}"] == call(BEFORE, **values)[1]


def test_relative_folder() -> None:
    """Without a working directory, a relative folder would be one of the source tree."""
    problems: list[str] = []
    assert BEFORE == apply_call(BEFORE, CallSettings({"store": "x"}, {}, problems))
    assert [f"config setting runtime-backend.store: found the string 'x', expected on, off, or {URL}"] == problems


def test_writing_to_a_website() -> None:
    """A call cannot write to a web server of the consumer."""
    before = StoreSettings(remote=remote("https://h"))
    problem = "config setting runtime-backend.store-write: found the string 'always', expected 'never': a store at https:// is only read"
    assert [problem] == call(before, store_write="always")[1]


INDEX = "https://h/simple"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("off", None),
        (
            {"index": INDEX, "label": "cu{torch.cuda-major}torch{torch.minor}"},
            Prebuilt(INDEX, "cu{torch.cuda-major}torch{torch.minor}"),
        ),
        ({"index": "http://127.0.0.1:80/x", "label": "a"}, Prebuilt("http://127.0.0.1:80/x", "a")),
        ({"index": "http://localhost/x", "label": "a"}, Prebuilt("http://localhost/x", "a")),
    ],
)
def test_prebuilt(value: Any, expected: Prebuilt | None) -> None:
    """Prebuilt wheels are on an index, with a label."""
    table = table_of(prebuilt=value)
    found = Chosen(value=expected, origin="p.toml: tool.runtime-backend.prebuilt")
    assert (found, []) == (read_prebuilt(table, ["torch"]), table.problems)


def test_no_prebuilt() -> None:
    """Without the key, nothing is said."""
    assert read_prebuilt(table_of(), ["torch"]) is None


def test_unknown_runtimes() -> None:
    """A consumer does not know the runtimes of a package, so its placeholders are not checked."""
    table = table_of(prebuilt={"index": INDEX, "label": "{other.minor}"})
    read_prebuilt(table, None)
    assert [] == table.problems


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("on", ": found the string 'on', expected off, or { index, label }"),
        ({"index": INDEX}, ".label: found nothing, expected a string"),
        ({"label": "a"}, ".index: found nothing, expected a string"),
        (
            {"index": "http://h", "label": "a"},
            ".index: found the string 'http://h', expected the https URL of a package index (PEP 503)",
        ),
        (
            {"index": "http://localhost:x@h/", "label": "a"},
            ".index: found the string 'http://localhost:x@h/', expected the https URL of a package index (PEP 503)",
        ),
        ({"index": INDEX, "label": "a", "x": 1}, ".x: found an unknown key, expected one of index, label"),
    ],
)
def test_mistakes_of_prebuilt(value: Any, problem: str) -> None:
    """A mistake is reported with its key."""
    table = table_of(prebuilt=value)
    read_prebuilt(table, ["torch"])
    assert [f"p.toml: tool.runtime-backend.prebuilt{problem}"] == table.problems


@pytest.mark.parametrize("field", ["torch.site", "torch.x", "jaxlib.version"])
def test_placeholders(field: str) -> None:
    """A label has placeholders of the runtimes only, and no paths."""
    table = table_of(prebuilt={"index": INDEX, "label": f"{{{field}}}"})
    read_prebuilt(table, ["torch"])
    (problem,) = table.problems
    assert problem.startswith(f"p.toml: tool.runtime-backend.prebuilt.label: found {{{field}}}, expected one of torch.")
    assert "torch.site" not in problem.partition("expected")[2]
