"""The links of an overlay: the closure and nothing else, without anything that the build environment has itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from standins import make_distribution, make_torch, write

from runtime_backend.installed.distributions import DistributionIndex
from runtime_backend.provision.links import Borrowed, Links, occupants, plan_links

TORCH = {"torch": "torch", "torchgen": "torchgen", "torch-2.7.0.dist-info": "torch-2.7.0.dist-info"}


def show(site: Path, *taken: str, names: tuple[str, ...] = ("torch",)) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the links, relative to the site, and what is left out if these entry names are taken."""
    index = DistributionIndex([site])
    found = [index.find(name) for name in names]
    borrowed = [Borrowed(distribution=item, extras=frozenset(), installed=index) for item in found if item is not None]
    assert len(names) == len(borrowed)
    links: Links = plan_links(borrowed, lambda entry: entry in taken)
    return {entry: str(path.relative_to(site)) for entry, path in links.targets.items()}, links.left_out


def test_closure_is_shown(tmp_path: Path) -> None:
    """The runtime and its dependencies are linked with their metadata; other packages are not."""
    make_torch(tmp_path, "2.7.0", requires=["six"])
    make_distribution(tmp_path, "six", "1", {"six.py": ""})
    make_distribution(tmp_path, "neighbour", "1")
    same = {entry: entry for entry in ("six.py", "six-1.dist-info")}
    assert ({**TORCH, **same}, ()) == show(tmp_path)


def test_two_runtimes(tmp_path: Path) -> None:
    """Several runtimes share one overlay."""
    make_torch(tmp_path, "2.7.0", requires=["numpy"])
    make_distribution(tmp_path, "numpy", "2.0")
    same = {entry: entry for entry in ("numpy", "numpy-2.0.dist-info")}
    assert ({**TORCH, **same}, ()) == show(tmp_path, "numpy", names=("torch", "numpy"))


def test_what_is_taken_is_left_out(tmp_path: Path) -> None:
    """A dependency is left out if the build environment has any of its entries; the runtime never is."""
    make_torch(tmp_path, "2.7.0", requires=["setuptools", "six"])
    make_distribution(tmp_path, "setuptools", "80", {"setuptools/x": "", "pkg_resources/__init__.py": ""})
    make_distribution(tmp_path, "six", "1", {"six.py": ""})
    write(tmp_path / "setuptools/__init__.py", "")
    assert (TORCH, ("setuptools", "six")) == show(tmp_path, "pkg_resources", "six.py", "torchgen")


def make_nvidia(site: Path, *more: str) -> None:
    """Install a torch with two distributions that share ``nvidia``, which has more files of others."""
    make_torch(site, "2.7.0", requires=["nvidia_cublas", "nvidia.cudnn"])
    make_distribution(site, "nvidia-cublas", "1", {"nvidia/cublas/lib/a.so": "", "nvidia/cu13/lib/a.so": ""})
    make_distribution(site, "nvidia-cudnn", "1", {"nvidia/cudnn/__init__.py": "", "nvidia/cu13/lib/b.so": ""})
    for path in more:
        write(site / path, "")


NVIDIA = {**TORCH, **{entry: entry for entry in ("nvidia_cublas-1.dist-info", "nvidia_cudnn-1.dist-info")}}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ((), ["nvidia"]),
        (("nvidia/__pycache__/x.pyc",), ["nvidia"]),
        (("nvidia/__pycache__/x.pyc", "nvidia/other/x"), ["nvidia/cu13", "nvidia/cublas", "nvidia/cudnn"]),
        (("nvidia/other/x",), ["nvidia/cu13", "nvidia/cublas", "nvidia/cudnn"]),
        (("nvidia/cudnn/other.so",), ["nvidia"]),
        (
            ("nvidia/cu13/lib/c.so",),
            ["nvidia/cu13/lib/a.so", "nvidia/cu13/lib/b.so", "nvidia/cublas", "nvidia/cudnn"],
        ),
        (("nvidia/loose.txt",), ["nvidia/cu13", "nvidia/cublas", "nvidia/cudnn"]),
    ],
)
def test_shared_namespace(tmp_path: Path, more: tuple[str, ...], expected: list[str]) -> None:
    """Of a shared folder, only the files of the closure are linked: the whole folder, or parts."""
    make_nvidia(tmp_path, *more)
    assert ({**NVIDIA, **{entry: entry for entry in expected}}, ()) == show(tmp_path, "nvidia")


def test_namespace_without_record(tmp_path: Path) -> None:
    """A namespace folder is linked as a whole if no RECORD states the owners of its parts."""
    make_torch(tmp_path, "2.7.0", requires=["ns"])
    make_distribution(tmp_path, "ns", "1", {"ns/part/x": "", "ns/other/x": ""}, record=None)
    assert ({**TORCH, "ns": "ns", "ns-1.dist-info": "ns-1.dist-info"}, ()) == show(tmp_path)


def test_what_dangles_is_left_out(tmp_path: Path) -> None:
    """A broken link is not linked to."""
    make_nvidia(tmp_path, "nvidia/other/x")
    (tmp_path / "nvidia/cublas/lib/a.so").unlink()
    (tmp_path / "nvidia/cublas/lib/a.so").symlink_to(tmp_path / "gone")
    (tmp_path / "torchgen/__init__.py").unlink()
    (tmp_path / "torchgen").rmdir()
    (tmp_path / "torchgen").symlink_to(tmp_path / "gone")
    found, _ = show(tmp_path)
    assert sorted(["nvidia/cu13", "nvidia/cublas", "nvidia/cudnn", *(set(NVIDIA) - {"torchgen"})]) == sorted(found)


def test_occupants(tmp_path: Path) -> None:
    """A name is taken if the path has a package, module or compiled module of it; metadata do not count."""
    for name in (
        "six.py",
        "yaml/x",
        "_c.abi3.so",
        "torch-2.7.0.dist-info/x",
        "numpy.libs/x",
        "other.pth",
        "a.egg-link",
    ):
        write(tmp_path / name, "")
    is_taken = occupants(["", str(tmp_path), str(tmp_path / "missing"), str(tmp_path / "six.py")])
    asked = ["six", "six.py", "yaml", "yaml.py", "yaml.cpython-311-x86_64-linux-gnu.so", "_c.cpython-311-darwin.so"]
    assert [True] * len(asked) == [is_taken(entry) for entry in asked]
    asked = ["torch", "ya", "other", "a", "yaml_", ""]
    assert [False] * len(asked) == [is_taken(entry) for entry in asked]
