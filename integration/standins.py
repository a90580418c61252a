"""Stand-in wheels: a torch of every version that the tests need, what it depends on, and what it does not.

They are laid out as the real ones where a build looks: ``torch/version.py``, ``torch/share/cmake``, Requires-Dist.
"""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

TORCHES: Mapping[str, tuple[str, str | None]] = {
    "2.6.0": ("2.6.0", None),
    "2.7.0": ("2.7.0", None),
    "2.7.0+cpu": ("2.7.0+cpu", None),
    "2.7.0+cu126": ("2.7.0+cu126", "12.6"),
    "2.7.1+cu130": ("2.7.1+cu130", "13.0"),
    "2.8.0": ("2.8.0+cu128", "12.8"),
}
"""Version of the metadata -> (what it calls itself, its CUDA). On the default index, the two versions differ."""


_CUBLAS = {
    "nvidia/cu13/include/cublas_v2.h": "#define CUBLAS_STANDIN 7\n",
    "nvidia/cu13/lib/libcublas.so.13": "no library",
}


def reported(version: str) -> str:
    """Return what the torch of that version calls itself."""
    return TORCHES[version][0]


def make_standins(folder: Path) -> None:
    """Write all the wheels into a folder."""
    make_torches(folder, TORCHES)
    make_wheel(folder, "nvidia-cublas", "13.1", _CUBLAS)
    make_wheel(folder, "notorch-dep", "1.0", {"notorch_dep/__init__.py": '"""Not in torch\'s closure."""\n'})


def make_torches(folder: Path, torches: Mapping[str, tuple[str, str | None]], requires: Sequence[str] = ()) -> None:
    """Write a torch for each version, and the wheel that every torch needs.

    :param torches: as ``TORCHES``.
    :param requires: what else these need.
    """
    for version, (name, cuda) in torches.items():
        more = ["nvidia-cublas"] if version.endswith("+cu130") else []
        make_wheel(folder, "torch", version, torch_files(name, cuda), ["torchdep", *more, *requires])
    make_torchdep(folder)


def make_torchdep(folder: Path) -> Path:
    """Write the wheel that every torch depends on."""
    return make_wheel(folder, "torchdep", "1.0", {"torchdep/__init__.py": '"""In torch\'s closure."""\n'})


def torch_files(name: str, cuda: str | None) -> dict[str, str]:
    """Return the files of a torch.

    :param name: the version that the torch reports.
    """
    return {
        "torch/__init__.py": "import torchdep\n\nfrom .version import __version__, cuda\n",
        "torch/version.py": (
            "from typing import Optional\n\n"
            "__all__ = ['__version__', 'debug', 'cuda', 'git_version', 'hip', 'rocm', 'xpu']\n"
            f"__version__ = '{name}'\n"
            "debug = False\n"
            f"cuda: Optional[str] = {cuda!r}\n"
            f"git_version = '{hashlib.sha1(name.encode()).hexdigest()}'\n"  # noqa: S324 - as git would
            "hip: Optional[str] = None\n"
            "rocm: Optional[str] = None\n"
            "xpu: Optional[str] = None\n"
        ),
        "torch/share/cmake/Torch/TorchConfig.cmake": f'set(TORCH_FOUND TRUE)\nset(TORCH_STANDIN "{name}")\n',
    }


def make_wheel(
    folder: Path,
    name: str,
    version: str,
    files: Mapping[str, str],
    requires: Sequence[str] = (),
    *,
    extras: Sequence[str] = (),
) -> Path:
    """Write a wheel for every Python, and return its path."""
    stem = f"{name.replace('-', '_')}-{version}"
    requirements = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    requirements += "".join(f"Provides-Extra: {extra}\n" for extra in extras)
    contents = {
        **files,
        f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requirements}",
        f"{stem}.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: us\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},sha256={digest(text.encode())},{len(text)}\n" for path, text in contents.items())
    contents[f"{stem}.dist-info/RECORD"] = f"{record}{stem}.dist-info/RECORD,,\n"
    wheel = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in contents.items():
            archive.writestr(path, text)
    return wheel


def digest(content: bytes) -> str:
    """Return a SHA-256 as RECORD spells it."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
