"""``runtime-backend init``: its changes to packages of many shapes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standins import write
from tomlkit.exceptions import TOMLKitError

from runtime_backend.cli import main
from runtime_backend.cli.adopt.adoption import BACKEND, SHIM, adopt
from runtime_backend.config import load_settings
from runtime_backend.errors import CommandError, FileError
from runtime_backend.formats.toml import loads

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


IMPORTS_TORCH = "from torch.utils.cpp_extension import CppExtension\n"


def notes_of(text: str) -> list[str]:
    """Return the notes on standard error."""
    return [line.removeprefix("runtime-backend: note: ") for line in text.splitlines()]


def squeezed(text: str) -> str:
    """Return a text without empty lines, whose number tomlkit chooses."""
    return "\n".join(line for line in text.splitlines() if line.strip())


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes(shape: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The shim is declared, torch is removed, comments stay, the settings are valid, and a second run changes nothing."""
    before, after = SHAPES[shape]
    path = write(tmp_path / "pyproject.toml", before)
    write(tmp_path / "setup.py", IMPORTS_TORCH)
    assert 0 == main(["init", str(tmp_path)])
    assert before == path.read_text()
    assert 1 == main(["init", str(tmp_path), "--check"])
    assert f"next: runtime-backend init --write {tmp_path}\n" in capsys.readouterr().out
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
    """Correct entries keep their spelling."""
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
    """A misspelt name of the shim is corrected, and not used as the real backend."""
    before = '[build-system]\nrequires = ["runtime-backend", "setuptools"]\nbuild-backend = "{}"\n'
    write(tmp_path / "pyproject.toml", before.format("runtime_backend.biuld"))
    assert before.format(OURS) == adopt(tmp_path).after


def test_windows_line_ends_and_mode(tmp_path: Path) -> None:
    """A file keeps its line ends and its mode."""
    path = tmp_path / "pyproject.toml"
    path.write_bytes(b'[build-system]\r\nrequires = ["setuptools", "torch"]\r\n')
    path.chmod(0o600)
    assert 0 == main(["init", str(tmp_path), "--write"])
    text = path.read_bytes()
    assert text.count(b"\r\n") == text.count(b"\n") == 3
    assert 0o600 == path.stat().st_mode & 0o777


