"""The environment that poetry installs into: the activated one, the project's ``.venv``, or poetry's own.

Source: poetry 2.5, ``EnvManager.get``; its settings are read from files.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from packaging.utils import canonicalize_name

from ..system.files import is_folder
from .caller import Caller
from .environments import base_prefix, read_pyvenv_cfg
from .folders import read_toml


class Settings(NamedTuple):
    """poetry's settings: variables, then the project's poetry.toml, then the person's config.toml."""

    environ: Mapping[str, str]
    tables: tuple[Mapping[str, Any], ...]

    def text(self, *keys: str) -> str | None:
        """Return a setting as text; None if it is not set."""
        variable = "POETRY_" + "_".join(key.upper().replace("-", "_") for key in keys)
        if variable in self.environ:
            return self.environ[variable]
        for table in self.tables:
            value: Any = table
            for key in keys:
                value = value.get(key) if isinstance(value, Mapping) else None
            if value is not None:
                return str(value)
        return None

    def flag(self, *keys: str) -> bool | None:
        """Return a boolean setting; None if it is not set."""
        text = self.text(*keys)
        return None if text is None else text.lower() in ("true", "1")

    @property
    def environments(self) -> Path:
        """The folder of poetry's own environments."""
        cache = self.text("cache-dir") or str(_user_folder("cache", self.environ))
        path = self.text("virtualenvs", "path") or "{cache-dir}/virtualenvs"
        return _expand(path.replace("{cache-dir}", cache), self.environ)


def find_environment(root: Path, environ: Mapping[str, str], caller: Caller) -> tuple[str, Path]:
    """Return (reason, path) of the environment that poetry installs a project into."""
    config = Path(environ.get("POETRY_CONFIG_DIR") or _user_folder("config", environ)) / "config.toml"
    settings = Settings(environ=environ, tables=(read_toml(root / "poetry.toml"), read_toml(config)))
    name = environment_name(_project_name(root), root)
    active = environ.get("VIRTUAL_ENV", environ.get("CONDA_PREFIX"))
    is_chosen = name in read_toml(settings.environments / "envs.toml")  # by `poetry env use`
    if active and environ.get("CONDA_DEFAULT_ENV") != "base" and not is_chosen:
        return "the activated environment", Path(active)
    in_project = settings.flag("virtualenvs", "in-project")
    if in_project is not False and (in_project or is_folder(root / ".venv")):
        return ".venv next to the lock", root / ".venv"
    if settings.flag("virtualenvs", "create") is False:
        return "the interpreter that poetry chose", base_prefix(read_pyvenv_cfg(caller.prefix))
    # poetry makes the build environment with the project's interpreter.
    return "poetry's own environment", settings.environments / f"{name}-py{caller.reader.python.rstrip('t')}"


def environment_name(name: str, root: Path) -> str:
    """Return ``consumer-TDQ2dQ4g``: poetry names an environment by the project's name and a hash of its folder."""
    sanitized = re.sub(r'[ $`!*@"\\\r\n\t]', "_", name.lower())[:42]
    folder = os.path.normcase(os.path.realpath(root))
    digest = base64.urlsafe_b64encode(hashlib.sha256(folder.encode("utf-8", "surrogateescape")).digest()).decode()
    return f"{sanitized}-{digest[:8]}"


def _project_name(root: Path) -> str:
    document = read_toml(root / "pyproject.toml")
    tables = (document.get("project", {}), document.get("tool", {}).get("poetry", {}))
    name = next((table["name"] for table in tables if table.get("name")), "non-package-mode")
    return str(canonicalize_name(name))


def _user_folder(kind: str, environ: Mapping[str, str]) -> Path:
    """Return poetry's ``cache`` or ``config`` folder, as platformdirs does."""
    home = Path(environ.get("HOME") or "~")
    if os.name == "nt":  # pragma: no cover - Windows
        name = "LOCALAPPDATA" if kind == "cache" else "APPDATA"
        return Path(environ.get(name, "")) / "pypoetry" / ("Cache" if kind == "cache" else "")
    if sys.platform == "darwin":  # pragma: no cover - macOS
        return home / "Library" / ("Caches" if kind == "cache" else "Application Support") / "pypoetry"
    return Path(environ.get(f"XDG_{kind.upper()}_HOME") or home / f".{kind}") / "pypoetry"


def _expand(path: str, environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME", "~") + path[1:] if path.startswith("~/") else path)
