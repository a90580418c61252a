"""Every reader of foreign bytes, with samples, and a function that makes other bytes of them.

A reader returns a value or raises one of our errors. Additional checks are next to the reader.
"""

from __future__ import annotations

import io
import json
import random
import socketserver
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

from platforms import make_platform

from runtime_backend.archives.sdist import complete_sdist
from runtime_backend.archives.stamp_file import parse_stamp, source_revision
from runtime_backend.archives.wheel import count_compiled, put_into_dist_info, read_from_dist_info
from runtime_backend.build_lock.inputs import Inputs
from runtime_backend.build_lock.reading import read_build_lock
from runtime_backend.cli.package.purity import why_pure
from runtime_backend.cli.package.setup_scripts import read_setup_script
from runtime_backend.cli.sources.upstream_metadata import read_package
from runtime_backend.config.names import find_name
from runtime_backend.config.selection import Selection
from runtime_backend.cuda.architectures import decide_architectures
from runtime_backend.cuda.setup_flags import find_own_architectures
from runtime_backend.errors import NoAnswer, RuntimeBackendError
from runtime_backend.formats.headers import read_headers
from runtime_backend.formats.requirements import read_requirements
from runtime_backend.formats.tables import Table
from runtime_backend.formats.toml import TOMLDecodeError, loads
from runtime_backend.frontend.asking.answer import read_answer
from runtime_backend.frontend.asking.pip import _read_report
from runtime_backend.frontend.asking.uv_output import read_dry_run, read_resolution
from runtime_backend.frontend.environments import read_pyvenv_cfg
from runtime_backend.frontend.folders import read_toml
from runtime_backend.frontend.installations.pip import _from_files
from runtime_backend.frontend.processes import _from_procfs, _parse_environ, _parse_lsof, _parse_ps
from runtime_backend.index import http, pages
from runtime_backend.index.find import _read_kept
from runtime_backend.installed.closure import find_closure, find_missing
from runtime_backend.installed.distributions import Distribution, DistributionIndex, extend_by_pth, locate_imports
from runtime_backend.installed.identity import read_identity
from runtime_backend.locks import find_locked
from runtime_backend.metadata.agreement import describe_differences, describe_refusals
from runtime_backend.metadata.pins import with_requirements
from runtime_backend.metadata.prepared import read_prepared
from runtime_backend.plan.store_values import _PATH as PATHS
from runtime_backend.resolve.naming import read_word
from runtime_backend.resolve.resolution import direct_archive
from runtime_backend.system.files import decode
from runtime_backend.system.progress import Estimate, LineBuffer
from runtime_backend.upstream.unpacking import unpack
from runtime_backend.watch.ninja import read_timeline
from runtime_backend.watch.records import read_build
from runtime_backend.wheel_store.key import Inputs as StoreInputs
from runtime_backend.wheel_store.lookups import FOLDER, Lookup, list_lookups
from runtime_backend.wheel_store.outside import find_above
from runtime_backend.wheel_store.records import Record, parse_record
from runtime_backend.wheel_store.source import read_source
from runtime_backend.wheel_store.source_files import read_files
from runtime_backend.wheel_store.trust import add_trusted, read_trusted

OURS = (RuntimeBackendError, NoAnswer)
LINUX = make_platform("linux-x86_64", "3.11")
LOCKS = Path(__file__).parent / "locks"
WHEEL = "torch-2.7.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"

Read = Callable[[Path, bytes], object]


class Reader(NamedTuple):
    """One reader of foreign bytes."""

    name: str
    read: Read
    """Takes an empty folder, and the bytes."""
    samples: tuple[bytes, ...]