def test_colours(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The diff has colours if they are wanted."""
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
        ({"pyproject.toml": "x ="}, "pyproject.toml: line 1, the last one: not TOML: "),
        ({"pyproject.toml": "build-system = 3"}, "pyproject.toml: build-system: found int 3, expected a table"),
        (
            {"pyproject.toml": "[build-system]\nbackend-path = '.'"},
            "backend-path: found the string '.', expected an array",
        ),
        ({"pyproject.toml": "tool = 3"}, "pyproject.toml: tool: found int 3, expected a table"),
        ({"pyproject.toml": "tool.runtime-backend = 3"}, "tool.runtime-backend: found int 3, expected a table"),
        (
            {"pyproject.toml": "[tool.runtime-backend]\nmatch-runtime = 3"},
            "match-runtime: found int 3, expected an array",
        ),
        ({"pyproject.toml": "[build-system]"}, "build-system.requires: found none, expected an array"),
        ({"pyproject.toml": "[build-system]\nrequires = 3"}, "build-system.requires: found int 3, expected an array"),
        (
            {"pyproject.toml": "[build-system]\nrequires = [{}]"},
            "build-system.requires[0]: found a table, expected a string",
        ),
        ({"setup.py": "def"}, "setup.py: line 1: found no Python 3"),
        ({"setup.py": "# coding: nonsense"}, "setup.py: line 1: found no Python 3"),
        ({"setup.py": "x = '\0'"}, "setup.py: "),
        ({"setup.py": "(" * 9999 + ")" * 9999}, "setup.py: "),
    ],
)
def test_stops(files: dict[str, str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that cannot be parsed is reported."""
    for name, text in files.items():
        write(tmp_path / name, text)
    assert 1 == main(["init", str(tmp_path)])
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("command", ["init", "vendor"])
@pytest.mark.parametrize(
    ("pyproject", "told"),
    [
        ("build-system = 3", ["build-system: found int 3, expected a table"]),
        ('[[build-system]]\nrequires = ["torch"]', ["build-system: found an array, expected a table"]),
        ("[build-system]\nrequires = 3", ["build-system.requires: found int 3, expected an array"]),
        ("[build-system]\nrequires = [3]", ["build-system.requires[0]: found int 3, expected a string"]),
        ("tool = 3\n[build-system]\nrequires = []", ["tool: found int 3, expected a table"]),
        (
            "[build-system]\nrequires = []\nbuild-backend = 3\nbackend-path = 3",
            [
                "build-system.build-backend: found int 3, expected a non-empty string",
                "build-system.backend-path: found int 3, expected an array",
            ],
        ),
        (
            "[build-system]\nrequires = []\n[tool]\nruntime-backend = 3",
            ["tool.runtime-backend: found int 3, expected a table"],
        ),
        (
            '[build-system]\nrequires = []\n[tool.runtime-backend]\nmatch-runtime = "torch"',
            ["tool.runtime-backend.match-runtime: found the string 'torch', expected an array"],
        ),
    ],
)
def test_odd_types(
    command: str, pyproject: str, told: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Values of a wrong type are mistakes, and nothing is changed."""
    path = write(tmp_path / "pyproject.toml", pyproject)
    assert 1 == main([command, str(tmp_path)])
    lines = capsys.readouterr().err.splitlines()
    noun = "mistake" if len(told) == 1 else "mistakes"
    assert [
        f"runtime-backend: error[settings]: {len(told)} {noun} in the settings:",
        *(f"  {path}: {line}" for line in told),
    ] == lines
    assert (["pyproject.toml"], pyproject) == (os.listdir(tmp_path), path.read_text())


def test_setup_script_that_may_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A setup.py that cannot be read or parsed is reported."""
    path = write(tmp_path / "setup.py", "")
    for error, told in (
        (PermissionError(13, "Permission denied", str(path)), "cannot be read: Permission denied"),
        (RecursionError(), "not valid Python: found a NUL, or too deep nesting"),
    ):

        def refuse(_: Path, error: Exception = error) -> bytes:
            raise error

        with monkeypatch.context() as patched:
            patched.setattr("runtime_backend.formats.python.read_bytes", refuse)
            assert 1 == main(["init", str(tmp_path)])
        assert f"runtime-backend: error[python-file-unreadable]: {path}: {told}\n" == capsys.readouterr().err


def test_another_parser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """TOML that only tomlkit rejects is reported."""

    def fail(_: str) -> None:
        raise TOMLKitError

    monkeypatch.setattr("tomlkit.parse", fail)
    path = write(tmp_path / "pyproject.toml", "")
    write(tmp_path / "pyproject.toml", "[build-system]\n")
    assert 1 == main(["init", str(tmp_path)])
    assert (
        f"runtime-backend: error[layout-cannot-be-kept]: {path}: found TOML that cannot be edited with its layout kept\n"
    ) == capsys.readouterr().err


def test_link(tmp_path: Path) -> None:
    """A pyproject.toml that is a link stays a link, and its target is changed."""
    pyproject = "[build-system]\nrequires = ['setuptools', 'torch']\n"
    target = write(tmp_path / "shared/pyproject.toml", pyproject)
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg/pyproject.toml").symlink_to(target)
    assert 0 == main(["init", "--write", str(tmp_path / "pkg")])
    assert (True, True) == ((tmp_path / "pkg/pyproject.toml").is_symlink(), "runtime_backend" in target.read_text())
    assert ["pyproject.toml"] == os.listdir(tmp_path / "shared")


def test_no_folder(tmp_path: Path) -> None:
    """A missing folder and a file that is not UTF-8 are refused."""
    with pytest.raises(CommandError, match="found no folder, expected a source tree"):
        adopt(tmp_path / "nowhere")
    (tmp_path / "pyproject.toml").write_bytes(b"\xff")
    with pytest.raises(FileError, match=r"pyproject\.toml: line 1: found the byte 0xff, expected UTF-8"):
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
    """Build requirements come from the imports of setup.py; notes list the unknown ones."""
    write(tmp_path / "setup.py", SETUP)
    write(tmp_path / "own.py", "")
    write(tmp_path / "helpers/__init__.py", "")
    assert 0 == main(["init", str(tmp_path), "--write"])
    assert (
        '[build-system]\nrequires = ["runtime-backend", "setuptools<82", "numpy", "psutil", "ninja"]\n'
        f'build-backend = "{OURS}"\n'
    ) == (tmp_path / "pyproject.toml").read_text()
    assert [
        "the metadata stay in setup.py: not all of them are plain text there",
        "setup.py imports 'cuda_tools', which is neither in the standard library nor in this folder: if the build needs"
        " it, add its distribution to build-system.requires",
        "setup.py reads these environment variables: CC, FORCE_CUDA, MAX_JOBS; to set them for every build, add them to"
        " [tool.runtime-backend.env]",
    ] == notes_of(capsys.readouterr().err)
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
    """Metadata move to [project] if all of them are plain text."""
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
    """Metadata stay in setup.py if one of them is not plain."""
    assert old in PLAIN
    write(tmp_path / "setup.py", PLAIN.replace(old, new))
    assert "project" not in loads(adopt(tmp_path).after)


def test_setup_cfg(tmp_path: Path) -> None:
    """With a setup.cfg, metadata stay; the build requirements come from setup.py."""
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
    """For any requirements, a second run changes nothing, comments stay, and torch is removed."""
    folder = tmp_path_factory.mktemp("any")
    lines = [f'"{text}", # about {text}' if is_long else f'"{text}",' for text in requires]
    inside = "\n  ".join(lines) if is_long else " ".join(lines)
    key = f'build-backend = "{backend}" # the backend\n' if backend else ""
    text = f"# top\n[build-system]\nrequires = [{os.linesep if is_long else ''}  {inside}\n]\n{key}# end\n"
    write(folder / "pyproject.toml", text)
    write(folder / "setup.py", IMPORTS_TORCH)
    first = adopt(folder)
    write(folder / "pyproject.toml", first.after)
    assert first.after == adopt(folder).after
    found = loads(first.after)
    assert [] == [name for name in found["build-system"]["requires"] if name.lower().startswith("torch")]
    assert "runtime-backend" in found["build-system"]["requires"]
    assert "# top" in first.after
    assert "# end" in first.after
    assert not backend or "# the backend" in first.after
    assert all(f"# about {text}" in first.after for text in requires if is_long and "torch" not in text.lower())


PURE = {
    "a setup.py": {"setup.py": PLAIN.replace("import torch", '"""import torch"""')},
    "hatchling, with an example in CMake": {
        "pyproject.toml": '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n[project]\nname = "x"\n'
        'dependencies = ["torch>=2"]\n[dependency-groups]\ndev = ["torch==2.7"]\n',
        "examples/CMakeLists.txt": "find_package(Torch REQUIRED)",
    },
    "a consumer's table": {"pyproject.toml": "[tool.runtime-backend.packages.ext.env]\nA = '1'\n"},
    "Cython": {
        "pyproject.toml": '[build-system]\nrequires = ["setuptools", "Cython", "numpy"]\n',
        "setup.py": "from Cython.Build import cythonize\nfrom setuptools import setup\nsetup()\n",
    },
    "nothing at all": {"pyproject.toml": ""},
}


@pytest.mark.parametrize("shape", PURE)
def test_pure(shape: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A package that does not build against torch is not changed without --force."""
    for name, text in PURE[shape].items():
        write(tmp_path / name, text)
    looked_at = ", ".join(name for name in ("pyproject.toml", "setup.py") if name in PURE[shape])
    told = f"found nothing here that builds against torch (looked at {looked_at}); nothing was changed\n"
    for words in (["init"], ["init", "--write"], ["vendor"]):
        assert 1 == main([*words, str(tmp_path)])
        assert (
            f"runtime-backend: error[nothing-to-adopt]: {told}A package that needs torch only when it runs does not need runtime-backend."
            " If the build needs torch, run the same command with --force.\n"
        ) == capsys.readouterr().err
    assert {*PURE[shape]} == {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert 0 == main(["init", "--check", str(tmp_path)])
    assert told == capsys.readouterr().out
    assert 0 == main(["init", "--force", str(tmp_path)])
    assert f"next: runtime-backend init --write --force {tmp_path}\n" in capsys.readouterr().out
    assert 0 == main(["init", "--force", "--write", str(tmp_path)])
    assert load_settings(tmp_path, environ={}).runtimes
    assert 0 == main(["init", "--check", str(tmp_path)])
    assert f"{tmp_path / 'pyproject.toml'}: nothing to change\n" in capsys.readouterr().out


def test_pure_vendored(tmp_path: Path) -> None:
    """``vendor`` does not change it either."""
    write(tmp_path / "pyproject.toml", "")
    assert 0 == main(["vendor", "--force", str(tmp_path)])
    assert (tmp_path / "_vendor/runtime_backend/build.py").is_file()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"# a\r\n[build-system]\r\nrequires = []\n", b"# a\r\n[build-system]\r\n*requires\r\n*backend\r\n"),
        (b"# a\n# b\r\n[build-system]\nrequires = []", b"# a\n# b\r\n[build-system]\n*requires\n*backend\n"),
        (b"\xef\xbb\xbf[build-system]\nrequires = []\n", b"[build-system]\n*requires\n*backend\n"),
    ],
)
def test_bytes(before: bytes, after: bytes, tmp_path: Path) -> None:
    """Lines keep their ends, new ones get the most frequent end; a byte order mark is removed."""
    path = tmp_path / "pyproject.toml"
    path.write_bytes(before)
    assert 0 == main(["init", "--write", "--force", str(tmp_path)])
    expected = after.replace(b"*requires", b'requires = ["runtime-backend"]').replace(
        b"*backend", f'build-backend = "{OURS}"'.encode()
    )
    assert expected == path.read_bytes()
    assert 0 == main(["init", "--check", str(tmp_path)])


def test_mixed_line_ends_without_a_change(tmp_path: Path) -> None:
    """Mixed line ends alone are not changed."""
    text = f"[build-system]\r\nrequires = ['runtime-backend']\nbuild-backend = '{OURS}'\r\n"
    (tmp_path / "pyproject.toml").write_bytes(text.encode())
    adoption = adopt(tmp_path)
    assert (text, text) == (adoption.before, adoption.after)


def test_byte_order_mark_alone(tmp_path: Path) -> None:
    """A byte order mark is removed even if the shim is declared already."""
    text = f"[build-system]\nrequires = ['runtime-backend']\nbuild-backend = '{OURS}'\n"
    write(tmp_path / "pyproject.toml", f"\ufeff{text}")
    adoption = adopt(tmp_path)
    assert (text, ("removed the byte order mark: pip and setuptools refuse it",)) == (adoption.after, adoption.notes)


def test_tool_as_an_inline_table(tmp_path: Path) -> None:
    """If tool is an inline table, ours is an inline table in it."""
    write(tmp_path / "pyproject.toml", "tool = { black = { x = 1 } }\n[build-system]\nrequires = ['torch>=2']\n")
    assert {"black": {"x": 1}, "runtime-backend": {"match-runtime": ["torch>=2"]}} == loads(adopt(tmp_path).after)[
        "tool"
    ]


def requiring(
    folder: Path, requires: list[str], more: str = "", setup: str = "import torch\n"
) -> tuple[Any, list[str]]:
    """Return (the document that ``init`` makes of a package, the notes)."""
    write(folder / "pyproject.toml", f"[build-system]\nrequires = {requires}\n{more}")
    write(folder / "setup.py", setup)
    adoption = adopt(folder)
    write(folder / "pyproject.toml", adoption.after)
    load_settings(folder, environ={})
    assert adoption.after == adopt(folder).after
    return loads(adoption.after), list(adoption.notes)


def test_own_requirement(tmp_path: Path) -> None:
    """The package's own requirement of torch becomes a guard, with a note."""
    document, notes = requiring(
        tmp_path, ["setuptools", "torch"], '[project]\nname = "x"\ndependencies = ["torch>=2.4"]\n'
    )
    assert {"match-runtime": ["torch>=2.4"]} == document["tool"]["runtime-backend"]
    assert ["match-runtime repeats 'torch>=2.4' from project.dependencies: a torch outside it stops the build"] == notes


def test_long_match_runtime(tmp_path: Path) -> None:
    """Many entries are written one per line."""
    own = [f"torch>=2.{minor}; python_version >= '3.{minor}'" for minor in (10, 11, 12)]
    requiring(tmp_path, ["setuptools"], f"[project]\nname = 'x'\ndependencies = {own}\n")
    lines = [f'    "{text}",' for text in ("torch", *own)]
    assert "\n".join(["match-runtime = [", *lines, "]"]) in (tmp_path / "pyproject.toml").read_text()


def test_extras_and_groups(tmp_path: Path) -> None:
    """Requirements of extras and groups are not guards, and are noted."""
    more = """[project]
name = "x"
optional-dependencies = { new = ["torch>=2.8", "torchvision>=1"] }
[dependency-groups]
dev = ["torch==2.9.0", "torch", { include-group = "x" }]
"""
    document, notes = requiring(tmp_path, ["setuptools", "torch"], more)
    assert "tool" not in document
    tail = "is not in match-runtime, since not every installation requires it: if every build needs it, add it there"
    assert [
        f"'torch>=2.8' (project.optional-dependencies.new) {tail}",
        f"'torch==2.9.0' (dependency-groups.dev) {tail}",
    ] == notes


def test_computed_requirement(tmp_path: Path) -> None:
    """Possible requirements of setup.py are not guards, and are noted."""
    setup = "import torch\nfrom setuptools import setup\nsetup(install_requires=requirements('torch>=2.4'))\n"
    document, notes = requiring(tmp_path, ["setuptools", "torch"], setup=setup)
    assert "tool" not in document
    assert [
        "install_requires in setup.py may require 'torch>=2.4': if every build needs that, add it to match-runtime in"
        " [tool.runtime-backend]"
    ] == notes


def test_pin_of_the_build(tmp_path: Path) -> None:
    """A pin for the build becomes a limit of the package, which is noted."""
    own = '[project]\nname = "x"\ndependencies = ["torch{}"]\n'
    document, notes = requiring(tmp_path / "a", ["setuptools", "torch==2.6.0"], own.format(">=2.4"))
    assert ["torch==2.6.0"] == document["tool"]["runtime-backend"]["match-runtime"]
    assert [
        "'torch==2.6.0' pinned torch for the build only; now the package builds for no other torch: if it can, widen"
        " match-runtime in [tool.runtime-backend]"
    ] == notes[1:]
    _, notes = requiring(tmp_path / "b", ["setuptools", "torch==2.6.0"], own.format("==2.6.0"))
    assert [] == notes
    _, notes = requiring(tmp_path / "c", ["setuptools", "torch==2.6.*"], own.format(">=2"))
    assert 1 == len(notes)


def test_contradiction(tmp_path: Path) -> None:
    """Contradicting requirements are noted."""
    own = '[project]\nname = "x"\ndependencies = ["torch>=2.8"]\n'
    _, notes = requiring(tmp_path, ["setuptools", "torch<2.7"], own)
    assert [
        "no version of torch fits 'torch<2.7,>=2.8': build-system.requires and the package's own requirement contradict"
        " each other; correct match-runtime in [tool.runtime-backend]"
    ] == notes[1:]


def test_url(tmp_path: Path) -> None:
    """A torch by URL is removed, and the variable for it is named."""
    url = "torch @ https://jo:SECRET@example.org/torch-2-py3-none-any.whl"
    document, notes = requiring(tmp_path / "a", ["setuptools", url, "torch>=2"])
    assert ["torch>=2"] == document["tool"]["runtime-backend"]["match-runtime"]
    assert [
        "removed 'torch @ https://example.org/torch-2-py3-none-any.whl' from build-system.requires; to build against"
        " exactly this file, set the variable RUNTIME_BACKEND_PIN to that requirement"
    ] == notes
    document, _ = requiring(tmp_path / "b", ["setuptools", f"{url} ; sys_platform != 'never'"])
    assert ['torch; sys_platform != "never"'] == document["tool"]["runtime-backend"]["match-runtime"]


def test_match_runtime_that_is_there(tmp_path: Path) -> None:
    """The author's match-runtime stays; removed requirements are noted."""
    ours = (
        '[tool.runtime-backend]\nmatch-runtime = ["torch>=2"]\n[project]\nname = "x"\ndependencies = ["torch>=2.8"]\n'
    )
    document, notes = requiring(tmp_path, ["setuptools", "torch>=2.4", "torch"], ours)
    assert ["torch>=2"] == document["tool"]["runtime-backend"]["match-runtime"]
    assert [
        "removed 'torch>=2.4' from build-system.requires; check that match-runtime in [tool.runtime-backend] has the"
        " same specifier"
    ] == notes


def test_setuptools_that_torch_brought(tmp_path: Path) -> None:
    """A package that got setuptools through torch now requires it itself."""
    document, notes = requiring(tmp_path / "a", ["torch", "wheel"])
    assert ["runtime-backend", "setuptools", "wheel"] == document["build-system"]["requires"]
    assert ["added setuptools to build-system.requires: torch had brought it into the build"] == notes
    document, _ = requiring(tmp_path / "b", ["torch"], 'build-backend = "mine"\nbackend-path = ["."]\n')
    assert ["runtime-backend"] == document["build-system"]["requires"]


VISION = (
    "torchvision requires torch, so as a build requirement it would bring another torch into the build. It is in"
    " match-runtime now: the build uses the one in the target environment. No build script here imports it: if the build"
    " does not need it, remove it from match-runtime"
)


def test_users_of_torch(tmp_path: Path) -> None:
    """Packages that require torch move from the build requirements to match-runtime."""
    own = '[project]\nname = "x"\ndependencies = ["torchvision>=0.21", "torch>=2"]\n'
    document, notes = requiring(tmp_path / "a", ["setuptools", "TorchVision>=0.20"], own)
    assert ["runtime-backend", "setuptools"] == document["build-system"]["requires"]
    assert ["torch>=2", "torchvision>=0.21"] == document["tool"]["runtime-backend"]["match-runtime"]
    tail = "from project.dependencies: a torchvision outside it stops the build"
    assert {VISION, f"match-runtime repeats 'torchvision>=0.21' {tail}"} <= {*notes}
    document, notes = requiring(
        tmp_path / "b", ["setuptools"], setup="import torchaudio\nfrom setuptools import setup\n"
    )
    assert ["torch", "torchaudio"] == document["tool"]["runtime-backend"]["match-runtime"]
    assert [
        "torchaudio requires torch, so it is in match-runtime: the build uses the one in the target environment"
    ] == notes


def test_users_of_torch_that_stay(tmp_path: Path) -> None:
    """If match-runtime is the author's, or a package may not require torch, a note leaves the decision to the person."""
    requires = ["setuptools", "torchvision", "torch-scatter", "pytorch-x"]
    document, notes = requiring(tmp_path, requires, '[tool.runtime-backend]\nmatch-runtime = ["torch"]\n')
    assert ["runtime-backend", *requires] == document["build-system"]["requires"]
    tail = (
        "then it brings another torch into the build. If the build needs it, move it to match-runtime, else remove it"
    )
    assert [
        f"torchvision in build-system.requires requires torch: {tail}",
        f"torch-scatter in build-system.requires may require torch: {tail}",
        f"pytorch-x in build-system.requires may require torch: {tail}",
    ] == notes


EXTENSION = """
from setuptools import setup
from torch.utils.cpp_extension import BuildExtension
setup(name=name(), cmdclass={"build_ext": BuildExtension})
"""
NINJA = "setup.py uses torch's BuildExtension, which compiles one file at a time without ninja"


def test_ninja(tmp_path: Path) -> None:
    """BuildExtension without ninja in the requirements is noted."""
    _, notes = requiring(tmp_path / "a", ["setuptools", "torch"], setup=EXTENSION)
    assert [f"{NINJA}: build-system.requires has no ninja; add it"] == notes
    _, notes = requiring(tmp_path / "b", ["setuptools", "torch", "ninja>=1"], setup=EXTENSION)
    assert [] == notes
    serial = EXTENSION.replace("BuildExtension}", "BuildExtension.with_options(use_ninja=False)}")
    _, notes = requiring(tmp_path / "c", ["setuptools", "torch"], setup=serial)
    assert [] == notes
    asking = EXTENSION.replace("setup(", 'setup(setup_requires=["ninja"], ')
    _, notes = requiring(tmp_path / "d", ["setuptools", "torch"], setup=asking)
    assert [] == notes


def test_ninja_for_a_bare_setup_py(tmp_path: Path) -> None:
    """Composed build requirements include ninja."""
    write(tmp_path / "setup.py", EXTENSION)
    adoption = adopt(tmp_path)
    assert ["runtime-backend", "setuptools", "ninja"] == loads(adoption.after)["build-system"]["requires"]
    assert f"added ninja to build-system.requires: {NINJA}" in adoption.notes


def test_setup_requires(tmp_path: Path) -> None:
    """setup_requires are requirements of the build."""
    write(tmp_path / "setup.py", 'from setuptools import setup\nsetup(setup_requires=["torch>=2", "torchvision"])\n')
    document = loads(adopt(tmp_path).after)
    assert ["runtime-backend", "setuptools"] == document["build-system"]["requires"]
    assert ["torch>=2", "torchvision"] == document["tool"]["runtime-backend"]["match-runtime"]


def test_metadata_that_move(tmp_path: Path) -> None:
    """Moved metadata are noted."""
    write(tmp_path / "setup.py", PLAIN)
    assert ("the metadata moved from setup.py to [project]: setuptools ignores them in setup.py from now on",) == adopt(
        tmp_path
    ).notes


def test_module_that_is_required(tmp_path: Path) -> None:
    """A module of a required distribution is not noted."""
    _, notes = requiring(tmp_path, ["setuptools", "cuda-tools", "torch"], setup="import torch, cuda_tools\n")
    assert [] == notes


MOVED = (
    '[build-system]\nrequires = ["setuptools>=77", "torch>=2.4", "ninja", "packaging"]  # tools\n'
    'build-backend = "setuptools.build_meta"\n',
    f'[build-system]\nrequires = ["runtime-backend", "packaging"]  # tools\nbuild-backend = "{OURS}"\n\n'
    '[tool.runtime-backend]\nbuild-backend = "setuptools.build_meta"\nmatch-runtime = ["torch>=2.4"]\n'
    'build-requires = ["setuptools>=77", "ninja"]\nbuild-lock = "pylock.build.toml"\n',
)


def test_build_lock(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --build-lock, the build requirements move to where they can be locked; the next command is told."""
    path = write(tmp_path / "pyproject.toml", MOVED[0])
    assert 0 == main(["init", str(tmp_path), "--build-lock"])
    assert f"next: runtime-backend init --write --build-lock {tmp_path}\n" in capsys.readouterr().out
    assert 0 == main(["init", str(tmp_path), "--build-lock", "--write"])
    assert MOVED[1] == path.read_text()
    assert f"next: runtime-backend lock {tmp_path}\n" in capsys.readouterr().out
    for words in (["--build-lock"], []):
        assert 0 == main(["init", str(tmp_path), *words])
        assert "nothing to change" in capsys.readouterr().out


def test_build_lock_of_more(tmp_path: Path) -> None:
    """What was added to build-system.requires later moves, too."""
    path = write(tmp_path / "pyproject.toml", MOVED[1].replace('"packaging"', '"packaging", "cmake"'))
    assert 0 == main(["init", str(tmp_path), "--build-lock", "--write"])
    assert MOVED[1].replace('"ninja"]', '"ninja", "cmake"]') == path.read_text()


def test_ninja_in_build_requires(tmp_path: Path) -> None:
    """Ninja among the locked build requirements is no question."""
    ours = '[tool.runtime-backend]\nbuild-requires = ["setuptools", "ninja"]\n'
    write(tmp_path / "setup.py", EXTENSION)
    write(tmp_path / "pyproject.toml", f'[build-system]\nrequires = ["torch"]\nbuild-backend = "{BACKEND}"\n{ours}')
    assert not [note for note in adopt(tmp_path).notes if "ninja" in note]


def test_check_of_the_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If nothing would change, the settings are checked, because a build would stop."""
    text = (
        f'[build-system]\nrequires = ["{SHIM}"]\nbuild-backend = "{BACKEND}"\n[tool.runtime-backend]\nprovison = "x"\n'
    )
    write(tmp_path / "pyproject.toml", text)
    assert 1 == main(["init", "--check", str(tmp_path)])
    captured = capsys.readouterr()
    assert captured.err.startswith(
        "runtime-backend: error[settings]: 1 mistake in the settings:\n  pyproject.toml: tool."
    )
    assert "" == captured.out


def test_check_of_metadata_that_are_ignored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A version in setup.py that differs from [project] has no effect: setuptools ignores it."""
    script = "from setuptools import setup\nVERSION = '1.1'\nsetup(name='ext', version=VERSION)\n"
    write(tmp_path / "setup.py", script)
    declared = f'[build-system]\nrequires = ["{SHIM}", "setuptools"]\nbuild-backend = "{BACKEND}"\n'
    write(tmp_path / "pyproject.toml", f'{declared}[project]\nname = "ext"\nversion = "1.0"\n')
    assert 1 == main(["init", "--check", str(tmp_path)])
    captured = capsys.readouterr()
    assert (
        "runtime-backend: note: setup.py has version = '1.1', and [project] in pyproject.toml has '1.0': setuptools"
        " ignores the one in setup.py; change it in [project], and remove it from setup.py\n"
    ) == captured.err
    assert 0 == main(["init", str(tmp_path)])
    write(tmp_path / "pyproject.toml", f'{declared}[project]\nname = "ext"\ndynamic = ["version"]\n')
    assert 0 == main(["init", "--check", str(tmp_path)])
