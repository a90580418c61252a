"""poetry install, sync, add, update: from the lock where there is one; before there is one, what is installed by then.

torch comes from an index on loopback, slowly and into an empty cache: with a small wheel that comes at once, an
environment read too early would look right by luck.
"""

from __future__ import annotations

import shutil
from fnmatch import fnmatchcase

import pytest

from .checks import check_hooks, check_source
from .combinations import some
from .index import Index
from .projects import REQUIRED, REUSED, Project
from .scene import find_target
from .workplace import Workplace

_VARIANTS = """
torch = [
    { markers = "extra == 'cpu' and extra != 'cu126'", source = "cpu" },
    { markers = "extra == 'cu126' and extra != 'cpu'", source = "cu126" },
]

[project.optional-dependencies]
cpu = ["torch==2.7.0+cpu"]
cu126 = ["torch==2.7.0+cu126"]

"""


class Consumer(Project):
    """A project of poetry's."""

    def __init__(self, place: Workplace, index: Index, *, package: str = "probe_setuptools") -> None:
        super().__init__(place, index, "poetry", package=package)
        self.environ |= {"POETRY_VIRTUALENVS_IN_PROJECT": "true"}

    def want(self, *dependencies: str, probe: str | None = None, more: str = "") -> None:
        """Write pyproject.toml.

        :param probe: how the probe is had; default: from its folder; empty: not at all.
        """
        own = f'{{ path = "../{self.package.name}" }}' if probe is None else probe
        listed = ", ".join(f'"{item}"' for item in (*dependencies, *([self.name] if own else [])))
        self.write(
            "pyproject.toml",
            '[project]\nname = "consumer"\nversion = "0"\nrequires-python = ">=3.10,<4"\n'
            f"dependencies = [{listed}]\n\n[tool.poetry]\npackage-mode = false\n\n"
            f"{self.index.poetry('main')}\n"
            + (f"[tool.poetry.dependencies]\n{self.name} = {own}\n" if own else "")
            + more,
        )


@pytest.fixture
def consumer(place: Workplace, index: Index) -> Consumer:
    """Return a project that has pinned nothing yet."""
    return Consumer(place, index)


def test_installs_and_follows_the_lock(consumer: Consumer, place: Workplace) -> None:
    """No environment; then the lock moves on, and the environment still holds the old torch."""
    consumer.want("torch==2.6.0")
    consumer.run("lock")
    assert place.hooks() == []
    consumer.run("install")
    check_hooks(place, REQUIRED, "2.6.0")
    consumer.check("2.6.0")
    check_source(place, consumer.package)
    assert fnmatchcase(consumer.requested()[0], consumer.verified("2.6.0"))

    place.forget()
    consumer.want("torch==2.8.0")
    consumer.run("lock")
    forget_probe(consumer)
    consumer.run("sync")
    check_hooks(place, REQUIRED, "2.8.0")
    consumer.check("2.8.0")


def test_checks_the_hash(consumer: Consumer, place: Workplace, index: Index) -> None:
    """poetry itself would build with another torch than the locked one, if the index serves one under its name."""
    consumer.want("torch==2.6.0")
    consumer.run("lock")
    index.files["torch-2.6.0-py3-none-any.whl"] = index.files["torch-2.7.0-py3-none-any.whl"]
    result = consumer.run("install", fails=True)
    assert "from the lock" in " ".join(result.output.split())
    assert not list(place.cache.glob("verified/*/*.whl"))


def test_reuses_what_is_installed_and_locked(consumer: Consumer, place: Workplace) -> None:
    """A build finds the locked torch in an environment of poetry's own, and nothing is installed for it."""
    consumer.environ["POETRY_VIRTUALENVS_IN_PROJECT"] = None
    consumer.want("torch==2.7.0")
    consumer.run("lock")
    consumer.run("install", "--no-directory")
    consumer.index.served.clear()
    consumer.run("install")
    check_hooks(place, REUSED, "2.7.0")
    (prefix,) = (place.folder / "home/.cache/pypoetry/virtualenvs").glob("consumer-*-py3.*")
    consumer.check("2.7.0", provision="reuse", prefix=prefix)
    assert not [name for name in consumer.index.served if name.startswith("torch-")]


def forget_probe(consumer: Consumer) -> None:
    """Take the probe out of the environment: poetry has no command that builds again what is installed."""
    (info,) = find_target(consumer.prefix).site.glob(f"{consumer.package.name}-*.dist-info")
    shutil.rmtree(info)


