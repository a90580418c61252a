"""The facts of the stand-in torch: the known facts of the runtime, and guesses for the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from ..installed.identity import FACTS, Identity

FIELDS = ("version", "cuda", "hip", "rocm", "xpu", "git_version", "cxx11_abi")

_OLDEST = "2.0.0"
_CUDA = {"cuda": "12.6"}
_ROCM = {"hip": "6.3.42131-fa1d09cbd", "rocm": "6.3.4"}
_XPU = {"xpu": "20250101"}
_NEW_ABI = Version("2.7")
"""From 2.7 on, every wheel for Linux is compiled with the C++11 ABI (pytorch/pytorch#149044)."""


class Facts(NamedTuple):
    """The facts of one stand-in."""

    version: str
    """The value of ``torch.__version__``."""
    cuda: str | None
    hip: str | None
    rocm: str | None
    xpu: str | None
    git_version: str | None
    cxx11_abi: bool
    guessed: tuple[str, ...]
    """The names of the facts that are guesses."""

    def as_json(self) -> dict[str, Any]:
        """Return the facts in the format of the stand-in's file."""
        return self._asdict()


def imagine(identity: Identity | None, specifier: SpecifierSet) -> Sequence[Facts]:
    """Return the stand-ins for a runtime: one if all facts are known, else several that differ in every guess.

    :param identity: the known facts of the runtime.
    :param specifier: the versions that the package supports; guesses satisfy it.
    """
    if identity is not None and identity.reported is not None:
        known = {field: getattr(identity, field) for field in FACTS.values()}
        facts = _guess(identity.reported, known)
        return [_known(facts, guessed=() if _has_new_abi(identity.reported) else ("cxx11_abi",))]
    if identity is not None and identity.version:
        return list(_labelled(identity.version))
    low, high = _bounds(specifier)
    guesses = (
        _guess(f"{low}+cu118", {"cuda": "11.8"}),
        _guess(f"{high[0]}+cu130", {"cuda": "13.0"}, git_version="1" * 40, abi=True),
        _guess(f"{high[1]}+cpu", _ROCM),
        _guess(f"{high[1]}+xpu", _XPU),
    )
    return [_known(facts, guessed=FIELDS) for facts in guesses]


def _labelled(version: str) -> Iterator[Facts]:
    """Yield the possible facts for a locked version: ``2.7.0+cu126`` names its variant, ``2.7.0`` leaves it open."""
    variants = _variants(version.partition("+")[2])
    guesses = [
        _guess(version, variant, git_version="1" * 40 if number else None, abi=number > 0)
        for number, variant in enumerate(variants)
    ]
    is_open = len(variants) > 2  # noqa: PLR2004 - the label names neither the accelerator nor the builder
    unknown = [name for name in FIELDS if len({guess[name] for guess in guesses}) > 1]
    unknown += ["cxx11_abi"] * (is_open and "cxx11_abi" not in unknown)
    yield from (_known(guess, guessed=unknown) for guess in guesses)


def _variants(label: str) -> Sequence[dict[str, str]]:
    """Return the possible variants for a label; facts that it leaves open differ between them."""
    cuda = re.match(r"cu(\d+)(\d)\b", label)
    if cuda:
        return [{"cuda": f"{cuda.group(1)}.{cuda.group(2)}"}] * 2
    if label.startswith("cpu"):
        return [{}, {}]
    if label.startswith("xpu"):
        return [_XPU, {"xpu": "20240801"}]
    if label.startswith("rocm"):
        stated = re.match(r"rocm(\d+\.\d+)", label)
        one, other = (stated.group(1),) * 2 if stated else ("6.4", "7.0")
        return [{"hip": f"{one}.43484-123eb5128", "rocm": f"{one}.2"}, {"hip": f"{other}.43482-0f2d60242"}]
    if label:
        return [_CUDA, _ROCM, _XPU]
    return [_CUDA | {"label": "+cu126"}, {"cuda": "13.0", "label": "+cu130"}, _ROCM, _XPU]


def _guess(
    version: str, known: Mapping[str, str | None], *, abi: bool = False, git_version: str | None = None
) -> dict[str, Any]:
    return {
        "version": f"{version}{known.get('label', '')}",
        **{name: known.get(name) for name in ("cuda", "hip", "rocm", "xpu")},
        "git_version": git_version or known.get("git_version") or "0" * 40,
        "cxx11_abi": abi or _has_new_abi(version),
    }


def _known(facts: dict[str, Any], *, guessed: Sequence[str]) -> Facts:
    return Facts(**facts, guessed=tuple(guessed))


def _has_new_abi(version: str) -> bool:
    try:
        return Version(version) >= _NEW_ABI
    except ValueError:  # a self-compiled torch may have any version text
        return True


def _bounds(specifier: SpecifierSet) -> tuple[str, tuple[str, str]]:
    """Return the oldest version that a specifier names or implies, and the two latest that it allows."""
    named = [Version(item.version.removesuffix(".*")) for item in specifier if item.operator in (">=", "~=", "==")]
    oldest = max(named, default=Version(_OLDEST))
    oldest_text = f"{oldest.major}.{oldest.minor}.{oldest.micro}"
    later = (f"{oldest.major}.{minor}.0" for minor in range(99, oldest.minor, -1))
    allowed = [text for text in later if specifier.contains(text)][:2]
    latest, second, *_ = (*allowed, oldest_text, oldest_text)
    return oldest_text, (latest, second)
