"""Calling hooks with the stand-in torch in child processes, and the stand-in's facts."""

from __future__ import annotations

import io
import os
import sys
import sysconfig
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet
from standins import write

from runtime_backend.errors import NoAnswer
from runtime_backend.installed.identity import Identity
from runtime_backend.real.calling import HookRequest
from runtime_backend.real.surroundings import Surroundings
from runtime_backend.stub import parent
from runtime_backend.stub.child import prepare
from runtime_backend.stub.facts import Facts, imagine
from runtime_backend.stub.parent import call_with_stub

ANY = SpecifierSet()
HERE = Surroundings(changes={})
STUB = Path(parent.__file__).parent


def imagined(
    version: str | None, *, reported: str | None = None, specifier: str = "", **more: Any
) -> list[tuple[Any, ...]]:
    """Return (version, cuda, guessed) of the stand-ins for a torch."""
    identity = None if version is None else Identity(name="torch", version=version, reported=reported, **more)
    return [(facts.version, facts.cuda, facts.guessed) for facts in imagine(identity, SpecifierSet(specifier))]


ALL = ("version", "cuda", "hip", "rocm", "xpu", "git_version", "cxx11_abi")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (imagined("2.7.0", reported="2.7.0+cu126", cuda="12.6"), [("2.7.0+cu126", "12.6", ())]),
        (imagined("2.4.0", reported="2.4.0+cpu"), [("2.4.0+cpu", None, ("cxx11_abi",))]),
        (imagined("2.9", reported="mine"), [("mine", None, ())]),
        (imagined("2.7.0+cu126"), [("2.7.0+cu126", "12.6", ("git_version",))] * 2),
        (imagined("2.6.0+cpu"), [("2.6.0+cpu", None, ("git_version", "cxx11_abi"))] * 2),
        (imagined("2.8.0+rocm6.3"), [("2.8.0+rocm6.3", None, ("hip", "rocm", "git_version"))] * 2),
        (imagined("2.8.0+xpu"), [("2.8.0+xpu", None, ("xpu", "git_version"))] * 2),
        (imagined("2.8.0+cu126.cxx11.abi"), [("2.8.0+cu126.cxx11.abi", "12.6", ("git_version",))] * 2),
        (imagined("2.8.0+mine"), [("2.8.0+mine", cuda, ALL[1:]) for cuda in ("12.6", None, None)]),
        (
            imagined("2.8.0"),
            [("2.8.0+cu126", "12.6", ALL), ("2.8.0+cu130", "13.0", ALL), ("2.8.0", None, ALL), ("2.8.0", None, ALL)],
        ),
        (
            imagined(None),
            [
                ("2.0.0+cu118", "11.8", ALL),
                ("2.99.0+cu130", "13.0", ALL),
                ("2.98.0+cpu", None, ALL),
                ("2.98.0+xpu", None, ALL),
            ],
        ),
        (
            imagined("", specifier=">=2.4,<2.6"),
            [
                ("2.4.0+cu118", "11.8", ALL),
                ("2.5.0+cu130", "13.0", ALL),
                ("2.4.0+cpu", None, ALL),
                ("2.4.0+xpu", None, ALL),
            ],
        ),
        (
            imagined(None, specifier="==2.4.*"),
            [
                ("2.4.0+cu118", "11.8", ALL),
                ("2.4.0+cu130", "13.0", ALL),
                ("2.4.0+cpu", None, ALL),
                ("2.4.0+xpu", None, ALL),
            ],
        ),
    ],
)
def test_facts(found: list[tuple[Any, ...]], expected: list[tuple[Any, ...]]) -> None:
    """Known facts are used; the others are guesses that differ."""
    assert expected == found


@pytest.mark.parametrize(
    "identity",
    [
        None,
        *(
            Identity(name="torch", version=f"2.6.0{label}")
            for label in ("", "+cpu", "+xpu", "+rocm6.3", "+rocmsdk20251116", "+mine")
        ),
    ],
)
def test_guesses_differ(identity: Identity | None) -> None:
    """For every fact that is a guess there are two different ones: equal answers then do not depend on it."""
    facts = imagine(identity, ANY)
    for name in facts[0].guessed:
        assert len({getattr(fact, name) for fact in facts}) > 1, name


