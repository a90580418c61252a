"""Finding a wheel on an index, with JSON and HTML pages of a local server, and the locked hash."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest
from platforms import make_platform
from servers import Server, serving
from standins import blocked, write

from runtime_backend.errors import IndexLookupError
from runtime_backend.index.find import Indexes
from runtime_backend.index.links import Link, find_links
from runtime_backend.index.pages import read_page
from runtime_backend.index.wanted import IndexFile, Wanted

LINUX = "torch-2.7.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"
MACOS = "torch-2.7.0-cp311-none-macosx_11_0_arm64.whl"
A, B = "a" * 64, "b" * 64


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Return an index."""
    with serving(monkeypatch) as found:
        yield found


@pytest.fixture
def indexes(tmp_path: Path) -> Indexes:
    """Return the indexes for Linux, with an empty cache."""
    return make_indexes(tmp_path)


def make_indexes(folder: Path, platform: str = "linux-x86_64", **environ: str) -> Indexes:
    """Return the indexes for a platform."""
    environ = {"NETRC": str(folder / "netrc"), **environ}
    return Indexes(
        folder=folder / "cache/index", platform=make_platform(platform, "3.11"), environ=environ, is_offline=False
    )


def wanted(server: Server, **more: object) -> Wanted:
    """Return a torch that a lock names by its hash."""
    fields = {"name": "torch", "version": "2.7.0", "indexes": (server.url(),), "hashes": frozenset({A, B})}
    return Wanted(**{**fields, **more})  # type: ignore[arg-type]


def link(name: str, sha256: str | None = None) -> str:
    """Return a link of an index page."""
    fragment = f"#sha256={sha256}" if sha256 else ""
    return f'<a href="../../files/{name.replace("+", "%2B")}{fragment}">{name}</a>'


def problem(indexes: Indexes, question: Wanted) -> str:
    """Return the first line about the index in the error."""
    with pytest.raises(IndexLookupError) as caught:
        indexes.find(question)
    return "\n".join(line.strip() for line in caught.value.message.splitlines()[1:])


@pytest.mark.parametrize("expected", [("linux-x86_64", LINUX, A), ("macos-arm64", MACOS, B)])
@pytest.mark.parametrize("kind", ["html", "json"])
def test_by_hash(server: Server, tmp_path: Path, kind: str, expected: tuple[str, str, str]) -> None:
    """The wheel for the platform with a locked hash is found; ``%2B`` stays in the URL."""
    if kind == "html":
        server.html(
            "<a>no link</a>" + link(LINUX, A) + link(MACOS, B) + link(LINUX.replace("2.7.0", "2.8.0"), "c" * 64)
        )
    else:
        urls = {LINUX: f"/files/{LINUX.replace('+', '%2B')}", MACOS: f"../../files/{MACOS}"}
        server.json([{"filename": n, "url": urls[n], "hashes": {"sha256": h}} for n, h in ((LINUX, A), (MACOS, B))])
    platform, name, sha256 = expected
    found = make_indexes(tmp_path, platform).find(wanted(server))
    assert found == IndexFile(name=name, url=server.url(f"/files/{name.replace('+', '%2B')}"), sha256=sha256)


def test_by_name(server: Server, indexes: Indexes) -> None:
    """A file name selects the wheel on any platform; the hash must be the locked one."""
    server.html(link(LINUX, A) + link(MACOS, B))
    assert indexes.find(wanted(server, file=MACOS, hashes=frozenset({B}))).name == MACOS
    told = problem(indexes, wanted(server, file=MACOS, hashes=frozenset({A})))
    assert told == f"{server.url()}: found {MACOS} with sha256 {B}, expected {A}"


def test_page_without_hashes(server: Server, indexes: Indexes) -> None:
    """A named file gets the locked hash, which the frontend checks; unnamed files cannot be matched."""
    server.html(link(LINUX) + link(MACOS))
    assert indexes.find(wanted(server, file=LINUX, hashes=frozenset({A}))).sha256 == A
    assert indexes.find(wanted(server, file=LINUX, hashes=frozenset())).sha256 is None
    told = problem(indexes, wanted(server))
    assert told == f"{server.url()}: found 2 wheels of 2.7.0 without a hash, expected the locked hash"


