"""``runtime-backend init``: what it makes of the shapes that real packages have, and what it leaves alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standins import write

from runtime_backend.cli import main
from runtime_backend.cli.adoption import adopt
from runtime_backend.config import load_settings
from runtime_backend.errors import ConfigError
from runtime_backend.toml import loads

OURS = "runtime_backend.build"

SHAPES = {
    # a package's pyproject.toml -> the same with the shim in it
    "setuptools": (
        '# hello\n[build-system]\nrequires = ["setuptools>=77", "torch>=2.4", "ninja"]  # tools\nbuild-backend = "setuptools.build_meta"\n\n[project]\nname = "x"\n',
        '# hello\n[build-system]\nrequires = ["runtime-backend", "setuptools>=77", "ninja"]  # tools\n'
        f'build-backend = "{OURS}"\n\n[project]\nname = "x"\n\n[tool.runtime-backend]\nbuild-backend = "setuptools.build_meta"\n'
        'match-runtime = ["torch>=2.4"]\n',
    ),
    "no build-backend key, a cap": (
        '[build-system]\nrequires = [\n  "wheel",\n  "torch>=2.4.1, <2.7",  # a cap\n  "setuptools", # real\n]\n',
        f'[build-system]\nrequires = [\n  "runtime-backend",\n  "wheel",\n  "setuptools", # real\n]\nbuild-backend = "{OURS}"\n\n'
        '[tool.runtime-backend]\nmatch-runtime = ["torch>=2.4.1, <2.7"]\n',
    ),
    "scikit-build-core without torch": (
        '[build-system]\nrequires = ["scikit-build-core"]\nbuild-backend = "scikit_build_core.build"\n\n[tool.scikit-build]\nbuild-dir = "b"\n',
        f'[build-system]\nrequires = ["runtime-backend", "scikit-build-core"]\nbuild-backend = "{OURS}"\n\n'
        '[tool.scikit-build]\nbuild-dir = "b"\n\n[tool.runtime-backend]\nbuild-backend = "scikit_build_core.build"\n',
    ),
    "in-tree": (
        '[build-system]\nrequires = ["setuptools", "torch"]\nbuild-backend = "backend"\nbackend-path = ["build-backend"]\n',
        f'[build-system]\nrequires = ["runtime-backend", "setuptools"]\nbuild-backend = "{OURS}"\n\n'
        '[tool.runtime-backend]\nbuild-backend = "backend"\nbackend-path = ["build-backend"]\n',
    ),
    "a marker": (
        '[build-system]\nrequires = ["meson-python", "torch==2.11.*; platform_system != \'Darwin\'"]\nbuild-backend = "mesonpy"\n',
        f'[build-system]\nrequires = ["runtime-backend", "meson-python"]\nbuild-backend = "{OURS}"\n\n'
        '[tool.runtime-backend]\nbuild-backend = "mesonpy"\nmatch-runtime = ["torch==2.11.*; platform_system != \'Darwin\'"]\n',
    ),
    "legacy, spelt out": (
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta:__legacy__"\n',
        f'[build-system]\nrequires = ["runtime-backend", "setuptools"]\nbuild-backend = "{OURS}"\n',
    ),
    "no build-system": (
        "[tool.black]\nline-length = 100\n",
        f'[tool.black]\nline-length = 100\n[build-system]\nrequires = ["runtime-backend", "setuptools"]\nbuild-backend = "{OURS}"\n',
    ),
    "a table of ours already": (
        '[build-system]\nrequires = ["hatchling", "jax>=1"]\nbuild-backend = "hatchling.build"\n\n[tool.runtime-backend]\nmatch-runtime = [{ requirement = "jax" }]\n',
        f'[build-system]\nrequires = ["runtime-backend", "hatchling"]\nbuild-backend = "{OURS}"\n\n'
        '[tool.runtime-backend]\nmatch-runtime = [{ requirement = "jax" }]\nbuild-backend = "hatchling.build"\n',
    ),
    "what is no requirement": (
        '[build-system]\nrequires = ["not one!"]\nbuild-backend = "x"\n[tool]\n',
        f'[build-system]\nrequires = ["runtime-backend", "not one!"]\nbuild-backend = "{OURS}"\n[tool]\n'
        '[tool.runtime-backend]\nbuild-backend = "x"\n',
    ),
}


def squeezed(text: str) -> str:
    """Return a text without empty lines: how many there are is for tomlkit to choose."""
    return "\n".join(line for line in text.splitlines() if line.strip())


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes(shape: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The shim is in, torch is out, comments stay; the settings take it; twice is once."""
    before, after = SHAPES[shape]
    path = write(tmp_path / "pyproject.toml", before)
    assert 0 == main(["init", str(tmp_path)])
    assert before == path.read_text()
    assert 1 == main(["init", str(tmp_path), "--check"])
    assert "next: the same command with --write" in capsys.readouterr().out
    assert 0 == main(["init", str(tmp_path), "--write"])
    assert squeezed(after) == squeezed(path.read_text())
    written = path.read_text()
    for mode in ("--write", "--check"):
        assert 0 == main(["init", str(tmp_path), mode])
    assert written == path.read_text()
    if "not one!" not in before:
        settings = load_settings(tmp_path, environ={})
        assert (
            loads(before).get("build-system", {}).get("build-backend", "setuptools.build_meta:__legacy__")
            == settings.real_backend.value
        )


