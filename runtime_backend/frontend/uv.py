"""uv's command line: which command, which project, which environment, which part of the lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..files import read_text
from ..selection import Selection, normalise_names
from .arguments import Arguments, read_arguments
from .caller import Caller

PROJECT_COMMANDS = ("sync", "run", "add", "remove", "lock", "export", "tree", "version", "upgrade", "audit", "check")
"""Commands at work on a project and its lock."""

_ENVIRONMENTLESS = ("tool", "x")
"""Commands that install into an environment of their own, which has no runtime yet."""

_VALUED = """
--allow-insecure-host --annotation-style --bounds --branch --build-constraint --build-constraints --cache-dir --cert
--color --config-file --config-setting --config-setting-package --config-settings --config-settings-package
--constraint --constraints --custom-compile-command --default-index --depth --directory --editable --env-file
--exclude --excludes --exclude-newer --exclude-newer-package --extra --extra-index-url --find-links --fork-strategy
--format --from --group --index --index-strategy --index-url --keyring-provider --link-mode --marker --no-binary
--no-binary-package --no-build-isolation-package --no-build-package --no-editable-package --no-emit-package --no-extra
--no-group --no-install-package --no-sources-package --only-binary --only-group --optional --out-dir --output-file
--output-format --override --overrides --package --prefix --prerelease --prerelease-package --preview-features
--project --prune --python --python-fetch --python-platform --python-preference --python-version --refresh-package
--reinstall-package --requirement --requirements --resolution --rev --script --tag --target --torch-backend
--upgrade-group --upgrade-package --with --with-editable --with-executables-from --with-requirements -C -P -b -c -e -f
-i -m -o -p -r -t -w
"""
VALUED_OPTIONS = frozenset(_VALUED.split())
"""Options that take a value, in uv 0.5 to 0.13. A flag taken for one of these would swallow the word after it."""

_INHERITED = """
--allow-insecure-host --cache-dir --config-file --default-index --exclude-newer --extra-index-url --find-links --index
--index-strategy --index-url --keyring-provider --native-tls --no-cache --no-config --no-index --offline --system-certs
-f -i -n
"""
INHERITED_OPTIONS = frozenset(_INHERITED.split())
"""Options that say where uv gets things from, as ``uv pip install`` takes them too."""

NAMED = ("uv --python", "UV_PYTHON")
"""Reasons for an environment that is the target, whatever may be there."""

_FLAGS = {
    "pip": frozenset[str](),
    "run": frozenset({"--no-binary", "--script", "-m"}),
    "add": frozenset({"--no-binary", "--editable"}),
    "tool": frozenset({"--no-binary", "--editable", "-e"}),
}
"""Those that are flags in some commands; ``--no-binary`` takes a value under ``uv pip`` alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UvCommand:
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
        is_outside = self.arguments.has("--no-project") or self.is_script
        return self.name in PROJECT_COMMANDS and not is_outside

    @property
    def is_script(self) -> bool:
        """Whether it installs what a script says that it needs (PEP 723), into an environment of the script's own."""
        if self.arguments.has("--script", "-s", "--gui-script"):
            return True
        script = self.cwd / self.arguments.positional[1] if len(self.arguments.positional) > 1 else None
        if self.name != "run" or script is None or self.arguments.has("-m", "--module"):
            return False
        return script.suffix == ".py" and "# /// script" in read_text(script).splitlines()

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
        if self.arguments.has("--system") or _is_true(self.environ.get("UV_SYSTEM_PYTHON")):
            return ()
        conda = self.environ.get("CONDA_PREFIX")
        is_base = self.environ.get("CONDA_DEFAULT_ENV") in ("base", "root")
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
        is_add = self.name in ("add", "remove")  # there, --extra and --group say where to write, not what to install
        only = frozenset(given.values("--only-group")) | ({"dev"} if flag("--only-dev") else frozenset())
        groups = frozenset() if is_add else frozenset(given.values("--group"))
        without = [*given.values("--no-group"), *self.environ.get("UV_NO_GROUP", "").split()]
        without += ["dev"] if flag("--no-dev") or _is_true(self.environ.get("UV_NO_DEV")) else []
        return Selection(
            project=project,
            package=given.last("--package"),
            all_packages=flag("--all-packages", "--all"),
            extras=frozenset() if is_add else normalise_names(_split(given.values("--extra"))),
            without_extras=normalise_names(given.values("--no-extra")),
            all_extras=flag("--all-extras"),
            groups=normalise_names((groups | only) | ({"dev"} if flag("--dev") else frozenset())),
            without_groups=normalise_names(without),
            all_groups=flag("--all-groups"),
            default_groups=not (
                flag("--no-default-groups") or only or _is_true(self.environ.get("UV_NO_DEFAULT_GROUPS"))
            ),
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
    valued = VALUED_OPTIONS - _FLAGS.get(name, frozenset({"--no-binary"}))
    arguments = read_arguments(words, valued=valued, stop_after=2 if name in ("run", "tool") else None)
    if name == "pip":
        name = " ".join(arguments.positional[:2])
    return UvCommand(name=name, arguments=arguments, cwd=cwd, environ=environ)


def find_uv_command(caller: Caller) -> UvCommand | None:
    """Return the running uv; None where the frontend is another, or its process is not seen."""
    name, process = caller.frontend
    if name != "uv" or process is None:
        return None
    started = caller.working_folders[0] if caller.working_folders else caller.cwd
    command = read_uv_command(process.argv, started, process.environ or caller.personal_environ)
    folder = command.arguments.last("--directory") if process.cwd is None else None
    return command if folder is None else replace(command, cwd=started / folder)


def _as_path(text: str | None, cwd: Path) -> Path | None:
    """Return the path that ``--python`` names; a version (``3.12``) or a name (``pypy``) names none."""
    if not text or not (any(mark in text for mark in "/\\") or (cwd / text).exists()):
        return None
    return cwd / text


def _as_folder(text: str | None, cwd: Path) -> Path | None:
    return cwd / text if text else None


def _split(values: Sequence[str]) -> list[str]:
    return [part for value in values for part in value.split(",") if part]


def _is_true(text: str | None) -> bool:
    return (text or "").lower() in ("1", "true", "yes", "y", "on", "t")
