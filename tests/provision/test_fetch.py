"""Fetching a runtime into our cache, with an installer that records how it is called."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hooks import Said
from standins import blocked, make_torch, write

from runtime_backend.errors import ProvisionError
from runtime_backend.installed.identity import Identity
from runtime_backend.provision import installing
from runtime_backend.provision.fetch import Fetching, Source, plan_fetching
from runtime_backend.resolve.resolution import Resolution
from runtime_backend.store.cache import open_folder
from runtime_backend.store.holding import in_use, remove
from runtime_backend.store.sweeping import sweep

URL = "torch @ https://example.org/torch-2.7.0%2Bcu126-cp311-cp311-linux_x86_64.whl#sha256=ab"
LOCKED = Resolution(identity=Identity(name="torch", version="2.7.0"), how="locked", origin="uv.lock")

INSTALLER = """#!{python}
import json, os, pathlib, sys, time
sys.path.insert(0, {tests!r})
from standins import make_torch
here = pathlib.Path(__file__).parent
with (here / "calls").open("a") as calls:
    calls.write(json.dumps([sys.argv[1:], os.getcwd(), sorted(os.environ)]) + chr(10))
target = pathlib.Path(sys.argv[sys.argv.index("--target") + 1])
make_torch(target, "2.7.0")
time.sleep(0.2)
says = here / "says"
print(says.read_text() if says.exists() else "", flush=True)
sys.exit(3 if (here / "fails").exists() else 0)
"""


@pytest.fixture
def installer(tmp_path: Path) -> Path:
    """Return an installer that installs a stand-in for any requirement."""
    text = INSTALLER.format(python=sys.executable, tests=str(Path(__file__).parents[1]))
    write(tmp_path / "bin/uv", text)
    (tmp_path / "bin/uv").chmod(0o755)
    return tmp_path / "bin/uv"


def calls(installer: Path) -> list[list[list[str]]]:
    """Return the recorded calls of the installer."""
    return [json.loads(line) for line in (installer.parent / "calls").read_text().splitlines()]


def source(environ: dict[str, str], cwd: Path, *options: str, is_offline: bool = False) -> Source:
    """Return a frontend's settings for downloads."""
    return Source(environ=environ, cwd=cwd, options=options, is_offline=is_offline)


def planned(tmp_path: Path, requirement: str = URL) -> Fetching:
    """Return the fetch of a requirement into an empty cache."""
    return plan_fetching(tmp_path / "cache/fetched", "3.11", requirement)


@pytest.mark.parametrize(
    ("requirement", "label"),
    [
        (URL, "torch-2.7.0.cu126"),
        (URL.partition("#")[0], "torch-2.7.0.cu126"),
        (URL.replace("example.org", "my-index.example.org/whl"), "torch-2.7.0.cu126"),
        ("torch===2.7.0", "torch-2.7.0"),
        ("torch==2.7.0+cpu", "torch-2.7.0.cpu"),
    ],
)
def test_names(requirement: str, label: str, tmp_path: Path) -> None:
    """A folder is named for the requirement, and for the interpreter."""
    one, other = planned(tmp_path, requirement), plan_fetching(tmp_path / "cache/fetched", "3.12", requirement)
    assert re.fullmatch(rf"{re.escape(label)}-[0-9a-f]{{16}}", one.folder.name)
    assert one.folder != other.folder


