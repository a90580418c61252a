"""uv's command line: which command, which project, which environment, which part of the lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ..config.selection import Selection, normalise_names
from ..system.files import is_there, read_text
from .arguments import Arguments, read_arguments
from .caller import Caller, once
from .environments import is_conda_base
from .uv_options import FLAGS, INHERITED_OPTIONS, VALUED_OPTIONS, is_on, leaves_out

PROJECT_COMMANDS = ("sync", "run", "add", "remove", "lock", "export", "tree", "version", "upgrade", "audit", "check")
"""Commands at work on a project and its lock."""

_ENVIRONMENTLESS = ("tool", "x")
"""Commands that install into an environment of their own, which has no runtime yet."""

NAMED = ("uv --python", "UV_PYTHON")
"""Reasons for an environment that is the target, whatever may be there."""


class UvCommand(NamedTuple):
    """One running uv."""

    name: str
    """``sync``, ``pip install``, ``tool`` …"""
    arguments: Arguments
    cwd: Path
    """Its working directory, after ``--directory``."""
    environ: Mapping[str, str]

    @property
    def is_project(self) -> bool:
        """Whether it works on a project and its lock."""
        is_outside = self.arguments.has("--no-project") or is_on(self.environ.get("UV_NO_PROJECT")) or self.is_script
        return self.name in PROJECT_COMMANDS and not is_outside

    @property
    def script(self) -> str | None:
        """The script that it runs or syncs (PEP 723): a path, ``-`` for standard input, or a URL."""
        named = self.arguments.last("--script") if self.name in ("sync", "lock", "export", "tree", "add") else None
        if named is not None or self.name != "run" or len(self.arguments.positional) < 2:  # noqa: PLR2004
            return named
        word = self.arguments.positional[1]
        if self.arguments.has("-m", "--module"):
            return None
        if word == "-" or word.startswith(("http://", "https://")) or self.arguments.has("--script", "-s"):
            return word
        path = self.cwd / word
        is_script = path.suffix.lower() in (".py", ".pyw") and "# /// script" in read_text(path).splitlines()
        return word if is_script or self.arguments.has("--gui-script") else None

    @property
    def is_script(self) -> bool:
        """Whether it installs what a script says that it needs (PEP 723), into an environment of the script's own."""
        return self.script is not None

    @property
    def is_unnamed_script(self) -> bool:
        """Whether the script cannot be read again: it came through standard input, or from the network."""
        return self.script is not None and (self.script == "-" or "://" in self.script)

    @property
    def is_isolated(self) -> bool:
        """Whether it makes a new environment for the project, which goes afterwards."""
        return self.arguments.has("--isolated") or is_on(self.environ.get("UV_ISOLATED"))

    @property
    def is_exact(self) -> bool:
        """Whether it removes what the lock does not reach."""
        return self.arguments.has("--exact") or (self.name == "sync" and not self.arguments.has("--inexact"))

    @property
    def requires_build_hashes(self) -> bool:
        """Whether build requirements need a hash in its constraints."""
        return self.arguments.has("--require-build-hashes") or is_on(self.environ.get("UV_REQUIRE_BUILD_HASHES"))

    def leaves_out(self, name: str) -> bool:
        """Return whether it does not install a distribution of the index although the lock reaches it.

        :param name: normalised.
        """
        return leaves_out(name, self.arguments, self.environ)

    @property
    def is_layered(self) -> bool:
        """Whether it puts an environment of its own in front of another one (``uv run --with``)."""
        options = ("--with", "-w", "--with-editable", "--with-requirements")
        return self.name == "run" and self.arguments.has(*options)

    @property
    def tool_package(self) -> str | None:
        """What ``uv tool install`` and ``uvx`` install, beside what ``--with`` names."""
        if self.name not in _ENVIRONMENTLESS:
            return None
        word = next(iter(self.arguments.positional[1 if self.name == "x" else 2 :]), None)
        return self.arguments.last("--from") or word

    @property
    def program(self) -> str | None:
        """What it is called, if it installs: ``uv sync``, ``uv tool install``, ``uv run`` …"""
        if self.name == "tool":
            name = next(iter(self.arguments.positional[1:2]), "")
            return f"uv tool {name}" if name in ("install", "run", "uvx", "upgrade") else None
        return f"uv {self.name}" if self.name in ("sync", "run", "add", "remove", "x") else None

    @property
    def has_no_target(self) -> bool:
        """Whether it installs into a fresh environment that cannot hold a runtime yet."""
        return self.name in _ENVIRONMENTLESS or self.is_script

    @property
    def inherited(self) -> tuple[str, ...]:
        """The options that a uv which fetches something for this one has to be given."""
        found = ((name, value) for name, value in self.arguments.options if name in INHERITED_OPTIONS)
        return tuple(word for pair in found for word in pair if word)

    @property
    def project(self) -> Path:
        """The folder that the project is looked for from, upward."""
        named = self.arguments.last("--project") or self.environ.get("UV_PROJECT")
        return self.cwd / named if named else self.cwd

    def environment_paths(self) -> tuple[tuple[str, Path], ...]:
        """Return where ``uv pip`` looks for its environment: (why, path), in its own order.

        Nothing where it is the interpreter itself that is meant (``--system``).
        """
        for why, text in zip(NAMED, (self.arguments.last("--python", "-p"), self._python), strict=True):
            path = _as_path(text, self.cwd)
            if path is not None:
                return ((why, path),)
        if self.arguments.has("--system") or is_on(self.environ.get("UV_SYSTEM_PYTHON")):
            return ()
        conda = self.environ.get("CONDA_PREFIX")
        is_base = conda is not None and is_conda_base(conda, self.environ)
        named = [
            ("VIRTUAL_ENV of uv", _as_folder(self.environ.get("VIRTUAL_ENV"), self.cwd)),
            ("CONDA_PREFIX of uv", _as_folder(None if is_base else conda, self.cwd)),
            *((".venv upward from uv's folder", folder / ".venv") for folder in (self.cwd, *self.cwd.parents)),
            ("CONDA_PREFIX of uv (base)", _as_folder(conda if is_base else None, self.cwd)),
        ]
        return tuple((why, path) for why, path in named if path is not None)

    @property
    def _python(self) -> str | None:
        """``UV_PYTHON``, unless the command line says otherwise."""
        return None if self.arguments.has("--python", "-p", "--system") else self.environ.get("UV_PYTHON")

    def project_environment(self, root: Path) -> tuple[str, Path]:
        """Return where a project command installs: (why, path).

        :param root: the workspace root, beside whose lock ``.venv`` lies.
        """
        active = self.environ.get("VIRTUAL_ENV")
        if self.arguments.has("--active") and active:
            return "uv --active", self.cwd / active
        named = self.environ.get("UV_PROJECT_ENVIRONMENT")
        if named:
            return "UV_PROJECT_ENVIRONMENT", root / named
        return ".venv beside the lock", root / ".venv"

    def selection(self, project: Path | None) -> Selection:
        """Return the part of the lock that the command line asks for."""
        given, flag = self.arguments, self.arguments.has
        is_add = self.name in ("add", "remove")  # there, --extra is one of the requirement that is written
        only = frozenset(given.values("--only-group")) | ({"dev"} if flag("--only-dev") else frozenset())
        groups = frozenset(given.values("--group"))
        extras = given.values("--optional") if is_add else _split(given.values("--extra"))
        without = [*given.values("--no-group"), *self.environ.get("UV_NO_GROUP", "").split()]
        without += ["dev"] if flag("--no-dev") or is_on(self.environ.get("UV_NO_DEV")) else []
        return Selection(
            project=project,
            packages=normalise_names(given.values("--package")),
            all_packages=flag("--all-packages", "--all"),
            extras=normalise_names(extras),
            without_extras=normalise_names(given.values("--no-extra")),
            all_extras=flag("--all-extras"),
            groups=normalise_names((groups | only) | ({"dev"} if flag("--dev") else frozenset())),
            without_groups=normalise_names(without),
            all_groups=flag("--all-groups"),
            default_groups=not (flag("--no-default-groups") or only or is_on(self.environ.get("UV_NO_DEFAULT_GROUPS"))),
            only_groups=bool(only),
        )