def test_installs_without_a_lock(consumer: Consumer, place: Workplace) -> None:
    """poetry writes the lock last, but installs what a package needs before it builds the package."""
    consumer.depend_on_torch()
    consumer.want("torch==2.6.0")
    consumer.run("install")
    check_hooks(place, REUSED, "2.6.0")
    consumer.check("2.6.0", provision="reuse")


@some("command", ["update", "add"], "update")
def test_resolves_anew(consumer: Consumer, place: Workplace, command: str) -> None:
    """The lock on disk and the environment hold the old torch, which is replaced before the package is built."""
    consumer.depend_on_torch()
    consumer.want("torch==2.6.0", probe="" if command == "add" else None)
    consumer.run("install", "--no-directory")
    assert place.hooks() == []
    consumer.want("torch==2.8.0", probe="" if command == "add" else None)
    consumer.run(*([command] if command == "update" else [command, "../probe_setuptools"]))
    check_hooks(place, REUSED, "2.8.0")
    consumer.check("2.8.0", provision="reuse")


@some("kind", ["sdist", "git"], "git")  # nox -s support has both
def test_installs_from_elsewhere(consumer: Consumer, place: Workplace, kind: str) -> None:
    """An sdist is unpacked into a folder of its own, a git repository below the environment."""
    way = (
        f'path = "{consumer.sdist()}"'
        if kind == "sdist"
        else f'git = "{consumer.repository().as_uri()}", branch = "main"'
    )
    consumer.want("torch==2.6.0", probe=f"{{ {way} }}")
    consumer.run("lock")
    consumer.run("install")
    check_hooks(place, REQUIRED, "2.6.0")
    consumer.check("2.6.0")


def test_installs_an_editable(consumer: Consumer, place: Workplace) -> None:
    """poetry builds editables when all the others are installed: the lock and the environment agree."""
    consumer.want("torch==2.6.0", probe=f'{{ path = "../{consumer.package.name}", develop = true }}')
    consumer.run("lock")
    consumer.run("install")
    check_hooks(place, {"get_requires_for_build_editable": "reuse", "build_editable": "reuse"}, "2.6.0")
    consumer.check("2.6.0", provision="reuse")


@some("extra", ["cu126", "cpu"], "cu126")
def test_installs_either_variant(consumer: Consumer, place: Workplace, extra: str) -> None:
    """Two extras pin one version in two variants, from two indexes: each time the right one."""
    consumer.want(more=_variants(consumer))
    consumer.run("lock")
    consumer.run("install", "--extras", extra)
    check_hooks(place, REQUIRED, f"2.7.0+{extra}")
    consumer.check(f"2.7.0+{extra}")


def _variants(consumer: Consumer) -> str:
    sources = "".join(consumer.index.poetry(name, priority="explicit") for name in ("cpu", "cu126"))
    return f"{_VARIANTS}{sources}"


@some("way", ["subfolder", "-C", "--project"], "-C")
def test_installs_a_project_elsewhere(consumer: Consumer, place: Workplace, way: str) -> None:
    """The project is looked for upward; a named one counts, not what lies where the person stands."""
    consumer.want("torch==2.6.0")
    consumer.run("lock")
    (consumer.folder / "src" / "deep").mkdir(parents=True)
    place.target("2.8.0", name="elsewhere/.venv")
    if way == "subfolder":
        consumer.run("install", cwd=consumer.folder / "src" / "deep")
    else:
        consumer.run("install", way, "../consumer", cwd=place.folder / "elsewhere")
    check_hooks(place, REQUIRED, "2.6.0")
    consumer.check("2.6.0")


def test_installs_into_the_activated_environment(consumer: Consumer, place: Workplace) -> None:
    """poetry prefers what is activated; the lock counts before what lies in it."""
    consumer.want("torch==2.8.0")
    consumer.run("lock")
    target = place.target("2.6.0")
    consumer.run("install", activated=target)
    check_hooks(place, REQUIRED, "2.8.0")
    consumer.check("2.8.0", prefix=target.prefix)


def test_stops_where_the_lock_comes_too_late(consumer: Consumer) -> None:
    """Nothing has torch installed before a package that does not name it: what to run instead is told, and works."""
    consumer.want("torch==2.6.0")
    output = consumer.run("install", fails=True).output
    assert "poetry install writes poetry.lock only after everything is installed" in " ".join(output.split())
    assert "Lock first, then install: `poetry lock`, then `poetry install`." in " ".join(output.split())
    consumer.run("lock")
    consumer.run("install")
    consumer.check("2.6.0", provision=None)  # the first attempt may have installed torch