def make_tar(kind: str = "") -> bytes:
    """Return a source archive with a bit of everything, or an sdist."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=f"w:{kind}", format=tarfile.PAX_FORMAT) as archive:  # type: ignore[call-overload] # any of the kinds
        for name, fields in (
            ("x-1", {"type": tarfile.DIRTYPE}),
            ("x-1/PKG-INFO", {"size": 9, "mtime": 1.5}),
            ("x-1/a-link", {"type": tarfile.SYMTYPE, "linkname": "PKG-INFO"}),
            ("x-1/a-copy", {"type": tarfile.LNKTYPE, "linkname": "x-1/PKG-INFO"}),
            (f"x-1/{'long' * 60}", {"size": 2}),
        ):
            member = tarfile.TarInfo(name)
            for key, value in fields.items():
                setattr(member, key, value)
            archive.addfile(member, io.BytesIO(b"x" * member.size))
    return out.getvalue()


def make_zip(*files: tuple[str, str]) -> bytes:
    """Return a wheel, a source archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files:
            item = zipfile.ZipInfo(name)
            item.external_attr = (0o120777 if name.endswith("a-link") else 0o100644) << 16
            archive.writestr(item, text)
    return out.getvalue()


RECORD = 'torch/__init__.py,sha256=a,1\n"torch/a,b.py",,\ntorch/version.py,,\ntorch-1.dist-info/RECORD,,\n'
METADATA = (
    "Metadata-Version: 2.1\nName: torch\nVersion: 2.7.0\nRequires-Dist: six>=1\nRequires-Dist: torch<9 ; extra == 'x'\n"
    "Requires-Dist: six (>=1) ; python_version < '4' and (os_name == 'posix' or extra == 'y')\nProvides-Extra: x\n\nBody.\n"
)
VERSION = "__version__ = '2.7.0+cu126'\ncuda: Optional[str] = '12.6'\ngit_version = 'ab'\nhip: Optional[str] = None\n"


def _unpack(folder: Path, data: bytes) -> None:
    path = folder / "x-1.tar.gz"
    path.write_bytes(data)
    try:
        unpack(path, folder / "around/out")
    finally:
        assert ["around", "x-1.tar.gz"] == sorted(found.name for found in folder.iterdir())
        assert ["out"] == [found.name for found in (folder / "around").iterdir()]


def _wheel(folder: Path, data: bytes) -> None:
    path = folder / "torch-1-py3-none-any.whl"
    path.write_bytes(data)
    count_compiled(path)
    read_from_dist_info(path, "METADATA")
    put_into_dist_info(path, {"x": b"y"})
    assert b"y" == read_from_dist_info(path, "x")


def _sdist(folder: Path, data: bytes) -> None:
    path = folder / "x-1.tar.gz"
    path.write_bytes(data)
    (folder / "pyproject.toml").write_text("")
    complete_sdist(path, folder, [folder / "pyproject.toml"])


def _metadata(folder: Path, data: bytes) -> None:
    describe_differences(METADATA.encode(), data)
    describe_differences(data, METADATA.encode())
    describe_refusals(data, {"torch": "2.7.0", "six": "1"})
    added = decode(with_requirements(data, ["six==1"]))
    assert added.startswith("\n") or "six==1" in read_headers(added).every("Requires-Dist")
    (folder / "PKG-INFO").write_bytes(data)
    read_package(folder, None)
    _installed(folder, "METADATA", data)


def _installed(folder: Path, changed: str, data: bytes) -> None:
    """Read the distributions in a site with one odd file; nothing outside of the site is imported."""
    site = folder / "site"
    for name, content in {
        "torch/version.py": VERSION.encode(),
        "torch/__init__.py": b"",
        "six-1.dist-info/METADATA": b"Version: 1\n",
        "torch-1.dist-info/METADATA": METADATA.encode(),
        "torch-1.dist-info/RECORD": RECORD.encode(),
        changed if "/" in changed else f"torch-1.dist-info/{changed}": data,
    }.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_bytes(content)
    index = DistributionIndex(extend_by_pth([site]))
    torch = index.find("torch")
    assert torch is not None
    found = locate_imports(torch, index.search_path)
    if changed in ("RECORD", "top_level.txt"):
        assert all(".." not in path.parts and path.is_relative_to(site) for path in found.values())
    assert all(isinstance(file, str) for file in torch.files)
    find_closure(torch, {"x"}, index)
    find_missing(torch, set(), index)
    read_identity(torch, index)


def _setup_script(folder: Path, data: bytes) -> None:
    (folder / "setup.py").write_bytes(data)
    (folder / "a.c").write_bytes(data)
    find_own_architectures(folder)
    why_pure(folder)
    read_setup_script(folder)


