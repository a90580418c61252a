"""A random command that installs the extension by pip or uv pip, and everything around it, all drawn from one seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from urllib.parse import quote

from .random_extension import Extension, draw_extension
from .random_packages import TORCHES, Release, draw, draw_installed, draw_releases, draw_requirement, draw_torch

INDEX = "http://index"
"""Stands for the index's address, which has another port in every run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """What is run, in a folder that contains the extension as ``ext``, next to a folder ``wheels``."""

    frontend: str
    words: tuple[str, ...]
    files: Mapping[str, str]
    variables: Mapping[str, str]
    folder: str = ""
    """``target`` or ``prefix`` if the command installs into a folder of that kind, named ``folder``."""
    is_isolated: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """All that a seed decides."""

    seed: int
    releases: tuple[Release, ...]
    installed: Mapping[str, str]
    in_folder: str
    """The torch that is in the folder before the command; empty: none."""
    extension: Extension
    command: Command

    def __str__(self) -> str:
        """Return the description that a failed test prints."""
        command = self.command
        held = f", in the folder: torch=={self.in_folder}" if self.in_folder else ""
        lines = [f"seed {self.seed}", "index:", f"  torch {', '.join(TORCHES)}", *(f"  {r}" for r in self.releases)]
        lines += [f"installed: {', '.join(map('=='.join, self.installed.items())) or 'nothing'}{held}"]
        lines += [f"extension: {self.extension}"]
        for name, text in command.files.items():
            lines += [f"{name}:", *(f"  {line}" for line in text.splitlines())]
        lines += [f"{name}={value}" for name, value in command.variables.items()]
        start = "python -m pip install" if command.frontend == "pip" else "uv pip install"
        return "\n".join([*lines, f"$ {start} {' '.join(map(_shown, command.words))}"])


def _shown(word: str) -> str:
    return f"'{word}'" if set(word) & set(" <>[]!") else word


def draw_scene(seed: int) -> Scene:
    """Return what a seed decides."""
    dice = Random(seed)  # noqa: S311 - no secret
    releases = draw_releases(dice)
    installed = draw_installed(dice, releases)
    extension = draw_extension(dice, releases)
    command = _Writer(dice=dice, releases=releases, extension=extension).write()
    in_folder = dice.choice(["", *list(TORCHES)[:4]]) if command.folder else ""
    return Scene(
        seed=seed, releases=releases, installed=installed, in_folder=in_folder, extension=extension, command=command
    )


