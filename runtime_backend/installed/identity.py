"""The identity of an installed runtime, and comparing identities."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, NamedTuple

from packaging.version import Version

from ..errors import RuntimeReadError
from ..errors.reasons import reason
from ..formats.parsing import parse_version
from ..system.files import decode, is_file, read_bytes, read_text
from .distributions import Distribution, DistributionIndex, extend_by_pth, locate_imports

_ASSIGNMENT = r"(?m)^(\w+)\s*(?::[^=\n]+)?=\s*(?:'([^'\n]*)'|\"([^\"\n]*)\")\s*$"
_LABELS = {"cuda": r"\bcu(\d+)\d\b", "rocm": r"\brocm(\d+\b)?", "xpu": r"\bxpu()", "cpu": r"\bcpu()"}
"""``cu126``, ``rocm6.4``, AMD's own ``rocmsdk20251116``, ``cpu.cxx11.abi``; the group is the major version."""

FACTS = {"cuda": "cuda", "hip": "hip", "rocm": "rocm", "xpu": "xpu", "git-version": "git_version"}
"""Facts that only an installed runtime has: name in settings, stamps and JSON -> field of an identity."""


class Identity(NamedTuple):
    """The known facts about a runtime.

    A lock has only the version; an installed runtime has the rest. Its two versions may differ: torch from the default
    index is ``2.12.0`` in its metadata and ``2.12.0+cu130`` in ``torch/version.py``.
    """

    name: str
    version: str
    """The version in the metadata."""
    reported: str | None = None
    """The version in the runtime's own code; None if it is not installed."""
    cuda: str | None = None
    hip: str | None = None
    """The compiler of a torch for ROCm: ``6.4.43484-123eb5128``."""
    rocm: str | None = None
    """``6.4.2``; older torches for ROCm do not state it."""
    xpu: str | None = None
    """The date of the compiler: ``20250101``."""
    git_version: str | None = None

    def __str__(self) -> str:
        """Return ``torch 2.12.0 (calls itself 2.12.0+cu130)``."""
        differs = self.reported not in (None, self.version)
        return f"{self.name} {self.version}" + (f" (calls itself {self.reported})" if differs else "")

    @property
    def facts(self) -> dict[str, str | None]:
        """:data:`FACTS` by their external names; None if a fact is unknown or does not apply."""
        return {name: getattr(self, field) for name, field in FACTS.items()}

    @property
    def accelerator(self) -> str | None:
        """``cuda``, ``rocm``, ``xpu``, or ``cpu`` for none of them; None if it is not known."""
        return self._built_for[0]

    @property
    def accelerator_major(self) -> str | None:
        """``12`` for CUDA 12.x, ``6`` for ROCm 6.x; None if it is not known or irrelevant."""
        return self._built_for[1]

    @property
    def cuda_release(self) -> str | None:
        """``12.6`` for a torch for CUDA 12.6, also if only its version label states it; None if it is not known."""
        found = None if self.reported is not None else re.search(r"\bcu(\d+)(\d)\b", self.version.partition("+")[2])
        return self.cuda or (found and f"{found.group(1)}.{found.group(2)}")

    @property
    def _built_for(self) -> tuple[str | None, str | None]:
        """Return the accelerator and its major version, from the facts, else from the version's label."""
        for name, fact in (("cuda", self.cuda), ("rocm", self.hip or self.rocm)):
            if fact:
                return name, fact.partition(".")[0]
        if self.xpu or self.reported is not None:
            return "xpu" if self.xpu else "cpu", None
        label = self.version.partition("+")[2]
        found = ((name, re.search(pattern, label)) for name, pattern in _LABELS.items())
        return next(((name, match.group(1) or None) for name, match in found if match), (None, None))


