"""Asking pip: the same arguments with ``--dry-run --report``, and reading the report."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from callers import Scene
from dry_runs import StandIn, installation_of, make_asker, make_frontend, reported, reporting
from standins import write
from test_installations import _no_pip_configuration_of_this_machine

from runtime_backend.errors import DecisionError
from runtime_backend.frontend.asking.answer import Answer, Change

__all__ = ["_no_pip_configuration_of_this_machine"]

pytestmark = pytest.mark.asks

TORCH = "https://example.org/whl/torch-9.4.0%2Bcu126-cp311-cp311-linux_x86_64.whl"


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Return a machine."""
    return Scene(tmp_path / "scene")


def make_pip(scene: Scene, body: str = "") -> StandIn:
    """Return a pip that reports one torch, or does something else."""
    return make_frontend(
        scene.root / "stand-ins", "pip", body or reporting(reported("torch", "9.4.0+cu126", f"{TORCH}#x"))
    )


def ask(
    scene: Scene, pip: StandIn, *words: str, more: Mapping[str, str] | None = None, is_offline: bool = False
) -> Answer:
    """Return the answer of a pip that was started with these arguments."""
    shell = {"HOME": str(scene.root), "PWD": str(scene.elsewhere), "PATH": "", "TMPDIR": "/absent", **(more or {})}
    caller = scene.pip(shell, argv=(str(pip.path), *words))
    return make_asker(scene.root / "asked", caller, is_offline=is_offline).ask(installation_of(caller))


REPORT = ["install", "--dry-run", "--quiet", "--report", "REPORT"]
COLLECTED = [*REPORT, "--ignore-installed"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("install torch ./ext", [*REPORT, "torch", "./ext"]),
        ("install -U -r r.txt --index-url u .", [*REPORT, "-U", "-r", "r.txt", "--index-url", "u", "."]),
        ("-q --proxy install install x", ["-q", "--proxy", "install", *REPORT, "x"]),
        ("--python=/y install x", ["--python=/y", *REPORT, "x"]),
        ("install --report r.json --report=s.json x", [*REPORT, "x"]),
        ("install --log l --log=l --no-color x", [*REPORT, "--no-color", "x"]),
        ("--log l -v install x", ["-v", *REPORT, "x"]),
        ("--log=l install x", [*REPORT, "x"]),
        ("install x -- --log -w", [*REPORT, "x", "--", "--log", "-w"]),
        ("install x --report", [*REPORT, "x"]),
        ("wheel ./ext", [*COLLECTED, "./ext"]),
        ("wheel -w dist --wheel-dir dist --wheel-dir=dist ./ext", [*COLLECTED, "./ext"]),
        ("wheel -wdist ./ext", [*COLLECTED, "./ext"]),
        ("wheel -qw dist ./ext", [*COLLECTED, "-q", "./ext"]),
        ("wheel --no-verify ./ext", [*COLLECTED, "./ext"]),
        ("download -d D ./ext", [*COLLECTED, "./ext"]),
        ("download --dest=D -r r.txt", [*COLLECTED, "-r", "r.txt"]),
        ("lock -o pylock.toml ./ext", [*COLLECTED, "./ext"]),
        ("wheel --build-option=--x ./ext", [*COLLECTED, "./ext"]),
        ("wheel --no-deps -f wheels ./ext", [*COLLECTED, "--no-deps", "-f", "wheels", "./ext"]),
    ],
)
def test_words(words: str, expected: list[str], scene: Scene) -> None:
    """The dry run has pip's arguments, without options that write files, and without those that only ``pip wheel`` has."""
    pip = make_pip(scene)
    assert "pip install --dry-run" == ask(scene, pip, *words.split()).command
    given = pip.note.words
    report = given[given.index("--report") + 1]
    assert [report if word == "REPORT" else word for word in expected] == given
    assert scene.root / "asked" == Path(report).parent.parent


def test_interpreter(scene: Scene) -> None:
    """If an interpreter runs pip, the dry run has the interpreter's options, too."""
    python = make_frontend(scene.root / "stand-ins", "python3.11", reporting())
    shell = {"PWD": str(scene.elsewhere), "PATH": "", "TMPDIR": "/absent"}
    caller = scene.pip(shell, argv=(str(python.path), "-Im", "pip", "install", "x"))
    make_asker(scene.root / "asked", caller).ask(installation_of(caller))
    report = python.note.words[6]
    assert ["-Im", "pip", "install", "--dry-run", "--quiet", "--report", report, "x"] == python.note.words


