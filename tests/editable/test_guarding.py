"""Making the guard: the modules that it watches, the facts that it compares, its files."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from standins import make_distribution

from runtime_backend.editable import guarding
from runtime_backend.editable.guarding import Guarded, describe_runtime, guard_files, read_guarded
from runtime_backend.installed.distributions import DistributionIndex
from runtime_backend.installed.identity import Identity

MESON_PYTHON = """
class MesonpyMetaFinder: pass
def init():
    finder = MesonpyMetaFinder(
        'my-pkg',
        {'pkg', 'other'},
        '/build',
        ['/env/bin/ninja', 'ninja'],
        False,
    )
    sys.meta_path.insert(0, finder)
"""
SCIKIT_BUILD_CORE = """
def install(known, wheel): helper({"never": "seen"})
install({'ns.pkg': '/s/ns/pkg/__init__.py'}, {'ns.pkg._C': 'ns/pkg/_C.so'}, {'ns': ['/s/ns']}, ['ns.pkg'], '/b', True)
"""
LATER_PYTHON = "def entrypoint() -> None:\n    install({'pkg': '/s/pkg.py', 3: 'x'}, {})\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MESON_PYTHON, Guarded(top_level=("other", "pkg"))),
        (SCIKIT_BUILD_CORE, Guarded(exact=("ns.pkg", "ns.pkg._C"))),
        (LATER_PYTHON, Guarded(exact=("pkg",))),
        ("install_inplace(['pkg'], [])\ninstall(name, {[]: 1})\nx = 1\n", Guarded()),
        ("not python", Guarded()),
        ("null\0", Guarded()),
    ],
)
def test_guarded(text: str, expected: Guarded) -> None:
    """The modules are those in the call that starts the loader; a namespace that others share is left out."""
    assert expected == read_guarded({"_loader": text, "other": "x = 1"})


def test_runtime(tmp_path: Path) -> None:
    """The facts are those of the identity; the module is the one whose version.py has them."""
    files = {"functorch/__init__.py": "", "torch/version.py": "", "torchgen/__init__.py": ""}
    make_distribution(tmp_path, "torch-fork", "2.7.0", files)
    make_distribution(tmp_path, "numpy", "2.0", {"numpy/version.py": "", "a/version.py": ""})
    make_distribution(tmp_path, "bare-name", "1.0", {})
    index = DistributionIndex([tmp_path])
    described = {}
    for name in ("torch-fork", "numpy", "bare-name"):
        found = index.find(name)
        assert found is not None
        described[name] = describe_runtime(found, Identity(name=name, version="1", cuda="12.6"), "minor")
    assert ["torch", "numpy", "bare_name"] == [facts["module"] for facts in described.values()]
    assert {
        "name": "numpy", "module": "numpy", "match": "minor", "version": "1", "reported": "1", "cuda": "12.6",
        "hip": None, "rocm": None, "xpu": None, "git_version": None,
    } == described["numpy"]  # fmt: skip


@pytest.mark.parametrize(
    ("version", "starter", "content"),
    [
        ((3, 14), ".pth", "import zzz_runtime_backend_guard_x; zzz_runtime_backend_guard_x.begin()\n"),
        ((3, 15), ".start", "zzz_runtime_backend_guard_x:begin\n"),
    ],
)
def test_files(monkeypatch: pytest.MonkeyPatch, version: tuple[int, int], starter: str, content: str) -> None:
    """The guard is a module and the file that starts it: from Python 3.15 on, an entry point (PEP 829)."""

    class System:
        """The interpreter's version."""

        version_info = version

    monkeypatch.setattr(guarding, "sys", System)
    files = guard_files("x", {"name": "é"})
    assert ["zzz_runtime_backend_guard_x.py", f"zzz_runtime_backend_guard_x{starter}"] == list(files)
    assert content.encode() == files[f"zzz_runtime_backend_guard_x{starter}"]
    module = files["zzz_runtime_backend_guard_x.py"].decode()
    assert module.endswith("\n\nDATA = {'name': 'é'}\n\n\ndef begin() -> None:\n    start(DATA)\n")
    compile(module, "guard", "exec")
    assert sys.version_info[:2] >= (3, 10)
