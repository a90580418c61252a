"""The machine's own programs, for which the unit tests have stand-ins: a C compiler, patch, what a linker makes."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from runtime_backend.archives.linkage import _lacking, read_library
from runtime_backend.cuda.home import _make_stub
from runtime_backend.errors import SourceError
from runtime_backend.upstream.patches import _run_patch

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs a compiler that makes ELF files")

CUDA_H = """\
CUresult CUDAAPI cuInit(unsigned int Flags);
CUresult CUDAAPI
cuDriverGetVersion(int *driverVersion);
typedef int CUdevice;
"""
OLD, NEW = "_ZN3c103oldEv", "_ZN2at3newEv"


def test_stub_of_the_driver(tmp_path: Path) -> None:
    """A C compiler makes of cuda.h a library that the dynamic linker loads, by the name that programs ask for."""
    (tmp_path / "include").mkdir()
    (tmp_path / "include/cuda.h").write_text(CUDA_H)
    stub = _make_stub([tmp_path], tmp_path / "cache", os.environ)
    assert stub is not None
    library = ctypes.CDLL(str(stub))
    assert [999, 999, False] == [library.cuInit(0), library.cuDriverGetVersion(None), hasattr(library, "cuGone")]
    assert b"libcuda.so.1\0" in stub.read_bytes()


def compile_library(path: Path, defined: str, wanted: str, *options: str) -> None:
    """Compile a library that has one symbol and wants another."""
    code = f'void d(void) __asm__("{defined}"); void d(void) {{}} void w(void) __asm__("{wanted}"); void u(void) {{ w(); }}'
    path.with_suffix(".c").write_text(code)
    words = ["cc", "-shared", "-fPIC", *options, "-o", str(path), str(path.with_suffix(".c"))]
    subprocess.run(words, check=True)


@pytest.mark.parametrize("hashes", ["gnu", "both"])
def test_libraries(hashes: str, tmp_path: Path) -> None:
    """What a linker makes is read as what the unit tests write."""
    torch, extension = tmp_path / "libtorch.so", tmp_path / "ext.so"
    compile_library(torch, NEW, "printf", f"-Wl,--hash-style={hashes}", "-Wl,-soname,libtorch.so")
    compile_library(extension, "mine", OLD, f"-L{tmp_path}", "-Wl,--no-as-needed", "-ltorch")
    read = read_library(extension, extension.name)
    assert read is not None
    assert ("libtorch.so", (OLD,)) == (read.needed[0], read.wanted)
    assert [OLD] == _lacking([NEW, OLD], [torch], [])


@pytest.mark.skipif(shutil.which("patch") is None, reason="needs patch")
def test_patch(tmp_path: Path) -> None:
    """Patch applies what fits, and leaves the tree alone when something does not."""
    tree, patch = tmp_path / "tree", tmp_path / "a.patch"
    tree.mkdir()
    (tree / "a.txt").write_text("one\n")
    patch.write_text("--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-one\n+two\n")
    _run_patch(patch, tree, os.environ)
    assert "two\n" == (tree / "a.txt").read_text()
    patch.write_text("--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-three\n+four\n")
    with pytest.raises(SourceError, match=r"a\.txt"):
        _run_patch(patch, tree, os.environ)
    assert (["a.txt"], "two\n") == (os.listdir(tree), (tree / "a.txt").read_text())
