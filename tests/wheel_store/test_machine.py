"""What a wheel depends on outside its source tree."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path

import pytest
from standins import write

from runtime_backend.errors import NoAnswer
from runtime_backend.wheel_store import machine
from runtime_backend.wheel_store.machine import (
    describe_compilers,
    describe_headers,
    describe_libc,
    describe_processor,
    describe_python,
    describe_rocm,
    describe_toolkit,
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only folder of PATH; the interpreter was compiled by a gcc that is not in there."""
    monkeypatch.setattr(sysconfig, "get_config_var", {"CC": "x86_64-gcc -pthread", "CXX": None}.get)
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


def make(path: Path, text: str) -> Path:
    """Write a program that prints a text."""
    write(path, f"#!/bin/sh\nprintf '%s\\n' '{text}'\n")
    path.chmod(0o755)
    return path


def compilers(folder: Path, **variables: str) -> list[str]:
    """Describe the compilers in a folder."""
    return describe_compilers({"PATH": f"{folder}{os.pathsep}{os.defpath}", **variables})


def test_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """The interpreter is described by its ABI, and by the flags that it gives to compilers, without its place."""
    flags = {"CC": "gcc", "CFLAGS": f"-O2  -I{sys.base_prefix}/include", "EXT_SUFFIX": ".cpython-311-x.so"}
    monkeypatch.setattr(sysconfig, "get_config_var", flags.get)
    found = describe_python()
    assert {
        "implementation": sys.implementation.cache_tag,
        "abi": ".cpython-311-x.so",
        "platform": sysconfig.get_platform(),
        "flags": "gcc -O2 -I{prefix}/include",
    } == found
    flags["CFLAGS"] += " -march=native"
    assert found != describe_python()


def test_libc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The C library is glibc of a version, or the file of musl; another system does not say."""
    monkeypatch.setattr(machine.os, "confstr", {"CS_GNU_LIBC_VERSION": "glibc 2.36"}.__getitem__, raising=False)
    assert "glibc 2.36" == describe_libc()

    def refuse(_: str) -> str:
        raise ValueError

    monkeypatch.setattr(machine.os, "confstr", refuse, raising=False)
    monkeypatch.setattr(machine, "Path", lambda text: tmp_path / str(text).lstrip("/"))
    assert describe_libc() is None
    write(tmp_path / "lib/ld-musl-x86_64.so.1", "x")
    first = describe_libc()
    assert first is not None
    write(tmp_path / "lib/ld-musl-x86_64.so.1", "xx")
    assert first != describe_libc()


def test_no_compiler(folder: Path) -> None:
    """A machine without a compiler has none."""
    assert [] == compilers(folder)


def test_usual_compilers(folder: Path) -> None:
    """The usual compilers print their versions, each program once, under the name by which it was called."""
    make(folder / "gcc-12", "/usr/bin/gcc (Debian 12.2.0-14) 12.2.0\nmore")
    for name in ("cc", "gcc"):
        (folder / name).symlink_to("gcc-12")
    make(folder / "x86_64-gcc", "gcc (other) 13")
    make(folder / "g++", "g++ (Debian 12.2.0-14) 12.2.0")
    assert ["g++ (Debian 12.2.0-14) 12.2.0", "gcc (Debian 12.2.0-14) 12.2.0", "gcc (other) 13"] == compilers(folder)


@pytest.mark.parametrize(
    "command", ["clang", "clang -m32", "ccache clang", "/x/sccache  ccache clang", '"clang" "-DA=\'b\'"', "clang 'open"]
)
def test_named_compiler(command: str, folder: Path) -> None:
    """A variable names the compiler, maybe behind launchers and with options; the usual ones are not asked then."""
    make(folder / "clang", "clang version 17")
    make(folder / "gcc", "gcc 12")
    make(folder / "c++", "c++ 12")
    assert ["c++ 12", "clang version 17"] == compilers(folder, CC=command)
    assert ["clang version 17"] == compilers(folder, CC=command, CXX=command)


@pytest.mark.parametrize("command", ["missing", "ccache", "ccache a=b gcc", "'"])
def test_unknown_compiler(command: str, folder: Path) -> None:
    """A compiler that is not found could be any."""
    make(folder / "gcc", "gcc 12")
    with pytest.raises(NoAnswer) as caught:
        compilers(folder, CC=command)
    assert f"CC={command} names no compiler that is found" == str(caught.value)


def test_links_to_a_launcher(folder: Path) -> None:
    """A launcher that is called by the name of a compiler stands for that compiler."""
    make(folder / "ccache", "")
    write(folder / "ccache", '#!/bin/sh\necho "${0##*/} 12"\n')
    for name in ("clang", "clang++"):
        (folder / name).symlink_to("ccache")
    assert ["clang 12", "clang++ 12"] == compilers(folder, CC="clang", CXX="clang++")


def test_compiler_that_cannot_run(folder: Path) -> None:
    """A compiler that cannot be run is a reason to store nothing."""
    write(folder / "gcc", "not a program").chmod(0o755)
    write(folder / "gcc", "#!/nowhere/sh\n")
    with pytest.raises(NoAnswer) as caught:
        compilers(folder)
    assert f"{folder / 'gcc'} does not print its version" == str(caught.value)


def test_compiler_that_hangs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A compiler that does not answer is not waited for."""
    write(folder / "gcc", "#!/bin/sh\nread x < /dev/zero\n").chmod(0o755)
    monkeypatch.setattr(machine, "_TIMEOUT", 0.05)
    with pytest.raises(NoAnswer, match="does not print its version"):
        compilers(folder)


