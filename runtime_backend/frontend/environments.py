"""Reading an environment on disk: its folders of distributions and its Python version, from files if possible."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from ..installed.distributions import DistributionIndex, extend_by_links, extend_by_pth
from ..system.files import is_file, is_folder, read_text, real_path

_ASK = (
    "import json, site, sys; print(json.dumps([sys.prefix, '%d.%d' % sys.version_info[:2],"
    " ([site.getusersitepackages()] if site.ENABLE_USER_SITE else []) + site.getsitepackages()]))"
)


class _Folders(NamedTuple):
    """The folders of distributions of an environment."""

    prefix: Path
    python: str
    """``3.11``; ``3.13t`` if it is free-threaded."""
    site_dirs: tuple[Path, ...]
    """In the order of its ``sys.path``."""
    borrowed: tuple[Path, ...] = ()
    """Those that are not its own: the user site, and the system's in a virtual environment that includes them."""
    follows_pth: bool = True
    """Whether folders in ``.pth`` files count: True for Python, False for uv."""


class Environment(_Folders):
    """An environment, or another prefix with distributions."""

    @cached_property
    def distributions(self) -> DistributionIndex:
        """The installed distributions, including editable ones."""
        extend = extend_by_pth if self.follows_pth else extend_by_links
        return DistributionIndex(extend(self.site_dirs))

    def with_folder(self, folder: Path) -> Environment:
        """Return the environment with another folder of distributions in front."""
        return self._replace(site_dirs=(folder, *self.site_dirs))

    def without_folder(self, folder: Path | None) -> Environment:
        """Return the environment without one of its folders."""
        return self if folder is None else self._replace(site_dirs=tuple(f for f in self.site_dirs if f != folder))

    def seen_by_uv(self) -> Environment:
        """Return the environment as uv sees it: only its own folders, without those in ``.pth`` files."""
        own = tuple(folder for folder in self.site_dirs if folder not in self.borrowed)
        return self._replace(site_dirs=own, follows_pth=False)


class EnvironmentReader(NamedTuple):
    """Reads environments for one running interpreter and one person."""

    python: str
    """The running interpreter's ``X.Y``, preferred if a prefix has several."""
    user_base: Path
    """The base of the person's user site (``site.getuserbase()``)."""

    def read(self, path: Path) -> Environment | None:
        """Return the environment of a prefix, of an interpreter, or of a file with the path of a prefix.

        A ``.venv`` may be a folder, a link, or a file with a path (uv's centralised environments).
        """
        if is_folder(path):
            return self._read_prefix(path)
        if not is_file(path):
            return None
        if path.name.startswith("python") or path.suffix == ".exe":
            return self._read_prefix(path.parent.parent) or _ask_interpreter(path)
        named = path.parent / read_text(path).strip()
        return self._read_prefix(named) if is_folder(named) else None

    def _read_prefix(self, prefix: Path) -> Environment | None:
        config = read_pyvenv_cfg(prefix)
        preferred = _major_minor(config.get("version_info") or config.get("version") or self.python)
        python, own = _site_dirs(prefix, preferred)
        if python is None or not (config or _has_interpreter(prefix)):
            return None
        shared: tuple[Path, ...] = ()
        if not config:
            shared = self._user_sites(python)
            return Environment(prefix=prefix, python=python, site_dirs=(*shared, *own), borrowed=shared)
        if config.get("include-system-site-packages", "").lower() == "true":
            shared = (*self._user_sites(python), *_site_dirs(base_prefix(config), python)[1])
        return Environment(prefix=prefix, python=python, site_dirs=(*own, *shared), borrowed=shared)

    def _user_sites(self, python: str) -> tuple[Path, ...]:
        folder = self.user_base / "lib" / f"python{python}" / "site-packages"
        if os.name == "nt":  # pragma: no cover - Windows
            folder = self.user_base / f"Python{python.replace('.', '')}" / "site-packages"
        return (folder,) if is_folder(folder) else ()


def read_pyvenv_cfg(prefix: Path) -> Mapping[str, str]:
    """Return ``pyvenv.cfg``, with keys in lower case; empty if the prefix is no virtual environment."""
    pairs = (line.partition("=") for line in read_text(prefix / "pyvenv.cfg").splitlines())
    return {key.strip().lower(): value.strip() for key, _, value in pairs}


def base_prefix(config: Mapping[str, str]) -> Path:
    """Return the prefix of an environment's base Python; ``home`` is its bin, on Windows the prefix itself."""
    home = Path(config.get("home") or os.devnull)
    return home if is_file(home / "python.exe") else home.parent


def is_conda_base(prefix: str, environ: Mapping[str, str]) -> bool:
    """Return whether a conda environment is the base, of any name. Source: uv, ``virtualenv.rs``."""
    if is_file(Path(prefix) / "conda-meta" / "pixi"):
        return False
    if environ.get("_CONDA_ROOT") == prefix:
        return True
    name = environ.get("CONDA_DEFAULT_ENV")
    return name is not None and name not in (prefix, Path(prefix).name)


def find_site(prefix: Path, python: str) -> Path:
    """Return the folder of distributions for ``--prefix``, which need not exist."""
    return prefix / "Lib" / "site-packages" if os.name == "nt" else prefix / f"lib/python{python}/site-packages"


def _site_dirs(prefix: Path, preferred: str) -> tuple[str | None, tuple[Path, ...]]:
    """Return the prefix's Python (X.Y) and its folders: of the preferred version, else of the nearest one."""
    if is_folder(prefix / "Lib" / "site-packages"):
        return preferred, (prefix / "Lib" / "site-packages",)
    versions = [path.name[len("python") :] for path in prefix.glob("lib/python3.*") if is_folder(path)]
    versions.sort(key=lambda version: (version != preferred, version.rstrip("t") != preferred.rstrip("t"), version))
    for version in versions:
        names = [f"lib/python{version}/site-packages", f"lib64/python{version}/site-packages"]
        # Debian has one folder for apt and another one for pip.
        names += [f"local/lib/python{version}/dist-packages", "lib/python3/dist-packages"]
        found = [prefix / name for name in names if is_folder(prefix / name)]
        if found:
            return version, tuple(_without_aliases(found))
    return None, ()


def _without_aliases(folders: list[Path]) -> list[Path]:
    """Return the folders without duplicates; ``lib64`` is often a link to ``lib``."""
    return list({real_path(folder): folder for folder in reversed(folders)}.values())[::-1]


def _has_interpreter(prefix: Path) -> bool:
    return any(is_file(prefix / name) for name in ("bin/python3", "bin/python", "python.exe"))


def _major_minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _ask_interpreter(interpreter: Path) -> Environment | None:
    """Run an interpreter to get its folders: for wrappers and shims, whose path is not in a prefix."""
    environ = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONNOUSERSITE", "PYTHONHOME")}
    try:
        answer = subprocess.run(  # noqa: S603 - the person named this interpreter
            [str(interpreter), "-c", _ASK], env=environ, capture_output=True, text=True, timeout=30, check=True
        ).stdout
        prefix, python, folders = json.loads(answer)
        return Environment(prefix=Path(prefix), python=str(python), site_dirs=tuple(map(Path, folders)))
    except (OSError, ValueError, TypeError, RecursionError, subprocess.SubprocessError):
        return None
