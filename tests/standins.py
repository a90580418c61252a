"""Making stand-in distributions and environments, in the form that installers write.

Everything is a few bytes of text; no installer runs. A *site* is a ``site-packages`` folder and need not exist yet.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def make_distribution(  # noqa: PLR0913 - each part of a distribution may be odd on its own
    site: Path,
    name: str,
    version: str,
    files: Mapping[str, str] | None = None,
    requires: Sequence[str] = (),
    *,
    info: str | None = None,
    record: str | None = "",
    extra: Mapping[str, str] | None = None,
) -> Path:
    """Install a distribution, and return its dist-info.

    :param files: path relative to the site -> text; default: a package of the distribution's name.
    :param requires: the ``Requires-Dist`` lines.
    :param info: the name of the metadata folder; default: ``<name with underscores>-<version>.dist-info``.
    :param record: the text of RECORD; default: made from the files; None: none is written.
    :param extra: further files of the dist-info, name -> text (``top_level.txt``, ``direct_url.json``).
    """
    module = name.replace("-", "_").replace(".", "_")
    folder = site / (info or f"{module}-{version}.dist-info")
    contents = {f"{module}/__init__.py": ""} if files is None else dict(files)
    for path, text in contents.items():
        write(site / path, text)
    metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    metadata += [f"Requires-Dist: {requirement}" for requirement in requires]
    inner = {"METADATA": "\n".join([*metadata, "", "The body.", ""]), **(extra or {})}
    for path, text in inner.items():
        write(folder / path, text)
    contents.update({f"{folder.name}/{path}": text for path, text in inner.items()})
    if record is not None:
        write(folder / "RECORD", record or make_record(contents, f"{folder.name}/RECORD"))
    return folder


def make_torch(  # noqa: PLR0913 - each fact of a torch may be odd on its own
    site: Path,
    version: str,
    *,
    reported: str | None = None,
    cuda: str | None = None,
    hip: str | None = None,
    rocm: str | None = None,
    xpu: str | None = None,
    git_version: str | None = "0123abc",
    requires: Sequence[str] = (),
    editable: Path | None = None,
) -> Path:
    """Install a stand-in torch, and return its dist-info.

    :param version: the metadata's version.
    :param reported: what it calls itself in ``torch/version.py``; default: the same.
    :param rocm: None: the line is left out, as older torches do.
    :param editable: a source tree; torch lies there, and a ``.pth`` file in the site leads to it.
    """
    files = {
        "torch/__init__.py": "raise ImportError('a stand-in: nothing may import it')\n",
        "torch/version.py": version_py(
            reported or version, cuda=cuda, hip=hip, rocm=rocm, xpu=xpu, git_version=git_version
        ),
        "torch/lib/libtorch.so": f"libtorch {reported or version}\n",
        "torch/share/cmake/Torch/TorchConfig.cmake": "",
    }
    if editable is None:
        return make_distribution(site, "torch", version, {**files, "torchgen/__init__.py": ""}, requires)
    for path, text in files.items():
        write(editable / path, text)
    pth = {f"__editable__.torch-{version}.pth": f"{editable}\n"}
    url = f'{{"url": "{editable.as_uri()}", "dir_info": {{"editable": true}}}}'
    extra = {"direct_url.json": url, "top_level.txt": "torch\n"}
    return make_distribution(site, "torch", version, pth, requires, extra=extra)


def version_py(  # noqa: PLR0913 - likewise
    version: str,
    *,
    cuda: str | None = None,
    hip: str | None = None,
    rocm: str | None = None,
    xpu: str | None = None,
    git_version: str | None = "0123abc",
) -> str:
    """Return a ``torch/version.py`` as torch's own build writes it."""
    return (
        "from typing import Optional\n\n"
        "__all__ = ['__version__', 'debug', 'cuda', 'git_version', 'hip', 'xpu']\n"
        f"__version__ = {version!r}\ndebug = False\n"
        f"cuda: Optional[str] = {cuda!r}\ngit_version = {git_version!r}\n"
        f"hip: Optional[str] = {hip!r}\n"
        + ("" if rocm is None else f"rocm: Optional[str] = {rocm!r}\n")
        + f"xpu: Optional[str] = {xpu!r}\n"
    )


def make_venv(path: Path, python: str = "3.11", *, system_site: bool = False, command: str = "") -> Path:
    """Make an environment as ``python -m venv`` leaves it, without anything installed; return its site-packages.

    :param python: its version, ``3.11`` or ``3.11.7``.
    :param command: the ``command`` line of pyvenv.cfg.
    """
    minor = ".".join(python.split(".")[:2])
    home = Path(sys.base_prefix) / "bin"
    lines = [
        f"home = {home}",
        f"include-system-site-packages = {str(system_site).lower()}",
        f"version = {python if python.count('.') > 1 else f'{python}.7'}",
        f"executable = {home / f'python{minor}'}",
        *([f"command = {command}"] if command else []),
    ]
    write(path / "pyvenv.cfg", "".join(f"{line}\n" for line in lines))
    windows = os.name == "nt"
    interpreter = path / ("Scripts/python.exe" if windows else "bin/python")
    write(interpreter, "a stand-in: nothing may run it\n")
    interpreter.chmod(0o755)
    site = path / ("Lib/site-packages" if windows else f"lib/python{minor}/site-packages")
    site.mkdir(parents=True, exist_ok=True)
    return site


def make_record(files: Mapping[str, str], own: str) -> str:
    """Return the text of a RECORD: path, hash and size of each file, and its own path without them."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        writer.writerow([path, f"sha256={digest}", len(text.encode())])
    writer.writerow([own, "", ""])
    return out.getvalue()


def write(path: Path, text: str) -> Path:
    """Write a file and the folders above it; return it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8", newline="")
    return path


def blocked(folder: Path) -> Path:
    """Return a path that not even root can write to: it is below a regular file."""
    return write(folder / "a-file", "") / "below"
