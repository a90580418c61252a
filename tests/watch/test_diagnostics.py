"""Errors in a build's output, by the tool that reports them."""

from __future__ import annotations

import pytest

from runtime_backend.watch.diagnostics import KEPT, LONGEST, Diagnostics


def lines_of(text: str | bytes, size: int = 1 << 20) -> list[str]:
    """Return the collected lines for an output in pieces."""
    data = text.encode() if isinstance(text, str) else text
    diagnostics = Diagnostics()
    for start in range(0, len(data), size):
        diagnostics.feed(data[start : start + size])
    return diagnostics.lines()


NINJA = """\
[1/2] c++ -MMD -Werror=format -c csrc/a.cpp -o a.o
FAILED: [code=1] a.o
c++ -MMD -Werror=format -c csrc/a.cpp -o a.o
csrc/a.cpp: In function 'int f()':
csrc/a.cpp:3:5: warning: unused variable 'x' [-Wunused-variable]
csrc/a.cpp:4:12: error: 'y' was not declared in this scope
    4 |     return y;
      |            ^
csrc/a.cpp:5:12: error: 'z' was not declared in this scope
ninja: build stopped: subcommand failed.
Traceback (most recent call last):
  File "/x/torch/utils/cpp_extension.py", line 2597, in _run_ninja_build
    subprocess.run(
subprocess.CalledProcessError: Command '['ninja', '-v']' returned non-zero exit status 1.

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/x/setup.py", line 3, in <module>
    setup()
    ^^^^^^^
RuntimeError: Error compiling objects for extension
"""


def test_ninja() -> None:
    """Of torch's own build, the compiler's errors are kept, and the exception that came last."""
    assert [
        "csrc/a.cpp:4:12: error: 'y' was not declared in this scope",
        "csrc/a.cpp:5:12: error: 'z' was not declared in this scope",
        "RuntimeError: Error compiling objects for extension",
    ] == lines_of(NINJA)


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_pieces(size: int) -> None:
    """The pieces end anywhere."""
    assert lines_of(NINJA) == lines_of(NINJA, size)


@pytest.mark.parametrize(
    "line",
    [
        "a.cpp:1:10: fatal error: Python.h: No such file or directory",  # gcc
        "c++: fatal error: Killed signal terminated program cc1plus",
        "g++: internal compiler error: Segmentation fault signal terminated program cc1plus",
        "cc1plus: error: unrecognized command-line option '-foo'",
        "clang: error: unknown argument: '-foo'",
        "a.cpp:1:1: error: unknown type name 'foo'",  # clang
        'kernel.cu(12): error: identifier "foo" is undefined',  # nvcc
        "nvcc fatal   : Unsupported gpu architecture 'compute_20'",
        "ptxas error   : Entry function 'f' uses too much shared data",
        "ptxas fatal   : Unresolved extern function 'f'",
        "nvlink error   : Undefined reference to 'f' in 'a.o'",
        "a.cpp:(.text+0x5): undefined reference to `f()'",  # ld
        "/usr/bin/ld: a.o: in function `f': a.cpp:3: undefined reference to `g'",
        "/usr/bin/ld: cannot find -lfoo: No such file or directory",
        "/usr/bin/ld.gold: cannot find -lfoo",
        "b.o:(.data+0x0): multiple definition of `x'; a.o:(.data+0x0): first defined here",
        "/usr/bin/ld: a.o: relocation R_X86_64_32 against `.data' can not be used; recompile with -fPIC",
        "ld.lld: error: undefined symbol: f()",
        "mold: error: undefined symbol: f()",
        "Undefined symbols for architecture arm64:",
        "ld: library 'foo' not found",
        "a.s:5: Error: no such instruction: `foo'",  # as
        "Error: Symbol 'x' at (1) has no IMPLICIT type",  # gfortran
        'meson.build:3:0: ERROR: Dependency "foo" not found, tried pkgconfig',
        "error[E0425]: cannot find value `x` in this scope",  # rustc
        "configure: error: no acceptable C compiler found in $PATH",
        "/bin/sh: 1: nvcc: not found",
        "bash: line 1: nvcc: command not found",
        "a.cpp(12): error C2065: 'x': undeclared identifier",  # MSVC
        "a.cpp(3): fatal error C1083: Cannot open include file: 'foo.h': No such file or directory",
        "LINK : fatal error LNK1181: cannot open input file 'foo.lib'",
        "a.obj : error LNK2019: unresolved external symbol f",
        'CMake Error: CMake was unable to find a build program corresponding to "Ninja".',
    ],
)
def test_tools(line: str) -> None:
    """The errors of each tool are recognised in any context, except consequences of other errors."""
    more = "collect2: error: ld returned 1 exit status\nerror: command '/usr/bin/g++' failed with code 1"
    assert [line] == lines_of(f"running build_ext\n{line}\n{more}\n")