def _editable(folder: Path, data: bytes) -> None:
    (folder / "site").mkdir()
    (folder / "site/__editable___torch_finder.py").write_bytes(data)
    info = folder / "site/torch-1.dist-info"
    info.mkdir()
    (info / "RECORD").write_text("__editable___torch_finder.py,,\n")
    locate_imports(Distribution(name="torch", info=info), [folder / "site"])


def _build_lock(folder: Path, data: bytes) -> None:
    path = folder / "pylock.build.toml"
    path.write_bytes(data)
    inputs = Inputs(("ninja",), "mesonpy")
    for locked in read_build_lock(path, inputs, ["torch"], LINUX):
        assert locked.url is not None
        assert locked.sha256 is not None


def _lock(name: str, folder: Path, data: bytes) -> None:
    path = folder / name
    path.write_bytes(data)
    for selection in (Selection(project=folder), Selection(all_extras=True, all_groups=True)):
        for locked in find_locked(path, "torch", selection, LINUX):
            assert locked.name == "torch"


def _page(kind: str, folder: Path, data: bytes) -> None:
    del folder
    read = pages._read_json if kind == "json" else pages._read_html  # noqa: SLF001 - without a server
    for file in read(data, "https://example.org/simple/torch/"):
        assert isinstance(file.name, str)
        assert isinstance(file.url, str)


def _answer(folder: Path, data: bytes) -> None:
    """Ask a server that answers with these bytes."""
    del folder
    server = _server()
    server.answer = data
    http.ask(f"http://127.0.0.1:{server.server_address[1]}/", {}, lambda answer: answer.read(1 << 20))


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    answer = b""


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.request.recv(1 << 16)
        self.request.sendall(self.server.answer)


