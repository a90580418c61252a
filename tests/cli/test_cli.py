"""The command line: exit codes, JSON, colours."""

from __future__ import annotations

import io
import json
import os
import runpy
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from callers import TARGET, Scene, make_caller
from hooks import make_source
from standins import make_venv, write

from runtime_backend import __version__
from runtime_backend.cli import explain as explain_module
from runtime_backend.cli import main
from runtime_backend.cli.terminal import coloured, wants_colour
from runtime_backend.config import load_settings
from runtime_backend.frontend.caller import Caller
from runtime_backend.plan.as_json import describe_plan
from runtime_backend.plan.planning import make_plan


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Return a scene with a producer."""
    scene = Scene(tmp_path)
    make_source(scene.source, "backends.recording")
    return scene


def stand(monkeypatch: pytest.MonkeyPatch, scene: Scene, prefix: Path, **variables: str) -> Caller:
    """Make an environment's interpreter run the command line, and return the resulting caller."""
    environ = scene.shell(scene.elsewhere, None, RUNTIME_BACKEND_CACHE_DIR=str(scene.root / "our-cache"), **variables)
    caller = make_caller(prefix, cwd=scene.elsewhere, environ=environ, sys_path=[scene.site(prefix)])
    monkeypatch.setattr(explain_module, "read_caller", lambda: caller)
    monkeypatch.setattr(os, "environ", environ)
    return caller._replace(cwd=scene.source, sys_path=(), is_hook=False)


def test_explain(scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The plan is printed as a tree, without colours into a pipe, and the exit code is 0 if it can be built."""
    stand(monkeypatch, scene, scene.target)
    assert 0 == main(["explain", str(scene.source)])
    out = capsys.readouterr().out.splitlines()
    assert f"get_requires_for_build_wheel of {scene.source}" == out[0]
    assert f"├─ torch: torch {TARGET}, installed  [{scene.target}]" in out
    assert not any("\033" in line for line in out)


def test_explain_in_colour(scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Colours are used if they are forced."""
    stand(monkeypatch, scene, scene.target, FORCE_COLOR="1")
    assert 0 == main(["explain", str(scene.source)])
    assert "├─ \033[1mprovision\033[0m: auto\033[2m  [default]\033[0m" in capsys.readouterr().out.splitlines()


def test_explain_as_json(scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON has no colours, even if they are forced."""
    caller = stand(monkeypatch, scene, scene.target, FORCE_COLOR="1")
    assert 0 == main(["explain", "--json", str(scene.source)])
    settings = load_settings(scene.source, environ=caller.environ)
    assert describe_plan(make_plan("get_requires_for_build_wheel", settings, caller, print)) == json.loads(
        capsys.readouterr().out
    )


def test_explain_here(scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The default source is the working directory."""
    stand(monkeypatch, scene, scene.target)
    monkeypatch.chdir(scene.source)
    assert 0 == main(["explain"])
    assert capsys.readouterr().out.startswith(f"get_requires_for_build_wheel of {scene.source}\n")


def test_explain_a_stop(scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The refusal is printed last, and the exit code is 1, with JSON too."""
    make_venv(scene.root / "bare")
    stand(monkeypatch, scene, scene.root / "bare")
    assert 1 == main(["explain", str(scene.source)])
    assert (
        "\nthe build would stop, error[no-runtime]: no torch is known to build against. Looked at:\n"
        in capsys.readouterr().out
    )
    assert 1 == main(["explain", "--json", str(scene.source)])
    assert json.loads(capsys.readouterr().out)["stop"].startswith("no torch is known to build against.")


def test_explain_keeps_secrets(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither the plan nor a refusal contains credentials."""
    make_venv(scene.root / "bare")
    pin = "torch @ https://me:hunter2@example.org/torch-9.0-py3-none-any.whl"
    stand(monkeypatch, scene, scene.root / "bare", RUNTIME_BACKEND_PIN=pin, RUNTIME_BACKEND_PROVISION="reuse")
    assert 1 == main(["explain", str(scene.source)])
    stand(monkeypatch, scene, scene.root / "bare", RUNTIME_BACKEND_PIN=pin.replace("-py3", ""))
    assert 1 == main(["explain", str(scene.source)])
    captured = capsys.readouterr()
    assert ("the build would stop" in captured.out, "hunter2" in captured.out + captured.err) == (True, False)


def test_explain_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing source is refused."""
    assert 1 == main(["explain", str(tmp_path / "nowhere")])
    assert (
        f"runtime-backend: error[no-source-folder]: {tmp_path}/nowhere: found no folder, expected a source tree\n"
    ) == capsys.readouterr().err
    path = write(tmp_path / "pyproject.toml", "")
    assert 1 == main(["explain", str(path)])
    assert (
        f"runtime-backend: error[no-source-folder]: {path}: found no folder, expected a source tree\nName its folder: {tmp_path}\n"
    ) == capsys.readouterr().err
    with monkeypatch.context() as patched:
        patched.setattr("os.access", lambda *_: False)
        assert 1 == main(["explain", str(tmp_path)])
        assert (
            f"runtime-backend: error[folder-unreadable]: {tmp_path}: cannot be read: permission denied\n"
            == capsys.readouterr().err
        )
    (tmp_path / "loop").symlink_to("loop")
    assert 1 == main(["explain", str(tmp_path / "loop")])
    assert f"runtime-backend: error[no-source-folder]: {tmp_path}/loop: found no folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--version"], 0, f"runtime-backend {__version__}\n"),
        (["--help"], 0, "usage: runtime-backend "),
        (["explain", "--help"], 0, "usage: runtime-backend explain "),
        (["--pint"], 2, "usage: runtime-backend "),
        (["nonsense"], 2, "usage: runtime-backend "),
        (["explain", "a", "b"], 2, "usage: runtime-backend explain "),
    ],
)
def test_usage(arguments: list[str], code: int, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Help and version have exit code 0, wrong usage has 2."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    captured = capsys.readouterr()
    assert (code, True) == (caught.value.code, (captured.out if code == 0 else captured.err).startswith(told))


class Terminal(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        """Return True."""
        return True


@pytest.mark.parametrize(
    ("environ", "on_terminal", "in_pipe"),
    [
        ({}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": ""}, True, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False),
    ],
)
def test_wants_colour(environ: Mapping[str, str], on_terminal: bool, in_pipe: bool) -> None:  # noqa: FBT001 - columns
    """NO_COLOR takes precedence over FORCE_COLOR, both over the terminal; empty values are ignored."""
    assert (on_terminal, in_pipe) == (wants_colour(Terminal(), environ), wants_colour(io.StringIO(), environ))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("plain", "plain"),
        ("key: value", "\033[1mkey\033[0m: value"),
        ("│  ├─ key: value  [origin]", "│  ├─ \033[1mkey\033[0m: value\033[2m  [origin]\033[0m"),
        ("└─ word  [origin]", "└─ word\033[2m  [origin]\033[0m"),
    ],
)
def test_coloured(line: str, expected: str) -> None:
    """The key is bold, the origin dim."""
    assert expected == coloured(line)


def test_module(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """``python -m runtime_backend`` is the command line."""
    monkeypatch.setattr(sys, "argv", ["runtime_backend", "--version"])
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("runtime_backend", run_name="__main__")
    assert (0, f"runtime-backend {__version__}\n") == (caught.value.code, capsys.readouterr().out)


def test_module_is_not_run_by_an_import(capsys: pytest.CaptureFixture[str]) -> None:
    """Importing ``__main__`` runs nothing."""
    runpy.run_module("runtime_backend.__main__", run_name="imported")
    assert "" == capsys.readouterr().out
