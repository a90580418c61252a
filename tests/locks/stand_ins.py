"""Stand-ins for torch and its dependencies, and an index that serves them: the same bytes on every machine.

Every wheel is about a kilobyte, stored uncompressed and dated 1980. The indexes answer as the real ones do:
``default`` in JSON with sizes and upload times, or as a page for a tool that knows no JSON, ``cpu``, ``cu126`` and
``cu128`` with HTML pages that have hashes,
``flat`` with one page for everything.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import gzip
import hashlib
import http.server
import io
import itertools
import json
import tarfile
import threading
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

PORT = 8765  # part of every URL in the locks

LINUX = tuple(f"cp3{minor}-cp3{minor}-manylinux_2_28_x86_64" for minor in (10, 11, 12, 13))
MACOS = tuple(f"cp3{minor}-none-macosx_11_0_arm64" for minor in (10, 11, 12, 13))
WINDOWS = tuple(f"cp3{minor}-cp3{minor}-win_amd64" for minor in (10, 11, 12, 13))
ANY = ("py3-none-any",)
TORCH_NEEDS = ("filelock", "typing-extensions>=4.10.0", "sympy>=1.13.3", 'opt-einsum>=3.3; extra == "opt-einsum"')
CUBLAS = 'nvidia-cublas-cu12==12.6.4.1; platform_system == "Linux" and platform_machine == "x86_64"'


@dataclass(frozen=True, kw_only=True, slots=True)
class StandIn:
    """One version of one distribution, and the wheels an index has of it."""

    name: str
    version: str
    tags: tuple[str, ...] = ANY
    needs: tuple[str, ...] = ()

    def metadata(self) -> str:
        """Return the METADATA of the wheels, or the PKG-INFO of the sdist: static, so that nothing is built."""
        extras = ["Provides-Extra: opt-einsum"] if self.name == "torch" else []
        needs = [f"Requires-Dist: {need}" for need in self.needs]
        head = ["Metadata-Version: 2.4", f"Name: {self.name}", f"Version: {self.version}", "Requires-Python: >=3.9"]
        return "\n".join([*head, *extras, *needs, ""])


def torch(version: str, *tags: tuple[str, ...]) -> StandIn:
    """Return a stand-in for torch; the CUDA variants need a CUDA library as well."""
    needs = (*TORCH_NEEDS, CUBLAS) if "+cu" in version else TORCH_NEEDS
    return StandIn(name="torch", version=version, tags=tuple(itertools.chain(*tags)), needs=needs)


# As on the real ones, the index for CPUs has the macOS wheels, without a local version, and those for CUDA have none.
INDEXES = {
    "default": (
        *(torch(version, LINUX, MACOS, WINDOWS) for version in ("2.6.0", "2.7.0", "2.8.0")),
        StandIn(name="filelock", version="3.18.0"),
        StandIn(name="typing-extensions", version="4.13.2"),
        StandIn(name="sympy", version="1.13.3"),
        StandIn(name="opt-einsum", version="3.4.0"),
        StandIn(name="nvidia-cublas-cu12", version="12.6.4.1", tags=("py3-none-manylinux_2_27_x86_64",)),
        StandIn(name="ext", version="0.3.0", tags=("sdist",), needs=("torch>=2.4",)),
    ),
    "cpu": (
        *(torch(version, MACOS) for version in ("2.7.0", "2.8.0")),
        *(torch(version, LINUX, WINDOWS) for version in ("2.7.0+cpu", "2.8.0+cpu")),
    ),
    "cu126": (torch("2.7.0+cu126", LINUX, WINDOWS),),
    "cu128": (torch("2.7.0+cu128", LINUX, WINDOWS),),
    "flat": tuple(torch(version, LINUX, WINDOWS) for version in ("2.7.0+cpu", "2.8.0+cpu")),
}


def write_wheel(folder: Path, item: StandIn, tag: str) -> None:
    """Write one wheel of a stand-in, byte for byte the same each time."""
    module = item.name.replace("-", "_")
    stem = f"{module}-{item.version}"
    pure = str(tag in ANY).lower()
    files = {
        f"{module}/__init__.py": f'__version__ = "{item.version}"\n',
        f"{stem}.dist-info/METADATA": item.metadata(),
        f"{stem}.dist-info/WHEEL": f"Wheel-Version: 1.0\nGenerator: stand-in\nRoot-Is-Purelib: {pure}\nTag: {tag}\n",
    }
    record = "".join(f"{name},{record_hash(text)},{len(text)}\n" for name, text in files.items())
    files[f"{stem}.dist-info/RECORD"] = f"{record}{stem}.dist-info/RECORD,,\n"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / f"{stem}-{tag}.whl", "w", zipfile.ZIP_STORED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)


def record_hash(text: str) -> str:
    """Return the hash of a file as RECORD spells it."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
    return "sha256=" + digest.rstrip(b"=").decode()