def test_not_there(server: Server, indexes: Indexes) -> None:
    """The error lists what the index has instead."""
    server.html(link(LINUX, "c" * 64) + link("torch-2.7.0.tar.gz", A))
    assert (
        problem(indexes, wanted(server)) == f"{server.url()}: found 2 files, 1 of them 2.7.0, none with a locked hash"
    )
    told = problem(indexes, wanted(server, version="2.9.0"))
    assert told == f"{server.url()}: found 2 files, none of them torch 2.9.0"


def test_not_for_this_interpreter(server: Server, indexes: Indexes) -> None:
    """A release without a wheel for the platform is reported."""
    server.html(link(MACOS, B))
    told = f"{server.url()}: found 1 files, 1 of them 2.7.0\nnone of its wheels fits this interpreter"
    assert problem(indexes, wanted(server)) == told


def test_without_hashes(server: Server, indexes: Indexes) -> None:
    """A lock without hashes gets the only matching version, or an error if there are two."""
    server.html(link(LINUX, A) + link(LINUX.replace("cp311", "cp312"), B))
    assert indexes.find(wanted(server, hashes=frozenset())).name == LINUX
    server.html(link(LINUX, A) + link(LINUX.replace("+cpu", "+cu126"), B), "/other/torch/")
    question = wanted(server, hashes=frozenset(), indexes=(server.url(), server.url("/other")))
    assert problem(indexes, question).endswith("2.7.0+cpu and 2.7.0+cu126 all satisfy ==2.7.0, and no hash selects one")


def test_second_index(server: Server, indexes: Indexes) -> None:
    """The indexes are searched in order, up to the first with the file."""
    server.html(link(LINUX, A), "/b/torch/")
    found = indexes.find(wanted(server, indexes=(server.url("/a/"), server.url("/b"), server.url("/c"))))
    assert found.name == LINUX
    assert [path for path, _ in server.asked] == ["/a/torch/", "/b/torch/"]


def test_kept(server: Server, indexes: Indexes) -> None:
    """A result is stored, and used offline; a damaged one is looked up again."""
    server.html(link(LINUX, A))
    first = indexes.find(wanted(server))
    assert first == indexes._replace(is_offline=True).find(wanted(server))
    assert len(server.asked) == 1
    (path,) = indexes.folder.iterdir()
    write(path, "{")
    assert first == indexes.find(wanted(server))
    assert len(server.asked) == 2


@pytest.mark.parametrize("suffix", ["?token=1", ""])
def test_not_kept(server: Server, indexes: Indexes, suffix: str) -> None:
    """A URL that expires, or contains a secret, is not stored."""
    server.json([{"filename": LINUX, "url": f"/files/{LINUX}{suffix}", "hashes": {"sha256": A}}])
    credentials = "" if suffix else "jo:secret@"
    found = indexes.find(wanted(server, indexes=(server.url(credentials=credentials),)))
    assert (credentials or suffix) in found.url
    assert not indexes.folder.exists()


def test_cache_that_cannot_be_written(server: Server, tmp_path: Path) -> None:
    """Without a cache, each lookup sends a request."""
    server.html(link(LINUX, A))
    indexes = make_indexes(tmp_path)._replace(folder=blocked(tmp_path / "blocked"))
    assert indexes.find(wanted(server)).name == LINUX


def test_offline(server: Server, indexes: Indexes) -> None:
    """Offline, a missing result is an error with the ways out, and no request is sent."""
    with pytest.raises(IndexLookupError) as caught:
        indexes._replace(is_offline=True).find(wanted(server))
    assert str(caught.value) == (
        f"torch 2.7.0 is locked without a URL, and was not found on the index that the lock names ({server.url()}):\n"
        "  no index was asked: this build is offline\n"
        "Install torch 2.7.0 in the environment that the wheel is for and run the same command again, or name its wheel:"
        " RUNTIME_BACKEND_PIN='torch @ URL-OF-THE-WHEEL'."
    )
    assert server.asked == []