def read_identity(distribution: Distribution, index: DistributionIndex) -> Identity:
    """Read the identity of an installed runtime without importing it.

    :raises RuntimeReadError: if a torch has no readable ``torch/version.py``, or the version is invalid.
    """
    imports = locate_imports(distribution, index.search_path)
    text = _version_text(distribution, imports)
    facts = {name: single or double for name, single, double in re.findall(_ASSIGNMENT, text)}
    reported = facts.get("__version__") or facts.get("version")
    if reported is None and "torch" in (distribution.name, *imports):
        raise _unreadable(distribution, imports)
    version = distribution.version
    _check_version(version, distribution)
    return Identity(
        name=distribution.name,
        version=version,
        reported=reported or version,
        **{field: facts.get(field) for field in FACTS.values()},
    )


def read_cxx11_abi(site: Path) -> str:
    """Return ``FALSE`` for a torch with the C++ ABI before C++11, which it states for CMake, else ``TRUE``.

    :param site: the folder that contains torch.
    """
    text = read_text(site / "torch" / "share" / "cmake" / "Torch" / "TorchConfig.cmake")
    return "FALSE" if "_GLIBCXX_USE_CXX11_ABI=0" in text else "TRUE"


def read_again(distribution: Distribution) -> Identity | None:
    """Return the current identity of a distribution that was found before; None if it is gone or unreadable."""
    index = DistributionIndex(extend_by_pth([distribution.site]))
    found = index.find(distribution.name)
    try:
        return None if found is None else read_identity(found, index)
    except RuntimeReadError:
        return None


def _version_text(distribution: Distribution, imports: dict[str, Path]) -> str:
    """Return the text of the ``version.py`` that applies: torch's, that of the distribution's name, or any.

    :raises RuntimeReadError: if it cannot be read.
    """
    own_name = distribution.name.replace("-", "_")
    for name in sorted(imports, key=lambda name: (name != "torch", name != own_name)):
        path = imports[name] / "version.py"
        if is_file(path):
            try:
                return decode(read_bytes(path))
            except OSError as error:
                raise RuntimeReadError(
                    "runtime-unreadable",
                    "{distribution} {version} is installed ({info}), but {path} cannot be read: {why}",
                    hint="Change the permissions of that environment, or reinstall torch in it.",
                    distribution=distribution.name,
                    version=distribution.version,
                    info=distribution.info,
                    path=path,
                    why=reason(error, path),
                ) from None
    return ""


def _unreadable(distribution: Distribution, imports: dict[str, Path]) -> RuntimeReadError:
    where = imports.get("torch", distribution.site / "torch") / "version.py"
    return RuntimeReadError(
        "runtime-unreadable",
        "{distribution} {version} is installed ({info}), but {where} is missing or has no line __version__ = '...',"
        " expected one",
        hint="Reinstall torch in that environment, or name another one with RUNTIME_BACKEND_TARGET.",
        distribution=distribution.name,
        version=distribution.version,
        info=distribution.info,
        where=where,
    )


def _check_version(version: str, distribution: Distribution) -> None:
    if parse_version(version) is None:
        raise RuntimeReadError(
            "runtime-unreadable",
            "{path}: found Version {version!r}, expected a version (PEP 440)",
            hint="Reinstall {distribution} in that environment.",
            path=distribution.info / "METADATA",
            version=version,
            distribution=distribution.name,
        )


def is_compatible(built: Identity, running: Identity, match: Literal["exact", "minor", "floor"]) -> bool:
    """Return whether code that was built against one runtime can run with another.

    :param match: ``exact``: the same version and variant; ``minor``: the same X.Y and accelerator; ``floor``: at least
        the one built against, with the same accelerator (stable ABI). For CUDA and ROCm, major versions must agree,
        since their libraries differ. Unknown facts count as equal.
    """
    if not (built.version and running.version):  # locked as a source tree with a dynamic version: any matches
        return True
    facts = ((built.accelerator, running.accelerator), (built.accelerator_major, running.accelerator_major))
    if any(one != other and None not in (one, other) for one, other in facts):
        return False
    if match == "exact":
        return _is_same(built, running)
    older, newer = (Version(Version(identity.version).base_version) for identity in (built, running))
    return (older.major, older.minor) == (newer.major, newer.minor) if match == "minor" else newer >= older


def _is_same(one: Identity, other: Identity) -> bool:
    if one.reported is None or other.reported is None:
        return Version(one.version) == Version(other.version)
    return one._replace(name=other.name, version=other.version) == other
