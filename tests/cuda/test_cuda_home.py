"""Assembling CUDA_HOME: merged links, names for linkers, the driver's stub."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from standins import blocked, make_distribution, write
from toolkits import CUDA_H, make_compilers, make_libraries, make_program

from runtime_backend.cuda.home import CudaHome, merge, stable_path
from runtime_backend.cuda.wheels import find_compilers, root_in
from runtime_backend.errors import CudaError
from runtime_backend.installed.distributions import DistributionIndex

HINT = "Name a cache folder that can be written to: RUNTIME_BACKEND_CACHE_DIR=/path."


def home_of(cache: Path, toolkit: Path, **more: object) -> CudaHome:
    """Return a planned CUDA_HOME, which is made without a C compiler unless an environment is given."""
    facts = {"environ": {"PATH": ""}, **more}
    return CudaHome(path=stable_path(cache, "13.0", [str(toolkit)]), toolkit=toolkit, **facts)  # type: ignore[arg-type]


def shown(home: CudaHome) -> Path:
    """Show CUDA_HOME permanently, and return its path."""
    with home.shown() as path:
        return path


def merged(*parts: Path, stub: Path | None = None) -> dict[str, str]:
    """Return the links, relative to the common folder."""
    root = parts[0].parent
    return {
        name: path.relative_to(root).as_posix() if path.is_absolute() else str(path)
        for name, path in merge(parts, stub).items()
    }


def test_first_part_wins(tmp_path: Path) -> None:
    """The first part takes precedence; a folder that only one part has is linked as a whole."""
    for part, names in (("a", ("x.h", "crt/a.h", "thrust/a.h")), ("b", ("x.h", "y.h", "crt/b.h", "cub/b.h"))):
        for name in names:
            write(tmp_path / part / "include" / name, "")
        write(tmp_path / part / f"bin/tool-of-{part}", "")
    assert {
        "bin/tool-of-a": "a/bin/tool-of-a",
        "include/crt/a.h": "a/include/crt/a.h",
        "include/crt/b.h": "b/include/crt/b.h",
        "include/cub": "b/include/cub",
        "include/thrust": "a/include/thrust",
        "include/x.h": "a/include/x.h",
        "include/y.h": "b/include/y.h",
        "lib64": "lib",
    } == merged(tmp_path / "a", tmp_path / "b")


def test_file_over_folder(tmp_path: Path) -> None:
    """For a name that is a file in one part and a folder in another, the first part takes precedence."""
    write(tmp_path / "a/include/x", "")
    write(tmp_path / "b/include/x/y", "")
    assert "a/include/x" == merged(tmp_path / "a", tmp_path / "b")["include/x"]
    found = merged(tmp_path / "b", tmp_path / "a")
    assert {"include/x/y": "b/include/x/y"} == {n: path for n, path in found.items() if n.startswith("include/")}


def test_names_of_libraries(tmp_path: Path) -> None:
    """Libraries of wheels get the name without a version for ``-l``; an existing one is kept."""
    for name in ("libcudart.so.13", "libcudart_static.a", "libnvrtc-builtins.so.13.0", "libnvvm.so.4"):
        write(tmp_path / "a/lib" / name, "")
    for name in ("libcublas.so", "libcublas.so.13"):
        write(tmp_path / "b/lib" / name, "")
    write(tmp_path / "a/nvvm/bin/cicc", "")
    assert {
        "lib/libcudart.so.13": "a/lib/libcudart.so.13",
        "lib/libcudart_static.a": "a/lib/libcudart_static.a",
        "lib/libnvrtc-builtins.so.13.0": "a/lib/libnvrtc-builtins.so.13.0",
        "lib/libnvvm.so.4": "a/lib/libnvvm.so.4",
        "lib/libcublas.so": "b/lib/libcublas.so",
        "lib/libcublas.so.13": "b/lib/libcublas.so.13",
        "lib/libcudart.so": "a/lib/libcudart.so.13",
        "lib/libnvrtc-builtins.so": "a/lib/libnvrtc-builtins.so.13.0",
        "lib/libnvvm.so": "a/lib/libnvvm.so.4",
        "lib64": "lib",
        "nvvm/bin": "a/nvvm/bin",
        "nvvm/lib64/libnvvm.so": "a/lib/libnvvm.so.4",
    } == merged(tmp_path / "a", tmp_path / "b")


def test_toolkit_of_a_system(tmp_path: Path) -> None:
    """A system's toolkit has its libraries in lib64, and a complete nvvm."""
    for name in ("lib64/libcudart.so", "lib64/stubs/libcuda.so", "nvvm/lib64/libnvvm.so", "lib/libother.so"):
        write(tmp_path / "a" / name, "")
    assert {
        "lib/libcudart.so": "a/lib64/libcudart.so",
        "lib/stubs": "a/lib64/stubs",
        "lib64": "lib",
        "nvvm/lib64": "a/nvvm/lib64",
    } == merged(tmp_path / "a")


