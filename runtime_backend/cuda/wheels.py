"""The compilers of CUDA 13 from wheels: required, found in the build environment, stored for the next build.

They are five wheels of matching versions, 104 MB. Unpacking them is most of the work of a build that finds everything
else in a compiler cache. So the wheels of a build are stored in our cache::

    <cache>/toolkits/cuda-13.0-5f1c…      the five distributions, as in the build environment; never changed

They are also fetched into it if they could not be required.
"""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from packaging.version import Version

from ..errors import CudaError
from ..installed.distributions import Distribution, DistributionIndex
from ..installed.identity import Identity
from ..store.atomic import replacing
from ..store.cache import open_folder
from ..store.holding import exclusively, remove
from ..store.names import digest
from ..system.files import is_file, list_names, read_text

FIRST_MAJOR = 13
"""The wheels of CUDA 12 do not contain nvcc (facts: NVIDIA/cuda-python#2100)."""

FIRST_TORCH = Version("2.11")
"""The first torch of the default index for CUDA 13; it requires one exact ``cuda-toolkit`` itself."""

NAMES = ("nvidia-cuda-nvcc", "nvidia-cuda-crt", "nvidia-nvvm", "nvidia-cuda-runtime", "nvidia-cuda-cccl")
_EXTRAS = "nvcc,crt,nvvm,cudart,cccl"
"""All five by name: in some versions, ``nvcc`` alone installs an nvvm of another release: ``Unsupported .version 9.5``.
"""


class Compilers(NamedTuple):
    """The five distributions in one folder."""

    distributions: tuple[Distribution, ...]

    @property
    def version(self) -> str:
        """X.Y of the toolkit, which ``nvcc --version`` calls its release."""
        return _release(self.distributions[0])

    @property
    def site(self) -> Path:
        """The folder that contains them."""
        return self.distributions[0].site

    @property
    def root(self) -> Path:
        """The folder with the layout of a toolkit."""
        return root_in(self.site, self.version)

    def kept_in(self, cache: Path) -> Path:
        """Return the folder of the cache for them, whether it exists or not."""
        facts = [f"{distribution.name}=={distribution.version}" for distribution in self.distributions]
        facts.append(platform.machine())
        return cache / "toolkits" / f"cuda-{self.version}-{digest(facts)}"

    def keep(self, folder: Path) -> None:
        """Store them in a folder of the cache if they are not there yet, by hard links if the file system allows it.

        :raises OSError: if it cannot be written.
        """
        if self._are_in(folder):
            return
        open_folder(folder.parent)
        with exclusively(folder):
            if self._are_in(folder):  # another build has just stored the same
                return
            with replacing(folder) as new:
                for distribution in self.distributions:
                    for path in _own_files(distribution):
                        _link_or_copy(self.site / path, new / path)
                remove(folder)  # a damaged one

    def _are_in(self, folder: Path) -> bool:
        """Return whether a folder contains all of their files."""
        return all(is_file(folder / path) for part in self.distributions for path in _own_files(part))


def root_in(site: Path, version: str) -> Path:
    """Return the folder into which the wheels of a CUDA version install their toolkit."""
    return site / "nvidia" / f"cu{version.partition('.')[0]}"


def find_compilers(index: DistributionIndex, cuda: str | None) -> Compilers | None:
    """Return the compilers on a path; None if some are missing, or of another CUDA.

    :param cuda: X.Y; None for any.
    """
    found = [distribution for distribution in map(index.find, NAMES) if distribution is not None]
    if len(found) < len(NAMES) or len({distribution.site for distribution in found}) > 1:
        return None
    compilers = Compilers(distributions=tuple(found))
    # All must be of one release: nvcc with another nvvm or runtime compiles nothing, or wrongly.
    is_whole = len({_release(distribution) for distribution in found}) == 1 and _fits_machine(found[0])
    is_there = is_whole and is_file(compilers.root / "bin" / "nvcc")
    return compilers if is_there and cuda in (None, compilers.version) else None


def _release(distribution: Distribution) -> str:
    return ".".join(distribution.version.split(".")[:2])


def _fits_machine(distribution: Distribution) -> bool:
    """Return whether a wheel is for this machine: several may share a home folder with a cache."""
    text = read_text(distribution.info / "WHEEL")
    tags = [line.strip() for line in text.splitlines() if line.startswith("Tag:")]
    return not tags or any(tag.endswith(platform.machine()) for tag in tags)


def find_kept(cache: Path, cuda: str) -> Compilers | None:
    """Return the compilers that an earlier build stored in the cache."""
    folder = cache / "toolkits"
    for name in list_names(folder):
        found = None if name.startswith(".") else find_compilers(DistributionIndex([folder / name]), cuda)
        if found is not None:
            return found
    return None


def requirement_for(torch: Identity, cuda: str | None) -> str | None:
    """Return the requirement for compilers that fit a torch; None if it is not known which fit.

    :param cuda: torch's CUDA as X.Y; None if not known yet. Then torch is installed together with them, and from 2.11
        on its own requirement pins the version: ``cuda-toolkit[…]==13.0.2``.
    """
    if cuda is not None:
        return f"cuda-toolkit[{_EXTRAS}]=={cuda}.*"
    has_pin = bool(torch.version) and Version(torch.version) >= FIRST_TORCH
    return f"cuda-toolkit[{_EXTRAS}]" if has_pin else None


def check_major(torch: Identity, cuda: str | None) -> None:
    """Refuse a CUDA whose wheels contain no compiler.

    :raises CudaError: for CUDA 12 and before.
    """
    if cuda is not None and int(cuda.partition(".")[0]) < FIRST_MAJOR:
        major = cuda.partition(".")[0]
        raise CudaError(
            "no-compiler-wheels",
            "cuda.toolkit: torch is for CUDA {cuda} ({torch}), and the wheels of CUDA {major} contain no nvcc",
            hint="Install a toolkit of CUDA {major}, and set CUDA_HOME to it; or install a torch for CUDA 13.",
            cuda=cuda,
            torch=torch,
            major=major,
        )


def _own_files(distribution: Distribution) -> Iterator[str]:
    for path in distribution.files:
        if not path.startswith("..") and not path.endswith(".pyc") and is_file(distribution.site / path):
            yield path


def _link_or_copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.hardlink_to(source)
    except OSError:  # another file system
        shutil.copy2(source, target)
