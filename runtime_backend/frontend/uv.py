"""uv's command line: the command, the project, the environment, and the part of the lock."""

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
"""Commands that use a project and its lock."""

_ENVIRONMENTLESS = ("tool", "x")
"""Commands that install into a new environment, which has no runtime yet."""

NAMED = ("uv --python", "UV_PYTHON")
"""Reasons by which an environment is the target, whatever it contains."""


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
        """Whether it uses a project and its lock."""
        is_outside = self.arguments.has("--no-project") or is_on(self.environ.get("UV_NO_PROJECT")) or self.is_script
        return self.name in PROJECT_COMMANDS and not is_outside

    @property
    def script(self) -> str | None:
        """The script that it runs or installs for (PEP 723): a path, ``-`` for standard input, or a URL."""
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
        """Whether it installs the requirements of a script (PEP 723) into the script's environment."""
        return self.script is not None

    @property
    def is_unnamed_script(self) -> bool:
        """Whether the script cannot be read again, because it came from standard input or the network."""
        return self.script is not None and (self.script == "-" or "://" in self.script)

    @property
    def is_isolated(self) -> bool:
        """Whether it makes a temporary environment for the project."""
        return self.arguments.has("--isolated") or is_on(self.environ.get("UV_ISOLATED"))

    @property
    def is_exact(self) -> bool:
        """Whether it removes distributions that the lock does not reach."""
        return self.arguments.has("--exact") or (self.name == "sync" and not self.arguments.has("--inexact"))

    @property
    def requires_build_hashes(self) -> bool:
        """Whether build requirements need a hash in its constraints."""
        return self.arguments.has("--require-build-hashes") or is_on(self.environ.get("UV_REQUIRE_BUILD_HASHES"))

    def leaves_out(self, name: str) -> bool:
        """Return whether its options exclude a distribution that the lock reaches.

        :param name: the normalised name.
        """
        return leaves_out(name, self.arguments, self.environ)

    @property
    def is_layered(self) -> bool:
        """Whether it makes an environment in front of another one (``uv run --with``)."""
        options = ("--with", "-w", "--with-editable", "--with-requirements")
        return self.name == "run" and self.arguments.has(*options)

    @property
    def tool_package(self) -> str | None:
        """The requirement that ``uv tool install`` and ``uvx`` install, besides those of ``--with``."""
        if self.name not in _ENVIRONMENTLESS:
            return None
        word = next(iter(self.arguments.positional[1 if self.name == "x" else 2 :]), None)
        return self.arguments.last("--from") or word

    @property
    def program(self) -> str | None:
        """The name of the command, if it installs: ``uv sync``, ``uv tool install``, ``uv run`` …"""
        if self.name == "tool":
            name = next(iter(self.arguments.positional[1:2]), "")
            return f"uv tool {name}" if name in ("install", "run", "uvx", "upgrade") else None
        return f"uv {self.name}" if self.name in ("sync", "run", "add", "remove", "x") else None

    @property
    def has_no_target(self) -> bool:
        """Whether it installs into a new environment, which has no runtime yet."""
        return self.name in _ENVIRONMENTLESS or self.is_script

    @property
    def inherited(self) -> tuple[str, ...]:
        """The options to pass to another uv that downloads for this one."""
        found = ((name, value) for name, value in self.arguments.options if name in INHERITED_OPTIONS)
        return tuple(word for pair in found for word in pair if word)

    @property
    def project(self) -> Path:
        """The folder from which the project is searched for upward."""
        named = self.arguments.last("--project") or self.environ.get("UV_PROJECT")
        return self.cwd / named if named else self.cwd

    def environment_paths(self) -> tuple[tuple[str, Path], ...]:
        """Return (reason, path) of each place where ``uv pip`` looks for its environment, in its order.

        Empty if the interpreter itself is the target (``--system``).
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
        """``UV_PYTHON``, unless an option overrides it."""
        return None if self.arguments.has("--python", "-p", "--system") else self.environ.get("UV_PYTHON")

    def project_environment(self, root: Path) -> tuple[str, Path]:
        """Return (reason, path) of the environment that a project command installs into.

        :param root: the workspace root, with the lock and ``.venv``.
        """
        active = self.environ.get("VIRTUAL_ENV")
        if self.arguments.has("--active") and active:
            return "uv --active", self.cwd / active
        named = self.environ.get("UV_PROJECT_ENVIRONMENT")
        if named:
            return "UV_PROJECT_ENVIRONMENT", root / named
        return ".venv next to the lock", root / ".venv"

    def selection(self, project: Path | None) -> Selection:
        """Return the part of the lock that the command line selects."""
        given, flag = self.arguments, self.arguments.has
        is_add = self.name in ("add", "remove")  # there, --extra is an extra of the requirement that is added
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
    """Parse uv's command line.

    :param argv: the arguments with the program; ``uvx`` is ``uv tool run``.
    """
    program = argv[0].replace("\\", "/").rpartition("/")[2].removesuffix(".exe") if argv else ""
    words = ["tool", "run", *argv[1:]] if program == "uvx" else list(argv[1:])
    first = read_arguments(words, valued=VALUED_OPTIONS, stop_after=1).positional
    name = first[0] if first else ""
    # Arguments after `uv run CMD` belong to CMD; options after `uv add X` still belong to uv.
    valued = VALUED_OPTIONS - FLAGS.get(name, frozenset({"--no-binary"}))
    arguments = read_arguments(words, valued=valued, stop_after=_words_of_uv(name, words))
    if name == "pip":
        name = " ".join(arguments.positional[:2])
    return UvCommand(name=name, arguments=arguments, cwd=cwd, environ=environ)


def _words_of_uv(name: str, words: Sequence[str]) -> int | None:
    """Return the number of positional arguments after which the rest is another program's; None if all are uv's."""
    if name == "tool":
        names = read_arguments(words, valued=VALUED_OPTIONS, stop_after=2).positional
        return 3 if names[1:] in (("run",), ("uvx",)) else None  # the program uvx calls `uv tool uvx`
    return 2 if name in ("run", "x") else None


@once
def find_uv_command(caller: Caller) -> UvCommand | None:
    """Return the running uv; None if the frontend is another one, or its process cannot be seen."""
    name, process = caller.frontend
    if name != "uv" or process is None:
        return None
    started = caller.working_folders[0] if caller.working_folders else caller.cwd
    command = read_uv_command(process.argv, started, process.environ or caller.personal_environ)
    folder = command.arguments.last("--directory") if process.cwd is None else None
    return command if folder is None else command._replace(cwd=started / folder)


def _as_path(text: str | None, cwd: Path) -> Path | None:
    """Return the path in ``--python``; None for a version (``3.12``) or a name (``pypy``)."""
    if not text or not (any(mark in text for mark in "/\\") or is_there(cwd / text)):
        return None
    return cwd / text


def _as_folder(text: str | None, cwd: Path) -> Path | None:
    return cwd / text if text else None


def _split(values: Sequence[str]) -> list[str]:
    return [part for value in values for part in value.split(",") if part]