def test_variables_of_the_build(folder: Path) -> None:
    """A compiler sees the variables of the build."""
    write(folder / "gcc", '#!/bin/sh\necho "gcc $COMPILER_PATH"\n').chmod(0o755)
    assert ["gcc /x"] == compilers(folder, COMPILER_PATH="/x")


def toolkit(root: Path, version: str, *, parts: str = "") -> Path:
    """Make a toolkit with an nvcc, and return its folder."""
    make(root / "bin/nvcc", f"nvcc: NVIDIA (R) Cuda compiler driver\nBuild cuda_{version}")
    if parts:
        write(root / "version.json", parts)
    return root


def test_toolkit(tmp_path: Path) -> None:
    """A toolkit is described by the versions of its parts, else by what nvcc prints."""
    none = tmp_path / "none"
    environ = {"PATH": str(none)}
    assert describe_toolkit(environ, none) is None
    usual = toolkit(tmp_path / "usual", "12.6")
    assert "Build cuda_12.6" == describe_toolkit(environ, usual)
    home = toolkit(tmp_path / "home", "12.8", parts="{1}")
    first = describe_toolkit({**environ, "CUDA_HOME": str(home)}, usual)
    assert first == describe_toolkit({**environ, "CUDA_PATH": str(home), "CUDA_HOME": ""}, usual)
    write(home / "version.json", "{2}")
    assert first != describe_toolkit({**environ, "CUDA_HOME": str(home)}, usual)
    assert "Build cuda_12.6" == describe_toolkit({**environ, "CUDA_HOME": str(none)}, usual)


def test_toolkits(tmp_path: Path) -> None:
    """If variables and PATH lead to several toolkits, all of them count, each once."""
    roots = [toolkit(tmp_path / name, name) for name in ("11", "12", "13")]
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/nvcc").symlink_to(roots[2] / "bin/nvcc")
    environ = {"PATH": str(tmp_path / "bin"), "CUDA_HOME": str(roots[0]), "CUDACXX": str(roots[1] / "bin/nvcc")}
    assert "Build cuda_11, Build cuda_12, Build cuda_13" == describe_toolkit(environ, tmp_path)
    environ = {"PATH": str(roots[2] / "bin"), "CUDA_HOME": str(roots[2]), "CUDACXX": "missing"}
    assert "Build cuda_13" == describe_toolkit(environ, tmp_path)


def test_rocm(tmp_path: Path) -> None:
    """ROCm has its version in a file."""
    write(tmp_path / "rocm/.info/version", "6.2.0-66\n")
    assert "6.2.0-66" == describe_rocm({"ROCM_HOME": str(tmp_path / "rocm"), "ROCM_PATH": "/x"})
    assert "6.2.0-66" == describe_rocm({"ROCM_PATH": str(tmp_path / "rocm")})
    assert describe_rocm({"ROCM_HOME": str(tmp_path)}) is None


def test_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor is described by its features, in any order; an unknown one is a reason to store nothing."""
    texts = ["flags\t\t: sse avx\n", "x: 1\nFeatures : avx sse\nflags: z\n", "flags : sse\n"]
    monkeypatch.setattr(machine, "read_text", lambda _: texts.pop(0))
    first = describe_processor()
    assert first == describe_processor() != describe_processor()
    monkeypatch.setattr(machine, "read_text", lambda _: "model name: x\n")
    with pytest.raises(NoAnswer) as caught:
        describe_processor()
    assert "the build may compile for this machine's processor, whose features are not known" == str(caught.value)


def test_headers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A header that is added or replaced changes the description; the time of a folder does not."""
    monkeypatch.setattr(machine, "_HEADERS", (str(tmp_path / "include"),))
    monkeypatch.setattr(sysconfig, "get_config_var", lambda _: "x86_64-no-such-machine")
    write(tmp_path / "include/a.h", "")
    write(tmp_path / "include/sub/b.h", "")
    first = describe_headers()
    os.utime(tmp_path / "include/sub", (1, 1))
    assert first == describe_headers()
    os.utime(tmp_path / "include/a.h", (1, 1))
    second = describe_headers()
    write(tmp_path / "include/c.h", "")
    assert 3 == len({first, second, describe_headers()})
    monkeypatch.setattr(sysconfig, "get_config_var", lambda _: None)
    describe_headers()