@pytest.mark.parametrize("requires", ["['runtime-backend' , 'setuptools']", '[ "runtime-backend","setuptools" ,]'])
def test_spelling_of_others(requires: str, tmp_path: Path) -> None:
    """What is right already is not spelt anew."""
    write(tmp_path / "pyproject.toml", f"[build-system]\nrequires = {requires}\nbuild-backend = '{OURS}'\n")
    assert 0 == main(["init", str(tmp_path), "--check"])
    assert 0 == main(["vendor", str(tmp_path)])
    text = (tmp_path / "pyproject.toml").read_text().replace('"', "'")
    write(
        tmp_path / "pyproject.toml",
        text.replace("'tomli>=2; python_version < '3.11''", "\"tomli>=2; python_version < '3.11'\""),
    )
    assert 0 == main(["vendor", str(tmp_path), "--check"])


def test_ours_misspelt(tmp_path: Path) -> None:
    """The shim under a wrong name is spelt right, and never taken for the real backend."""
    before = '[build-system]\nrequires = ["runtime-backend", "setuptools"]\nbuild-backend = "{}"\n'
    write(tmp_path / "pyproject.toml", before.format("runtime_backend.biuld"))
    assert before.format(OURS) == adopt(tmp_path).after


def test_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is lost, or would be said twice, is told."""
    requires = '["setuptools", "torch @ https://example.org/torch-2-py3-none-any.whl", "torch>=2"]'
    write(
        tmp_path / "pyproject.toml",
        f'[build-system]\nrequires = {requires}\n[tool.runtime-backend]\nmatch-runtime = ["torch"]\n',
    )
    assert 0 == main(["init", str(tmp_path)])
    told = capsys.readouterr()
    assert "whl' is gone from build-system.requires: name it as RUNTIME_BACKEND_PIN where you build" in told.err
    assert "'torch>=2' is gone from build-system.requires: see that match-runtime says the same" in told.err


def test_windows_line_ends_and_mode(tmp_path: Path) -> None:
    """A file keeps its line ends and its mode."""
    path = tmp_path / "pyproject.toml"
    path.write_bytes(b'[build-system]\r\nrequires = ["setuptools"]\r\n')
    path.chmod(0o600)
    assert 0 == main(["init", str(tmp_path), "--write"])
    text = path.read_bytes()
    assert text.count(b"\r\n") == text.count(b"\n") == 3
    assert 0o600 == path.stat().st_mode & 0o777


def test_colours(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The diff is coloured where colours are wanted."""
    write(tmp_path / "pyproject.toml", SHAPES["setuptools"][0].replace("setuptools.build_meta", "mine"))
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert 0 == main(["init", str(tmp_path)])
    assert '\033[31m-build-backend = "mine"\033[0m' in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    assert 0 == main(["init", str(tmp_path)])
    assert "\033" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "found neither pyproject.toml nor setup.py, expected a package"),
        ({"pyproject.toml": "x ="}, "pyproject.toml: not TOML: "),
        ({"pyproject.toml": "build-system = 3"}, "build-system.requires: found none, expected an array"),
        ({"pyproject.toml": "[build-system]\nrequires = 3"}, "build-system.requires: found none, expected an array"),
        ({"setup.py": "def"}, "setup.py: cannot be read: "),
    ],
)
def test_stops(files: dict[str, str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be understood is told with its file."""
    for name, text in files.items():
        write(tmp_path / name, text)
    assert 1 == main(["init", str(tmp_path)])
    assert told in capsys.readouterr().err


def test_no_folder(tmp_path: Path) -> None:
    """No folder, no UTF-8."""
    with pytest.raises(ConfigError, match="found no folder, expected a source tree"):
        adopt(tmp_path / "nowhere")
    (tmp_path / "pyproject.toml").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"pyproject\.toml: cannot be read: "):
        adopt(tmp_path)


SETUP = """
import os, sys, re
import torch
import numpy as np
import pkg_resources, psutil, cuda_tools, helpers.more, own
from os import environ
from . import nothing
from setuptools import setup, find_packages
from torch.utils.cpp_extension import CUDAExtension

if os.environ.get("FORCE_CUDA") or os.getenv("CC") or environ["MAX_JOBS"] or os.environ[name]:
    pass
setup(name="x", version=read_version(), setup_requires=["ninja", "torch"], ext_modules=[])
"""


def test_bare_setup_py(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Build tools are taken from what it imports; what is not known is asked for; nothing is invented."""
    write(tmp_path / "setup.py", SETUP)
    write(tmp_path / "own.py", "")
    write(tmp_path / "helpers/__init__.py", "")
    assert 0 == main(["init", str(tmp_path), "--write"])
    assert (
        '[build-system]\nrequires = ["runtime-backend", "setuptools<82", "numpy", "psutil", "ninja"]\n'
        f'build-backend = "{OURS}"\n'
    ) == (tmp_path / "pyproject.toml").read_text()
    told = capsys.readouterr().err
    assert "the metadata stay in setup.py: not all of them are plain text there" in told
    assert "setup.py imports 'cuda_tools', which is neither Python's nor in this folder" in told
    assert "go into [tool.runtime-backend.env]: CC, FORCE_CUDA, MAX_JOBS" in told
    assert 0 == main(["init", str(tmp_path), "--check"])
    assert "" == capsys.readouterr().err


PLAIN = """
import torch
from setuptools import setup
VERSION = "1.2"
setup(
    name="x", version=VERSION, description="d", python_requires=">=3.9", install_requires=("torch", "numpy"),
    extras_require={"test": ["pytest"]}, ext_modules=[], cmdclass={}, packages=["x"],
)
"""


def test_plain_metadata(tmp_path: Path) -> None:
    """Metadata that are plain text move, all together."""
    write(tmp_path / "setup.py", PLAIN)
    assert 0 == main(["init", str(tmp_path), "--write"])
    assert {
        "name": "x",
        "version": "1.2",
        "description": "d",
        "requires-python": ">=3.9",
        "dependencies": ["torch", "numpy"],
        "optional-dependencies": {"test": ["pytest"]},
    } == loads((tmp_path / "pyproject.toml").read_text())["project"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('VERSION = "1.2"', 'VERSION = "1.2"\nVERSION += torch.__version__'),
        ('VERSION = "1.2"', 'VERSION = read("version")'),
        ('VERSION = "1.2"', "import x.version as VERSION"),
        ('name="x", ', ""),
        ('name="x", ', 'name="x", license="MIT", '),
        ('name="x", ', 'name="x", **more, '),
        ('description="d"', "description=3"),
        ('("torch", "numpy")', '"torch"'),
        ('("torch", "numpy")', '["torch", 3]'),
        ('{"test": ["pytest"]}', '{":python_version < \'3\'": ["x"]}'),
        ('{"test": ["pytest"]}', "[]"),
        ("setup(\n", 'if x:\n    setup(name="y", version="1")\nsetup(\n'),
    ],
)
def test_metadata_that_are_not_plain(old: str, new: str, tmp_path: Path) -> None:
    """As soon as something is not certain, all of them stay."""
    assert old in PLAIN
    write(tmp_path / "setup.py", PLAIN.replace(old, new))
    assert "project" not in loads(adopt(tmp_path).after)


def test_setup_cfg(tmp_path: Path) -> None:
    """With a setup.cfg, which may say more, they stay as well; without build-system the tools are setup.py's."""
    write(tmp_path / "setup.py", PLAIN.replace("import torch", "import torch, wheel"))
    write(tmp_path / "setup.cfg", "")
    assert "project" not in loads(adopt(tmp_path).after)
    write(tmp_path / "pyproject.toml", "[tool.black]\n")
    assert ["runtime-backend", "setuptools", "wheel"] == loads(adopt(tmp_path).after)["build-system"]["requires"]


NAMES = st.sampled_from(
    ["setuptools>=77", "torch", "torch>=2", "Torch<3", "numpy", "ninja", "runtime-backend", "torchvision"]
)


@given(
    requires=st.lists(NAMES, unique=True, max_size=5),
    is_long=st.booleans(),
    backend=st.sampled_from([None, "x", "a:b"]),
)
def test_any(requires: list[str], is_long: bool, backend: str | None, tmp_path_factory: pytest.TempPathFactory) -> None:  # noqa: FBT001 - drawn
    """Whatever it requires, twice is once, comments stay, and torch is gone."""
    folder = tmp_path_factory.mktemp("any")
    lines = [f'"{text}", # about {text}' if is_long else f'"{text}",' for text in requires]
    inside = "\n  ".join(lines) if is_long else " ".join(lines)
    key = f'build-backend = "{backend}" # the backend\n' if backend else ""
    text = f"# top\n[build-system]\nrequires = [{os.linesep if is_long else ''}  {inside}\n]\n{key}# end\n"
    write(folder / "pyproject.toml", text)
    first = adopt(folder)
    write(folder / "pyproject.toml", first.after)
    assert first.after == adopt(folder).after
    found = loads(first.after)
    left = [name for name in found["build-system"]["requires"] if name.lower().startswith("torch")]
    assert {"torchvision"} >= set(left)
    assert "runtime-backend" in found["build-system"]["requires"]
    assert "# top" in first.after
    assert "# end" in first.after
    assert not backend or "# the backend" in first.after
    assert all(f"# about {text}" in first.after for text in requires if is_long and "torch" not in text.lower())