@lru_cache
def _server() -> _Server:
    server = _Server(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    return server


def _toml(folder: Path, data: bytes) -> None:
    (folder / "x.toml").write_bytes(data)
    table = Table(read_toml(folder / "x.toml"), file="x.toml")
    (folder / "setup.cfg").write_bytes(data)
    (folder / "setup.py").write_bytes(data)
    (folder / "PKG-INFO").write_bytes(data)
    find_name(folder, table)
    table.close()
    try:
        loads(data.decode("utf-8", errors="replace"))
    except TOMLDecodeError:
        return


def _written(name: str, read: Callable[[Path], object], folder: Path, data: bytes) -> None:
    (folder / name).write_bytes(data)
    read(folder)


def _build_record(folder: Path) -> None:
    build = read_build(folder)
    if build is not None:
        json.dumps(build.describe())


def _printed(folder: Path, data: bytes) -> None:
    del folder
    lines = LineBuffer(Estimate(lambda: 1.0).annotate)
    passed = lines.feed(data) + lines.flush()
    assert len(passed) >= len(data)


def _procfs(folder: Path, data: bytes) -> None:
    (folder / "7").mkdir()
    for name in ("stat", "environ", "cmdline"):
        (folder / "7" / name).write_bytes(data)
    list(_from_procfs(7, folder))
    text = data.decode("utf-8", errors="replace")
    _parse_ps(text)
    _parse_lsof(text)
    _parse_environ(text, "uv sync")


def _uv(folder: Path, data: bytes) -> None:
    del folder
    text = data.decode("utf-8", errors="replace")
    dict(read_resolution(text))
    read_dry_run(text)


def _words(folder: Path, data: bytes) -> None:
    for word in data.decode("utf-8", errors="surrogateescape").split("\n"):
        read_word(word, [folder])


def _arches(folder: Path, data: bytes) -> None:
    path = folder / "torch/utils/cpp_extension.py"
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    decide_architectures("auto", {}, folder, list_gpus=lambda _: ["9.0"])


def _git(folder: Path, data: bytes) -> None:
    (folder / ".git").mkdir()
    for name in ("HEAD", "commondir", "packed-refs"):
        (folder / ".git" / name).write_bytes(data)
    source_revision(folder)


def _store_record(folder: Path, data: bytes) -> None:
    del folder
    record = parse_record(data, STORED.key)
    assert record.key == STORED.key
    assert "/" not in record.wheel
    assert isinstance(record.runtimes + record.whence, str)
    record.text()


def _trusted(folder: Path, data: bytes) -> None:
    path = folder / "store.lock"
    path.write_bytes(data)
    assert all(len(key) == len(sha256) == 64 for key, sha256 in read_trusted(path).items())
    path.write_bytes(add_trusted(decode(data), [STORED]).encode())
    assert STORED.sha256 == read_trusted(path)[STORED.key]


def _lookups(folder: Path, data: bytes) -> None:
    (folder / FOLDER).mkdir()
    (folder / FOLDER / "x.json").write_bytes(data)
    for lookup in list_lookups(folder):
        json.dumps(lookup.as_json())


def _source_tree(folder: Path, data: bytes) -> None:
    """Read a tree with one odd file under several names, and a link."""
    for name in ("setup.py", "tools/x.py", "CMakeLists.txt", "a.cu"):
        (folder / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "tree" / name).write_bytes(data)
    found = read_source(folder / "tree", backend_path=["tools"])
    assert found.find_changed() is None
    for path, text in (("x.py", decode(data)), ("x.cmake", decode(data))):
        find_above(path, text)
    PATHS.findall(decode(data))


PAGE = {"files": [{"filename": WHEEL, "url": f"../{WHEEL}", "hashes": {"sha256": "ab"}}, {"filename": "x", "url": "y"}]}
LINKS = f'<base href="/a/"><!-- <a href="no"> --><a data-x=">=3" href=\'{WHEEL}#sha256=ab\'>x</a><a href=y&amp;z>y</a>'
HTTP = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 302 Found\r\nLocation: http://[::1/x\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: ftp://127.0.0.1/x\r\nContent-Length: abc\r\n\r\n",
)
BUILD = {
    "format": 1, "source": "/x", "hook": "build_wheel", "frontend": None, "began": "2026-01-01T00:00:00.000+00:00",
    "seconds": 1.5, "outcome": "built", "runtimes": {"torch": "2"}, "max-jobs": "2",
    "timeline": [{"output": "a.o", "start": 0.5, "end": 1}],
}  # fmt: skip
REPORT = {
    "install": [
        {
            "metadata": {"name": "torch", "version": "2.7.0"},
            "download_info": {"url": f"https://h/{WHEEL}", "archive_info": {"hashes": {"sha256": "ab"}, "hash": "sha256=ab"}},
        }
    ]
}  # fmt: skip
WORDS = (
    f"torch @ https://example.org/torch.whl\nhttps://example.org/{WHEEL}?x=1#sha256=ab\n./{WHEEL}[opt]\ntorch>=2 ; os_name"
    " == 'x'\ngit+https://e.org/x.git#egg=ext[a]\n/x/ext-1.tar.gz\nfile:///x\n"
).encode()
SETUP = b"""import os, ninja
from setuptools import setup as s
from torch.utils import cpp_extension
from helper import (a, b)
NAME: str = "x"
more = ["six"] + ['y>1']
words = dict(install_requires=more, extras_require={"a": ["b"]}, **{"name": NAME})
if os.environ.get("FORCE", "0") == "1" and os.environ["X"]:
    more.append("z"); flags = ["-gencode", 'arch=compute_80'] if not a else [f"{b}"]
s(version="1", setup_requires="a\\nb", ext_modules=[cpp_extension.CUDAExtension("x", libraries=["c10"])], **words)
"""
NINJA = b"# ninja log v5\n0\t1500\t1700000000000000000\ta.o\tab\n3\t20\t0\tb.o\tcd\n5\t9\t1\tc.o\tef\n"
STORED = Record(StoreInputs({"a": {"b": 1}, "runtimes": [{"name": "torch"}]}), "x-1.whl", "ab" * 32, 7, "2026-01-01")
SCRIPT = (
    b"import os; from tools import (a,\n b)\nfrom .x.y import z\nexec(open('tools/x.py').read())\n"
    b"os.environ['WITH_X'], f'{a}_HOME', Path(__file__).parents[0], 'git', '-march=native', '../shared/x.h'\n"
    b"find_package(Foo) -I/opt/x:/y dirname(__file__) 'tools/../../y'\n"
)
PROC = b"7 (a name) S 7 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 99 1 2\nA=b\0UV=1\0 12  7 uv sync\nn/x\n"


