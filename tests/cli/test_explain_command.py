"""``runtime-backend explain SOURCE -- COMMAND``: the plan for a build by a frontend that is not running yet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from asking import Frontend
from callers import OTHER, TARGET, Scene
from dry_runs import make_frontend, saying
from standins import write
from test_cli import scene, stand

from runtime_backend.cli import main
from runtime_backend.frontend.asking import dry_run

__all__ = ["scene"]


def make_program(scene: Scene, name: str, text: str = "a program\n") -> Path:
    """Put a program on PATH."""
    program = write(scene.root / "bin" / name, text)
    program.chmod(0o755)
    return program


def explain(scene: Scene, monkeypatch: pytest.MonkeyPatch, *command: str, **variables: str) -> int:
    """Explain the producer's build by a command that is started in its folder; return the exit code."""
    stand(monkeypatch, scene, scene.target, PATH=str(scene.root / "bin"), PIP_CONFIG_FILE="/dev/null", **variables)
    monkeypatch.chdir(scene.source)
    return main(["explain", str(scene.source), "--", *command])


def test_pip(scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A pip that is found on PATH installs into the environment of the interpreter in its first line."""
    make_program(scene, "pip", f"#!{scene.other}/bin/python -sE\nimport pip\n")
    assert 0 == explain(scene, monkeypatch, "pip", "install", "--no-deps", ".")
    out = capsys.readouterr().out.splitlines()
    assert f"├─ torch: torch {OTHER}, installed  [{scene.other}]" in out
    assert "│  ├─ decision: proved: pip install --no-deps moves only what it names" in out


def test_pip_of_no_environment(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pip whose interpreter belongs to no environment leaves the running interpreter as the target."""
    make_program(scene, "pip", f"#!{scene.root}/gone/bin/python\nimport pip\n")
    assert 0 == explain(scene, monkeypatch, "pip", "install", "--no-deps", ".")
    assert f"├─ torch: torch {TARGET}, installed  [{scene.target}]" in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("first", ["#!/usr/bin/env python", "#! /usr/bin/env", "#!/bin/sh", "#!"])
def test_pip_by_another_first_line(
    first: str, scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pip that a shell or env starts is a pip, whatever the environment of its Python."""
    make_program(scene, "pip", f"{first}\nimport pip\n")
    assert 0 == explain(scene, monkeypatch, "pip", "install", "--no-deps", ".")
    assert f"├─ torch: torch {TARGET}, installed  [{scene.target}]" in capsys.readouterr().out.splitlines()


def test_uv(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], frontend: Frontend
) -> None:
    """A uv installs into the environment that its own words name."""
    make_program(scene, "uv")
    assert 0 == explain(scene, monkeypatch, "uv", "pip", "install", "-p", str(scene.other), "--no-deps", ".")
    assert f"├─ torch: torch {OTHER}, installed  [{scene.other}]" in capsys.readouterr().out.splitlines()
    assert [] == frontend.asked


@pytest.mark.asks
def test_frontend_is_asked(scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A command that may move torch is run as a dry run, which is announced on standard error if it takes long."""
    make_program(scene, "uv")
    body = f"import time\ntime.sleep(0.2)\n{saying(f' - torch=={OTHER}', f' + torch=={TARGET}')}"
    uv = make_frontend(scene.root / "stand-ins", "uv", body)
    monkeypatch.setattr(dry_run, "_PATIENCE", 0.01)
    command = ("uv", "pip", "install", "-U", "-p", str(scene.other), "torch", ".")
    assert 0 == explain(scene, monkeypatch, *command, UV=str(uv.path))
    captured = capsys.readouterr()
    assert (
        "runtime-backend: asking the frontend what it is about to install (uv pip install --dry-run) ...\n"
    ) == captured.err
    decision = f"decision: asked: uv pip install --dry-run: torch {OTHER} -> {TARGET}"
    assert decision in [line.lstrip("│├└─ ") for line in captured.out.splitlines()]
    assert ["torch", "."] == uv.note.words[-2:]


@pytest.mark.parametrize(
    ("command", "told"),
    [(("make", "all it takes"), "make 'all it takes'"), (("pip", "install", "."), "pip install .")],
    ids=["another program", "absent"],
)
def test_no_frontend(
    command: tuple[str, ...],
    told: str,
    scene: Scene,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A command that is no frontend's, or is not on PATH, is refused."""
    make_program(scene, "make")
    assert 1 == explain(scene, monkeypatch, *command)
    assert (
        f"runtime-backend: error[no-frontend-in-command]: {told}: found no frontend, expected a command of pip, uv or another frontend on"
        " PATH\n"
    ) == capsys.readouterr().err


def test_kept_environment(scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The plan has the environment that an editable would keep, and why."""
    text = (scene.source / "pyproject.toml").read_text("utf-8")
    table = '[tool.scikit-build]\neditable.rebuild = true\n[tool.runtime-backend]\nbuild-backend = "scikit_build_core.build"\n'
    before = text.partition("[tool.runtime-backend]")[0]
    write(scene.source / "pyproject.toml", f"{before}{table}")
    make_program(scene, "pip", f"#!{scene.other}/bin/python -sE\nimport pip\n")
    assert 0 == explain(scene, monkeypatch, "pip", "install", "--no-deps", ".")
    out = capsys.readouterr().out.splitlines()
    (line,) = [number for number, text in enumerate(out) if "kept build environment of an editable: " in text]
    assert "/environments/source-" in out[line]
    assert out[line].endswith("-*")
    assert out[line + 1].endswith("scikit-build-core has editable.rebuild  [editable-env: default]")
    assert 0 == main(["explain", "--json", str(scene.source), "--", "pip", "install", "--no-deps", "."])
    found = json.loads(capsys.readouterr().out)["kept-environment"]
    assert ("scikit-build-core has editable.rebuild", "default") == (found["why"], found["origin"])