@dataclass(kw_only=True)
class _Writer:
    """Writes a command, part by part; a part is words that stay together."""

    dice: Random
    releases: Sequence[Release]
    extension: Extension
    parts: list[list[str]] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    has_torch: bool = False
    """Whether a part or a file requires torch: two requirements of torch would mostly contradict each other."""

    def write(self) -> Command:
        frontend = self.dice.choice(("pip", "uv"))
        self._requirements()
        self._constraints(frontend)
        self._upgrades()
        if frontend == "pip":
            self._options_of_pip()
        else:
            self._options_of_uv()
        folder = self._folder()
        is_isolated = not self._rarely(0.06, "--no-build-isolation")
        self._index(frontend)
        self.dice.shuffle(self.parts)
        words = tuple(word for part in self.parts for word in part)
        return Command(
            frontend=frontend,
            words=words,
            files=self.files,
            variables=self.variables,
            folder=folder,
            is_isolated=is_isolated,
        )

    def _rarely(self, probability: float, *words: str) -> bool:
        """Add a part, with a probability."""
        is_added = self.dice.random() < probability
        if is_added:
            self.parts.append(list(words))
        return is_added

    def _requirements(self) -> None:
        """Name the extension and other packages, on the command line or in files."""
        extension = "./ext[fast]" if self.extension.fast and self.dice.random() < 0.5 else "./ext"
        if self.dice.random() < 0.06:
            extension = f"-e {extension}"
        named = self._some()
        if self.dice.random() < 0.3:
            in_file = [*self._some(), *([extension] if self.dice.random() < 0.6 else [])]
            self._requirements_file(in_file)
            named += [] if extension in in_file else [extension]
        else:
            named.append(extension)
        self.parts += [word.split(" ") if word.startswith("-e") else [word] for word in named]

    def _some(self) -> list[str]:
        """Return none to two requirements."""
        some = []
        if not self.has_torch and self.dice.random() < 0.4:
            some.append(self._torch())
            self.has_torch = True
        if self.dice.random() < 0.3:
            some.append(draw_requirement(self.dice, self.releases))
        return some

    def _torch(self) -> str:
        wheel = f"torch-{self.dice.choice(list(TORCHES)[:5])}-py3-none-any.whl"
        ways = {draw_torch(self.dice): 8, f"../wheels/{wheel}": 1, f"torch @ {INDEX}/files/{quote(wheel)}": 1}
        return draw(self.dice, ways)

    def _requirements_file(self, lines: Sequence[str]) -> None:
        """Write a file, with another one that it includes, and a comment."""
        text = "".join(f"{line}\n" for line in lines) + "# the end\n"
        if self.dice.random() < 0.4:
            self.files["more/nested.txt"] = "".join(f"{line}\n" for line in self._some()) + "\n"
            text = f"-r more/nested.txt\n{text}"
        if self.dice.random() < 0.3:
            self.files["more/limits.txt"] = self._limits()
            text = f"-c more/limits.txt\n{text}"
        self.files["wanted.txt"] = text
        option = self.dice.choice((["-r", "wanted.txt"], ["--requirement=wanted.txt"], ["-rwanted.txt"]))
        self.parts.append(option)

    def _limits(self) -> str:
        limits = [draw(self.dice, {"torch<9.3": 3, "torch>=9.2": 2, "torch==9.2.0": 1, "torch==9.1.0": 1})]
        if self.dice.random() < 0.3:
            limits.append(f"{self.dice.choice(self.releases).name}<3")
        return "".join(f"{line}\n" for line in limits)

    def _constraints(self, frontend: str) -> None:
        """Give a file of constraints, as an option or by a variable."""
        if self.dice.random() >= 0.2:
            return
        self.files["limits.txt"] = self._limits()
        if self.dice.random() < 0.25:
            self.variables[f"{frontend.upper()}_CONSTRAINT"] = "limits.txt"
        else:
            self.parts.append(["-c", "limits.txt"])

    def _upgrades(self) -> None:
        """Let what is installed be upgraded, by one option or a cluster of short ones."""
        if self.dice.random() < 0.22:
            self.parts.append([self.dice.choice(("-U", "--upgrade", "-qU", "-vU"))])

    def _options_of_pip(self) -> None:
        self._rarely(0.08, *self.dice.choice((["--upgrade-strategy", "eager"], ["--upgrade-strategy=eager", "-U"])))
        self._rarely(0.07, "--force-reinstall")
        self._rarely(0.06, self.dice.choice(("-I", "--ignore-installed", "-qI")))
        self._rarely(0.07, "--no-deps")
        self._rarely(0.06, "--pre")

    def _options_of_uv(self) -> None:
        name = self.dice.choice(["torch", "torch", self.dice.choice(self.releases).name])
        self._rarely(0.12, *self.dice.choice((["-P", name], [f"-P{name}"], [f"--upgrade-package={name}"])))
        self._rarely(0.1, self.dice.choice(("--reinstall", "--force-reinstall", "--reinstall-package=torch")))
        self._rarely(0.07, "--no-deps")
        self._rarely(0.06, self.dice.choice(("--pre", "--prerelease=allow")))
        self._rarely(0.04, "--resolution=lowest-direct")
        if self.dice.random() < 0.1:
            lines = [f"torch=={self.dice.choice(list(TORCHES)[:5])}"]
            self.files["overrides.txt"] = "".join(f"{line}\n" for line in lines)
            if self.dice.random() < 0.25:
                self.variables["UV_OVERRIDE"] = "overrides.txt"
            else:
                self.parts.append(["--overrides", "overrides.txt"])

    def _folder(self) -> str:
        """Install into a folder, or not."""
        folder = draw(self.dice, {"": 90, "target": 6, "prefix": 4})
        if folder:
            self.parts.append(self.dice.choice(([f"--{folder}", "folder"], [f"--{folder}=folder"])))
        return folder

    def _index(self, frontend: str) -> None:
        """Name the index, as an option or by a variable."""
        if self.dice.random() < 0.5:
            self.parts.append([f"--index-url={INDEX}/main"])
        else:
            self.variables["PIP_INDEX_URL" if frontend == "pip" else "UV_INDEX_URL"] = f"{INDEX}/main"