def test_variables(scene: Scene) -> None:
    """The dry run has pip's working directory and variables, without those that write files."""
    pip = make_pip(scene)
    dropped = {"PIP_REPORT": "r", "PIP_LOG": "l", "PIP_WHEEL_DIR": "w", "PIP_BUILD_TRACKER": "t"}
    ask(scene, pip, "install", "x", more={"PIP_INDEX_URL": "u", **dropped})
    assert {
        "HOME": str(scene.root),
        "PATH": "",
        "PIP_INDEX_URL": "u",
        "PIP_NO_INPUT": "1",
        "PWD": str(scene.elsewhere),
        "TMPDIR": "/absent",
        "_RUNTIME_BACKEND_ASKING": "1",
    } == pip.note.environ
    assert (str(scene.elsewhere), "") == (pip.note.cwd, pip.note.text)


def test_sections_of_files(scene: Scene) -> None:
    """The settings for ``pip wheel`` are passed as variables, because the dry run reads another section."""
    pip = make_pip(scene)
    text = "[global]\nindex-url = g\n[wheel]\nconstraint = c.txt\n  d.txt\nwheel-dir = w\n[install]\nupgrade = yes\n"
    path = write(scene.root / "pip.conf", text)
    ask(scene, pip, "wheel", "./ext", more={"PIP_CONFIG_FILE": str(path), "PIP_INDEX_URL": "u"})
    told = {name: value for name, value in pip.note.environ.items() if name.startswith("PIP_")}
    assert {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_CONSTRAINT": "c.txt\nd.txt",
        "PIP_INDEX_URL": "u",
        "PIP_NO_INPUT": "1",
    } == told


def test_offline(scene: Scene) -> None:
    """Offline, pip asks no index."""
    pip = make_pip(scene)
    ask(scene, pip, "install", "x", is_offline=True)
    assert "1" == pip.note.environ["PIP_NO_INDEX"]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (
            reported("torch", "9.4.0+cu126", f"{TORCH}#sha256=00", hashes={"sha256": "ab" * 32}),
            {"torch": Change(version="9.4.0+cu126", url=TORCH, sha256="ab" * 32, is_direct=False)},
        ),
        (
            reported("torch", "9.4.0+cu126", f"{TORCH}?token=x", hash=f"sha256={'ab' * 32}"),
            {"torch": Change(version="9.4.0+cu126", url=f"{TORCH}?token=x", sha256="ab" * 32, is_direct=False)},
        ),
        (
            reported("torch", "9.4.0+cu126", TORCH, hashes={"md5": "00"}),
            {"torch": Change(version="9.4.0+cu126", url=TORCH, is_direct=False)},
        ),
        (
            reported("Torch_Vision", "1", "https://example.org/a.tar.gz", hashes={"sha256": "00"}),
            {"torch-vision": Change(version="1", is_source=True, is_direct=False)},
        ),
        (
            {"download_info": {"url": "file:///ext", "dir_info": {}}, "metadata": {"name": "ext", "version": "0"}},
            {"ext": Change(version="0", is_source=True)},
        ),
    ],
)
def test_report(item: dict[str, Any], expected: dict[str, Change], scene: Scene) -> None:
    """A report has versions, and the URLs of wheels; URL and hash of an sdist are not used."""
    pip = make_pip(scene, reporting(item))
    assert Answer(command="pip install --dry-run", changes=expected) == ask(scene, pip, "install", "x")


def test_nothing_to_install(scene: Scene) -> None:
    """A report may be empty: nothing changes."""
    assert {} == ask(scene, make_pip(scene, reporting()), "install", "x").changes


ODD = "expected the format in pip's documentation (installation report, version 1)"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("pass", "No such file or directory"),
        (reporting("{"), ODD),
        (reporting("{}"), ODD),
        (reporting("[]"), ODD),
        (reporting('{"install": [{}]}'), ODD),
        (reporting('{"install": [[]]}'), ODD),
        (reporting('{"install": [{"metadata": {"name": 1, "version": "1"}, "download_info": {"url": ""}}]}'), ODD),
        (reporting('{"install": [{"metadata": {"name": "x", "version": "-"}, "download_info": {"url": ""}}]}'), ODD),
        (reporting("[" * 100_000), ODD),
    ],
)
def test_unreadable_report(body: str, problem: str, scene: Scene) -> None:
    """A missing or invalid report is a stop."""
    pip = make_pip(scene, body)
    with pytest.raises(DecisionError) as caught:
        ask(scene, pip, "install", "x")
    assert f"pip's report cannot be read: {problem}\nUse pip 22.2 or later." == str(caught.value)


def test_failure(scene: Scene) -> None:
    """The message has pip's own report of its failure."""
    pip = make_pip(scene, "print('ERROR: No matching distribution found for x', file=sys.stderr); sys.exit(1)")
    with pytest.raises(DecisionError) as caught:
        ask(scene, pip, "install", "x")
    assert (
        "pip install --dry-run failed with exit code 1, so it is not known what the command installs:\n"
        "  ERROR: No matching distribution found for x"
    ) == caught.value.message
    assert (caught.value.hint or "").endswith(f"\n  {pip.path} {' '.join(pip.note.words)}")
