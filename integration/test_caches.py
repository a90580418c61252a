"""What frontends keep: the settings by which a raised torch makes them build again (docs/how-to/upgrading-torch.md)."""

from __future__ import annotations

from pathlib import Path

import pytest

from .index import Index
from .projects import Project
from .stock import NEWEST_PIP, NEWEST_UV
from .workplace import Workplace

NOTHING: dict[str, str | Path | None] = {"UV_OFFLINE": None, "UV_FIND_LINKS": None}

SETTINGS = {
    "nothing": "",
    "reinstall-package": '[tool.uv]\nreinstall-package = ["probe-setuptools"]\n',
    "match-runtime": (
        '[tool.uv.extra-build-dependencies]\nprobe-setuptools = [{ requirement = "torch", match-runtime = true }]\n'
    ),
}


@pytest.mark.parametrize(
    ("origin", "setting", "torch"),
    [
        ("git", "nothing", "2.7.0"),
        ("git", "match-runtime", "2.8.0"),
        ("directory", "reinstall-package", "2.8.0"),
        ("directory", "match-runtime", "2.8.0"),
    ],
)
def test_uv_sync(place: Workplace, index: Index, origin: str, setting: str, torch: str) -> None:
    """Without a setting uv keeps the old wheel from git; with it, it builds again."""
    project = Project(place, index, "uv")
    source = f'git = "{project.repository().as_uri()}"' if origin == "git" else f'path = "{project.package}"'
    for version in ("2.7.0", "2.8.0"):
        project.write(
            "pyproject.toml",
            '[project]\nname = "consumer"\nversion = "0"\nrequires-python = ">=3.10"\n'
            f'dependencies = ["torch=={version}", "probe-setuptools"]\n'
            f"{index.uv('main')}"
            f"[tool.uv.sources]\nprobe-setuptools = {{ {source} }}\n{SETTINGS[setting]}",
        )
        place.uv(NEWEST_UV, "sync", cwd=project.folder, **NOTHING)
    project.check_torch("2.8.0")
    (built,) = project.prefix.glob("lib/*/site-packages/probe_setuptools/built_against.py")
    assert f"TORCH_VERSION = '{torch}" in built.read_text("utf-8")


def test_pip(place: Workplace, index: Index) -> None:
    """pip keeps wheels that it built from a commit; with --no-cache-dir it builds again."""
    target = place.target("2.7.0", pip=NEWEST_PIP)
    repository = Project(place, index, "pip").repository()
    commit = (repository / ".git/refs/heads/main").read_text("utf-8").strip()
    requirement = f"probe-setuptools @ git+{repository.as_uri()}@{commit}"
    for torch, options, built in (
        ("2.7.0", [], "2.7.0"),
        ("2.8.0", ["--force-reinstall"], "2.7.0"),
        ("2.8.0", ["--force-reinstall", "--no-cache-dir"], "2.8.0"),
    ):
        place.install(target.python, f"torch==={torch}")
        place.run(target.python, "-m", "pip", "install", *options, requirement)
        text = (target.site / "probe_setuptools" / "built_against.py").read_text("utf-8")
        assert f"TORCH_VERSION = '{built}" in text