def _json(value: object) -> tuple[bytes, ...]:
    return (json.dumps(value).encode(),)


def _readers() -> Iterator[Reader]:
    files = (("x-1/a", "1"), ("x-1/a-link", "a"), ("x-1/b/", ""))
    archives = (make_tar(), make_tar("gz"), make_tar("xz"), make_zip(*files))
    wheel = make_zip(
        ("torch/a.so", "1"), ("torch-1.dist-info/METADATA", METADATA), ("torch-1.dist-info/RECORD", RECORD)
    )
    yield Reader("archives", _unpack, archives)
    yield Reader("wheels", _wheel, (wheel,))
    yield Reader("sdists", _sdist, (make_tar("gz"), make_tar()))
    yield Reader("metadata", _metadata, (METADATA.encode(), METADATA.replace("\n", "\r\n").encode()))
    yield Reader("record", lambda f, d: _installed(f, "RECORD", d), (RECORD.encode(),))
    yield Reader("top-level", lambda f, d: _installed(f, "top_level.txt", d), (b"torch\n../..\n/etc\n..\n",))
    yield Reader("version", lambda f, d: _installed(f, "torch/version.py", d), (VERSION.encode(),))
    yield Reader("pth", lambda f, d: _installed(f, "x.pth", d), (b"..\n/etc\nimport os\n# x\n",))
    yield Reader("editable", _editable, (b"x = 1\nMAPPING: dict[str, str] = {'torch': '/x/torch'}\n",))
    yield Reader("direct-url", lambda _, d: direct_archive(d.decode("utf-8", "replace")), _json({"url": "file:///x", "archive_info": {"hash": "sha256=ab", "hashes": {"sha256": "ab"}}}))  # fmt: skip
    record = f'\n[tool.runtime-backend]\ninputs = "{Inputs(("ninja",), "mesonpy").digest}"\n'.encode()
    pylocks = [path.read_bytes() for path in _locks()["pylock.toml"]]
    yield Reader("build-lock", _build_lock, tuple(text.replace(b"torch", b"ninja") + record for text in pylocks))
    for name, paths in sorted(_locks().items()):
        yield Reader(f"lock-{name}", partial(_lock, name), tuple(path.read_bytes() for path in paths))
    yield Reader("requirements", lambda f, d: _written("r.txt", lambda folder: read_requirements(folder / "r.txt", {"A": "b"}), f, d), (b"torch==2 \\\n --hash=sha256:ab # x\n-r r.txt\n-i https://u:p@h/ # c\n${A}\n    # from https://h/\n",))  # fmt: skip
    yield Reader("page-json", partial(_page, "json"), _json(PAGE))
    yield Reader("page-html", partial(_page, "html"), (LINKS.encode(),))
    yield Reader("http", _answer, HTTP)
    yield Reader("toml", _toml, (b'[project]\nname = "x"\n[a.b."c.d"]\nx = [1, {y = 1979-05-27}, """z"""]\n', b"[metadata]\nname = x\n", b"setup(name='x')", b"import distutils.core\ndistutils.core.setup(name='x')"))  # fmt: skip
    yield Reader("setup-script", _setup_script, (SETUP,))
    yield Reader("ninja", partial(_written, ".ninja_log", lambda folder: read_timeline([folder], 0.0)), (NINJA,))
    yield Reader("builds", partial(_written, "build.json", _build_record), _json(BUILD))
    yield Reader("stamp", lambda _, d: parse_stamp(d, "x"), _json({"format": 1, "runtimes": []}))
    yield Reader("prepared", partial(_written, "runtime-backend.json", lambda folder: read_prepared(str(folder))), _json({"format": 1, "metadata": "stub", "runtimes": ["x"]}))  # fmt: skip
    yield Reader("kept-index", partial(_written, "x", lambda folder: _read_kept(folder / "x")), _json({"name": "a", "url": "b", "sha256": None}))  # fmt: skip
    yield Reader("kept-answer", partial(_written, "x", lambda folder: read_answer(folder / "x")), _json({"command": "pip", "changes": {"torch": {"version": "2"}}}))  # fmt: skip
    yield Reader("pip-report", partial(_written, "x", lambda folder: _read_report(folder / "x")), _json(REPORT))
    yield Reader("pip-conf", partial(_written, "x", lambda folder: list(_from_files("install", [folder / "x"]))), (b"[global]\nindex-url = x\n[install]\nno-deps = yes\n",))  # fmt: skip
    yield Reader("pyvenv", partial(_written, "pyvenv.cfg", read_pyvenv_cfg), (b"home = /x\nversion = 3.11\n",))
    yield Reader("uv-output", _uv, (b" + torch==2.7.0\n - six==1\n ~ x @ file:///x (from y)\n", b"torch==2\nx @ https://h/x-1-py3-none-any.whl\n"))  # fmt: skip
    yield Reader("words", _words, (WORDS,))
    yield Reader("output", _printed, (b"[1/2] a\n[ 25%] b\r\n" + b"[" + b"9" * 309 + b"/3] x\n",))
    yield Reader("procfs", _procfs, (PROC,))
    yield Reader("architectures", _arches, (b"    supported_arches = ['7.0', '9.0a',\n '10.0']\n",))
    yield Reader("store-record", _store_record, (STORED.text(),))
    yield Reader("store-trust", _trusted, (add_trusted("", [STORED]).encode(),))
    yield Reader(
        "store-lookup", _lookups, _json(Lookup("/x", "/x", "x", "2026", "nothing", STORED.inputs, ("a",)).as_json())
    )
    yield Reader("store-files", partial(_written, "source.json", read_files), _json({"csrc/a.cu": "ab12"}))
    yield Reader("store-source", _source_tree, (SCRIPT,))
    yield Reader("git", _git, (b"ref: refs/heads/main\n", b"0123abc refs/heads/main\n"))


