"""Compiler caches: choosing one, the variables that use it, and the settings that make it hit."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from standins import blocked, make_venv, write
from toolkits import make_program

from runtime_backend.config import Chosen
from runtime_backend.config.settings import CompilerCacheChoice
from runtime_backend.cuda.compiler_cache import CompilerCache, find_compiler_cache, plan_compiler_cache
from runtime_backend.errors import CudaError

NVCC = Path("/my cuda/bin/nvcc")
SOURCE = Path("/source")


def chosen(value: CompilerCacheChoice) -> Chosen[CompilerCacheChoice]:
    """Return a setting."""
    return Chosen(value=value, origin="here")


def make_machine(folder: Path, *names: str) -> dict[str, str]:
    """Return variables with some programs on PATH."""
    for name in names:
        make_program(folder / name, f'#!/bin/sh\necho "{name}: $*"\n')
    return {"PATH": str(folder)}


@pytest.mark.parametrize(
    ("there", "wanted", "expected"),
    [
        (("ccache", "sccache"), None, ("ccache", "default")),
        (("sccache",), None, ("sccache", "default")),
        ((), None, None),
        (("ccache", "sccache"), "auto", ("ccache", "here")),
        ((), "auto", None),
        (("ccache", "sccache"), "ccache", ("ccache", "here")),
        (("ccache", "sccache"), "sccache", ("sccache", "here")),
        (("ccache", "sccache"), "off", ("off", "here")),
        ((), "off", ("off", "here")),
    ],
)
def test_which(there: tuple[str, ...], wanted: str | None, expected: tuple[str, str] | None, tmp_path: Path) -> None:
    """The cache on PATH is used, or the named one, or none."""
    found = find_compiler_cache(wanted and chosen(wanted), make_machine(tmp_path, *there))  # type: ignore[arg-type]
    told = None if found is None else (str(found), found.origin)
    path = expected and (expected[0] if expected[0] == "off" else str(tmp_path / expected[0]), expected[1])
    assert path == told


@pytest.mark.parametrize(("wanted", "other"), [("ccache", "sccache"), ("sccache", "ccache")])
def test_not_there(wanted: CompilerCacheChoice, other: str, tmp_path: Path) -> None:
    """A named cache that is missing is an error."""
    with pytest.raises(CudaError) as caught:
        find_compiler_cache(chosen(wanted), make_machine(tmp_path, other))
    assert (
        f"cuda.compiler-cache = '{wanted}' (here): found no {wanted} on PATH\n"
        "Install it, or use 'auto', which uses a compiler cache only if there is one."
    ) == str(caught.value)


def variables(
    tmp_path: Path, program: str | None, environ: dict[str, str], *, nvcc: Path | None = NVCC, prefix: Path = SOURCE
) -> dict[str, str]:
    """Return the variables of a compiler cache."""
    found = CompilerCache(program=program and tmp_path / "bin" / program, origin="here")  # type: ignore[arg-type]
    planned = plan_compiler_cache(
        found, environ, folder=tmp_path / "compilers", source=SOURCE, prefix=prefix, nvcc=nvcc
    )
    assert (planned.script is not None) == ("CXX" in planned.values)
    if planned.script is not None:
        planned.script.write()
    return dict(planned.values)


def in_front(tmp_path: Path, program: str) -> dict[str, str]:
    """Return the variables that use it for C and CUDA."""
    words = str(tmp_path / "bin" / program)
    return {
        "CMAKE_C_COMPILER_LAUNCHER": words,
        "PYTORCH_NVCC": f"{words} '{NVCC}'",
        "CMAKE_CUDA_COMPILER_LAUNCHER": words,
    }


CCACHE = {"CCACHE_BASEDIR": str(SOURCE), "CCACHE_NOHASHDIR": "true", "CCACHE_COMPILERCHECK": "content"}


@pytest.mark.parametrize(("program", "settings"), [("ccache", CCACHE), ("sccache", {})])
def test_in_front_of_everything(program: str, settings: dict[str, str], tmp_path: Path) -> None:
    """C++ uses a script, nvcc torch's variable, CMake its own; ccache ignores irrelevant differences."""
    found = variables(tmp_path, program, make_machine(tmp_path / "bin", "c++", program))
    script = Path(found.pop("CXX"))
    assert {**in_front(tmp_path, program), **settings, "TORCH_NO_COMPILER_WRAPPER": "1"} == found
    assert ("c++", tmp_path / "compilers") == (script.name, script.parent.parent)
    assert os.access(script, os.X_OK)
    # With --version, it behaves like the compiler; torch distinguishes g++ from clang by that.
    done = subprocess.run([script, "--version", "a b"], capture_output=True, text=True, check=True)  # noqa: S603
    assert f"{program}: {tmp_path / 'bin/c++'} --version a b\n" == done.stdout


def test_own_compiler(tmp_path: Path) -> None:
    """The person's CXX is kept; CMake and newer torch put the cache in front of it."""
    environ = {**make_machine(tmp_path / "bin", "c++", "ccache"), "CXX": "clang++"}
    launcher = {"CMAKE_CXX_COMPILER_LAUNCHER": str(tmp_path / "bin/ccache")}
    assert {**in_front(tmp_path, "ccache"), **CCACHE, **launcher} == variables(tmp_path, "ccache", environ)
    assert not (tmp_path / "compilers").exists()


