"""``runtime-backend check``: comparing stamps with the installed runtimes, rebuild commands, libraries without a stamp."""

from __future__ import annotations

import json
import random
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from elf_files import make_library, make_object
from standins import make_distribution, make_torch, make_venv, write

from runtime_backend.cli import check as check_module
from runtime_backend.cli import main
from runtime_backend.cli.stale import linkage
from runtime_backend.cli.stale.rebuilding import Rebuilding, plan_rebuilding
from runtime_backend.frontend.environments import Environment
from runtime_backend.installed.distributions import Distribution
from runtime_backend.system.printable import printable

Capsys = pytest.CaptureFixture[str]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the site-packages of an environment with torch 2.7.0 that is not activated."""
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    site = make_venv(tmp_path / ".venv")
    make_torch(site, "2.7.0")
    return site


def stamp(torch: str | None = "2.7.0", match: str = "exact", **more: Any) -> dict[str, Any]:
    """Return a stamp."""
    runtime = {
        "name": "torch",
        "match": match,
        **({} if torch is None else {"version": torch, "reported": torch, "cuda": None, "hip": None}),
        **({} if torch is None else {"git-version": "0123abc"}),
    }
    return {"format": 1, "runtimes": [runtime], **more}


def install(site: Path, name: str, stamped: object, *, installer: str = "pip", direct: object = None) -> Path:
    """Install a distribution; return its dist-info."""
    info = site / f"{name}-1.0.dist-info"
    write(info / "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    write(info / "INSTALLER", f"{installer}\n")
    if stamped is not None:
        write(info / "runtime-backend.json", stamped if isinstance(stamped, str) else json.dumps(stamped))
    if direct is not None:
        write(info / "direct_url.json", direct if isinstance(direct, str) else json.dumps(direct))
    return info


def run(site: Path, *words: str) -> int:
    """Run the command on the environment of a site-packages."""
    return main(["check", str(site.parents[2]), *words])


def test_all_fit(site: Path, capsys: Capsys) -> None:
    """A package that was built for the installed runtime fits; another micro version may fit, too."""
    install(site, "exact", stamp())
    install(site, "minor", stamp("2.7.1", "minor"))
    install(site, "nothing", stamp(None))
    assert 0 == run(site)
    assert [
        "exact 1.0: fits: built for torch 2.7.0",
        "minor 1.0: fits: built for torch 2.7.1",
        "nothing 1.0: unknown: built for nothing in particular, its build was given no runtime",
    ] == capsys.readouterr().out.splitlines()


def test_stale(site: Path, capsys: Capsys) -> None:
    """A package that was built for another runtime is reported, with the command that rebuilds it."""
    install(site, "old", stamp("2.6.0"))
    install(site, "pip", None)
    assert 1 == run(site)
    python = site.parents[2] / "bin/python"
    command = f"{python} -m pip install --force-reinstall --no-deps --no-cache-dir --no-binary old old==1.0"
    assert [
        "old 1.0: stale: built for torch 2.6.0, installed is torch 2.7.0",
        "to rebuild them:",
        f"  {command}",
    ] == capsys.readouterr().out.splitlines()
    assert 1 == run(site, "--json")
    assert {
        "environment": str(site.parents[2]),
        "distributions": [
            {
                "name": "old",
                "version": "1.0",
                "state": "stale",
                "built-for": "torch 2.6.0",
                "installed": "installed is torch 2.7.0",
                "verified": True,
                "rebuild": command,
                "note": None,
            }
        ],
        "unstamped": [],
        "stale": True,
    } == json.loads(capsys.readouterr().out)


def two_runtimes(**numpy: object) -> dict[str, Any]:
    """Return a stamp for torch 2.7.0 and another runtime."""
    other = {"name": "numpy", "match": "exact", "version": "2.0", "reported": "2.0", "git-version": None}
    made = stamp()
    return {**made, "runtimes": [*made["runtimes"], {**other, "cuda": None, "hip": None, **numpy}]}


def test_one_of_two_runtimes_is_stale(site: Path, capsys: Capsys) -> None:
    """A package that was built for two runtimes is stale if one of them has changed."""
    make_distribution(site, "numpy", "2.0")
    install(site, "fits", two_runtimes())
    install(site, "old", two_runtimes(version="1.26", reported="1.26"))
    assert 1 == run(site)
    assert [
        "fits 1.0: fits: built for torch 2.7.0, numpy 2.0",
        "old 1.0: stale: built for torch 2.7.0, numpy 1.26, installed is torch 2.7.0, installed is numpy 2.0",
    ] == capsys.readouterr().out.splitlines()[:2]


def test_one_of_two_runtimes_was_not_verified(site: Path, capsys: Capsys) -> None:
    """If one of two runtimes was only assumed, the package is shown as unverified."""
    make_distribution(site, "numpy", "2.0")
    install(site, "ext", two_runtimes(verified=False))
    assert 0 == run(site)
    guessed = "unverified: the frontend's command was not seen when it was built"
    assert f"ext 1.0: fits: built for torch 2.7.0, numpy 2.0 ({guessed})\n" == capsys.readouterr().out


CUDA = {"reported": "2.7.0+cu126", "cuda": "12.6", "hip": None, "rocm": None, "xpu": None}
ROCM = {"reported": "2.7.0+rocm6.4", "cuda": None, "hip": "6.4.43484-123eb5128", "rocm": "6.4.2", "xpu": None}
ROCM7 = {"reported": "2.7.0+rocm7.0", "cuda": None, "hip": "7.0.51831-a3e329ad8", "rocm": "7.0.0", "xpu": None}
XPU = {"reported": "2.7.0+xpu", "cuda": None, "hip": None, "rocm": None, "xpu": "20250101"}


def restamp(match: str, facts: dict[str, str | None], without: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return a stamp for torch 2.7.0 with other facts, or without some of them."""
    made = stamp(match=match)
    made["runtimes"][0].update(facts)
    for name in without:
        del made["runtimes"][0][name]
    return made