def test_credentials(server: Server, tmp_path: Path) -> None:
    """Credentials come from the URL, else from netrc, and are used for files on the same host."""
    server.html(link(LINUX, A) + f'<a href="http://files.example.org/{MACOS}#sha256={B}">x</a>')
    found = make_indexes(tmp_path).find(wanted(server, indexes=(server.url(credentials="jo:se%40cret@"),)))
    expected = "Basic " + base64.b64encode(b"jo:se@cret").decode()
    assert server.asked[-1] == ("/simple/torch/", expected)
    assert found.url.startswith("http://jo:se%40cret@127.0.0.1:")
    mac = make_indexes(tmp_path, "macos-arm64").find(wanted(server, indexes=(server.url(credentials="jo:x@"),)))
    assert mac.url == f"http://files.example.org/{MACOS}"
    write(tmp_path / "netrc", "machine 127.0.0.1 login al password pw\n")
    make_indexes(tmp_path).find(wanted(server))
    assert server.asked[-1][1] == "Basic " + base64.b64encode(b"al:pw").decode()
    write(tmp_path / "netrc", "machine\n")
    make_indexes(tmp_path).find(wanted(server, version="2.7"))
    assert server.asked[-1][1] is None


def test_base(server: Server, indexes: Indexes) -> None:
    """Links are relative to the first base of the page."""
    server.html(f'<base href="/elsewhere/"><base href="/no/"><a href="{LINUX}#md5=1">x</a>{link(MACOS, B)}')
    found = indexes.find(wanted(server, file=LINUX, hashes=frozenset({A})))
    assert found == IndexFile(name=LINUX, url=server.url(f"/elsewhere/{LINUX}"), sha256=A)


NO_FILES = "the answer is not an index page: found no list 'files', expected one (PEP 691)"


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ((404, "text/html", b""), "HTTP 404 Not Found"),
        (
            (200, "application/pdf", b""),
            "the answer is not an index page: found application/pdf, expected JSON or HTML (PEP 691, PEP 503)",
        ),
        ((503, "text/html", b""), "HTTP 503 Service Unavailable"),
        ((99, "text/html", b""), "no answer: the response is not HTTP, or it is incomplete"),
        ((200, "application/json+json", b"[]"), NO_FILES),
        ((200, "application/json+json", b"[" * 100_000), NO_FILES),
        ((200, "application/json+json", b'{"files": {}}'), NO_FILES),
        ((200, "text/html", b'<a href="http://[/x"><base href="//["><a href="&#' + b"1" * 5000), "found 0 files, "),
    ],
)
def test_bad_answers(server: Server, indexes: Indexes, page: tuple[int, str, bytes], told: str) -> None:
    """A missing page, a failure and an invalid page are reported; a failure is retried."""
    server.pages["/simple/torch/"] = page
    assert problem(indexes, wanted(server)).startswith(f"{server.url()}: {told}")
    assert len(server.asked) == (3 if page[0] in (99, 503) else 1)