def write_sdist(folder: Path, item: StandIn) -> None:
    """Write the sdist of a stand-in: its static PKG-INFO and a pyproject.toml, so that locking builds nothing."""
    stem = f"{item.name}-{item.version}"
    project = f'[project]\nname = "{item.name}"\nversion = "{item.version}"\ndependencies = {json.dumps(item.needs)}\n'
    folder.mkdir(parents=True, exist_ok=True)
    with (
        (folder / f"{stem}.tar.gz").open("wb") as raw,
        gzip.GzipFile("", "wb", 0, raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, text in (("PKG-INFO", item.metadata()), ("pyproject.toml", project)):
            entry = tarfile.TarInfo(f"{stem}/{name}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))


def write_indexes(root: Path) -> None:
    """Write all the stand-ins, and the pages that name them."""
    for index, items in INDEXES.items():
        for item in items:
            folder = root / index if index == "flat" else root / index / item.name
            for tag in item.tags:
                if tag == "sdist":
                    write_sdist(folder, item)
                else:
                    write_wheel(folder, item, tag)
        for folder in {root / index} if index == "flat" else set((root / index).iterdir()):
            files = sorted(folder.iterdir())
            write_html_page(folder, files)
            if index == "default":
                write_json_page(folder, files)


def write_html_page(folder: Path, files: list[Path]) -> None:
    """Write a page as the indexes of PyTorch have them: links with hashes, and nothing else."""
    links = [f'<a href="{quote(file.name)}#sha256={sha256(file)}">{file.name}</a><br/>\n' for file in files]
    (folder / "index.html").write_text(f"<!DOCTYPE html>\n<html><body>\n{''.join(links)}</body></html>\n")


def write_json_page(folder: Path, paths: list[Path]) -> None:
    """Write a page as the default index has them: JSON, with sizes and upload times."""
    files = [
        {
            "filename": file.name,
            "url": quote(file.name),
            "hashes": {"sha256": sha256(file)},
            "size": file.stat().st_size,
            "upload-time": "2025-04-23T14:35:12.345678Z",
        }
        for file in paths
    ]
    versions = sorted({file.name.split("-")[1].removesuffix(".tar.gz") for file in paths})
    page = {"meta": {"api-version": "1.1"}, "name": folder.name, "versions": versions, "files": files}
    (folder / "index.json").write_text(json.dumps(page))


def sha256(file: Path) -> str:
    """Return the hash of a file in hex."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


class Index(http.server.SimpleHTTPRequestHandler):
    """Serves the folders; one with a JSON page is answered with that to a tool that accepts JSON."""

    def do_GET(self) -> None:
        """Answer one request."""
        page = Path(self.translate_path(self.path)) / "index.json"
        if not page.is_file() or "json" not in self.headers.get("Accept", ""):
            super().do_GET()
            return
        body = page.read_bytes()
        self.send_response(http.HTTPStatus.OK)
        self.send_header("Content-Type", "application/vnd.pypi.simple.v1+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def serve(root: Path) -> Iterator[None]:
    """Serve the indexes while the block runs."""
    handler = functools.partial(Index, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", PORT), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()