def test_no_compiler(tmp_path: Path) -> None:
    """Without a C++ compiler, CXX is not set."""
    environ = make_machine(tmp_path / "bin", "ccache")
    assert {**in_front(tmp_path, "ccache"), **CCACHE} == variables(tmp_path, "ccache", environ)


def test_no_cuda_compiler(tmp_path: Path) -> None:
    """Without nvcc, no variable for it is set."""
    found = variables(tmp_path, "ccache", make_machine(tmp_path / "bin", "ccache"), nvcc=None)
    assert {"CMAKE_C_COMPILER_LAUNCHER": str(tmp_path / "bin/ccache"), **CCACHE} == found


def test_off(tmp_path: Path) -> None:
    """Without a cache, torch is kept from using one by itself, and nothing else changes."""
    environ = make_machine(tmp_path / "bin", "c++", "ccache")
    assert {"TORCH_NO_COMPILER_WRAPPER": "1"} == variables(tmp_path, None, environ)
    assert {} == variables(tmp_path, None, {"TORCH_NO_COMPILER_WRAPPER": "0"})


def test_the_environment_wins(tmp_path: Path) -> None:
    """Each variable that the person has set is kept, even an empty one."""
    machine = make_machine(tmp_path / "bin", "c++", "ccache")
    everything = variables(tmp_path, "ccache", machine)
    for name in everything.keys() - {"CXX"}:
        found = variables(tmp_path, "ccache", {**machine, name: ""})
        assert everything == {**found, name: everything[name]}
        assert name not in found


@pytest.mark.parametrize(
    ("files", "is_venv", "expected"),
    [
        ((), True, True),
        (("include/python3.11/",), True, True),
        (("include/site/python3.11/greenlet/greenlet.h",), True, False),
        ((), False, False),
    ],
)
def test_headers_of_the_environment(files: tuple[str, ...], is_venv: bool, expected: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a table
    """The folder of headers that distutils adds is ignored if it is empty, since it differs in every build."""
    prefix = tmp_path / "env"
    if is_venv:
        make_venv(prefix)
    for name in files:
        if name.endswith("/"):
            (prefix / name).mkdir(parents=True)
        else:
            write(prefix / name, "")
    environ = make_machine(tmp_path / "bin", "ccache", "sccache")
    more = {"CCACHE_IGNOREOPTIONS": f"-I{prefix / 'include'}"} if expected else {}
    assert {**in_front(tmp_path, "ccache"), **CCACHE, **more} == variables(tmp_path, "ccache", environ, prefix=prefix)
    assert in_front(tmp_path, "sccache") == variables(tmp_path, "sccache", environ, prefix=prefix)


def test_script_is_written_once(tmp_path: Path) -> None:
    """The script's path is stable, and identifies the cache and the compiler; a broken script is replaced."""
    environ = make_machine(tmp_path / "bin", "c++", "ccache", "sccache")
    script = Path(variables(tmp_path, "ccache", environ)["CXX"])
    before = script.stat().st_ino
    assert str(script) == variables(tmp_path, "ccache", environ)["CXX"]
    assert before == script.stat().st_ino
    assert str(script) != variables(tmp_path, "sccache", environ)["CXX"]
    text = script.read_text("utf-8")
    script.write_text("#!/bin/sh\n")
    variables(tmp_path, "ccache", environ)
    assert (text, True, ["c++"]) == (
        script.read_text("utf-8"),
        os.access(script, os.X_OK),
        os.listdir(script.parent),
    )


def test_script_that_cannot_be_run(tmp_path: Path) -> None:
    """A script that lost its executable bit is replaced."""
    environ = make_machine(tmp_path / "bin", "c++", "ccache")
    script = Path(variables(tmp_path, "ccache", environ)["CXX"])
    script.chmod(0o644)
    variables(tmp_path, "ccache", environ)
    assert 0o755 == script.stat().st_mode & 0o777


def test_script_that_cannot_be_written(tmp_path: Path) -> None:
    """An unwritable cache is an error with the two ways out."""
    machine = make_machine(tmp_path / "bin", "c++", "ccache")
    found = find_compiler_cache(None, machine)
    assert found is not None
    folder = blocked(tmp_path) / "compilers"
    script = plan_compiler_cache(found, machine, folder=folder, source=SOURCE, prefix=SOURCE, nvcc=None).script
    assert script is not None
    with pytest.raises(CudaError) as caught:
        script.write()
    assert (
        f"cannot be written: Not a directory: {blocked(tmp_path)}\nName a cache folder that can be written to:"
        " RUNTIME_BACKEND_CACHE_DIR=/path; or use no compiler cache: compiler-cache = 'off'."
    ) in str(caught.value)


def test_odd_names(tmp_path: Path) -> None:
    """A path with a space, or a quote, is one word to the shell."""
    machine = make_machine(tmp_path / "it's here", "c++", "ccache")
    found = find_compiler_cache(None, machine)
    assert found is not None
    folder = tmp_path / "compilers"
    script = plan_compiler_cache(found, machine, folder=folder, source=SOURCE, prefix=SOURCE, nvcc=None).script
    assert script is not None
    script.write()
    done = subprocess.run([script.path, "-c"], capture_output=True, text=True, check=True)  # noqa: S603
    assert f"ccache: {tmp_path}/it's here/c++ -c\n" == done.stdout