def test_name_for_another_implementation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CPython and PyPy have different folders."""
    ours = planned(tmp_path)
    monkeypatch.setattr(sys.implementation, "cache_tag", "pypy311")
    assert ours.folder != planned(tmp_path).folder


def test_fetch_with_uv(installer: Path, tmp_path: Path) -> None:
    """Uv installs for this interpreter, does not see the build environment, and stays offline."""
    said, fetching = Said(), planned(tmp_path)
    assert fetching.find(LOCKED) is None
    environ = {"UV": str(installer), "VIRTUAL_ENV": "/build", "PYTHONPATH": "/build", "UV_INDEX": "x"}
    fetching.fetch(source(environ, tmp_path, "--index", "y", is_offline=True), said)
    ((argv, cwd, names),) = calls(installer)
    assert ["pip", "install", "--python", sys.executable, "--index", "y", "--offline", "--target"] == argv[:-2]
    assert (URL, str(tmp_path)) == (argv[-1], cwd)
    assert (True, []) == ("UV_INDEX" in names, [name for name in names if name in ("VIRTUAL_ENV", "PYTHONPATH")])
    assert f"fetching {URL} into {tmp_path}/cache/fetched: the build environment lacks it" == said.lines[0]
    found = fetching.find(LOCKED)
    assert found is not None
    environment = found.environment
    assert environment is not None
    assert ("2.7.0", fetching.folder, "3.11") == (found.identity.reported, environment.prefix, environment.python)
    assert re.fullmatch(r"fetched in \d{1,3} s; `runtime-backend cache clean fetched` removes it", said.lines[1])


def test_temporary_files(installer: Path, tmp_path: Path) -> None:
    """The installer's temporary files are in the folder of the runtime, and are removed with it."""
    write(
        installer, f"#!/bin/sh\necho $TMPDIR $TEMP $TMP > {tmp_path}/said; touch $TMPDIR/x; mkdir -p $8; touch $8/y\n"
    )
    fetching = planned(tmp_path)
    fetching.fetch(
        source({"UV": str(installer), "TMPDIR": "/small", "PATH": "/usr/bin:/bin"}, tmp_path, "-a", "-b"), Said()
    )
    (place, *others) = (tmp_path / "said").read_text().split()
    assert (f".new-{fetching.folder.name}", [place] * 2) == (Path(place).parent.name[:-9], others)
    assert (["y"], False) == (names(fetching.folder), Path(place).exists())