@pytest.mark.parametrize(("status", "times"), [(404, 1), (503, 3)])
def test_refusals_are_closed(
    status: int, times: int, server: Server, indexes: Indexes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection of an HTTP error is closed, which Python 3.14 checks."""
    closed: list[int] = []
    close = HTTPError.close

    def closing(error: HTTPError) -> None:
        closed.append(error.code)
        close(error)

    monkeypatch.setattr(HTTPError, "close", closing)
    server.pages["/simple/torch/"] = (status, "text/html", b"")
    problem(indexes, wanted(server))
    assert [status] * times == closed


def test_no_answer(server: Server, indexes: Indexes) -> None:
    """No server, another scheme, a page without an end, certificates that are not there."""
    told = "http://127.0.0.1:9/simple: no answer: Connection refused"
    assert told == problem(indexes, wanted(server, indexes=("http://127.0.0.1:9/simple",)))
    told = "file:///x: found a URL of the scheme 'file', expected http or https"
    assert problem(indexes, wanted(server, indexes=("file:///x",))) == told
    broken = indexes._replace(environ={**indexes.environ, "PIP_CERT": "/absent.pem"})
    assert "the certificates of /absent.pem cannot be read" in problem(broken, wanted(server))


def test_odd_entries(server: Server, indexes: Indexes) -> None:
    """Invalid entries of a page are ignored."""
    odd: list[object] = [
        None,
        [],
        "x",
        {},
        {"filename": 3, "url": "x"},
        {"filename": "x"},
        {"filename": LINUX, "url": "http://[x/"},
    ]
    hashes = [
        {"filename": f"{n}-{LINUX}", "url": "x", "hashes": value} for n, value in enumerate(([], 3, {"sha256": 1}))
    ]
    server.json([*odd, *hashes, {"filename": LINUX, "url": f"/files/{LINUX}", "hashes": {"sha256": A}}])
    assert IndexFile(name=LINUX, url=server.url(f"/files/{LINUX}"), sha256=A) == indexes.find(wanted(server))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<!-- <a href='x'> --><a href='y'><!-- <a href='z'>", ("", ["y"])),
        ("<A HREF = y ><a\nhref=\"z&amp;z\" href='no'><abbr href='no'><a href><a href=''>", ("", ["y", "z&z"])),
        ("<base href='/b/'><base href='/c/'><a data='>' href=x/>", ("/b/", ["x/"])),
        ("<a href='y", ("", [])),
        ("<a href='&#" + "1" * 5000 + ";'><a href=x>", ("", ["x"])),
        ("<a href=x", ("", ["x"])),
        ("<a", ("", [])),
    ],
)
def test_links(text: str, found: tuple[str, list[str]]) -> None:
    """Links are read as in browsers; an unclosed tag has none."""
    base, links = find_links(text)
    assert found == (base, [link.target for link in links])


def test_yanked_links() -> None:
    """A yanked link has a reason, possibly empty."""
    text = (
        "<a data-yanked href=a><a data-yanked='it &lt; x' href=b><a href=c><a data-yanked='&#"
        + "1" * 5000
        + "' href=d>"
    )
    assert ("", [Link("a", ""), Link("b", "it < x"), Link("c"), Link("d", "")]) == find_links(text)


@pytest.mark.parametrize("kind", ["json", "html"])
def test_yanked_files(kind: str, server: Server) -> None:
    """Both kinds of pages list yanked files (PEP 592)."""
    if kind == "json":
        yanked = {"a": True, "b": "x", "c": False, "d": None}
        server.json([{"filename": name, "url": name, "yanked": value} for name, value in yanked.items()])
    else:
        server.html("<a href=a data-yanked></a><a href=b data-yanked=x></a><a href=c></a><a href=d></a>")
    found = [(file.name, file.yanked) for file in read_page(server.url(), "torch", {})]
    assert [("a", ""), ("b", "x"), ("c", None), ("d", None)] == found


def test_proxy(server: Server, indexes: Indexes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy's response is reported, which is usually about a password."""
    monkeypatch.setenv("https_proxy", server.url(""))
    told = "https://example.invalid/simple: no answer: the proxy reports 501 Unsupported method ('CONNECT')"
    assert told == problem(indexes, wanted(server, indexes=("https://example.invalid/simple",)))


def test_endless_page(server: Server, indexes: Indexes, monkeypatch: pytest.MonkeyPatch) -> None:
    """An oversized page is not read to its end."""
    monkeypatch.setattr("runtime_backend.index.pages._LIMIT", 10)
    server.html(link(LINUX, A))
    assert problem(indexes, wanted(server)) == f"{server.url()}: found a page of more than 10 bytes"
