"""``runtime-backend lock``: making a build lock, and exporting locked build requirements for frontends."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..build_lock.inputs import Inputs
from ..config import Settings, load_settings
from ..errors import CommandError
from ..formats.toml import loads
from ..frontend.caller import read_caller
from ..frontend.start import find_believed
from ..locks.answer import parse_toml, read_lock
from ..system.files import is_file
from .adopt.documents import find_tree, write
from .adopt.next_commands import own_command
from .locking.exporting import EXPORTS, read_locked, read_pins
from .locking.making import Making, find_uv, make_lock, oldest_python
from .locking.recording import ask_requirements
from .terminal import out, say


def lock(source: str, *, upgraded: Sequence[str], check: bool) -> int:
    """Make the build lock of a package, or compare it with what it was made from, and return the exit code.

    :param upgraded: the build requirements whose versions are not kept; an empty name means all.
    :raises CommandError: if the package has no build lock, or its build requirements cannot be locked.
    """
    tree = find_tree(Path(source))
    settings = _read_settings(tree)
    chosen = settings.build.lock
    if chosen is None:
        raise CommandError(
            "no-build-lock-declared",
            "{path}: found no build lock to make",
            hint="Declare it: {command}. A consumer names it in tool.runtime-backend.packages.NAME.build-lock.",
            path=tree / "pyproject.toml",
            command=own_command("init", "--build-lock", "--write", tree=Path(source)),
        )
    if check:
        return _check(chosen.value, settings, Path(source))
    uv = find_uv()
    asked = ask_requirements(settings, say)
    text = make_lock(_making(settings, [*settings.build.all_requires, *asked], chosen.value, upgraded), uv, say)
    write(chosen.value, f"{text.rstrip()}\n\n{_record(Inputs.of(settings), asked)}")
    out(f"{chosen.value}: {len(loads(text).get('packages', []))} packages")
    return 0


def export(source: str, frontend: str, *, upgraded: Sequence[str], with_hashes: bool) -> int:
    """Write a consumer's build constraints, locked, where a frontend reads them; return the exit code.

    The frontend then restricts all builds of the project, also of packages that do not use the shim.

    :param frontend: a key of :data:`EXPORTS`.
    :param with_hashes: for pip, which then refuses everything without one. uv always gets them.
    :raises CommandError: if the project has no build constraints and no build locks, or they cannot be locked.
    """
    tree = find_tree(Path(source))
    settings = _read_settings(tree)
    wanted = [*(str(constraint.requirement) for constraint in settings.build.constraints), *read_locked(tree)]
    if not wanted:
        raise CommandError(
            "no-build-constraints",
            "{path}: found no build constraints to export",
            hint="Name what builds may use: tool.runtime-backend.build-constraints = ['cython<3.2', 'setuptools<81'].",
            path=tree / "pyproject.toml",
        )
    making = _making(settings._replace(runtimes=()), ["runtime-backend", *wanted], None, upgraded)
    pins = read_pins(loads(make_lock(making, find_uv(), say)))
    if frontend == "pip" and not with_hashes:
        pins = [pin._replace(hashes=()) for pin in pins]
    for line in EXPORTS[frontend](tree, pins):
        out(line)
    return 0


def _making(settings: Settings, requires: Sequence[str], before: Path | None, upgraded: Sequence[str]) -> Making:
    return Making(
        requires=requires,
        constraints=[str(constraint.requirement) for constraint in settings.build.constraints],
        left_out=[rule.name for rule in settings.runtimes],
        python=oldest_python(settings.project),
        folder=settings.source,
        before=before,
        upgraded=upgraded,
    )


def _read_settings(tree: Path) -> Settings:
    """Return a package's settings; the consumer's are looked for from the working directory, as a frontend does."""
    caller, here = read_caller(), Path.cwd()
    return load_settings(tree, start=here, environ=caller.environ, trust=find_believed(caller._replace(cwd=here)))


def _record(inputs: Inputs, asked: Sequence[str]) -> str:
    """Return the table of ours for a lock: what it was made from."""
    import tomlkit  # noqa: PLC0415 - the command line's extra

    table = tomlkit.table()
    table.comment("by `runtime-backend lock`; a lock whose inputs have changed is refused")
    values = {"inputs": inputs.digest, "backend": inputs.backend, "requires": list(inputs.requires), "asked": [*asked]}
    table.update(values)
    return tomlkit.dumps({"tool": {"runtime-backend": table}})


def _check(path: Path, settings: Settings, source: Path) -> int:
    recorded = parse_toml(read_lock(path), path).get("tool", {}).get("runtime-backend", {}) if is_file(path) else None
    difference = "there is none yet" if recorded is None else Inputs.of(settings).difference(recorded)
    if difference is None:
        out(f"{path}: up to date")
        return 0
    out(f"{path}: {difference if recorded is None else f'stale: {difference}'}")
    out(f"next: {own_command('lock', tree=source)}")
    return 1
