"""pipenv install, sync, update: the lock counts, since pipenv's own pip builds before it has installed torch.

torch comes from an index on loopback, slowly and into an empty cache: with a small wheel that comes at once, an
environment read too early would look right by luck.
"""

from __future__ import annotations

import shutil

import pytest

from .checks import check_hooks, check_source
from .index import Index
from .projects import REQUIRED, REUSED, Project
from .workplace import Workplace

_SOURCE = '[[source]]\nname = "{name}"\nurl = "{url}"\nverify_ssl = false\n\n'


class Consumer(Project):
    """A project of pipenv's."""

    def __init__(self, place: Workplace, index: Index, *, package: str = "probe_object") -> None:
        super().__init__(place, index, "pipenv", package=package)
        self.surroundings |= {"PIPENV_VENV_IN_PROJECT": "1", "PIPENV_NOSPIN": "1", "CI": "1"}

    def want(self, *packages: str, probe: str | None = None, more: str = "") -> None:
        """Write Pipfile.

        :param packages: its lines.
        :param probe: how the probe is had; default: from its folder; empty: not at all.
        """
        own = f'{{ path = "../{self.package.name}" }}' if probe is None else probe
        listed = "".join(f"{line}\n" for line in (*packages, *([f"{self.name} = {own}"] if own else [])))
        sources = "".join(_SOURCE.format(name=name, url=self.index.url(name)) for name in ("main", "cpu", "cu126"))
        self.write("Pipfile", f"{sources}[packages]\n{listed}\n{more}")


@pytest.fixture
def consumer(place: Workplace, index: Index) -> Consumer:
    """Return a project that has pinned nothing yet."""
    return Consumer(place, index)


def test_installs_and_follows_the_lock(consumer: Consumer, place: Workplace) -> None:
    """No environment; then the lock moves on, and the environment still holds the old torch."""
    consumer.want('torch = "==2.6.0"')
    consumer.run("lock")
    place.forget()
    consumer.run("sync")
    check_hooks(place, REQUIRED, "2.6.0")
    consumer.check("2.6.0")
    check_source(place, consumer.package)
    (requested,) = consumer.requested()
    assert requested.startswith(consumer.direct("2.6.0"))

    consumer.want('torch = "==2.8.0"')
    consumer.run("lock")
    place.forget()
    consumer.run("sync")
    check_hooks(place, REQUIRED, "2.8.0")
    consumer.check("2.8.0")


def test_installs_without_a_lock(consumer: Consumer, place: Workplace) -> None:
    """pipenv asks for metadata before there is a lock, and builds when it is there."""
    consumer.want('torch = "==2.7.0"')
    consumer.run("install")
    assert {hook["runtimes"][0]["provision"]["value"] for hook in place.hooks()} == {"missing", "require", "present"}
    consumer.check("2.7.0")


def test_reuses_what_is_installed_and_locked(consumer: Consumer, place: Workplace) -> None:
    """A build finds the locked torch in the environment, and nothing is installed for it."""
    consumer.want('torch = "==2.7.0"', probe="")
    consumer.run("install")
    consumer.index.served.clear()
    consumer.want('torch = "==2.7.0"')
    consumer.run("install", "--dev")
    check_hooks(place, REUSED, "2.7.0")
    consumer.check("2.7.0", provision="reuse")
    assert not [name for name in consumer.index.served if name.startswith("torch-")]


def test_installs_from_an_sdist(consumer: Consumer, place: Workplace) -> None:
    """An sdist is built in a folder of its own."""
    consumer.want('torch = "==2.6.0"', probe=f'{{ file = "{consumer.sdist().as_uri()}" }}')
    consumer.run("lock")
    place.forget()
    consumer.run("sync")
    check_hooks(place, REQUIRED, "2.6.0")
    consumer.check("2.6.0")


def test_installs_either_variant(consumer: Consumer, place: Workplace) -> None:
    """Two categories pin one version in two variants, from two indexes: each time the right one."""
    variants = ("cu126", "cpu")
    own = f'{consumer.name} = {{ path = "../{consumer.package.name}" }}'
    lines = [f'[{name}]\ntorch = {{ version = "==2.7.0", index = "{name}" }}\n{own}\n' for name in variants]
    consumer.want(probe="", more="\n".join(lines))
    consumer.run("lock")
    for name in variants:
        place.forget()
        consumer.run("sync", "--categories", name)
        check_hooks(place, REQUIRED, f"2.7.0+{name}")
        consumer.check(f"2.7.0+{name}")
        shutil.rmtree(consumer.prefix)


@pytest.mark.parametrize("way", ["subfolder", "PIPENV_PIPFILE"])
def test_installs_a_project_elsewhere(consumer: Consumer, place: Workplace, way: str) -> None:
    """The Pipfile is looked for upward; a named one counts, not what lies where the person stands."""
    consumer.want('torch = "==2.6.0"')
    consumer.run("lock")
    place.forget()
    (consumer.folder / "src" / "deep").mkdir(parents=True)
    place.target("2.8.0", name="elsewhere/.venv")
    if way == "subfolder":
        consumer.run("sync", cwd=consumer.folder / "src" / "deep")
    else:
        consumer.run("sync", cwd=place.folder / "elsewhere", PIPENV_PIPFILE=consumer.folder / "Pipfile")
    check_hooks(place, REQUIRED, "2.6.0")
    consumer.check("2.6.0")


def test_runs_pip_as_it_is(consumer: Consumer, place: Workplace) -> None:
    """``pipenv run pip install`` is pip: what is installed counts, whatever the lock says."""
    consumer.want('torch = "==2.6.0"', probe="")
    consumer.run("install")
    consumer.want('torch = "==2.8.0"', probe="")
    consumer.run("lock")
    index = consumer.index.url("main")
    consumer.run("run", "pip", "install", "../probe_object", PIP_INDEX_URL=index)
    check_hooks(place, REUSED, "2.6.0")
    consumer.check("2.6.0", provision="reuse")