@pytest.mark.parametrize(
    ("installed", "fitting"),
    [
        (CUDA, {"exact": "cuda", "minor": "cuda", "floor": "cuda"}),
        (ROCM, {"exact": "rocm", "minor": "rocm", "floor": "rocm"}),
        (ROCM7, {}),
        (XPU, {"exact": "xpu", "minor": "xpu", "floor": "xpu"}),
        ({**XPU, "xpu": "20250302"}, {"minor": "xpu", "floor": "xpu"}),
    ],
)
@pytest.mark.parametrize("match", ["exact", "minor", "floor"])
def test_another_accelerator(
    match: str, installed: dict[str, Any], fitting: dict[str, str], site: Path, capsys: Capsys
) -> None:
    """What was built for a torch of the same version, but for another accelerator, is stale."""
    make_torch(site, "2.7.0", **installed)
    for name, facts in (("cuda", CUDA), ("rocm", ROCM), ("xpu", XPU)):
        install(site, name, restamp(match, facts))
    assert 1 == run(site)
    told = f"installed is torch 2.7.0 (calls itself {installed['reported']})"
    assert [
        f"{name} 1.0: fits: built for torch 2.7.0 (calls itself {facts['reported']})"
        if name == fitting.get(match)
        else f"{name} 1.0: stale: built for torch 2.7.0 (calls itself {facts['reported']}), {told}"
        for name, facts in (("cuda", CUDA), ("rocm", ROCM), ("xpu", XPU))
    ] == capsys.readouterr().out.splitlines()[:3]


@pytest.mark.parametrize("facts", [CUDA, ROCM, XPU])
@pytest.mark.parametrize("match", ["exact", "minor", "floor"])
def test_early_stamp(match: str, facts: dict[str, Any], site: Path, capsys: Capsys) -> None:
    """A stamp from before the facts on ROCm and XPU is compared by the facts that it has."""
    make_torch(site, "2.7.0", **facts)
    install(site, "early", restamp(match, facts, without=("rocm", "xpu")))
    assert 0 == run(site)
    shutil.rmtree(next(site.glob("torch-*.dist-info")))
    assert 1 == run(site)
    told = f"built for torch 2.7.0 (calls itself {facts['reported']})"
    lines = capsys.readouterr().out.splitlines()
    assert [f"early 1.0: fits: {told}", f"early 1.0: stale: {told}, torch is not installed"] == lines[:2]