def test_fetch_with_pip(installer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without uv, this interpreter's pip is used, without the frontend's isolation."""
    monkeypatch.setattr(sys, "executable", str(installer))
    environ = {"PYTHONPATH": "/build", "PIP_INDEX_URL": "x", "PIP_TARGET": "y"}
    planned(tmp_path).fetch(source(environ, tmp_path), Said())
    ((argv, _, names),) = calls(installer)
    assert ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--target"] == argv[:-2]
    assert ["PIP_INDEX_URL"] == [name for name in names if name.startswith(("PIP_", "PYTHONPATH"))]
    planned(tmp_path, "torch==1").fetch(source(environ, tmp_path, is_offline=True), Said())
    assert "--no-index" in calls(installer)[-1][0]


@pytest.mark.parametrize(
    ("is_offline", "options", "told"),
    [
        (False, (), []),
        (True, (), ["--offline"]),
        (True, ("--offline",), ["--offline"]),
        (False, ("--offline",), ["--offline"]),
    ],
)
def test_uv_offline(is_offline: bool, options: tuple[str, ...], told: list[str], tmp_path: Path) -> None:  # noqa: FBT001
    """Uv gets ``--offline`` once, if this build or uv's own command is offline."""
    command, _ = source({"UV": "/bin/uv"}, tmp_path, *options, is_offline=is_offline).installer()
    assert told == [word for word in command if word == "--offline"]


def test_streams_of_the_installer(installer: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The installer has no standard input, and its output goes to standard error."""
    text = installer.read_text("utf-8")
    write(installer, text.replace("time.sleep(0.2)", 'print("read", repr(sys.stdin.read()), "fetching")'))
    reading, writing = os.pipe()
    os.write(writing, b"typed")
    os.close(writing)
    ours = os.dup(0)
    try:
        os.dup2(reading, 0)
        planned(tmp_path).fetch(source({"UV": str(installer)}, tmp_path), Said())
    finally:
        os.dup2(ours, 0)
        os.close(ours)
        os.close(reading)
    assert ("", "read '' fetching\n\n") == tuple(capfd.readouterr())  # it ends with the text of the file, here none


@pytest.mark.parametrize(
    ("is_offline", "way_out"), [(True, "without being offline"), (False, "when the index can be reached")]
)
def test_failure(is_offline: bool, way_out: str, installer: Path, tmp_path: Path) -> None:  # noqa: FBT001 - a column
    """A failed fetch is an error, and leaves only the lock."""
    write(installer.parent / "fails", "")
    fetching = planned(tmp_path)
    with pytest.raises(ProvisionError) as caught:
        fetching.fetch(source({"UV": str(installer)}, tmp_path, is_offline=is_offline), Said())
    command = f"{installer} pip install --python {sys.executable}{' --offline' if is_offline else ''}"
    assert (
        f"{URL} could not be fetched{' offline' if is_offline else ''}: {command} ended with code 3; see its output"
        " above\n"
        "Install it in the environment that the wheel is for, then run the same command again; or run it again"
        f" {way_out}."
    ) == str(caught.value)
    assert [f"{fetching.folder.name}.lock"] == [path.name for path in fetching.folder.parent.iterdir()]


def test_at_once(installer: Path, tmp_path: Path) -> None:
    """Of concurrent builds with one requirement, the first fetches, and the others wait."""
    fetching, environ = planned(tmp_path), {"UV": str(installer)}
    threads = [threading.Thread(target=fetching.fetch, args=(source(environ, tmp_path), Said())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 == len(calls(installer))


def test_found(tmp_path: Path) -> None:
    """A fetched folder is used only if it contains the runtime."""
    fetching = planned(tmp_path)
    write(fetching.folder / "x", "")
    assert fetching.find(LOCKED) is None
    make_torch(fetching.folder, "2.8.0")
    assert fetching.find(LOCKED) is None
    (fetching.folder / "torch/version.py").unlink()
    assert fetching.find(LOCKED) is None


def names(folder: Path) -> list[str]:
    """Return the names in a folder."""
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("gone", ["torch/lib/libtorch.so", "torch-2.7.0.dist-info"])
def test_damaged(gone: str, installer: Path, tmp_path: Path) -> None:
    """A folder that lost a file is fetched again; a complete one is not."""
    fetching, environ = planned(tmp_path), {"UV": str(installer)}
    for _ in range(2):
        fetching.fetch(source(environ, tmp_path), Said())
    assert 1 == len(calls(installer))
    remove(fetching.folder / gone)
    fetching.fetch(source(environ, tmp_path), Said())
    assert (2, True) == (len(calls(installer)), fetching.find(LOCKED) is not None)
    assert [fetching.folder.name, f"{fetching.folder.name}.lock"] == names(fetching.folder.parent)


def test_scripts_and_byte_code(installer: Path, tmp_path: Path) -> None:
    """Scripts in other places than RECORD states, and missing byte code, are not damage."""
    fetching = planned(tmp_path)
    fetching.fetch(source({"UV": str(installer)}, tmp_path), Said())
    record = fetching.folder / "torch-2.7.0.dist-info/RECORD"
    write(record, record.read_text("utf-8") + "../../bin/torchrun,,\ntorch/__pycache__/x.pyc,,\n")
    fetching.fetch(source({"UV": str(installer)}, tmp_path), Said())
    assert 1 == len(calls(installer))


def test_waiting_is_told(installer: Path, tmp_path: Path) -> None:
    """A waiting build reports the reason."""
    fetching, said = planned(tmp_path), Said()
    open_folder(fetching.folder.parent)
    with in_use(fetching.folder):
        thread = threading.Thread(target=fetching.fetch, args=(source({"UV": str(installer)}, tmp_path), said))
        thread.start()
        while not said.lines:
            pass
        assert ([f"waiting: another build fetches {fetching.folder}, or uses it"], False) == (
            said.lines,
            (installer.parent / "calls").exists(),
        )
    thread.join()
    assert 1 == len(calls(installer))


@pytest.mark.parametrize(
    "says",
    [
        "error: failed to write: No space left on device (os error 28)",
        "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
        "Disk quota exceeded",
    ],
)
def test_full_disk(says: str, installer: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A full disk is recognised in any installer's output, and the hint frees space."""
    write(installer.parent / "fails", "")
    write(installer.parent / "says", says)
    fetching = planned(tmp_path)
    with pytest.raises(ProvisionError) as caught:
        fetching.fetch(source({"UV": str(installer)}, tmp_path), Said())
    assert f"{says}\n" == capfd.readouterr().err
    assert (
        f"{URL} could not be fetched: no space left on the disk of {tmp_path}/cache/fetched, or on the disk of the"
        f" installer's own cache; the command was {installer} pip install --python {sys.executable}\n"
        "Free some space there (`runtime-backend cache clean` removes what no build uses), or name a cache folder on"
        " another disk: RUNTIME_BACKEND_CACHE_DIR=/path."
    ) == str(caught.value)


def test_cache_that_cannot_be_written_to(installer: Path, tmp_path: Path) -> None:
    """The error has the reason, and the variable for another cache."""
    fetching = plan_fetching(blocked(tmp_path) / "fetched", "3.11", URL)
    with pytest.raises(ProvisionError) as caught:
        fetching.fetch(source({"UV": str(installer)}, tmp_path), Said())
    assert (
        f"{URL} cannot be fetched: Not a directory: {blocked(tmp_path)}\n"
        "Name a cache folder that can be written to: RUNTIME_BACKEND_CACHE_DIR=/path."
    ) == str(caught.value)


def test_no_installer(tmp_path: Path) -> None:
    """A missing installer is named."""
    fetching = planned(tmp_path)
    with pytest.raises(ProvisionError) as caught:
        fetching.fetch(source({"UV": "/no/uv"}, tmp_path), Said())
    assert (
        f"{URL} cannot be fetched: /no/uv cannot be started: No such file or directory: /no/uv" == caught.value.message
    )


def test_frontend_that_is_gone(installer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the frontend is gone, the installer is ended, and its files are removed."""
    write(installer, "#!/bin/sh\nexec sleep 60\n")
    parents = iter([1, 1])
    monkeypatch.setattr(installing.os, "getppid", lambda: next(parents, 2))
    fetching = planned(tmp_path)
    with pytest.raises(ProvisionError) as caught:
        fetching.fetch(source({"UV": str(installer)}, tmp_path), Said())
    assert f"{URL} could not be fetched: the frontend has ended" == str(caught.value)
    assert [f"{fetching.folder.name}.lock"] == names(fetching.folder.parent)


FETCH = """
import os, pathlib, sys
from runtime_backend.provision.fetch import Source, plan_fetching
from runtime_backend.system.stopping import orderly
source = Source(environ={"UV": sys.argv[1], "PATH": os.environ["PATH"]}, cwd=pathlib.Path.cwd(), options=(), is_offline=False)
with orderly():
    plan_fetching(pathlib.Path(sys.argv[2]) / "fetched", "3.11", "torch==2.7.0").fetch(source, lambda line: None)
"""
SLOW = """#!{python}
import os, pathlib, sys, time
target = pathlib.Path(sys.argv[sys.argv.index("--target") + 1])
target.mkdir()
pathlib.Path({pid!r}).write_text(str(os.getpid()))
time.sleep(60)
"""


@pytest.fixture
def fetching_process(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Return a process that fetches, and the process id of its installer."""
    pid = tmp_path / "pid"
    write(tmp_path / "uv", SLOW.format(python=sys.executable, pid=str(pid))).chmod(0o755)
    environ = {**os.environ, "PYTHONPATH": str(Path(installing.__file__).parents[2])}
    command = [sys.executable, "-c", FETCH, str(tmp_path / "uv"), str(tmp_path / "cache")]
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE) as process:  # noqa: S603
        while not (pid.is_file() and pid.read_text()):
            assert process.poll() is None
        yield process, int(pid.read_text())
        process.kill()


def is_alive(process: int) -> bool:
    """Return whether a process exists."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_stopped(number: signal.Signals, fetching_process: tuple[subprocess.Popen[bytes], int], tmp_path: Path) -> None:
    """A stopped build ends its installer, and removes the installer's files."""
    process, installer = fetching_process
    assert [".new-torch-2.7.0", "torch-2.7.0"] == [name.rpartition("-")[0].rpartition("-")[0] if name.startswith(".") else name.rpartition("-")[0] for name in names(tmp_path / "cache/fetched")]  # fmt: skip
    process.send_signal(number)
    process.communicate(timeout=30)
    assert (-number, False) == (process.returncode, is_alive(installer))
    assert [True] == [name.endswith(".lock") for name in names(tmp_path / "cache/fetched")]


def test_killed(fetching_process: tuple[subprocess.Popen[bytes], int], tmp_path: Path) -> None:
    """The next build removes the files of a killed one, once its installer has ended."""
    process, installer = fetching_process
    process.kill()
    process.wait()
    sweep(tmp_path / "cache")
    assert (2, True) == (len(names(tmp_path / "cache/fetched")), is_alive(installer))
    os.kill(installer, signal.SIGKILL)
    while is_alive(installer):
        pass
    sweep(tmp_path / "cache")
    assert [] == names(tmp_path / "cache/fetched")


@pytest.mark.parametrize("version", ["2.7.1", "2.8.0", "2.7.0+cpu"])
def test_found_is_another_one(version: str, tmp_path: Path) -> None:
    """Only the exact version in the cache is used, not a compatible one."""
    fetching = planned(tmp_path)
    make_torch(fetching.folder, version)
    assert fetching.find(LOCKED) is None