def read_uv_command(argv: Sequence[str], cwd: Path, environ: Mapping[str, str]) -> UvCommand:
    """Take uv's command line apart.

    :param argv: with the program; ``uvx`` is ``uv tool run``.
    """
    program = argv[0].replace("\\", "/").rpartition("/")[2].removesuffix(".exe") if argv else ""
    words = ["tool", "run", *argv[1:]] if program == "uvx" else list(argv[1:])
    first = read_arguments(words, valued=VALUED_OPTIONS, stop_after=1).positional
    name = first[0] if first else ""
    # What follows `uv run CMD` belongs to CMD; what follows `uv add X` are still options of uv's.
    valued = VALUED_OPTIONS - FLAGS.get(name, frozenset({"--no-binary"}))
    arguments = read_arguments(words, valued=valued, stop_after=_words_of_uv(name, words))
    if name == "pip":
        name = " ".join(arguments.positional[:2])
    return UvCommand(name=name, arguments=arguments, cwd=cwd, environ=environ)


def _words_of_uv(name: str, words: Sequence[str]) -> int | None:
    """Return after how many positional words the rest belongs to another program; None: all of it is uv's."""
    if name == "tool":
        names = read_arguments(words, valued=VALUED_OPTIONS, stop_after=2).positional
        return 3 if names[1:] in (("run",), ("uvx",)) else None  # the program uvx calls `uv tool uvx`
    return 2 if name in ("run", "x") else None


@once
def find_uv_command(caller: Caller) -> UvCommand | None:
    """Return the running uv; None where the frontend is another, or its process is not seen."""
    name, process = caller.frontend
    if name != "uv" or process is None:
        return None
    started = caller.working_folders[0] if caller.working_folders else caller.cwd
    command = read_uv_command(process.argv, started, process.environ or caller.personal_environ)
    folder = command.arguments.last("--directory") if process.cwd is None else None
    return command if folder is None else command._replace(cwd=started / folder)


def _as_path(text: str | None, cwd: Path) -> Path | None:
    """Return the path that ``--python`` names; a version (``3.12``) or a name (``pypy``) names none."""
    if not text or not (any(mark in text for mark in "/\\") or is_there(cwd / text)):
        return None
    return cwd / text


def _as_folder(text: str | None, cwd: Path) -> Path | None:
    return cwd / text if text else None


def _split(values: Sequence[str]) -> list[str]:
    return [part for value in values for part in value.split(",") if part]
