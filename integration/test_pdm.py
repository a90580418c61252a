"""pdm install, sync, add, update, by its own installer and by uv: the lock counts, since all is installed side by side.

torch comes from an index on loopback, slowly and into an empty cache: with a small wheel that comes at once, an
environment read too early would look right by luck.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from .checks import check_hooks, check_source
from .combinations import some
from .index import Index
from .projects import REQUIRED, REQUIRED_EDITABLE, REUSED, Project
from .stock import NEWEST_UV
from .workplace import Workplace

INSTALLERS = ("own", "by uv")


class Consumer(Project):
    """A project of pdm's.

    :param by_uv: whether pdm leaves the work to uv.
    """

    def __init__(self, place: Workplace, index: Index, *, by_uv: bool = False) -> None:
        super().__init__(place, index, "pdm")
        self.by_uv = by_uv
        self.environ |= {"PDM_CHECK_UPDATE": "0"}
        if by_uv:
            path = place.path(place.stock.uv(NEWEST_UV).parent)
            self.environ |= {"PDM_USE_UV": "1", "PATH": path}

    def want(self, *dependencies: str, probe: str | None = None, more: str = "") -> None:
        """Write pyproject.toml.

        :param probe: the requirement by which the probe is had; default: its folder, editable under uv, since pdm takes
            any other folder in uv's lock for a package of the index; empty: not at all.
        """
        folder = f"file:///${{PROJECT_ROOT}}/../{self.package.name}"
        is_editable = self.by_uv and probe is None
        own = f"{self.name} @ {folder}" if probe is None and not is_editable else probe
        listed = ", ".join(f'"{item}"' for item in (*dependencies, *([own] if own else [])))
        editable = f'[tool.pdm.dev-dependencies]\ndev = ["-e {folder}#egg={self.name}"]\n\n' if is_editable else ""
        self.write(
            "pyproject.toml",
            f'[project]\nname = "consumer"\nversion = "0"\nrequires-python = ">=3.10"\ndependencies = [{listed}]\n{more}\n'
            f"[tool.pdm]\ndistribution = false\n\n{editable}{self.index.pdm('main')}",
        )

    @property
    def required(self) -> dict[str, str]:
        """What the hooks do for the default probe where torch is not there."""
        return REQUIRED_EDITABLE if self.by_uv else REQUIRED


@pytest.fixture
def consumer(place: Workplace, index: Index, installer: str) -> Consumer:
    """Return a project that has pinned nothing yet."""
    return Consumer(place, index, by_uv=installer == "by uv")


@pytest.fixture
def own(place: Workplace, index: Index) -> Consumer:
    """Return one that is installed by pdm itself."""
    return Consumer(place, index)


@some("installer", INSTALLERS, "own")
def test_installs_and_follows_the_lock(consumer: Consumer, place: Workplace) -> None:
    """No environment; then the lock moves on, and the environment still holds the old torch."""
    consumer.want("torch==2.6.0")
    consumer.run("lock")
    assert place.hooks() == []
    consumer.run("sync")
    check_hooks(place, consumer.required, "2.6.0")
    consumer.check("2.6.0")
    check_source(place, consumer.package, f"{consumer.package.name}/built_against.py", f"{consumer.package.name}/*.so")
    (requested,) = consumer.requested()
    assert (
        requested.startswith(consumer.direct("2.6.0"))
        if consumer.by_uv
        else fnmatchcase(requested, consumer.verified("2.6.0"))
    )

    place.forget()
    consumer.want("torch==2.8.0")
    consumer.run("lock")
    consumer.run("sync", "--reinstall")
    check_hooks(place, consumer.required, "2.8.0")
    consumer.check("2.8.0")


def test_checks_the_hash(own: Consumer, place: Workplace, index: Index) -> None:
    """pdm itself would build with another torch than the locked one, if the index serves one under its name."""
    own.want("torch==2.6.0")
    own.run("lock")
    index.files["torch-2.6.0-py3-none-any.whl"] = index.files["torch-2.7.0-py3-none-any.whl"]
    result = own.run("sync", fails=True)
    assert "from the lock" in " ".join(result.output.split())
    assert not list(place.cache.glob("verified/*/*.whl"))


@some("installer", INSTALLERS, "by uv")
def test_installs_without_a_lock(consumer: Consumer) -> None:
    """pdm writes the lock before it builds; torch may be there already."""
    consumer.want("torch==2.7.0")
    consumer.run("install")
    consumer.check("2.7.0", provision=None)


def test_adds_to_what_is_installed(own: Consumer, place: Workplace) -> None:
    """``pdm add`` finds the locked torch in the environment, and nothing is installed for it."""
    own.want("torch==2.7.0", probe="")
    own.run("install")
    own.index.served.clear()
    own.run("add", own.sdist())
    check_hooks(place, REUSED, "2.7.0")
    own.check("2.7.0", provision="reuse")
    assert not [name for name in own.index.served if name.startswith("torch-")]


@pytest.mark.rare  # nox -s support has it, too
def test_installs_from_an_sdist(own: Consumer, place: Workplace) -> None:
    """An sdist is built in a folder of its own; with ``use_uv``, pdm cannot read uv's lock of one."""
    own.want("torch==2.6.0", probe=f"{own.name} @ {own.sdist().as_uri()}")
    own.run("lock")
    own.run("sync")
    check_hooks(place, REQUIRED, "2.6.0")
    own.check("2.6.0")