def test_stub_beside_others(tmp_path: Path) -> None:
    """The driver's stub is where nvcc looks; a folder with other stubs is not written to."""
    write(tmp_path / "a/bin/nvcc", "")
    stub = tmp_path / "libcuda-x.so"
    own = {"bin/nvcc": "a/bin/nvcc", "lib64": "lib", "lib/stubs/libcuda.so": "libcuda-x.so"}
    assert own == merged(tmp_path / "a", stub=stub)
    write(tmp_path / "a/lib/stubs/libnvidia-ml.so", "")
    others = {"lib/stubs/libnvidia-ml.so": "a/lib/stubs/libnvidia-ml.so"}
    assert {**own, **others} == merged(tmp_path / "a", stub=stub)


def test_whole_toolkit(tmp_path: Path) -> None:
    """A complete toolkit is CUDA_HOME itself, and nothing is written."""
    home = CudaHome(path=tmp_path / "cuda", toolkit=tmp_path / "cuda", environ={})
    assert (tmp_path / "cuda", []) == (shown(home), os.listdir(tmp_path))


@pytest.mark.parametrize("layout", ["cu13", "cu12", "none"])
def test_additions(layout: str, tmp_path: Path) -> None:
    """The mathematical headers and libraries come from torch's dependencies, in either layout of their wheels."""
    toolkit, site = make_compilers(tmp_path / "compilers"), tmp_path / "site"
    site.mkdir()
    if layout == "cu13":
        make_libraries(site)
    elif layout == "cu12":
        for name in ("cublas", "cusparse"):
            make_distribution(site, f"nvidia-{name}-cu12", "12", {f"nvidia/{name}/include/{name}.h": "", f"nvidia/{name}/lib/lib{name}.so.12": ""})  # fmt: skip
        write(site / "nvidia/nvshmem/x", "")
    additions = None if layout == "none" else site / "nvidia"
    root = shown(home_of(tmp_path / "cache", toolkit, additions=additions))
    major = layout.removeprefix("cu")
    for name in ("cublas", "cusparse") if additions else ():
        assert (root / f"include/{name}.h").is_file()
        assert (root / f"lib64/lib{name}.so").samefile(root / f"lib/lib{name}.so.{major}")
    for path in (
        "bin/nvcc",
        "nvvm/bin/cicc",
        "include/cccl/cub/cub.cuh",
        "lib64/libcudart.so",
        "nvvm/lib64/libnvvm.so",
    ):
        assert (root / path).is_file()
    assert (toolkit / "nvvm/libdevice", False) == ((root / "nvvm/libdevice").readlink(), (root / "lib/stubs").exists())


def test_kept_first(tmp_path: Path) -> None:
    """The compilers of a build environment are stored in the cache before links lead to them."""
    make_compilers(tmp_path / "site")
    found = find_compilers(DistributionIndex([tmp_path / "site"]), "13.0")
    assert found is not None
    folder = found.kept_in(tmp_path / "cache")
    root = shown(home_of(tmp_path / "cache", root_in(folder, "13.0"), kept=(found, folder)))
    shutil.rmtree(tmp_path / "site")
    assert os.access(root / "bin/nvcc", os.X_OK)
    assert folder / "nvidia/cu13/bin/nvcc" == (root / "bin/nvcc").readlink()


def test_second_environment(tmp_path: Path) -> None:
    """A build for another environment with the same torch does not change links of a running build, or use them."""
    toolkit = make_compilers(tmp_path / "compilers")
    stable = tmp_path / "cache/overlays/torch"
    places = [make_libraries(tmp_path / name).parent for name in ("env-a", "env-b")]
    home = home_of(tmp_path / "cache", toolkit, additions=stable / "nvidia")
    with home.shown({stable: places[0]}) as one, home.shown({stable: places[1]}) as two:
        assert home.path == one != two
        assert [True, True] == [(path / "include/cublas.h").is_file() for path in (one, two)]
        shutil.rmtree(places[1])
        assert (one / "include/cublas.h").is_file()
        assert not (two / "include/cublas.h").is_file()
    with home.shown({tmp_path / "other": places[1], stable: places[0]}, is_lasting=True) as three:
        assert (".held", True) == (three.parent.name, (three / "include/cublas.h").is_file())


def test_passing(tmp_path: Path) -> None:
    """With temporary additions, the links are temporary, too."""
    toolkit = make_compilers(tmp_path / "compilers")
    home = home_of(tmp_path / "cache", toolkit, additions=make_libraries(tmp_path / "env"), is_temporary=True)
    with home.shown() as one, home.shown() as two:
        assert home.path == one != two
        assert [True, True] == [(path / "include/cublas.h").is_file() for path in (one, two)]
    assert [] == os.listdir(tmp_path / "cache/cuda/.held")


def test_cannot_be_written(tmp_path: Path) -> None:
    """An unwritable cache is an error, for stored compilers and for links."""
    make_compilers(tmp_path / "site")
    found = find_compilers(DistributionIndex([tmp_path / "site"]), "13.0")
    assert found is not None
    cache = blocked(tmp_path)
    for kept in ((found, found.kept_in(cache)), None):
        home = home_of(cache, found.root, kept=kept)
        with pytest.raises(CudaError) as caught, home.shown():
            raise AssertionError
        reason = "Not a directory: "
        assert caught.value.message.startswith(f"CUDA_HOME cannot be made at {home.path}: {reason}")
        assert HINT == caught.value.hint