@pytest.mark.parametrize(
    "line",
    [
        "g++ -Werror=format -DERROR -c error.cpp -o error.o",
        "a.cpp:3:5: warning: an error was made [-Wall]",
        "a.cpp:3:5: note: declared here",
        "-- Looking for pthread_create in pthreads - not found",
        "0 errors generated.",
        "copying error.py -> build/lib",
    ],
)
def test_no_errors(line: str) -> None:
    """A line that only mentions an error is ignored."""
    assert [] == lines_of(f"{line}\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FAILED: a.o\nc++ -c a.cpp\nninja: build stopped: subcommand failed.\n", ["FAILED: a.o", "ninja: build stopped: subcommand failed."]),
        ("make[2]: *** [a.o] Error 1\ngmake: *** [all] Error 2\n", ["make[2]: *** [a.o] Error 1", "gmake: *** [all] Error 2"]),
        ("error: command '/usr/bin/g++' failed with exit code 1\n", ["error: command '/usr/bin/g++' failed with exit code 1"]),
        ("error: Command '['gcc', '-c']' returned non-zero exit status 1.\n", ["error: Command '['gcc', '-c']' returned non-zero exit status 1."]),
        ("clang++: error: linker command failed with exit code 1\n", ["clang++: error: linker command failed with exit code 1"]),
    ],
)  # fmt: skip
def test_only_consequences(text: str, expected: list[str]) -> None:
    """If no tool reports an error, the messages about its failure are kept."""
    assert expected == lines_of(text)


def test_cmake() -> None:
    """CMake's message is in the lines below: the first of them are kept."""
    text = (
        "CMake Error at CMakeLists.txt:5 (find_package):\n"
        '  By not providing "FindFoo.cmake" in CMAKE_MODULE_PATH this project has\n'
        "  asked CMake to find a package configuration file provided by Foo, but\n"
        "  CMake did not find one.\n\n"
        "  Could not find a package configuration file\n"
        "CMake Error: short\n\n  -- nothing of it\n"
    )
    assert [
        "CMake Error at CMakeLists.txt:5 (find_package):",
        'By not providing "FindFoo.cmake" in CMAKE_MODULE_PATH this project has',
        "asked CMake to find a package configuration file provided by Foo, but",
        "CMake Error: short",
    ] == lines_of(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Traceback (most recent call last):\n  File \"setup.py\", line 1\n\n    x\nKeyError: 'X'\nmore\n",
            ["KeyError: 'X'"],
        ),
        (
            '  Traceback (most recent call last):\n    File "setup.py", line 1\n  pkg.Broken: why\n',
            ["pkg.Broken: why"],
        ),
        ('Traceback (most recent call last):\n  File "setup.py", line 1', []),
        ("Traceback (most recent call last):\n  x\nerror: a: b", ["error: a: b"]),
        ("a: error: b\nTraceback (most recent call last):\n  x\na: error: b", ["a: error: b"]),
    ],
)
def test_traceback(text: str, expected: list[str]) -> None:
    """The line that names the exception is kept, of a traceback that a tool has indented, too."""
    assert expected == lines_of(text)


def test_bounds() -> None:
    """However much is printed, a few short lines are kept; the same error counts once; colours are left out."""
    many = "".join(f"a.cpp:{n}:1: error: {'x' * 999}\n" * 2 for n in range(99))
    found = lines_of(many)
    assert (KEPT, {LONGEST}) == (len(found), {len(line) for line in found})
    assert found[0].endswith("x ...")
    assert [] == lines_of("x" * 300_000 + " error: y")[1:]
    endless = Diagnostics()
    for _ in range(99):
        endless.feed(b"x" * 5000)
    assert len(endless._rest) <= 1 << 16  # noqa: SLF001 - what is held is what memory takes
    coloured = b"\x1b[01m\x1b[Ka.cpp:1:1:\x1b[m\x1b[K \x1b[01;31m\x1b[Kerror: \x1b[m\x1b[Kbad \x1b]8;;http://x\x07link\x07\xff\r\n"
    assert ["a.cpp:1:1: error: bad link\N{REPLACEMENT CHARACTER}"] == lines_of(coloured)