@some("installer", INSTALLERS, "by uv")
def test_installs_from_git(consumer: Consumer, place: Workplace) -> None:
    """A repository is built in a folder of its own; pdm takes ``file:`` for a host, so it lies on a server."""
    consumer.repository()
    consumer.want("torch==2.6.0", probe=f"{consumer.name} @ git+{consumer.index.url('repository')}@main")
    consumer.run("lock")
    consumer.run("sync")
    # pdm installs side by side: while it clones, torch may have arrived in the target.
    check_hooks(place, {hook: f"{provision}/reuse" for hook, provision in REQUIRED.items()}, "2.6.0")
    consumer.check("2.6.0", provision=None)


def test_installs_an_editable(own: Consumer, place: Workplace) -> None:
    """pdm installs editables before everything else."""
    own.by_uv = True
    own.want("torch==2.6.0")
    own.run("lock")
    own.run("sync")
    check_hooks(place, REQUIRED_EDITABLE, "2.6.0")
    own.check("2.6.0")


@some("installer", INSTALLERS, "own")
def test_installs_either_variant(consumer: Consumer, place: Workplace) -> None:
    """Two groups, each with a lock of its own, pin one version in two variants, from two indexes."""
    variants = ("cu126", "cpu")
    groups = "".join(f'{name} = ["torch==2.7.0+{name}"]\n' for name in variants)
    sources = "".join(consumer.index.pdm(name) for name in variants)
    consumer.want(more=f"\n[project.optional-dependencies]\n{groups}\n{sources}")
    for name in variants:
        place.forget()
        consumer.run("lock", "-G", name, "-L", f"pdm.{name}.lock")
        consumer.run("sync", "--reinstall", "-G", name, "--lockfile", f"pdm.{name}.lock")
        check_hooks(place, consumer.required, f"2.7.0+{name}")
        consumer.check(f"2.7.0+{name}")


@some("way", ["subfolder", "-p", "PDM_PROJECT"], "-p")
def test_installs_a_project_elsewhere(own: Consumer, place: Workplace, way: str) -> None:
    """The project is looked for upward; a named one counts, not what lies where the person stands."""
    own.want("torch==2.6.0")
    own.run("lock")
    (own.folder / "src" / "deep").mkdir(parents=True)
    place.target("2.8.0", name="elsewhere/.venv")
    if way == "subfolder":
        own.run("sync", cwd=own.folder / "src" / "deep")
    elif way == "-p":
        own.run("sync", "-p", "../consumer", cwd=place.folder / "elsewhere")
    else:
        own.run("sync", cwd=place.folder / "elsewhere", PDM_PROJECT=own.folder)
    check_hooks(place, REQUIRED, "2.6.0")
    own.check("2.6.0")


def test_installs_from_a_pylock(own: Consumer) -> None:
    """pdm may keep its lock as a pylock.toml.

    With the URLs in it, pdm downloads torch for the build into the very file that it downloads torch for the environment
    into, may read it half-written, and tries again when torch is installed.
    """
    own.want("torch==2.6.0")
    own.run("lock", PDM_LOCK_FORMAT="pylock")
    own.run("sync", PDM_LOCK_FORMAT="pylock")
    assert not (own.folder / "pdm.lock").exists()
    own.check("2.6.0", provision=None)