def test_torch_is_gone(site: Path, capsys: Capsys) -> None:
    """Without torch, every package is stale."""
    shutil.rmtree(next(site.glob("torch-*.dist-info")))
    install(site, "old", stamp())
    assert 1 == run(site)
    assert "old 1.0: stale: built for torch 2.7.0, torch is not installed" in capsys.readouterr().out


def odd(**facts: object) -> str:
    """Return a stamp with other facts."""
    return json.dumps({"format": 1, "runtimes": [{**stamp()["runtimes"][0], **facts}]})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1, column 1: found no JSON"),
        ("{", "line 1, column 2: found no JSON"),
        ("\0\x1b[31m", "line 1, column 1: found no JSON"),
        ("[" * 99_999, "it is nested too deeply"),
        ("[]", "found no format, expected 1"),
        ("null", "found no format, expected 1"),
        ('{"format": true}', "runtimes: found nothing, expected an array"),
        ('{"format": "1"}', "found format '1', expected 1"),
        ('{"format": 1}', "runtimes: found nothing, expected an array"),
        ('{"format": 1, "runtimes": 3}', "runtimes: found int 3, expected an array"),
        ('{"format": 1, "runtimes": {}}', "runtimes: found a table, expected an array"),
        ('{"format": 1, "runtimes": ["torch"]}', "runtimes[0]: found the string 'torch', expected a table"),
        ('{"format": 1, "runtimes": [null]}', "runtimes[0]: found nothing, expected a table"),
        ('{"format": 1, "runtimes": [{"version": "1"}]}', "runtimes[0].name: found nothing, expected a string"),
        (odd(name=3), "runtimes[0].name: found int 3, expected a string of printable characters"),
        (odd(name=["torch"]), "runtimes[0].name: found an array, expected a string of printable characters"),
        (
            odd(name="x\ud800"),
            "runtimes[0].name: found the string 'x\\ud800', expected a string of printable characters",
        ),
        (odd(version=2.7), "runtimes[0].version: found float 2.7, expected a string of printable characters"),
        (odd(version="new"), "runtimes[0].version: found the string 'new', expected a version (PEP 440)"),
        (odd(reported=[]), "runtimes[0].reported: found an array, expected a string of printable characters"),
        (
            odd(reported="\x1b[2J\n"),
            "runtimes[0].reported: found the string '\\x1b[2J\\n', expected a string of printable characters",
        ),
        (odd(cuda=12.6), "runtimes[0].cuda: found float 12.6, expected a string of printable characters"),
        (odd(match="most"), "runtimes[0].match: found the string 'most', expected one of exact, minor, floor"),
        (odd(verified="yes"), "runtimes[0].verified: found the string 'yes', expected true or false"),
    ],
)
def test_odd_stamp(text: str, told: str, site: Path, capsys: Capsys) -> None:
    """A damaged stamp is one line, the other stamps are still checked, and a rebuild is proposed."""
    info = install(site, "broken", text)
    install(site, "good", stamp())
    assert 1 == run(site)
    captured = capsys.readouterr()
    assert [
        f"broken 1.0: unreadable: {info}/runtime-backend.json: {told}",
        "good 1.0: fits: built for torch 2.7.0",
        "to rebuild them:",
    ] == captured.out.splitlines()[:3]
    assert "" == captured.err


def test_stamp_without_facts(site: Path) -> None:
    """Facts that a stamp lacks are not compared."""
    install(
        site, "short", json.dumps({"format": 1, "runtimes": [{"name": "torch", "match": "minor", "version": "2.7.1"}]})
    )
    assert 0 == run(site)