HOOKS = """
import io, os, pathlib, sys, tarfile
def get_requires_for_build_wheel(config_settings=None):
    print("said", config_settings)
    {REQUIRES}
    return result
def prepare_metadata_for_build_wheel(folder, config_settings=None):
    import torch
    made = pathlib.Path(folder) / "x-1.dist-info"
    made.mkdir()
    (made / "METADATA").write_text({TEXT})
    return made.name
def build_sdist(folder, config_settings=None):
    import torch
    with tarfile.open(pathlib.Path(folder) / "x-1.tar.gz", "w:gz") as archive:
        content = ({TEXT}).encode()
        item = tarfile.TarInfo("x-1/PKG-INFO")
        item.size = len(content)
        archive.addfile(item, io.BytesIO(content))
    return "x-1.tar.gz"
"""


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a source tree, whose backend is on the import path as :func:`set_stage` puts it there."""
    source = tmp_path / "source"
    source.mkdir()
    monkeypatch.syspath_prepend(str(source))
    yield source
    sys.modules.pop("hooks_of_x", None)


def request_of(source: Path, hook: str, *, requires: str = "result = []", text: str = "'Name: x'") -> HookRequest:
    """Write a backend, and return a request for one of its hooks."""
    write(source / "hooks_of_x.py", HOOKS.replace("{REQUIRES}", requires).replace("{TEXT}", text))
    folder = None if hook.startswith("get_") else source.parent / "out"
    if folder is not None:
        folder.mkdir(exist_ok=True)
    return HookRequest(
        backend="hooks_of_x",
        backend_path=["."],
        source=source,
        hook=hook,
        folder=folder,
        config_settings={"a": "b"},
    )


REQUIRES = "get_requires_for_build_wheel"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            "import torch; result = [str(torch.cuda.is_available()), torch.utils.cmake_prefix_path[-11:]]",
            ["False", "share/cmake"],
        ),
        ("import torch; result = ('b' if torch.__version__ >= (2, 0) else 'a',)", ["b"]),
        ("import torch; result = [str(hasattr(torch, 'npu')), str(torch.version.debug)]", ["False", "False"]),
        (
            "import subprocess; result = [subprocess.check_output([sys.executable, '-c',"
            " 'import torch; print(torch.backends.mps.is_available())'], text=True).strip()]",
            ["False"],
        ),
    ],
)
def test_answers(code: str, expected: list[str], source: Path) -> None:
    """A hook is answered with the stand-in; equal answers for all guesses are one, and the output is shown once."""
    shown: list[str] = []
    assert expected == call_with_stub(
        request_of(source, REQUIRES, requires=code), HERE, imagine(None, ANY), shown.append
    )
    assert ["said {'a': 'b'}\n"] == shown
    assert ["hooks_of_x.py"] == [path.name for path in source.iterdir()]


def test_hook_that_is_missing(source: Path) -> None:
    """A real backend without the hook requires nothing; absent settings are not passed."""
    request = request_of(source, "get_requires_for_build_sdist")._replace(config_settings=None)
    assert [] == call_with_stub(request, HERE, imagine(None, ANY), lambda _: None)


def test_hook_that_makes_nothing_for_want_of_it(source: Path) -> None:
    """A real backend without a hook that makes something gives no answer."""
    request = request_of(source, "prepare_metadata_for_build_editable")
    with pytest.raises(
        NoAnswer, match=r"^hooks_of_x: found no hook prepare_metadata_for_build_editable, expected one \(PEP 517\)$"
    ):
        call_with_stub(request, HERE, imagine(None, ANY), lambda _: None)


@pytest.mark.once
@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import torch; torch.nonsense", "the stand-in torch has no torch.nonsense"),
        (
            "import torch; result = [str(hasattr(torch.cuda, 'nonsense'))]",
            "the stand-in torch has no torch.cuda.nonsense",
        ),
        (
            "result = []\n    try:\n        import torch.nonsense\n    except ImportError:\n        pass",
            "the stand-in torch has no torch.nonsense",
        ),
        ("raise RuntimeError('of its own\\nand more')", "RuntimeError: of its own"),
        ("raise RuntimeError", "RuntimeError"),
        ("sys.exit('torch is needed')", "SystemExit: torch is needed"),
        ("os._exit(3)", "the process ended with exit code 3 without an answer"),
        ("os.kill(os.getpid(), 11)", "the process was ended by SIGSEGV"),
        (
            "import torch; result = [torch.__version__]",
            "the answer depends on facts of torch that are not known: torch.version",
        ),
        (
            "import torch; result = [torch.version.cuda.split('.')[0] and 'a']",
            None,
        ),
        (
            "import torch\n    if torch.version.cuda != '13.0': raise ValueError('needs CUDA 13')\n    result = []",
            "the answer depends on facts of torch that are not known: torch.cuda",
        ),
    ],
)
def test_no_answer(code: str, told: str | None, source: Path) -> None:
    """An answer that needs a missing attribute, fails, or depends on a guess is refused with the reason."""
    request = request_of(source, REQUIRES, requires=code)
    if told is None:  # one guess has no CUDA, which the script refuses; the others agree
        assert ["a"] == call_with_stub(request, HERE, imagine(None, ANY), lambda _: None)
        return
    with pytest.raises(NoAnswer) as caught:
        call_with_stub(request, HERE, imagine(None, ANY), lambda _: None)
    assert told == str(caught.value)


def test_metadata(source: Path) -> None:
    """The result is moved to the frontend's folder, replacing an old one."""
    known = imagine(Identity(name="torch", version="2.8.0", reported="2.8.0+cpu"), ANY)
    hook = "prepare_metadata_for_build_wheel"
    for version in ("torch.__version__", "'again' + torch.__version__"):
        request = request_of(source, hook, text=version)
        assert "x-1.dist-info" == call_with_stub(request, HERE, known, lambda _: None)
    assert "again2.8.0+cpu" == (source.parent / "out/x-1.dist-info/METADATA").read_text()
    with pytest.raises(NoAnswer):
        call_with_stub(request, HERE, imagine(None, ANY), lambda _: None)
    again = request_of(source, hook, text="'same' if torch.__version__ else ''")
    assert "x-1.dist-info" == call_with_stub(again, HERE, imagine(None, ANY), lambda _: None)


@pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000])
def test_spoilt_answer(text: str, source: Path) -> None:
    """A build script that damages the answer's file gives no answer."""
    spoil = f"[pathlib.Path(sys.argv[2], name).write_text({text!r}) for name in ('answer.json', 'output.json')]"
    request = request_of(source, REQUIRES, requires=f"import atexit; atexit.register(lambda: {spoil}); result = []")
    with pytest.raises(NoAnswer, match="the process ended with exit code 0 without an answer"):
        call_with_stub(request, HERE, imagine(None, ANY), lambda _: None)


@pytest.mark.once
def test_sdist_that_is_none(source: Path) -> None:
    """What is no sdist cannot be compared."""
    request = request_of(source, "build_sdist")
    backend = source / "hooks_of_x.py"
    spoilt = '\n\ndef build_sdist(folder, _):\n    import torch; torch.__version__\n    pathlib.Path(folder, "x-1.tar.gz").touch()\n    return "x-1.tar.gz"\n'
    write(backend, backend.read_text() + spoilt)
    with pytest.raises(NoAnswer, match=r"x-1.tar.gz: expected an sdist with a PKG-INFO"):
        call_with_stub(request, HERE, imagine(None, ANY), lambda _: None)


def test_sdist(source: Path) -> None:
    """Sdists are compared by their PKG-INFO."""
    request = request_of(source, "build_sdist", text="'same' if torch.__version__ else ''")
    assert "x-1.tar.gz" == call_with_stub(request, HERE, imagine(None, ANY), lambda _: None)
    with tarfile.open(source.parent / "out/x-1.tar.gz") as archive:
        member = archive.extractfile("x-1/PKG-INFO") or io.BytesIO()
        assert b"same" == member.read()
    with pytest.raises(NoAnswer):
        call_with_stub(
            request_of(source, "build_sdist", text="torch.__version__"), HERE, imagine(None, ANY), lambda _: None
        )


@pytest.fixture
def _schemes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restore sysconfig after a test."""
    schemes: Any = sysconfig._INSTALL_SCHEMES  # type: ignore[attr-defined]  # noqa: SLF001 - as the child does
    monkeypatch.setattr(sysconfig, "_INSTALL_SCHEMES", dict(schemes))


LOOKS = (
    "import os, sysconfig; paths = sysconfig.get_paths();"
    " places = [os.path.join(paths[key], 'torch') for key in ('purelib', 'platlib')];"
    " result = [*map(os.path.realpath, places), str(os.path.exists(os.path.join(paths['purelib'], 'pytest')))]"
)


def test_purelib(source: Path) -> None:
    """A script that looks for torch in sysconfig's purelib finds the stand-in, next to the installed packages."""
    request = request_of(source, REQUIRES, requires=LOOKS)
    assert [str(STUB / "torch")] * 2 + ["True"] == call_with_stub(request, HERE, imagine(None, ANY), lambda _: None)


@pytest.mark.usefixtures("_schemes")
@pytest.mark.parametrize("has_links", [True, False])
def test_prepare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_links: bool) -> None:
    """The child's purelib is a folder of links with the stand-in; it is unchanged if links cannot be made."""

    def refuse(*_: object) -> None:
        raise OSError

    monkeypatch.setenv("RUNTIME_BACKEND_STUB", str(tmp_path))
    if not has_links:
        monkeypatch.setattr(Path, "symlink_to", refuse)
    before = sysconfig.get_path("purelib")
    prepare({"path": [str(STUB)]})
    assert (str(tmp_path / "purelib") if has_links else before) == sysconfig.get_path("purelib")
    assert has_links == (tmp_path / "purelib/torch").exists()


@pytest.mark.parametrize(
    ("version", "hip"), [("2.8.0+rocm6.3", ["6.3", "6.3"]), ("2.9.0+rocmsdk20251116", ["6.4", "7.0"])]
)
def test_facts_of_rocm(version: str, hip: list[str]) -> None:
    """A label with ROCm's version fixes that version; the rest differs."""
    facts = imagine(Identity(name="torch", version=version), ANY)
    assert hip == [fact.hip and fact.hip[:3] for fact in facts]
    assert [None, None] == [fact.xpu for fact in facts] == [fact.cuda for fact in facts]


def test_facts_as_json() -> None:
    """The stand-in reads the facts from JSON."""
    (facts,) = imagine(Identity(name="torch", version="2.8.0", reported="2.8.0+cpu"), ANY)
    assert isinstance(facts, Facts)
    assert {
        "version": "2.8.0+cpu",
        "cuda": None,
        "hip": None,
        "rocm": None,
        "xpu": None,
        "git_version": "0" * 40,
        "cxx11_abi": True,
        "guessed": (),
    } == facts.as_json()
    assert "RUNTIME_BACKEND_STUB" not in os.environ
