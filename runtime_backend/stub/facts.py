"""What the stand-in torch says of itself: what is known of the runtime, and guesses for the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from ..runtime import Identity

FIELDS = ("version", "cuda", "hip", "git_version", "cxx11_abi")

_OLDEST = "2.0.0"
_NEW_ABI = Version("2.7")
"""From 2.7 on every wheel for Linux is compiled with the C++11 ABI (pytorch/pytorch#149044)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """One stand-in torch."""

    version: str
    """What it calls itself."""
    cuda: str | None
    hip: str | None
    git_version: str | None
    cxx11_abi: bool
    guessed: tuple[str, ...]
    """The names of the facts that are guesses."""

    def as_json(self) -> dict[str, Any]:
        """Return the facts as the stand-in reads them."""
        return asdict(self)


def imagine(identity: Identity | None, specifier: SpecifierSet) -> Sequence[Facts]:
    """Return the stand-ins for a runtime: one where all is known, else several that differ in every guess.

    :param identity: the runtime, as far as it is known.
    :param specifier: what the package supports; guesses keep to it.
    """
    if identity is not None and identity.reported is not None:
        facts = _guess(identity.reported, identity.cuda, identity.hip, identity.git_version)
        return [_known(facts, guessed=() if _has_new_abi(identity.reported) else ("cxx11_abi",))]
    if identity is not None and identity.version:
        return list(_labelled(identity.version))
    low, high = _bounds(specifier)
    guesses = (
        _guess(f"{low}+cu118", "11.8", abi=False),
        _guess(f"{high[0]}+cu130", "13.0", git_version="1" * 40, abi=True),
        _guess(f"{high[1]}+cpu", None, hip="6.3", abi=False),
    )
    return [_known(facts, guessed=FIELDS) for facts in guesses]


def _labelled(version: str) -> Iterator[Facts]:
    """Yield what a locked version may mean: ``2.7.0+cu126`` says which variant it is, ``2.7.0`` leaves it open."""
    label = version.partition("+")[2]
    cuda = re.fullmatch(r"cu(\d+)(\d)", label)
    unknown = ("git_version", *(() if _has_new_abi(version) else ("cxx11_abi",)))
    if cuda or label.startswith(("cpu", "xpu")):
        told = f"{cuda.group(1)}.{cuda.group(2)}" if cuda else None
        guesses = [_guess(version, told), _guess(version, told, git_version="1" * 40, abi=True)]
    elif label:
        unknown = tuple(name for name in FIELDS if name != "version")
        guesses = [_guess(version, "12.6"), _guess(version, None, hip="6.3", git_version="1" * 40, abi=True)]
    else:
        unknown = FIELDS
        guesses = [
            _guess(f"{version}+cu126", "12.6"),
            _guess(f"{version}+cu130", "13.0", git_version="1" * 40, abi=True),
            _guess(version, None, hip="6.3"),
        ]
    yield from (_known(facts, guessed=unknown) for facts in guesses)


def _guess(
    version: str,
    cuda: str | None,
    hip: str | None = None,
    git_version: str | None = None,
    *,
    abi: bool = False,
) -> dict[str, Any]:
    return {
        "version": version,
        "cuda": cuda,
        "hip": hip,
        "git_version": git_version or "0" * 40,
        "cxx11_abi": abi or _has_new_abi(version),
    }


def _known(facts: dict[str, Any], *, guessed: Sequence[str]) -> Facts:
    return Facts(**facts, guessed=tuple(guessed))


def _has_new_abi(version: str) -> bool:
    try:
        return Version(version) >= _NEW_ABI
    except InvalidVersion:  # a torch that somebody compiled calls itself what it likes
        return True


def _bounds(specifier: SpecifierSet) -> tuple[str, tuple[str, str]]:
    """Return the oldest version that a specifier allows, as far as it says, and two as late as it allows."""
    named = [Version(item.version.removesuffix(".*")) for item in specifier if item.operator in (">=", "~=", "==")]
    oldest = max(named, default=Version(_OLDEST))
    oldest_text = f"{oldest.major}.{oldest.minor}.{oldest.micro}"
    later = (f"{oldest.major}.{minor}.0" for minor in range(99, oldest.minor, -1))
    allowed = [text for text in later if specifier.contains(text)][:2]
    latest, second, *_ = (*allowed, oldest_text, oldest_text)
    return oldest_text, (latest, second)
