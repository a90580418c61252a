"""Made-up packages whose requirements move torch, and an environment that holds some of them, drawn at random."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from packaging.requirements import Requirement

from .standins import make_torchdep, make_wheel, torch_files

TORCHES: Mapping[str, tuple[str, str | None]] = {
    "9.1.0": ("9.1.0", None),
    "9.1.0+cpu": ("9.1.0+cpu", None),
    "9.2.0": ("9.2.0", None),
    "9.3.0": ("9.3.0", None),
    "9.4.0": ("9.4.0+cu130", "13.0"),
    "9.5.0rc1": ("9.5.0rc1", None),
}
"""Version in the metadata -> (what it reports, its CUDA); the newest final torch reports another, as on PyPI."""

_NAMES = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta")
_INSTALLED_TORCH = {"": 4, "9.1.0": 5, "9.1.0+cpu": 4, "9.2.0": 4, "9.3.0": 2, "9.4.0": 1}
_SPECIFIERS = {"": 8, ">=9.2": 4, "<9.3": 3, ">=9.3": 3, "==9.2.0": 1, "!=9.4.0": 1, "==9.1.0": 1}
_TORCH = "from .version import __version__, cuda\n"
"""Without torchdep, as the real torch can be imported without some of its dependencies."""
_NEVER = ("sys_platform == 'never'", "python_version < '3'", "os_name == 'never'")


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """A version of a made-up package, as the index has it."""

    name: str
    version: str
    requires: tuple[str, ...] = ()
    fast: tuple[str, ...] = ()
    """What its extra ``fast`` requires."""

    def __str__(self) -> str:
        """Return a line for a person."""
        needs = [*self.requires, *(f"[fast] {requirement}" for requirement in self.fast)]
        return f"{self.name} {self.version} needs {', '.join(needs) or 'nothing'}"


def draw(dice: Random, weights: Mapping[str, float]) -> str:
    """Return one of the keys."""
    return dice.choices(list(weights), list(weights.values()))[0]


def draw_torch(dice: Random) -> str:
    """Return a requirement of torch."""
    return f"torch{draw(dice, _SPECIFIERS)}"


def draw_requirement(dice: Random, releases: Sequence[Release]) -> str:
    """Return a requirement of a made-up package, now and then of an extra or a part of the versions."""
    release = dice.choice(releases)
    extra = "[fast]" if release.fast and dice.random() < 0.5 else ""
    specifier = draw(dice, {"": 6, f">={release.version}": 1, f"<={release.version}": 1, f"=={release.version}": 1})
    return f"{release.name}{extra}{specifier}"


def draw_requirements(dice: Random, others: Sequence[Release]) -> tuple[str, ...]:
    """Return what a release or the extension requires: of torch, of other packages, and where it is never installed."""
    requires = []
    if dice.random() < 0.55:
        requires.append(draw_torch(dice))
    if others and dice.random() < 0.5:
        requires.append(draw_requirement(dice, others))
    if dice.random() < 0.15:
        requires.append(f"torch{dice.choice(('==9.1.0', '>=9.3', '>=10'))}; {dice.choice(_NEVER)}")
    dice.shuffle(requires)
    return tuple(requires)


def draw_releases(dice: Random) -> tuple[Release, ...]:
    """Return the made-up packages of an index; each requires only packages after it."""
    releases: list[Release] = []
    for name in reversed(_NAMES[: dice.randint(4, 6)]):
        others = tuple(releases)
        versions = ["1.0", "2.0", "3.0"][: dice.randint(1, 3)] + (["4.0a1"] if dice.random() < 0.15 else [])
        for version in versions:
            requires = draw_requirements(dice, others)
            fast = (dice.choice(("torch>=9.3", draw_torch(dice))),) if dice.random() < 0.35 else ()
            releases.append(Release(name=name, version=version, requires=requires, fast=fast))
    return tuple(sorted(releases, key=str))


def draw_installed(dice: Random, releases: Sequence[Release]) -> dict[str, str]:
    """Return what is in the environment, name -> version: mostly what fits together, sometimes not."""
    installed = {}
    torch = draw(dice, _INSTALLED_TORCH)
    if torch:
        installed["torch"] = torch
        if dice.random() < 0.92:
            installed["torchdep"] = "1.0"
    for name in sorted({release.name for release in releases}):
        if dice.random() < 0.3:
            _add(dice, releases, installed, Requirement(name))
    return installed


def _add(dice: Random, releases: Sequence[Release], installed: dict[str, str], wanted: Requirement) -> None:
    """Install a release, and mostly what it requires."""
    if wanted.name in installed:
        return
    fitting = [r for r in releases if r.name == wanted.name and wanted.specifier.contains(r.version)]
    agreeing = [r for r in fitting if all(_agrees(Requirement(text), installed) for text in r.requires)]
    candidates = agreeing if agreeing and dice.random() < 0.85 else fitting
    if not candidates:
        return
    release = dice.choice(candidates)
    installed[release.name] = release.version
    for requirement in map(Requirement, release.requires):
        if requirement.marker is None and dice.random() < 0.8:
            _add(dice, releases, installed, requirement)


def _agrees(requirement: Requirement, installed: Mapping[str, str]) -> bool:
    version = installed.get(requirement.name)
    return version is None or requirement.marker is not None or requirement.specifier.contains(version)


def make_wheels(folder: Path, releases: Sequence[Release]) -> list[Path]:
    """Write every wheel of an index."""
    wheels = [make_torchdep(folder)]
    for version, about in TORCHES.items():
        files = {**torch_files(*about), "torch/__init__.py": _TORCH}
        wheels.append(make_wheel(folder, "torch", version, files, ["torchdep"]))
    for release in releases:
        fast = [f"{requirement}; extra == 'fast'" for requirement in release.fast]
        files = {f"{release.name}/__init__.py": f"VERSION = {release.version!r}\n"}
        requires = [*release.requires, *fast]
        extras = ["fast"] if fast else []
        wheels.append(make_wheel(folder, release.name, release.version, files, requires, extras=extras))
    return wheels