def test_later_stamp(site: Path, capsys: Capsys) -> None:
    """A stamp of a later format is not judged: no rebuild is proposed, and the exit code is not 0."""
    info = install(site, "later", '{"format": 9}')
    assert 2 == run(site)
    assert [
        f"later 1.0: unchecked: {info}/runtime-backend.json: found format 9, expected at most 1: upgrade runtime-backend"
    ] == capsys.readouterr().out.splitlines()
    install(site, "old", stamp("2.6.0"))
    assert 1 == run(site)
    assert 1 == capsys.readouterr().out.count("uv cache clean")


def test_stamp_that_may_not_be_read(site: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    """An unreadable stamp is one line."""
    info = install(site, "other", stamp())

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("runtime_backend.cli.stale.staleness.read_bytes", refuse)
    assert 2 == run(site)
    told = f"other 1.0: unchecked: {info}/runtime-backend.json: cannot be read: Permission denied\n"
    assert told == capsys.readouterr().out


def test_unreadable_torch(site: Path, capsys: Capsys) -> None:
    """If torch has no readable version, nothing is compared, and no rebuild is proposed."""
    write(site / "torch/version.py", "")
    install(site, "good", stamp())
    assert 2 == run(site)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("good 1.0: unchecked: torch 2.7.0 is installed")


def test_unreadable_environment(site: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    """An environment that cannot be listed is refused, and an unreadable dist-info is not a success."""
    info = install(site, "other", None)
    with monkeypatch.context() as patched:
        patched.setattr("os.access", lambda path, _: Path(path) != info)
        assert 2 == run(site)
    told = f"other 1.0: unchecked: {info}: cannot be read: permission denied\n"
    assert told == capsys.readouterr().out
    monkeypatch.setattr("os.access", lambda path, _: Path(path) != site)
    assert 2 == run(site)
    assert (
        f"runtime-backend: error[folder-unreadable]: {site}: cannot be read: permission denied\n"
        == capsys.readouterr().err
    )


GIT = {"url": "https://jo:secret@example.org/x.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}}


@pytest.mark.parametrize(
    ("installer", "direct", "expected"),
    [
        ("pip", None, "{pip} --no-binary x x==1.0"),
        ("pip", {"url": "file:///src/my%20x", "dir_info": {}}, "{pip} '/src/my x'"),
        ("pip", {"url": "file:///src/x", "dir_info": {"editable": True}}, "{pip} -e /src/x"),
        ("pip", GIT, "{pip} 'x @ git+https://example.org/x.git@abc'"),
        ("pip", {**GIT, "vcs_info": {}, "subdirectory": "py"}, "{pip} 'x @ git+https://example.org/x.git@HEAD#subdirectory=py'"),
        ("poetry 2.5.1", {"url": "https://example.org/x-1.tar.gz", "archive_info": {}}, "{pip} 'x @ https://example.org/x-1.tar.gz'"),
        ("uv", {"url": "file:///src/x", "dir_info": {}}, "uv cache clean x && {uv} /src/x"),
        ("uv", None, "uv cache clean x && {uv} --no-binary x x==1.0"),
    ],
)  # fmt: skip
def test_commands(installer: str, direct: object, expected: str, site: Path) -> None:
    """The command uses the installer of the package, and the origin of the package."""
    info = install(site, "x", stamp(), installer=installer, direct=direct)
    install(site, "pip", None)
    prefix = site.parents[2]
    environment = Environment(prefix=prefix, python="3.11", site_dirs=(site,))
    pip = f"{prefix}/bin/python -m pip install --force-reinstall --no-deps --no-cache-dir"
    uv = f"uv pip install --python {prefix} --no-deps --reinstall"
    found = plan_rebuilding(Distribution(name="x", info=info), environment)
    assert Rebuilding(command=expected.format(pip=pip, uv=uv)) == found._replace(command=printable(str(found.command)))


@pytest.mark.parametrize(
    ("url", "version", "shown", "file"),
    [
        ("file:///dist/x-1.0-py3-none-any.whl", "1.0", "1.0", "x-1.0-py3-none-any.whl"),
        ("https://example.org/x-1.0%2Bcu126-py3-none-any.whl?t=1#sha256=ab", "1.0+cu126", "1.0", "x-1.0+cu126-py3-none-any.whl"),
        ("file:///dist/X.WHL", "odd", "odd", "X.WHL"),
    ],
)  # fmt: skip
def test_wheel_file(  # noqa: PLR0913, PLR0917 - a row has four columns
    url: str, version: str, shown: str, file: str, site: Path, capsys: Capsys
) -> None:
    """A package from a wheel file is not reinstalled from the file, which was built for the old runtime."""
    info = install(site, "x", stamp("2.6.0"), direct={"url": url, "archive_info": {}})
    write(info / "METADATA", f"Name: x\nVersion: {version}\n")
    assert 1 == run(site)
    captured = capsys.readouterr()
    command = f"uv pip install --python {site.parents[2]} --no-deps --reinstall --no-binary x x=={shown}"
    assert f"  uv cache clean x && {command}" == captured.out.splitlines()[-1]
    assert (
        f"runtime-backend: note: x {version} was installed from the file {file}; the command builds it from the sdist on"
        " the index: if you have its source, build that instead\n"
    ) == captured.err
    assert 1 == run(site, "--json")
    assert f"was installed from the file {file}" in json.loads(capsys.readouterr().out)["distributions"][0]["note"]


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", '"x"', "[" * 99_999, "{}", '{"url": "http://[x"}'),
        '{"url": "file:x", "dir_info": {}}',
        '{"url": "file:///x", "dir_info": null}',
        '{"url": "https://x/y", "vcs_info": []}',
        '{"url": "https://x/y\\u001b[2J.tar.gz"}',
        '{"url": "file:///x\\n", "dir_info": {}}',
        '{"url": "file:///x\\ud800", "dir_info": {}}',
        '{"url": "file:///%1b.whl"}',
    ],
)
def test_odd_origin(text: str, site: Path, capsys: Capsys) -> None:
    """If the origin cannot be read, no command is guessed: another package may have the same name."""
    info = install(site, "x", stamp("2.6.0"), direct=text)
    assert 1 == run(site)
    captured = capsys.readouterr()
    assert ["x 1.0: stale: built for torch 2.6.0, installed is torch 2.7.0"] == captured.out.splitlines()
    assert (
        f"runtime-backend: note: x 1.0: found no origin in {info}/direct_url.json, expected one (PEP 610): install it"
        " again from its source\n"
    ) == captured.err
    assert 1 == run(site, "--json")
    assert None is json.loads(capsys.readouterr().out)["distributions"][0]["rebuild"]


def test_commands_elsewhere(site: Path) -> None:
    """Without pip, the command uses uv, in the project with a lock; Windows has another path of the interpreter."""
    info, prefix = install(site, "x", stamp()), site.parents[2]
    write(prefix.parent / "uv.lock", "")
    environment = Environment(prefix=prefix, python="3.11", site_dirs=(site,))
    found = plan_rebuilding(Distribution(name="x", info=info), environment).command
    assert f"uv cache clean x && uv pip install --project {prefix.parent} --python {prefix} " in str(found)
    install(site, "pip", None)
    write(prefix / "Scripts/python.exe", "")
    environment = Environment(prefix=prefix, python="3.11", site_dirs=(site,))
    found = plan_rebuilding(Distribution(name="x", info=info), environment).command
    assert str(found).startswith(f"{prefix}/Scripts/python.exe -m pip")


def test_which_environment(site: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    """The activated environment is checked, else .venv in a parent, else the interpreter's own."""
    prefix = site.parents[2]
    (prefix.parent / "deep/er").mkdir(parents=True)
    monkeypatch.chdir(prefix.parent / "deep/er")
    chosen = f"runtime-backend: no environment is activated; checking {prefix}\n"
    assert (0, chosen) == (main(["check"]), capsys.readouterr().err)
    assert 0 == main(["check", str(prefix / "bin/python")])
    monkeypatch.setenv("VIRTUAL_ENV", str(prefix))
    monkeypatch.chdir("/")
    assert 0 == main(["check"])
    captured = capsys.readouterr()
    assert ([f"{prefix}: found no distribution with a stamp"] * 2, "") == (captured.out.splitlines(), captured.err)
    monkeypatch.delenv("VIRTUAL_ENV")
    monkeypatch.setattr(sys, "prefix", str(prefix))
    assert (0, chosen) == (main(["check"]), capsys.readouterr().err)
    monkeypatch.setattr(sys, "prefix", "/")
    assert 2 == main(["check"])
    assert (
        "runtime-backend: error[no-environment]: no environment is activated, and there is no .venv in this folder or its parents\n"
        "Name it: runtime-backend check PREFIX\n"
    ) == capsys.readouterr().err
    assert 2 == main(["check", str(prefix.parent)])
    assert "found no environment there, expected a prefix or an interpreter" in capsys.readouterr().err


OLD, NEW, OWN = "_ZN3c103oldEv", "_ZN2at3newEv", "_ZN5torch3ownEv"


@pytest.fixture
def linked(site: Path) -> Path:
    """Install a torch with one symbol, and a distribution that needs others; return the RECORD of the latter."""
    torch = make_library(site / "torch/lib/libtorch_cpu.so", defines=(NEW,)).name
    write(site / "torch/lib/libodd.so.1", "no ELF")
    shutil.copy(write(site / "empty.o", ""), site / "torch/lib/libempty.so")
    make_library(site / "ext/_C.so", wants=(OLD, NEW, OWN, "printf"), needs=("libc.so.6", torch))
    make_library(site / "ext/_D.so", defines=(OWN,), wants=(NEW,), needs=(torch,))
    make_library(site / "ext/plain.so", wants=(OLD,), needs=("libc.so.6",))
    write(site / "ext/text.so", "no ELF")
    write(site / "ext/empty.so", "")
    make_object(site / "ext/object.so")
    info = install(site, "ext", None)
    names = ("_C.so", "_D.so", "plain.so", "text.so", "empty.so", "object.so", "gone.so", "x.py")
    return write(info / "RECORD", "".join(f"ext/{name},,\n" for name in names))


def test_unstamped(linked: Path, site: Path, capsys: Capsys) -> None:
    """A library that needs symbols that torch lacks is a warning, and does not change the exit code."""
    assert linked.is_file()
    assert 0 == run(site)
    expected = f"ext 1.0 has no stamp, and ext/_C.so needs what torch 2.7.0 does not have: {OLD}"
    assert f"runtime-backend: warning: {expected}\n" == capsys.readouterr().err
    assert 0 == run(site, "--json")
    assert [{"name": "ext", "version": "1.0", "file": "ext/_C.so", "missing": [OLD]}] == json.loads(
        capsys.readouterr().out
    )["unstamped"]


def test_damaged_library(linked: Path, site: Path, capsys: Capsys) -> None:
    """A damaged library is one line; if it is one of torch's, nothing is reported as missing."""
    for damage, name in ((b"\x7fELF", "_D.so"), (b"\x7fELF\2\1\1" + b"\xff" * 400, "_C.so")):
        (site / "ext" / name).write_bytes(damage)
        assert 0 == run(site)
        told = f"runtime-backend: warning: {site}/ext/{name} was not checked: the file is damaged\n"
        assert told in capsys.readouterr().err
    make_library(site / "ext/_C.so", wants=(OLD, NEW), needs=("libtorch_cpu.so",))
    (site / "torch/lib/libtorch_cpu.so").write_bytes(b"\x7fELF\2\1\1" + b"\xff" * 400)
    assert 0 == run(site)
    told = f"{site}/torch/lib/libtorch_cpu.so was not checked: the file is damaged\n"
    captured = capsys.readouterr()
    assert (True, False, True) == (told in captured.err, "does not have" in captured.err, linked.is_file())


def test_bits(linked: Path, site: Path, capsys: Capsys) -> None:
    """A wrong byte anywhere in a library gives no traceback, and at most one line."""
    path, places = site / "ext/_C.so", random.Random(15)  # noqa: S311 - the same ones every time
    whole = path.read_bytes()
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(places.choice((1, 4, 64))):
            damaged[places.choice((places.randrange(64), places.randrange(len(whole))))] = places.randrange(256)
        path.write_bytes(damaged[: places.choice((len(whole), places.randrange(len(whole))))])
        assert 0 == run(site)
        assert len(capsys.readouterr().err.splitlines()) <= 1
    assert linked.is_file()


def test_library_that_may_not_be_read(
    linked: Path, site: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capsys
) -> None:
    """An unreadable library is reported."""
    opened = Path.open

    def refuse(path: Path, mode: str = "r", **how: Any) -> Any:
        if path.name == "_C.so":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, mode, **how)

    monkeypatch.setattr(Path, "open", refuse)
    assert (0, True) == (run(site), linked.is_file())
    told = f"runtime-backend: warning: {site}/ext/_C.so was not checked: cannot be read: Permission denied\n"
    assert told == capsys.readouterr().err


@pytest.mark.parametrize(
    "record",
    [
        b"/etc/passwd.so,,\n../../../../x.so,,\next/\0.so,,\n" + b"x" * 9999 + b".so,,\n",
        b'"ext/\xff.so,,\n",,\n\xff\xfe\n',
        b"\0" * 99,
    ],
)
def test_odd_record(record: bytes, linked: Path, site: Path, capsys: Capsys) -> None:
    """Files in RECORD that are missing or outside the folder are followed as far as possible."""
    linked.write_bytes(record)
    assert (0, "") == (run(site), capsys.readouterr().err)


def test_library_outside(linked: Path, site: Path, tmp_path: Path, capsys: Capsys) -> None:
    """A library with an absolute path in RECORD is reported with this path."""
    moved = Path(shutil.move(site / "ext/_C.so", tmp_path / "_C.so"))
    linked.write_text(f"{moved},,\n")
    assert 0 == run(site)
    assert (
        f"ext 1.0 has no stamp, and {moved} needs what torch 2.7.0 does not have: {OLD}, {OWN}"
        in capsys.readouterr().err
    )


def test_many_missing() -> None:
    """Only the first of many missing symbols are shown."""
    ext = Distribution(name="x", info=Path("/x-1.dist-info"))
    unfit = linkage.Unfit(distribution=ext, file="a.so", missing=("a", "b", "c", "d"), torch="2")
    assert str(unfit).endswith("does not have: a, b, c ...")


def test_nothing_lacks(linked: Path, site: Path, capsys: Capsys) -> None:
    """If torch has all symbols, no more libraries are read; without torch, none are."""
    torch = site / "torch/lib/libtorch_cpu.so"
    make_library(torch, defines=(OLD, NEW))
    make_library(site / "torch/lib/libz.so", defines=(NEW,))
    make_library(site / "torch/lib/liba.so", hashes="sysv")
    assert 0 == run(site)
    shutil.rmtree(next(site.glob("torch-*.dist-info")))
    assert 0 == run(site)
    assert ("", True) == (capsys.readouterr().err, linked.is_file())


def test_without_the_library(site: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    """Without pyelftools, a warning says that unstamped packages were not checked."""
    write(install(site, "ext", None) / "RECORD", "ext.so,,\n")
    write(site / "ext.so", "")
    monkeypatch.setitem(sys.modules, "elftools.elf.elffile", None)
    assert 0 == run(site)
    assert "that needs pyelftools: pip install 'runtime-backend[cli]'" in capsys.readouterr().err

    def fail(*_: object) -> None:
        raise ModuleNotFoundError(name="other")

    monkeypatch.setattr(check_module, "find_unfit", fail)
    with pytest.raises(ModuleNotFoundError):
        run(site)


def test_torch_elsewhere(site: Path) -> None:
    """A torch whose files are not found has no libraries."""
    shutil.rmtree(site / "torch")
    write(next(site.glob("torch-*.dist-info")) / "RECORD", "")
    environment = Environment(prefix=site.parents[2], python="3.11", site_dirs=(site,))
    torch = environment.distributions.find("torch")
    assert torch is not None
    assert [] == linkage._torchs_libraries(torch, environment)  # noqa: SLF001 - what a test cannot see from outside