def _locks() -> dict[str, list[Path]]:
    """Return the name of each kind of lock -> the smallest samples of it, of several versions."""
    found: dict[str, list[Path]] = {}
    for expected in sorted(LOCKS.glob("*/*/expected.json")):
        path = expected.parent / json.loads(expected.read_text("utf-8"))["lock"]
        if path.stat().st_size < 1 << 14:
            found.setdefault(path.name, []).append(path)
    return {name: sorted(paths, key=lambda path: (path.stat().st_size, path))[:6] for name, paths in found.items()}


READERS = tuple(_readers())

TOKENS = (
    *(b"\0", b"\xff", b"\n", b"\r", b"\t", b" ", b'"', b"'", b"\\", b"[", b"]", b"{", b"}", b"(", b")", b"<", b">", b"/"),
    *(b"..", b"../..", b"/etc/passwd", b"-1", b"0", b"nan", b"inf", b"1e999", b"9" * 20, b"9" * 309, b"1" * 5000, b"null"),
    *(b"true", b"[]", b"{}", b'""', b"[" * 3000, b"{" * 3000, b"(" * 3000, b"http://[", b"://", b"\xed\xb3\xbf", b"\xef\xbb\xbf"),
    *("\u0661\u00b2\u2028\u202e".encode(), b"\x1b[31m", b"%00", b"#", b";", b"@", b",", b"==", b"x" * 3000, b" " * 3000),
)  # fmt: skip
"""The insertions: terminators, numbers beyond a type, nesting, other encodings."""


def mutate(data: bytes, choose: random.Random) -> bytes:
    """Return other bytes: some of them are taken out, changed, doubled, or have something odd between them."""
    for _ in range(choose.choice((1, 1, 1, 2, 4))):
        start = choose.randrange(len(data) + 1)
        end = min(len(data), start + choose.choice((0, 1, 1, 4, 16, 64, 4096)))
        between = choose.choice(
            (b"", bytes([choose.randrange(256)]), choose.choice(TOKENS), choose.choice(TOKENS), data[start:end] * 2)
        )
        data = data[:start] + between + data[end:]
    return data
