"""A package index on loopback, which counts what it serves, and serves torch as slowly as a large download."""

from __future__ import annotations

import hashlib
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import quote, unquote

from packaging.utils import parse_wheel_filename

_LONGEST = 5.0
"""Seconds for which a hook is waited for that may never come."""


class Index(ThreadingHTTPServer):
    """Several indexes at one address: ``/<index>/<project>/`` lists, ``/files/<wheel>`` serves.

    :param indexes: name -> its wheels.
    """

    daemon_threads = True

    def __init__(self, indexes: Mapping[str, Sequence[Path]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.indexes = dict(indexes)
        self.files = {wheel.name: wheel for wheels in indexes.values() for wheel in wheels}
        self.delay = 0.0
        """Seconds before a torch comes."""
        self.is_begun: Callable[[], bool] = lambda: True
        """Whether a hook has run since the command began: on a busy machine, too, a torch comes no earlier."""
        self.repository: Path | None = None
        """The folder served below ``/repository``, as git's simple servers do; see git-update-server-info."""
        self.served: list[str] = []
        """The names of the wheels served."""

    def publish(self, name: str, wheel: Path) -> None:
        """Add a wheel to one of the indexes."""
        self.indexes[name] = [*self.indexes[name], wheel]
        self.files[wheel.name] = wheel

    def url(self, name: str) -> str:
        """Return the address of one of the indexes."""
        return f"http://127.0.0.1:{self.server_port}/{name}"

    def uv(self, name: str, kind: str = "default") -> str:
        """Return uv's table for one of the indexes.

        :param kind: ``default``, ``explicit``, or empty for one more.
        """
        named = f'name = "{name}"\n' if kind == "explicit" else ""
        return f'[[tool.uv.index]]\n{named}url = "{self.url(name)}"\n' + (f"{kind} = true\n" if kind else "")

    def poetry(self, name: str, priority: str = "primary") -> str:
        """Return poetry's table for one of the indexes."""
        return f'[[tool.poetry.source]]\nname = "{name}"\nurl = "{self.url(name)}/"\npriority = "{priority}"\n'

    def pdm(self, name: str) -> str:
        """Return pdm's table for one of the indexes; ``main`` is there instead of PyPI."""
        named = "pypi" if name == "main" else name
        return f'[[tool.pdm.source]]\nname = "{named}"\nurl = "{self.url(name)}"\nverify_ssl = false\n'

    def handle_error(self, *_: object) -> None:
        """Say nothing: a frontend that was killed has hung up."""


class _Handler(BaseHTTPRequestHandler):
    server: Index

    def do_HEAD(self) -> None:
        """Answer without the content: uv asks whether parts of a wheel can be had, which they cannot."""
        self._answer()

    def do_GET(self) -> None:
        """Answer with the content."""
        body, name = self._answer(), unquote(self.path.rpartition("/")[2])
        if name.endswith(".whl"):
            self.server.served.append(name)
            is_ours = (
                self.headers.get("User-Agent") == "runtime-backend"
            )  # a wheel that is checked: in time for the build
            if name.startswith("torch-") and not is_ours:
                self._wait()
        self.wfile.write(body)

    def _wait(self) -> None:
        """Be as slow as a large download: a torch comes after the first hook, as far as there is one."""
        time.sleep(self.server.delay)
        until = time.monotonic() + _LONGEST * bool(self.server.delay)
        while not self.server.is_begun() and time.monotonic() < until:
            time.sleep(0.05)

    def _answer(self) -> bytes:
        parts = [unquote(part) for part in self.path.strip("/").split("/")]
        if parts[0] == "repository":
            body = self._part_of_repository(parts[1:])
        else:
            body = self._file(parts[-1]) if parts[0] == "files" else self._list(parts[0], parts[-1])
        self.send_response(404 if body is None else 200)
        self.send_header(
            "Content-Type", "application/octet-stream" if parts[0] in ("files", "repository") else "text/html"
        )
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        return body or b""

    def _part_of_repository(self, parts: Sequence[str]) -> bytes | None:
        path = (
            self.server.repository.joinpath(*(part.partition("?")[0] for part in parts))
            if self.server.repository
            else None
        )
        return path.read_bytes() if path is not None and path.is_file() else None

    def _list(self, index: str, project: str) -> bytes | None:
        wheels = [w for w in self.server.indexes.get(index, ()) if parse_wheel_filename(w.name)[0] == project]
        return "".join(map(_link, wheels)).encode() if wheels else None

    def _file(self, name: str) -> bytes | None:
        wheel = self.server.files.get(name.removesuffix(".metadata"))
        if wheel is None:
            return None
        # PEP 658: what a resolver needs, without the wheel
        return _metadata(wheel) if name.endswith(".metadata") else wheel.read_bytes()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _link(wheel: Path) -> str:
    digest, metadata = hashlib.sha256(wheel.read_bytes()).hexdigest(), hashlib.sha256(_metadata(wheel)).hexdigest()
    href = f"/files/{quote(wheel.name)}#sha256={digest}"
    return f'<a href="{href}" data-core-metadata="sha256={metadata}">{wheel.name}</a>\n'


def _metadata(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA")))


@contextmanager
def serve(wheelhouse: Sequence[Path], standins: Path) -> Iterator[Index]:
    """Serve an index ``main`` with all but the variants of torch, and ``cpu``, ``cu126``, ``cu130`` for these."""
    wheels: dict[str, list[Path]] = {variant: [] for variant in ("main", "cpu", "cu126", "cu130")}
    for wheel in sorted(standins.iterdir()):
        local = parse_wheel_filename(wheel.name)[1].local
        wheels[local or "main"].append(wheel)
    wheels["main"] += [wheel for folder in wheelhouse for wheel in sorted(folder.glob("*.whl"))]
    with serve_indexes(wheels) as index:
        yield index


@contextmanager
def serve_indexes(indexes: Mapping[str, Sequence[Path]]) -> Iterator[Index]:
    """Serve indexes until the block ends.

    :param indexes: name -> its wheels.
    """
    with Index(indexes) as index:
        Thread(target=index.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield index
        index.shutdown()