def test_stub(tmp_path: Path) -> None:
    """The driver's stub has the functions in cuda.h; it is compiled once per set of names."""
    cc = make_program(tmp_path / "bin/cc", '#!/bin/sh\n{ echo "$@"; while read line; do echo "$line"; done; } > "$8"\n')
    environ, toolkit = {"PATH": str(cc.parent)}, make_compilers(tmp_path / "compilers")
    root = shown(home_of(tmp_path / "cache", toolkit, environ=environ))
    stub = (root / "lib64/stubs/libcuda.so").resolve()
    assert (tmp_path / "cache/cuda", True) == (stub.parent, stub.name.startswith("libcuda-"))
    words, *source = stub.read_text("utf-8").splitlines()
    assert words.startswith("-shared -fPIC -w -x c - -o ")
    assert words.endswith(" -Wl,-soname,libcuda.so.1")
    assert [f"int {name}(void) {{ return 999; }}" for name in ("cuDriverGetVersion", "cuInit")] == source
    before = stub.stat().st_mtime_ns
    other = make_compilers(tmp_path / "other")
    again = shown(home_of(tmp_path / "cache", other, environ=environ))
    assert (stub, before) == ((again / "lib64/stubs/libcuda.so").resolve(), stub.stat().st_mtime_ns)
    write(other / "include/cuda.h", CUDA_H + "CUresult CUDAAPI cuNew(void);\n")
    again = shown(home_of(tmp_path / "cache", other, environ=environ))
    assert stub != (again / "lib64/stubs/libcuda.so").resolve()
    assert 2 == len(list((tmp_path / "cache/cuda").glob("*libcuda-*.so")))


def make_cc(folder: Path, name: str, text: str) -> str:
    """Make a C compiler that prints its name; return its folder."""
    return str(make_program(folder / name, f'#!/bin/sh\n{text}\necho "{name} $0" > "$8"\n').parent)


@pytest.mark.parametrize(
    ("programs", "cc", "expected"),
    [(("cc", "gcc", "mine"), "mine", "mine"), (("cc", "gcc"), "ccache gcc", "cc"), (("cc", "gcc"), None, "cc"),
     (("gcc",), "", "gcc")],
)  # fmt: skip
def test_compiler_of_the_stub(programs: tuple[str, ...], cc: str | None, expected: str, tmp_path: Path) -> None:
    """The person's compiler is used if CC is one program, else the system's."""
    for name in programs:
        folder = make_cc(tmp_path / "bin", name, "")
    environ = {"PATH": folder, **({} if cc is None else {"CC": cc})}
    root = shown(home_of(tmp_path / "cache", make_compilers(tmp_path / "compilers"), environ=environ))
    assert f"{expected} {folder}/{expected}\n" == (root / "lib/stubs/libcuda.so").read_text("utf-8")


def test_stub_that_cannot_be_compiled(tmp_path: Path) -> None:
    """A failing C compiler is an error with its output; no partial file is left."""
    folder = make_cc(tmp_path / "bin", "cc", "echo 'no such thing' >&2; exit 1")
    home = home_of(tmp_path / "cache", make_compilers(tmp_path / "compilers"), environ={"PATH": folder})
    with pytest.raises(CudaError) as caught, home.shown():
        raise AssertionError
    assert f"the stub of the driver's library cannot be compiled with {folder}/cc: no such thing" == str(caught.value)
    assert [True] == [name.endswith(".so.lock") for name in os.listdir(tmp_path / "cache/cuda")]


@pytest.mark.parametrize("case", ["no compiler", "no cuda.h", "no names", "a stub"])
def test_no_stub(case: str, tmp_path: Path) -> None:
    """No stub is made if there is one, or there are no names, or no compiler."""
    toolkit = make_compilers(tmp_path / "compilers")
    folder = "" if case == "no compiler" else make_cc(tmp_path / "bin", "cc", "exit 1")
    if case == "no cuda.h":
        (toolkit / "include/cuda.h").unlink()
    if case == "no names":
        write(toolkit / "include/cuda.h", "typedef int CUdevice;\n")
    additions = tmp_path / "site/nvidia"
    if case == "a stub":
        write(additions / "cu13/lib/stubs/libcuda.so", "")
    root = shown(home_of(tmp_path / "cache", toolkit, additions=additions, environ={"PATH": folder}))
    assert (case == "a stub") == (root / "lib/stubs/libcuda.so").is_file()


def test_stable_path() -> None:
    """The path has the version, and a digest of the parts."""
    one, other = (stable_path(Path("/c"), "13.0", [fact]) for fact in "ab")
    assert (True, Path("/c/cuda"), False) == (one.name.startswith("cuda-13.0-"), one.parent, one == other)
